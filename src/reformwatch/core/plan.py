"""Core: the whole decision of one poll: ``(Snapshot, outcome, now) -> PollPlan``.

Which entries are new, which were edited, what they match, which alerts go to whom, and when the feed is due again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reformwatch.core.alerts import plan_alerts, standing_of, with_silences
from reformwatch.core.match import TopicIndex, document_of
from reformwatch.core.query import Document
from reformwatch.core.schedule import PollPolicy, after_failure, after_success
from reformwatch.core.stories import story_keys
from reformwatch.model.entry import KnownEntry, ParsedEntry, ParsedFeed, Standing, Unreadable
from reformwatch.model.feed import FailureKind, Feed, FeedState, Fetched, FetchFailed, NotModified
from reformwatch.model.plan import EditedEntry, FeedAfter, NewEntry, PollPlan, Snapshot
from reformwatch.model.value import Value


@dataclass(frozen=True, kw_only=True)
class Reply(Value):
    """A 200 reply that was read as a feed."""

    fetched: Fetched
    parsed: ParsedFeed


def plan_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """A poll that brought nothing: validators are kept, the feed is tried again; only 410 ends it."""
    is_gone = outcome.kind is FailureKind.GONE
    after = replace(
        _after(feed, now),
        next_poll_at=after_failure(feed, outcome, policy=policy, now=now, jitter=jitter),
        failing_since=feed.failing_since or now,
        failures=feed.failures + 1,
        problem=outcome.reason,
        state=FeedState.GONE if is_gone else feed.state,
    )
    return PollPlan(feed_id=feed.id, lease_token=feed.lease_token, after=after, summary=f"failed: {outcome.reason}")


def plan_unreadable(
    feed: Feed, fetched: Fetched, unreadable: Unreadable, *, policy: PollPolicy, now: datetime, jitter: float
) -> PollPlan:
    """A reply that is not a feed: an error; its validators are not stored. # trust: D12."""
    failed = FetchFailed(kind=FailureKind.NOT_A_FEED, reason=f"answers with {unreadable.reason}", hints=fetched.hints)
    return plan_failure(feed, failed, policy=policy, now=now, jitter=jitter)


def plan_unchanged(feed: Feed, outcome: NotModified, *, policy: PollPolicy, now: datetime, jitter: float) -> PollPlan:
    """A 304, or the same bytes again."""
    due = after_success(feed, outcome.hints, brought_news=False, policy=policy, now=now, jitter=jitter)
    after = replace(
        _after_good_reply(feed, now),
        next_poll_at=due,
        unchanged=feed.unchanged + 1,
        validators=outcome.validators or feed.validators,
        moved_to=outcome.moved_to,
    )
    return PollPlan(feed_id=feed.id, lease_token=feed.lease_token, after=after, summary="nothing new")


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
    new, edited = sort_out(parsed.entries, snapshot)
    edits = [replace(edit, matches=index.match(_document(edit.entry, feed, parsed))) for edit in edited]
    planned = [_new_entry(entry, snapshot.feed, parsed, index, policy=policy, now=now) for entry in new]
    entries, alerts = plan_alerts(planned, snapshot, burst_limit=policy.burst_limit)
    due = after_success(
        feed,
        reply.fetched.hints,
        brought_news=bool(new),
        feed_hints=parsed.hints,
        policy=policy,
        now=now,
        jitter=jitter,
    )
    after = replace(
        _after_good_reply(feed, now),
        next_poll_at=due,
        last_new_at=now if new else feed.last_new_at,
        unchanged=0 if new else feed.unchanged + 1,
        validators=reply.fetched.validators,
        body_hash=reply.fetched.body_hash,
        moved_to=reply.fetched.moved_to,
        site_url=parsed.site_url,
        language=feed.language or parsed.language,
        name=feed.name or parsed.title or None,
    )
    return PollPlan(
        feed_id=feed.id,
        lease_token=feed.lease_token,
        after=after,
        entries=entries,
        edits=tuple(edits),
        alerts=alerts,
        summary=_summary(feed, parsed, entries, edits, alerts),
    )


def sort_out(entries: Iterable[ParsedEntry], snapshot: Snapshot) -> tuple[list[ParsedEntry], list[EditedEntry]]:
    """New entries, oldest first, and edited ones.

    A guid that is seen again on another page under another headline is a new entry (reused guid); a new guid on a known
    page under its known headline is the old entry (guid that changes at every poll). # trust: D18
    """
    new: list[ParsedEntry] = []
    edits: list[EditedEntry] = []
    for entry in entries:
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
    standing, reason = standing_of(entry, feed, late_after=policy.late_after, now=now)
    language = _language(entry, feed, parsed)
    if standing is Standing.BASELINE:
        return NewEntry(entry=entry, standing=standing, language=language)
    matches = index.match(_document(entry, feed, parsed))
    planned = NewEntry(entry=entry, standing=standing, language=language, matches=matches)
    if not planned.matches:
        return planned
    if standing is Standing.NEWS:
        return replace(planned, story_keys=entry.story_keys)
    return with_silences(planned, reason)


def _document(entry: ParsedEntry, feed: Feed, parsed: ParsedFeed) -> Document:
    return document_of(entry, source=feed.name, language=_language(entry, feed, parsed))


def _language(entry: ParsedEntry, feed: Feed, parsed: ParsedFeed) -> str | None:
    """What the operator or the feed declares, else what the words look like."""
    return feed.language or parsed.language or entry.language


def _after(feed: Feed, now: datetime) -> FeedAfter:
    return FeedAfter(
        next_poll_at=feed.next_poll_at,
        last_polled_at=now,
        last_ok_at=feed.last_ok_at,
        last_new_at=feed.last_new_at,
        failing_since=feed.failing_since,
        failures=feed.failures,
        unchanged=feed.unchanged,
        problem=feed.problem,
        validators=feed.validators,
        body_hash=feed.body_hash,
        state=feed.state,
    )


def _after_good_reply(feed: Feed, now: datetime) -> FeedAfter:
    """Whatever was wrong with the feed is over."""
    return replace(_after(feed, now), last_ok_at=now, failures=0, failing_since=None, problem=None)


def _summary(
    feed: Feed, parsed: ParsedFeed, entries: Sequence[NewEntry], edits: Sequence[EditedEntry], alerts: Sequence[object]
) -> str:
    said = [f"{len(parsed.entries)} entr{'y' if len(parsed.entries) == 1 else 'ies'}", f"{len(entries)} new"]
    if not feed.has_baseline:
        said.append("baseline")
    if late := sum(entry.standing is Standing.LATE for entry in entries):
        said.append(f"{late} late")
    if edits:
        said.append(f"{len(edits)} edited")
    if matched := sum(bool(entry.matches) for entry in entries):
        said.append(f"{matched} matching")
    if alerts:
        said.append(f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}")
    if parsed.dropped:
        said.append(f"{parsed.dropped} beyond the limit left out")
    return ", ".join(said)
