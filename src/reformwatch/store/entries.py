"""Store: the archive of entries."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reformwatch.errors import NotFound
from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.notification import Code, Decision, Suppressed
from reformwatch.model.topic import Evidence, Match, Strength
from reformwatch.store.engine import Tx
from reformwatch.store.sql import chunks
from reformwatch.store.tables import alert_entries, alerts, entries, feeds, matches, notifications, suppressions, topics
from reformwatch.urls import safe_link, spellings

_RESULT = [
    *[column for column in entries.c if column.name not in {"twin_key", "story_id", "language"}],
    feeds.c.name.label("feed_name"),
    feeds.c.kind.label("feed_kind"),
    sa.func.coalesce(entries.c.language, feeds.c.language).label("language"),
]


def _select() -> sa.Select[Any]:
    return sa.select(*_RESULT).join(feeds, feeds.c.id == entries.c.feed_id)


def entry_from(row: Any) -> Entry:
    """The entry of a row of the archive."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return Entry(**{**values, "tags": tuple(values["tags"]), "status": EntryStatus(values["status"])})


def count_entries(tx: Tx, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """How many entries were first seen from ``since`` to before ``until``; None: unbounded."""
    statement = sa.select(sa.func.count()).select_from(entries)
    if since is not None:
        statement = statement.where(entries.c.first_seen >= since)
    if until is not None:
        statement = statement.where(entries.c.first_seen < until)
    return int(tx.execute(statement).scalar_one())


def all_entries(tx: Tx, *, since: datetime | None = None, page: int = 500) -> Iterator[Entry]:
    """All entries first seen from ``since`` on (None: all), newest first, read in pages to save memory."""
    last: int | None = None
    while True:
        statement = _select().order_by(entries.c.id.desc()).limit(page)
        if last is not None:
            statement = statement.where(entries.c.id < last)
        if since is not None:
            statement = statement.where(entries.c.first_seen >= since)
        batch = [entry_from(row) for row in tx.execute(statement)]
        yield from batch
        if len(batch) < page:
            return
        last = batch[-1].id


def entries_by_id(tx: Tx, ids: Collection[int]) -> dict[int, Entry]:
    """The entries with these ids, by id; unknown ids are left out."""
    return {
        row.id: entry_from(row) for chunk in chunks(ids) for row in tx.execute(_select().where(entries.c.id.in_(chunk)))
    }


def find_entries(tx: Tx, which: str) -> list[Entry]:
    """The entries with this id or address (tracking parameters aside). Raises NotFound."""
    if which.isdecimal() and len(which) < 15:
        results = [entry_from(row) for row in tx.execute(_select().where(entries.c.id == int(which)))]
    else:
        address = which if "://" in which else f"https://{which}"
        urls = spellings(safe_link(address, base="") or which)
        statement = _select().where(entries.c.url.in_(urls)).order_by(entries.c.id)
        results = [entry_from(row) for row in tx.execute(statement)]
    if not results:
        raise NotFound(f"entry {which!r}: the archive has none with this number or address")
    return results


def matches_of(tx: Tx, entry_ids: Collection[int]) -> dict[int, tuple[Match, ...]]:
    """The matches of entries by entry id; entries without a match are left out."""
    by_entry: dict[int, list[Match]] = {}
    for chunk in chunks(entry_ids):
        statement = (
            sa.select(matches, topics.c.slug)
            .join(topics, topics.c.id == matches.c.topic_id)
            .where(matches.c.entry_id.in_(chunk))
            .order_by(matches.c.entry_id, topics.c.slug)
        )
        for row in tx.execute(statement):
            by_entry.setdefault(row.entry_id, []).append(_match_from(row))
    return {entry_id: tuple(entry_matches) for entry_id, entry_matches in by_entry.items()}


def _match_from(row: Any) -> Match:
    return Match(
        topic_id=row.topic_id,
        slug=row.slug,
        language=row.language,
        strength=Strength(row.strength),
        evidence=tuple(Evidence(**item) for item in row.evidence),
    )


def suppressed_of(tx: Tx, entry_id: int) -> list[Suppressed]:
    """The reasons why an entry caused no alert, in the order in which they were stored."""
    c = suppressions.c
    rows = tx.execute(sa.select(c.code, c.subscriber_id).where(c.entry_id == entry_id).order_by(c.id))
    return [Suppressed(code=Code(row.code), subscriber_id=row.subscriber_id) for row in rows]


def remove_entries_before(tx: Tx, moment: datetime) -> int:
    """Delete entries first seen before a moment, except those of sent or unrouted alerts; returns how many."""
    was_sent = sa.exists().where(
        alert_entries.c.entry_id == entries.c.id,
        notifications.c.alert_id == alert_entries.c.alert_id,
        notifications.c.decision == Decision.SEND.value,
    )
    is_unrouted = sa.exists().where(
        alert_entries.c.entry_id == entries.c.id,
        alerts.c.id == alert_entries.c.alert_id,
        alerts.c.routed_at.is_(None),
    )
    return tx.execute(sa.delete(entries).where(entries.c.first_seen < moment, ~was_sent, ~is_unrouted)).rowcount
