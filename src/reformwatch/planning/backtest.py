"""Planning: the replay of the archive: which alerts a topic would have caused, and why other entries would not.

The polls are replayed with the functions that plan a poll: an entry that was baseline or late is so in the replay, a
story is sent once, and a burst is a summary. Before a topic is saved its alerts are estimated instead: each entry
counts as news at its own date, since a young archive is mostly baseline.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from reformwatch.matching.index import CompiledTopic, TopicIndex, match_text_of
from reformwatch.matching.query.anchors import terms_of
from reformwatch.model.alert import AlertForRouting, AlertKind
from reformwatch.model.entry import Entry, EntryStatus, ParsedEntry
from reformwatch.model.feed import Feed, FeedKind, FeedState, PollState
from reformwatch.model.notification import Code
from reformwatch.model.plan import NewEntry, Snapshot
from reformwatch.model.story import HEADLINE_WINDOW, is_headline_key
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.model.topic import Match, Strength
from reformwatch.model.value import Value
from reformwatch.planning.alerts import plan_alerts, suppress
from reformwatch.planning.routing import route
from reformwatch.planning.stories import stories_of

_NEWS: Final = EntryStatus.NEWS


class Hit(Value, frozen=True, kw_only=True):
    """An archived entry that a topic matches; ``moment`` is its own time (:func:`moment_of`)."""

    entry: Entry
    match: Match
    moment: datetime


class ReplayedPoll(Value, frozen=True, kw_only=True):
    """The hits of a topic in a poll of a feed; ``at`` is the time of the poll."""

    at: datetime
    feed_id: int
    feed: str
    hits: tuple[Hit, ...]


class ReplayedAlert(Value, frozen=True, kw_only=True):
    """An alert that would have been sent, at the time of its poll; ``hits`` are those of its story or summary."""

    at: datetime
    kind: AlertKind
    hits: tuple[Hit, ...]

    @property
    def week(self) -> date:
        """The Monday of its week."""
        day = self.at.date()
        return day - timedelta(days=day.weekday())


class Replay(Value, frozen=True, kw_only=True):
    """The alerts that a topic would have caused. ``suppressed`` counts the entries without a message, by code."""

    alerts: tuple[ReplayedAlert, ...]
    suppressed: Mapping[Code, int]
    entries: int


def moment_of(entry: Entry) -> datetime:
    """The time of an entry: its own date or ``first_seen``, whichever is earlier."""
    return min(entry.published or entry.first_seen, entry.first_seen)


class HitSearch(Value, frozen=True, kw_only=True):
    """A topic's hits in ``entries`` archived entries, oldest first; for ``evaluated`` of them a query was evaluated."""

    hits: tuple[Hit, ...]
    entries: int
    evaluated: int


def find_hits(entries: Iterable[Entry], topic: CompiledTopic) -> HitSearch:
    """Match entries against a topic."""
    index = TopicIndex.of([topic])
    hits: list[Hit] = []
    count = 0
    for entry in entries:
        count += 1
        text = match_text_of(entry, source=entry.feed_name, language=entry.language)
        hits += [Hit(entry=entry, match=match, moment=moment_of(entry)) for match in index.match(text)]
    hits.sort(key=lambda hit: (hit.moment, hit.entry.id))
    return HitSearch(hits=tuple(hits), entries=count, evaluated=index.evaluated)


def polls_of(hits: Iterable[Hit]) -> list[ReplayedPoll]:
    """The polls of these hits: a poll has the hits of a feed that were first seen at the same time."""
    return _grouped((hit.entry.first_seen, hit) for hit in hits)


def _polls_by_date(hits: Iterable[Hit]) -> list[ReplayedPoll]:
    """Hourly polls in which each hit is news at its own time, baseline and late entries too."""
    return _grouped(
        (hit.moment.replace(minute=0, second=0, microsecond=0), replace(hit, entry=replace(hit.entry, status=_NEWS)))
        for hit in hits
    )


def _grouped(timed: Iterable[tuple[datetime, Hit]]) -> list[ReplayedPoll]:
    polls: dict[tuple[datetime, int], list[Hit]] = {}
    for at, hit in sorted(timed, key=lambda pair: (pair[0], pair[1].entry.feed_id, pair[1].entry.id)):
        polls.setdefault((at, hit.entry.feed_id), []).append(hit)
    return [
        ReplayedPoll(at=at, feed_id=feed_id, feed=hits[0].entry.feed_name, hits=tuple(hits))
        for (at, feed_id), hits in polls.items()
    ]


class _ReplayedStore:
    """What the store would hold during a replay: stories by key, and which subscribers were notified of each."""

    def __init__(self) -> None:
        self._stories: dict[str, tuple[int, datetime]] = {}
        self.notified: dict[int, frozenset[int]] = {}

    def stories_with(self, keys: Iterable[str], at: datetime) -> dict[str, int]:
        """The stories with these keys at a time; a headline is valid for :data:`HEADLINE_WINDOW` only."""
        stories = {key: self._stories[key] for key in keys if key in self._stories}
        return {
            key: story
            for key, (story, seen_at) in stories.items()
            if not is_headline_key(key) or seen_at >= at - HEADLINE_WINDOW
        }

    def add_story(self, keys: Sequence[str], at: datetime) -> int:
        """Store the keys of an entry; returns the id of its story, a new id where no key is known."""
        known = self.stories_with(keys, at)
        story = next(iter(known.values()), len(self.notified) + 1)
        self.notified.setdefault(story, frozenset())
        for key in keys:
            if key not in known or is_headline_key(key):
                self._stories[key] = (known.get(key, story), at)
        return story


def replay(
    polls: Iterable[ReplayedPoll],
    *,
    entries: int,
    burst_limit: int,
    with_mentions: bool,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Replay:
    """The alerts of these polls for a subscriber who follows the topic, in the order of time.

    Each poll goes through :func:`plan_alerts` and :func:`route`, with the stories of the polls before it; the polls
    outside ``since`` (inclusive) and ``until`` (exclusive) are replayed and not counted.
    """
    store, subscriber = _ReplayedStore(), _imagined_subscriber(with_mentions=with_mentions)
    alerts: list[ReplayedAlert] = []
    suppressed: Counter[Code] = Counter()
    for poll in polls:
        sent, codes = _replay_poll(poll, store, subscriber, burst_limit=burst_limit)
        if (since is None or poll.at >= since) and (until is None or poll.at < until):
            alerts += sent
            suppressed += codes
    return Replay(alerts=tuple(alerts), suppressed=dict(suppressed), entries=entries)


def _replay_poll(
    poll: ReplayedPoll, store: _ReplayedStore, subscriber: Subscriber, *, burst_limit: int
) -> tuple[list[ReplayedAlert], Counter[Code]]:
    """The alerts that a poll sends, and how many of its entries cause no message, by code."""
    entries = [_new_entry(hit) for hit in poll.hits]
    stories = store.stories_with({key for entry in entries for key in entry.story_keys}, poll.at)
    snapshot = Snapshot(
        feed=_feed_of(poll), stories=stories, notified=store.notified, subscribers=(subscriber,)
    )  # fmt: skip
    planned, alerts = plan_alerts(entries, snapshot, burst_limit=burst_limit)
    codes = Counter(suppressed.code for entry in planned for suppressed in entry.suppressed)
    story_at = {i: store.add_story(entry.story_keys, poll.at) for i, entry in enumerate(entries) if entry.story_keys}
    sent = []
    for alert in alerts:
        stories_of_alert = frozenset(story_at[place] for place in alert.entries if place in story_at)
        for_routing = AlertForRouting(id=0, kind=alert.kind, topics=alert.topics, stories=stories_of_alert)
        for notification in route(for_routing, (subscriber,), store.notified):
            if not notification.is_sent:
                codes[notification.code] += len(alert.entries)
                continue
            for story in stories_of_alert:
                store.notified[story] |= {subscriber.id}
            hits = tuple(poll.hits[place] for place in alert.entries)
            sent.append(ReplayedAlert(at=poll.at, kind=alert.kind, hits=hits))
    return sent, codes


def _new_entry(hit: Hit) -> NewEntry:
    """An archived entry as a new entry of its poll."""
    entry = hit.entry
    parsed = ParsedEntry(
        key=entry.key,
        reuse_key=entry.key,
        twin_key="",
        guid=entry.guid,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        content=entry.content,
        author=entry.author,
        tags=entry.tags,
        published=entry.published,
        text_hash=entry.text_hash,
        language=entry.language,
    )
    planned = NewEntry(entry=parsed, status=entry.status, matches=(hit.match,))
    if entry.status is _NEWS:
        return replace(planned, story_keys=stories_of(parsed))
    return suppress(planned, Code.BASELINE if entry.status is EntryStatus.BASELINE else Code.LATE)


def _feed_of(poll: ReplayedPoll) -> Feed:
    return Feed(
        id=poll.feed_id,
        url="",
        name=poll.feed,
        kind=FeedKind.INDEPENDENT,
        language=None,
        state=FeedState.ACTIVE,
        site_url=None,
        pack=None,
        backfill_days=None,
        added_at=poll.at,
        poll=PollState(next_poll_at=poll.at),
    )


def _imagined_subscriber(*, with_mentions: bool) -> Subscriber:
    return Subscriber(
        id=1,
        name="",
        channel=ChannelKind.CONSOLE,
        address="-",
        secret=None,
        language="en",
        timezone="UTC",
        state=SubscriberState.ACTIVE,
        pause=None,
        topic_ids=None,
        wants_mentions=with_mentions,
        unsubscribe_token="",
        created_at=datetime.min.replace(tzinfo=UTC),
    )


class Difference(Value, frozen=True, kw_only=True):
    """The hits of a new version of a topic that an old version does not have, and the reverse."""

    gained: tuple[Hit, ...]
    lost: tuple[Hit, ...]


def difference(old: Sequence[Hit], new: Sequence[Hit]) -> Difference:
    """Compare the entries that are about the topic: an entry that becomes a mention is lost, the reverse is gained."""
    before = {hit.entry.id for hit in old if hit.match.strength is Strength.ABOUT}
    after = {hit.entry.id for hit in new if hit.match.strength is Strength.ABOUT}
    return Difference(
        gained=tuple(hit for hit in new if hit.entry.id in after - before),
        lost=tuple(hit for hit in old if hit.entry.id in before - after),
    )


class Trial(Value, frozen=True, kw_only=True):
    """The hits and alerts that a query would have caused in the last ``days``, before it is saved."""

    days: int
    about: int
    mentions: int
    alerts_a_day: float
    examples: tuple[Hit, ...]


def try_out(hits: Sequence[Hit], *, now: datetime, days: int, burst_limit: int) -> Trial:
    """Count the hits and alerts of the last ``days``; the newest three hits are the examples."""
    since = now - timedelta(days=days)
    recent = [hit for hit in hits if hit.moment >= since]
    about = [hit for hit in recent if hit.match.strength is Strength.ABOUT]
    polls = _polls_by_date(recent)
    sent = replay(polls, entries=len(recent), burst_limit=burst_limit, with_mentions=False).alerts
    return Trial(
        days=days,
        about=len(about),
        mentions=len(recent) - len(about),
        alerts_a_day=len(sent) / days,
        examples=tuple(reversed(about[-3:])),
    )


class TermReport(Value, frozen=True, kw_only=True):
    """``idle``: the terms of a topic that none of its hits has; ``workhorse``: the term of nearly all hits, or None."""

    idle: tuple[str, ...]
    workhorse: str | None


_NEARLY_ALL = 0.9
_ENOUGH = 5


def report_terms(topic: CompiledTopic, hits: Sequence[Hit]) -> TermReport:
    """The report on the terms of a topic's queries, from the evidence of their hits."""
    shown: dict[str, None] = {}
    for _, tree in topic.queries:
        shown.update((term.shown, None) for term in terms_of(tree))
    counts = Counter(term for hit in hits for term in {evidence.term for evidence in hit.match.evidence})
    idle = tuple(term for term in shown if term not in counts)
    best = counts.most_common(1)
    is_workhorse = bool(best) and len(hits) >= _ENOUGH and best[0][1] >= _NEARLY_ALL * len(hits)
    return TermReport(idle=idle, workhorse=best[0][0] if is_workhorse else None)


class Score(Value, frozen=True, kw_only=True):
    """The counts of right, false and missed alerts."""

    right: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of alerts that are right; 1 where there are none."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        """The share of the due alerts that are sent; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 where both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def add_up(verdicts: Iterable[tuple[bool, bool]]) -> Score:
    """The score of (is due, is sent) pairs."""
    counts = Counter(verdicts)
    return Score(right=counts[True, True], false=counts[False, True], missed=counts[True, False])
