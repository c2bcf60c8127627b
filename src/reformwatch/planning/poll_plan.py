"""Planning: the whole decision of one poll: ``(Snapshot, outcome, now) -> PollPlan``.

Which entries are new, which were edited, what they match, which alerts go to whom, and when the feed is due again.
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

#: The operator gets a notice of a feed that has failed for so long.
NOTIFY_AFTER: Final = timedelta(days=1)
#: An archive page reaches back to the last poll where its last entry is older than that by so much (dates are rough).
_SURELY_OLDER: Final = timedelta(days=1)


class Reply(Value, frozen=True, kw_only=True):
    """A 200 reply that was read as a feed.

    ``older`` are the entries of the ``pages`` before it that were read since the feed had turned over (RFC 5005, or a
    news sitemap). ``is_pushed``: it came from a hub, and may hold the newest entries alone.
    """

    fetched: Fetched
    parsed: ParsedFeed
    older: tuple[ParsedEntry, ...] = ()
    pages: int = 0
    is_pushed: bool = False


def plan_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """A poll that brought nothing: validators are kept, the feed is tried again; only 410 ends it."""
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
    """A poll that failed since this machine's own network is down: the feed's record stays clean. # trust: C26."""
    due = after_outage(feed, policy=policy, now=now, jitter=jitter)
    after = replace(feed.poll, next_poll_at=due)
    problem = outcome.problem
    return PollPlan(feed_id=feed.id, lease_token=feed.lease_token, after=after, problem=problem, is_outage=True)


def plan_unreadable(
    feed: Feed, fetched: Fetched, unreadable: Unreadable, *, policy: PollPolicy, now: datetime, jitter: float
) -> PollPlan:
    """A reply that is not a feed: an error; its validators are not stored. # trust: D12."""
    failed = FetchFailed(kind=FailureKind.NOT_A_FEED, problem=unreadable.problem, hints=fetched.hints)
    return plan_failure(feed, failed, policy=policy, now=now, jitter=jitter)


def plan_unchanged(feed: Feed, outcome: NotModified, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """A 304, or the same bytes again. What the document asked for still holds. # trust: C04, C20."""
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
        _read_well(feed, now),
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
    """A feed document: new entries, edits, alerts, and the feed's new validators, all to be stored at once."""
    feed, parsed = snapshot.feed, reply.parsed
    listed, edited = sort_out(parsed.entries, snapshot)
    older, _ = sort_out(unlisted(reply.older, parsed.entries), snapshot)
    edits = [replace(edit, matches=index.match(_match_text(edit.entry, feed, parsed))) for edit in edited]
    planned = [_new_entry(entry, feed, parsed, index, policy=policy, now=now) for entry in (*older, *listed)]
    entries, alerts = plan_alerts(planned, snapshot, burst_limit=policy.burst_limit)
    turnover = Turnover(new=len(listed), listed=len(parsed.entries), elapsed=now - (feed.poll.last_ok_at or now))
    gap = None if reply.is_pushed else _gap(snapshot, reply, turnover, found=len(older), now=now)
    if reply.is_pushed:
        # the next poll asks the archive: its document may be older than what came here
        after = replace(feed.poll, fingerprints=b"")
    else:
        after = _after_document(feed, reply, turnover, policy=policy, now=now, jitter=jitter)
        after = replace(after, fingerprints=fingerprints_of(_still_known(parsed.entries, edited)))
    if planned:
        after = replace(after, last_new_at=_newest(feed, parsed.entries, now))
    named = discover(reply.fetched.links, parsed.hubs, parsed.self_url, reply.fetched.url)
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
        hub=None if reply.is_pushed else Hub(url=named[0], topic=named[1]) if named else Hub(),
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
        _read_well(feed, now),
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
    """The entries whose page nobody left: one may be known by the page of an entry that is edited to be on another."""
    left = {edit.known.twin_key for edit in edited if edit.entry.twin_key != edit.known.twin_key}
    return (entry for entry in entries if entry.twin_key not in left)


def _facts(feed: Feed, reply: Reply) -> FeedFacts:
    parsed = reply.parsed
    return FeedFacts(
        moved_to=reply.fetched.moved_to,
        site_url=parsed.site_url,
        language=feed.language or parsed.language,
        name=feed.name or parsed.title or None,
    )


def _newest(feed: Feed, entries: Iterable[ParsedEntry], now: datetime) -> datetime:
    """When the feed last brought something new. What the first poll finds is as old as it says."""
    if feed.has_baseline:
        return now
    return max((entry.published for entry in entries if entry.published and entry.published <= now), default=now)


def has_turned_over(feed: Feed, entries: Sequence[ParsedEntry], *, knows_any: bool) -> bool:
    """Whether a document holds nothing that was known, though there was something: entries may have come and gone."""
    return feed.has_baseline and bool(feed.poll.listed) and bool(entries) and not knows_any


def unlisted(older: Iterable[ParsedEntry], listed: Iterable[ParsedEntry]) -> list[ParsedEntry]:
    """The entries of archive pages that the document itself does not have."""
    have = {name for entry in listed for name in (entry.key, entry.twin_key) if name}
    found: dict[str, ParsedEntry] = {}
    for entry in older:
        if entry.key not in have and entry.twin_key not in have:
            found.setdefault(entry.key, entry)
    return list(found.values())


def reaches_back(older: Sequence[ParsedEntry], feed: Feed, *, knows_any: bool) -> bool:
    """Whether pages of older entries go back to what was read at the last poll."""
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
    """A notice said that it fails; one says that it does no more."""
    if feed.poll.failure_notified_at is None:
        return ()
    return (_notice(feed, NoticeKind.BACK, now, since=feed.poll.failing_since),)


def sort_out(entries: Iterable[ParsedEntry], snapshot: Snapshot) -> tuple[list[ParsedEntry], list[EditedEntry]]:
    """New entries, oldest first, and edited ones; those that the feed's last document held as they are, are neither.

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


def _pages_differ(one: str, other: str) -> bool:
    keys = (set(story_keys(url=one, title="")), set(story_keys(url=other, title="")))
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
    """What the operator or the feed declares, else what the words look like."""
    return feed.language or parsed.language or entry.language


def _read_well(feed: Feed, now: datetime) -> PollState:
    """The feed's poll state after a good reply: no failure is left in it."""
    return replace(
        feed.poll,
        last_polled_at=now,
        last_ok_at=now,
        failures=0,
        failing_since=None,
        problem=None,
        failure_notified_at=None,
    )
