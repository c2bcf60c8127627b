"""Store: the snapshot that a poll's plan is computed from, and the plans, written in a transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from reformwatch.model.alert import NewAlert
from reformwatch.model.entry import KnownEntry, ParsedEntry
from reformwatch.model.feed import Feed, FeedState, Notice, NoticeKind
from reformwatch.model.notification import Code
from reformwatch.model.plan import EditedEntry, NewEntry, PollPlan, Snapshot
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.story import HEADLINE_WINDOW, is_headline_key
from reformwatch.store import poll_state
from reformwatch.store import tables as t
from reformwatch.store.alerts import add_alert
from reformwatch.store.engine import Tx
from reformwatch.store.gaps import add_gap
from reformwatch.store.notices import add_notices
from reformwatch.store.notifications import hold_routing, notified_of
from reformwatch.store.problems import problem_row
from reformwatch.store.sql import chunks, execute_many, insert_or_ignore, insert_or_update, insert_returning_id
from reformwatch.store.subscribers import followed_topics, list_subscribers
from reformwatch.urls import origin_of

#: The number of a document's last entries that are looked up first.
_LAST = 3
_KNOWN = [t.entries.c[name] for name in ("id", "key", "twin_key", "url", "title", "text_hash", "version")]


def snapshot(
    tx: Tx,
    feed: Feed,
    entries: Sequence[ParsedEntry],
    *,
    now: datetime,
    stories_of: Callable[[ParsedEntry], Iterable[str]],
) -> Snapshot:
    """The stored entries, stories and notifications that concern these entries; empty for a feed without a baseline.

    ``stories_of`` returns the story keys of an entry.
    """
    if not feed.has_baseline and not feed.backfill_days:
        return Snapshot(feed=feed)
    known = {old.key: old for old in _known(tx, feed.id, t.entries.c.key, {entry.key for entry in entries})}
    reused = {new.reuse_key for new in entries if new.key in known and known[new.key].twin_key != new.twin_key}
    known |= {old.key: old for old in _known(tx, feed.id, t.entries.c.key, reused)}
    missing = {new.twin_key for new in entries if new.twin_key and new.key not in known}
    twins = {old.twin_key: old for old in _known(tx, feed.id, t.entries.c.twin_key, missing)}
    fresh = [new for new in entries if new.key not in known and new.twin_key not in twins]
    stories = find_stories(tx, {key for new in fresh for key in stories_of(new)}, now=now)
    return Snapshot(
        feed=feed,
        known=known,
        twins=twins,
        stories=stories,
        notified=notified_of(tx, set(stories.values())),
        subscribers=tuple(list_subscribers(tx)) if stories else (),
        followed=followed_topics(tx) if len(fresh) > 1 else None,
    )


def knows_any(tx: Tx, feed_id: int, entries: Sequence[ParsedEntry]) -> bool:
    """Whether any of these entries of a feed is stored, under any of its keys.

    The last entries are looked up first, since they are stored in most cases.
    """
    if len(entries) > _LAST and knows_any(tx, feed_id, entries[-_LAST:]):
        return True
    own_keys = {key for entry in entries for key in (entry.key, entry.reuse_key)}
    twin_keys = {entry.twin_key for entry in entries if entry.twin_key}
    return any(
        tx.execute(sa.select(t.entries.c.id).where(t.entries.c.feed_id == feed_id, column.in_(chunk)).limit(1)).first()
        for column, keys in ((t.entries.c.key, own_keys), (t.entries.c.twin_key, twin_keys))
        for chunk in chunks(keys)
    )


def _known(tx: Tx, feed_id: int, column: sa.Column[str], values: Iterable[str]) -> Iterable[KnownEntry]:
    for chunk in chunks(values):
        for row in tx.execute(sa.select(*_KNOWN).where(t.entries.c.feed_id == feed_id, column.in_(chunk))):
            yield KnownEntry(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def find_stories(tx: Tx, keys: Iterable[str], *, now: datetime) -> dict[str, int]:
    """The story ids by key; a headline's key counts for :data:`HEADLINE_WINDOW` only. Unknown keys are left out."""
    stories = {}
    for chunk in chunks(keys):
        for row in tx.execute(sa.select(t.story_keys).where(t.story_keys.c.key.in_(chunk))):
            if not is_headline_key(row.key) or row.seen_at >= now - HEADLINE_WINDOW:
                stories[row.key] = row.story_id
    return stories


def apply(tx: Tx, plan: PollPlan, *, now: datetime) -> tuple[int, ...] | None:
    """Write one plan, all of it or nothing; the ids of its alerts, which are to be routed.

    None where another process leased the feed meanwhile: then nothing is written.
    """
    if not still_leased(tx, {plan.feed_id: plan.lease_token}):
        return None
    batch = Batch(tx)
    alerts = batch.add(plan, now=now)
    batch.flush()
    return alerts


def still_leased(tx: Tx, leases: Mapping[int, str | None]) -> frozenset[int]:
    """The ids of the feeds that are still leased under these tokens; their rows are locked for the transaction."""
    leased: set[int] = set()
    for chunk in chunks(sorted(leases)):
        statement = sa.select(t.feeds.c.id, t.feeds.c.lease_token).where(t.feeds.c.id.in_(chunk)).order_by(t.feeds.c.id)
        leased |= {row.id for row in tx.execute(statement.with_for_update()) if row.lease_token == leases[row.id]}
    return frozenset(leased)


class Batch:
    """Plans of leased feeds, written together. Rows that no later plan reads are written at the end in one statement.

    A plan is its feed with validators and next poll, entries, versions, matches, suppressions, and alerts.
    After the last plan :meth:`flush` must be called, in the same transaction.
    """

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._feeds: list[tuple[PollPlan, datetime]] = []
        self._entries: list[dict[str, Any]] = []

    def add(self, plan: PollPlan, *, now: datetime) -> tuple[int, ...]:
        """Write a plan; the ids of its alerts. The next plan of the batch reads its stories and alerts."""
        tx = self._tx
        self._feeds.append((plan, now))
        self._entries += [_entry_row(new, plan.feed_id, now) for new in plan.entries]
        if plan.gap is not None:
            add_gap(tx, plan.gap)
        if any(new.story_keys for new in plan.entries):
            hold_routing(tx)
        for edit in plan.edits:
            _write_edit(tx, edit, now)
        if not any(new.matches or new.suppressed or new.story_keys for new in plan.entries):
            return ()  # the ids of its entries are not needed
        self._flush_entries()
        ids = _ids_of(tx, plan)
        _write_matches(tx, plan, ids, now)
        stories = {i: _write_story(tx, new, ids[i], now) for i, new in enumerate(plan.entries) if new.story_keys}
        return tuple(_write_alert(tx, alert, ids, stories, now) for alert in plan.alerts)

    def flush(self) -> None:
        """Write the rows of all plans that were not written yet."""
        self._flush_entries()
        feeds, self._feeds = self._feeds, []
        if feeds:
            execute_many(self._tx, _UPDATE_FEED, [_feed_values(plan) for plan, _ in feeds])
        for plan, now in feeds:
            _move(self._tx, plan, now)
            add_notices(self._tx, plan.notices)

    def _flush_entries(self) -> None:
        entries, self._entries = self._entries, []
        if entries:
            execute_many(self._tx, _INSERT_ENTRY, entries)


_INSERT_ENTRY = sa.insert(t.entries)
_FACTS = ("site_url", "language", "name")
_UPDATE_FEED = (
    sa.update(t.feeds)
    .where(t.feeds.c.id == sa.bindparam("this_feed"), t.feeds.c.lease_token == sa.bindparam("our_token"))
    .values(
        {column.name: sa.bindparam(f"new_{column.name}") for column in poll_state.COLUMNS}
        | {
            name: sa.func.coalesce(sa.bindparam(f"new_{name}", type_=t.feeds.c[name].type), t.feeds.c[name])
            for name in _FACTS
        }
        # a feed that was paused during its poll stays paused; only the server's 410 changes the state here
        | {"state": sa.case((sa.bindparam("is_gone", type_=sa.Boolean), FeedState.GONE.value), else_=t.feeds.c.state)}
        | {"lease_token": None, "lease_until": None, "unfinished": 0}
    )
)


def apply_feeds_only(tx: Tx, plans: Sequence[PollPlan], *, now: datetime) -> int:
    """Write plans that only change their feed's row, in a single statement; returns how many were not stale."""
    if not plans:
        return 0
    written = execute_many(tx, _UPDATE_FEED, [_feed_values(plan) for plan in plans])
    for plan in plans:
        _move(tx, plan, now)
        add_notices(tx, plan.notices)
    return written


def _move(tx: Tx, plan: PollPlan, now: datetime) -> None:
    """Store the target of permanent redirects; where another feed has that address, this feed ends. # trust: C10."""
    moved_to = plan.facts.moved_to
    if not moved_to:
        return
    update = sa.update(t.feeds).where(t.feeds.c.id == plan.feed_id)
    other = tx.execute(sa.select(t.feeds.c.id).where(t.feeds.c.url == moved_to)).first()
    if other is None:
        tx.execute(update.values(url=moved_to, origin=origin_of(moved_to)))
    elif other.id != plan.feed_id:
        problem = Problem.of(ProblemCode.MOVED_TO_KNOWN_FEED, url=moved_to, feed=other.id)
        tx.execute(update.values(state=FeedState.GONE.value, problem=problem_row(problem), failing_since=now))
        name = tx.execute(sa.select(t.feeds.c.name).where(t.feeds.c.id == plan.feed_id)).scalar() or str(plan.feed_id)
        add_notices(tx, [Notice(at=now, kind=NoticeKind.GONE, feed_id=plan.feed_id, feed_name=name, problem=problem)])


def _feed_values(plan: PollPlan) -> dict[str, Any]:
    row = poll_state.row_of(plan.after) | {name: getattr(plan.facts, name) for name in _FACTS}
    values = {f"new_{name}": value for name, value in row.items()}
    return values | {"is_gone": plan.is_gone, "this_feed": plan.feed_id, "our_token": plan.lease_token}


def _write_matches(tx: Tx, plan: PollPlan, ids: Sequence[int], now: datetime) -> None:
    rows = [_match_row(ids[i], match, now) for i, new in enumerate(plan.entries) for match in new.matches]
    if rows:
        tx.execute(sa.insert(t.matches), rows)
    suppressed_rows = [
        {
            "entry_id": ids[i],
            "subscriber_id": suppressed.subscriber_id,
            "code": suppressed.code.value,
            "created_at": now,
        }
        for i, new in enumerate(plan.entries)
        for suppressed in new.suppressed
    ]
    if suppressed_rows:
        tx.execute(sa.insert(t.suppressions), suppressed_rows)


def _ids_of(tx: Tx, plan: PollPlan) -> list[int]:
    """The ids of a plan's stored entries, in order. Read in a single statement: one for each row takes far longer."""
    by_key: dict[str, int] = {}
    for chunk in chunks([new.entry.key for new in plan.entries]):
        is_of_plan = sa.and_(t.entries.c.feed_id == plan.feed_id, t.entries.c.key.in_(chunk))
        by_key |= {
            row.key: int(row.id) for row in tx.execute(sa.select(t.entries.c.id, t.entries.c.key).where(is_of_plan))
        }
    return [by_key[new.entry.key] for new in plan.entries]


def _entry_row(new: NewEntry, feed_id: int, now: datetime) -> dict[str, Any]:
    entry = new.entry
    return {
        "key": entry.key,
        "twin_key": entry.twin_key,
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "author": entry.author,
        "feed_id": feed_id,
        "tags": list(new.entry.tags),
        "language": new.language,
        "published": new.entry.published,
        "first_seen": now,
        "status": new.status.value,
        "version": 1,
        "text_hash": new.entry.text_hash,
    }


def _match_row(entry_id: int, match: Any, now: datetime) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "topic_id": match.topic_id,
        "language": match.language,
        "strength": match.strength.value,
        "evidence": [asdict(evidence) for evidence in match.evidence],
        "created_at": now,
    }


def _write_edit(tx: Tx, edit: EditedEntry, now: datetime) -> None:
    old = tx.execute(sa.select(t.entries).where(t.entries.c.id == edit.known.id)).one()
    version = {
        "entry_id": old.id,
        "version": old.version,
        "title": old.title,
        "summary": old.summary,
        "content": old.content,
    }
    insert_or_ignore(tx, t.entry_versions, version | {"replaced_at": now})
    new = edit.entry
    values = {"title": new.title, "summary": new.summary, "content": new.content, "text_hash": new.text_hash}
    values |= {"twin_key": new.twin_key, "version": old.version + 1}
    tx.execute(sa.update(t.entries).where(t.entries.c.id == old.id).values(values))
    old_topic_ids = (
        tx.execute(sa.delete(t.matches).where(t.matches.c.entry_id == old.id).returning(t.matches.c.topic_id))
        .scalars()
        .all()
    )
    if edit.matches:
        tx.execute(sa.insert(t.matches), [_match_row(old.id, match, now) for match in edit.matches])
    if {match.topic_id for match in edit.matches} - set(old_topic_ids):
        row = {"entry_id": old.id, "subscriber_id": None, "code": Code.EDITED.value, "created_at": now}
        tx.execute(sa.insert(t.suppressions), row)


def _write_story(tx: Tx, new: NewEntry, entry_id: int, now: datetime) -> int:
    known = find_stories(tx, new.story_keys, now=now)
    story_id = next((known[key] for key in new.story_keys if key in known), None)
    if story_id is None:
        story_id = insert_returning_id(tx, t.stories, {"headline": new.entry.title, "created_at": now})
    for key in new.story_keys:
        if key not in known or is_headline_key(key):
            story_of_key = known.get(key, story_id)
            insert_or_update(tx, t.story_keys, {"key": key, "story_id": story_of_key, "seen_at": now}, key=["key"])
    tx.execute(sa.update(t.entries).where(t.entries.c.id == entry_id).values(story_id=story_id))
    return story_id


def _write_alert(tx: Tx, alert: NewAlert, ids: Sequence[int], stories: Mapping[int, int], now: datetime) -> int:
    story_id = next((stories[place] for place in alert.entries if place in stories), None)
    return add_alert(tx, alert, entry_ids=[ids[place] for place in alert.entries], story_id=story_id, now=now)
