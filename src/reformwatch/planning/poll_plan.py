"""Planning: the decision of a poll: ``(Snapshot, outcome, now) -> PollPlan``.

Which entries are new, which were edited, what they match, which alerts they cause, and when the feed is due again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from reformwatch.matching.index import TopicIndex, match_text_of
from reformwatch.matching.query import MatchText
from reformwatch.model.entry import EntryStatus, KnownEntry, ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.feed import (
    FailureKind,
    Feed,
    Fetched,
    FetchFailed,
    Gap,
    Notice,
    NoticeKind,
    NotModified,
    PollState,
    ServerHints,
)
from reformwatch.model.plan import EditedEntry, FeedFacts, Hub, NewEntry, PollPlan, Snapshot
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value
from reformwatch.planning.alerts import plan_alerts, status_of, suppress
from reformwatch.planning.fingerprints import fingerprints_of, without_known
from reformwatch.planning.schedule import PollPolicy, Turnover, after_failure, after_outage, after_success, rhythm_of
from reformwatch.planning.stories import stories_of, story_keys
from reformwatch.planning.websub import discover

#: The operator is notified of a feed that has failed for this long.
NOTIFY_AFTER: Final = timedelta(days=1)
#: An archive page reaches back to the last poll if its last entry is older than the poll by this much (dates are
#: rough).
_SURELY_OLDER: Final = timedelta(days=1)


class Reply(Value, frozen=True, kw_only=True):
    """A 200 reply that was read as a feed.

    ``older`` are the entries of the ``pages`` of older entries that were read because the feed had turned over (RFC
    5005, or a news sitemap). ``is_pushed``: a hub sent it, and it may have the newest entries only.
    """

    fetched: Fetched
    parsed: ParsedFeed
    older: tuple[ParsedEntry, ...] = ()
    pages: int = 0
    is_pushed: bool = False


def plan_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """The plan of a failed poll: validators are kept and the feed is polled again; only 410 ends it."""
    is_gone = outcome.kind is FailureKind.GONE
    since = feed.poll.failing_since or now
    notices: tuple[Notice, ...] = ()
    if is_gone:
        notices = (_notice(feed, NoticeKind.GONE, now, since=since, problem=outcome.problem),)
    elif feed.poll.failure_notified_at is None and now - since >= NOTIFY_AFTER:
        notices = (_notice(feed, NoticeKind.FAILING, now, since=since, problem=outcome.problem),)
    after = replace(
        feed.poll,
        last_polled_at=now,
        next_poll_at=after_failure(feed, outcome, policy=policy, now=now, jitter=jitter),
        failing_since=since,
        failures=feed.poll.failures + 1,
        problem=outcome.problem,
        failure_notified_at=now if notices else feed.poll.failure_notified_at,
    )
    return PollPlan(
        feed_id=feed.id,
        lease_token=feed.lease_token,
        after=after,
        is_gone=is_gone,
        notices=notices,
        problem=outcome.problem,
    )


def plan_outage(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """The plan of a poll that failed through this machine's network: it is not a failure of the feed. # trust: C26."""
    due = after_outage(feed, policy=policy, now=now, jitter=jitter)
    after = replace(feed.poll, next_poll_at=due)
    problem = outcome.problem
    return PollPlan(feed_id=feed.id, lease_token=feed.lease_token, after=after, problem=problem, is_outage=True)


def plan_unreadable(
    feed: Feed, fetched: Fetched, unreadable: Unreadable, *, policy: PollPolicy, now: datetime, jitter: float
) -> PollPlan:
    """The plan of a reply that is not a feed: a failed poll; its validators are not stored. # trust: D12."""
    failed = FetchFailed(kind=FailureKind.NOT_A_FEED, problem=unreadable.problem, hints=fetched.hints)
    return plan_failure(feed, failed, policy=policy, now=now, jitter=jitter)


def plan_unchanged(feed: Feed, outcome: NotModified, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """The plan of a 304 or of an equal body. The document's hints remain valid. # trust: C04, C20."""
    max_age = feed.poll.max_age if outcome.hints.max_age is None else outcome.hints.max_age
    due = after_success(
        feed,
        ServerHints(max_age=max_age, retry_after=outcome.hints.retry_after),
        brought_news=False,
        was_sent_whole=outcome.validators is not None,
        policy=policy,
        now=now,
        jitter=jitter,
    )
    after = replace(
        _after_good_poll(feed, now),
        next_poll_at=due,
        unchanged=feed.poll.unchanged + 1,
        validators=outcome.validators or feed.poll.validators,
        max_age=max_age,
    )
    return PollPlan(
        feed_id=feed.id,
        lease_token=feed.lease_token,
        after=after,
        facts=FeedFacts(moved_to=outcome.moved_to),
        notices=_back(feed, now),
    )


def plan_reply(
    snapshot: Snapshot,
    reply: Reply,
    index: TopicIndex,
    *,
    policy: PollPolicy,
    now: datetime,
    jitter: float,
) -> PollPlan:
    """The plan of a feed document: new entries, edits, alerts, and the feed's new poll state."""
    feed, parsed = snapshot.feed, reply.parsed
    listed, edited = sort_out(parsed.entries, snapshot)
    older, _ = sort_out(unlisted(reply.older, parsed.entries), snapshot)
    edits = [replace(edit, matches=index.match(_match_text(edit.entry, feed, parsed))) for edit in edited]
    planned = [_new_entry(entry, feed, parsed, index, policy=policy, now=now) for entry in (*older, *listed)]
    entries, alerts = plan_alerts(planned, snapshot, burst_limit=policy.burst_limit)
    turnover = Turnover(new=len(listed), listed=len(parsed.entries), elapsed=now - (feed.poll.last_ok_at or now))
    gap = None if reply.is_pushed else _gap(snapshot, reply, turnover, found=len(older), now=now)
    if reply.is_pushed:
        # the next poll queries the archive: its document may be older than this one
        after = replace(feed.poll, fingerprints=b"")
    else:
        after = _after_document(feed, reply, turnover, policy=policy, now=now, jitter=jitter)
        after = replace(after, fingerprints=fingerprints_of(_still_known(parsed.entries, edited)))
    if planned:
        after = replace(after, last_new_at=_newest(feed, parsed.entries, now))
    hub_and_topic = discover(reply.fetched.links, parsed.hubs, parsed.self_url, reply.fetched.url)
    return PollPlan(
        feed_id=feed.id,
        lease_token=feed.lease_token,
        after=after,
        facts=FeedFacts() if reply.is_pushed else _facts(feed, reply),
        entries=entries,
        edits=tuple(edits),
        alerts=alerts,
        gap=gap,
        notices=() if reply.is_pushed else _back(feed, now),
        hub=None if reply.is_pushed else Hub(url=hub_and_topic[0], topic=hub_and_topic[1]) if hub_and_topic else Hub(),
        listed=len(parsed.entries),
        dropped=parsed.dropped,
    )


def _after_document(
    feed: Feed, reply: Reply, turnover: Turnover, *, policy: PollPolicy, now: datetime, jitter: float
) -> PollState:
    parsed, fetched = reply.parsed, reply.fetched
    rhythm = rhythm_of(entry.published for entry in parsed.entries if entry.published and entry.published <= now)
    due = after_success(
        replace(feed, poll=replace(feed.poll, rhythm=rhythm, listed=len(parsed.entries))),
        fetched.hints,
        brought_news=turnover.new > 0,
        feed_hints=parsed.hints,
        turnover=turnover if feed.has_baseline else None,
        policy=policy,
        now=now,
        jitter=jitter,
    )
    return replace(
        _after_good_poll(feed, now),
        next_poll_at=due,
        unchanged=0 if turnover.new else feed.poll.unchanged + 1,
        validators=fetched.validators,
        body_hash=fetched.body_hash,
        hints=parsed.hints,
        max_age=fetched.hints.max_age,
        rhythm=rhythm,
        listed=len(parsed.entries),
    )


def _still_known(entries: Iterable[ParsedEntry], edited: Iterable[EditedEntry]) -> Iterator[ParsedEntry]:
    """The entries whose twin key is not the former twin key of an edited entry, by which they would be taken for it."""
    former_keys = {edit.known.twin_key for edit in edited if edit.entry.twin_key != edit.known.twin_key}
    return (entry for entry in entries if entry.twin_key not in former_keys)


def _facts(feed: Feed, reply: Reply) -> FeedFacts:
    parsed = reply.parsed
    return FeedFacts(
        moved_to=reply.fetched.moved_to,
        site_url=parsed.site_url,
        language=feed.language or parsed.language,
        name=feed.name or parsed.title or None,
    )


def _newest(feed: Feed, entries: Iterable[ParsedEntry], now: datetime) -> datetime:
    """When the feed last had a new entry: now, or the newest date of the first document (now, if it has no dates)."""
    if feed.has_baseline:
        return now
    return max((entry.published for entry in entries if entry.published and entry.published <= now), default=now)


def has_turned_over(feed: Feed, entries: Sequence[ParsedEntry], *, knows_any: bool) -> bool:
    """Whether no entry of a document is known though the last document had entries, so that some may be missing."""
    return feed.has_baseline and bool(feed.poll.listed) and bool(entries) and not knows_any


def unlisted(older: Iterable[ParsedEntry], listed: Iterable[ParsedEntry]) -> list[ParsedEntry]:
    """The entries of archive pages that the document itself does not list."""
    listed_keys = {key for entry in listed for key in (entry.key, entry.twin_key) if key}
    unlisted_entries: dict[str, ParsedEntry] = {}
    for entry in older:
        if entry.key not in listed_keys and entry.twin_key not in listed_keys:
            unlisted_entries.setdefault(entry.key, entry)
    return list(unlisted_entries.values())


def reaches_back(older: Sequence[ParsedEntry], feed: Feed, *, knows_any: bool) -> bool:
    """Whether pages of older entries go back to the entries of the last poll."""
    last = next((entry.published for entry in reversed(older) if entry.published), None)
    since = feed.poll.last_ok_at
    return knows_any or (last is not None and since is not None and last < since - _SURELY_OLDER)


def _gap(snapshot: Snapshot, reply: Reply, turnover: Turnover, *, found: int, now: datetime) -> Gap | None:
    feed = snapshot.feed
    if not has_turned_over(feed, reply.parsed.entries, knows_any=not turnover.is_complete):
        return None
    assert feed.poll.last_ok_at is not None  # noqa: S101 - it has a baseline
    is_filled = reaches_back(reply.older, feed, knows_any=found < len(unlisted(reply.older, reply.parsed.entries)))
    return Gap(
        feed_id=feed.id,
        since=feed.poll.last_ok_at,
        until=now,
        pages=reply.pages,
        found=found,
        recovered_at=now if reply.older and is_filled else None,
    )


def _notice(
    feed: Feed, kind: NoticeKind, now: datetime, *, since: datetime | None, problem: Problem | None = None
) -> Notice:
    name = feed.name or feed.url
    return Notice(at=now, kind=kind, feed_id=feed.id, feed_name=name, since=since, problem=problem)


def _back(feed: Feed, now: datetime) -> tuple[Notice, ...]:
    """The notice that a feed no longer fails, where the operator was notified of its failure; else empty."""
    if feed.poll.failure_notified_at is None:
        return ()
    return (_notice(feed, NoticeKind.BACK, now, since=feed.poll.failing_since),)


def sort_out(entries: Iterable[ParsedEntry], snapshot: Snapshot) -> tuple[list[ParsedEntry], list[EditedEntry]]:
    """New entries, oldest first, and edited entries; entries that the feed's last document had unchanged are neither.

    A guid that is seen again on another page under another headline is a new entry (reused guid); a new guid on a known
    page under its known headline is the old entry (guid that changes at every poll). # trust: D18
    """
    new: list[ParsedEntry] = []
    edits: list[EditedEntry] = []
    for entry in without_known(entries, snapshot.feed.poll.fingerprints):
        known = snapshot.known.get(entry.key)
        if known is not None and _is_reused(entry, known):
            entry = replace(entry, key=entry.reuse_key)
            known = snapshot.known.get(entry.key)
        known = known or (snapshot.twins.get(entry.twin_key) if entry.twin_key else None)
        if known is None:
            new.append(entry)
        elif known.text_hash != entry.text_hash:
            edits.append(EditedEntry(known=known, entry=entry))
    new.reverse()
    return new, edits


def _is_reused(entry: ParsedEntry, known: KnownEntry) -> bool:
    if not entry.key.startswith("guid:") or entry.url is None or known.url is None:
        return False
    return entry.twin_key != known.twin_key and entry.title != known.title and _pages_differ(entry.url, known.url)


def _pages_differ(url: str, other_url: str) -> bool:
    keys = (set(story_keys(url=url, title="")), set(story_keys(url=other_url, title="")))
    return bool(keys[0]) and bool(keys[1]) and not keys[0] & keys[1]


def _new_entry(
    entry: ParsedEntry,
    feed: Feed,
    parsed: ParsedFeed,
    index: TopicIndex,
    *,
    policy: PollPolicy,
    now: datetime,
) -> NewEntry:
    status, code = status_of(entry, feed, late_after=policy.late_after, now=now)
    language = _language(entry, feed, parsed)
    if status is EntryStatus.BASELINE:
        return NewEntry(entry=entry, status=status, language=language)
    matches = index.match(_match_text(entry, feed, parsed))
    planned = NewEntry(entry=entry, status=status, language=language, matches=matches)
    if not planned.matches:
        return planned
    if code is not None:
        return suppress(planned, code)
    return replace(planned, story_keys=stories_of(entry))


def _match_text(entry: ParsedEntry, feed: Feed, parsed: ParsedFeed) -> MatchText:
    return match_text_of(entry, source=feed.name, language=_language(entry, feed, parsed))


def _language(entry: ParsedEntry, feed: Feed, parsed: ParsedFeed) -> str | None:
    """The language that the operator or the feed declares, else the detected language of the entry."""
    return feed.language or parsed.language or entry.language


def _after_good_poll(feed: Feed, now: datetime) -> PollState:
    """The feed's poll state after a successful poll, without any failure."""
    return replace(
        feed.poll,
        last_polled_at=now,
        last_ok_at=now,
        failures=0,
        failing_since=None,
        problem=None,
        failure_notified_at=None,
    )
