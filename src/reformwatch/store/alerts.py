"""Store: alerts: written in the transaction of their poll, and read with topics, entries and matches."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict, replace

from reformwatch.errors import NotFound
from reformwatch.model.alert import Alert, AlertItem, AlertKind, Burst, NewAlert
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.entries import entries_by_id, matches_of
from reformwatch.store.sql import insert_returning_id
from reformwatch.store.topics import list_topics


def add_alert(tx: Tx, alert: NewAlert, *, entry_ids: Sequence[int], story_id: int | None, now: datetime) -> int:
    """Store an alert that is to be routed (``routed_at`` null); returns its id.

    ``entry_ids`` are those of the alert's entries, in their order.
    """
    row = {"kind": alert.kind.value, "headline": alert.headline, "story_id": story_id, "created_at": now}
    burst = asdict(alert.burst) if alert.burst else None
    alert_id = insert_returning_id(tx, t.alerts, row | {"burst": burst})
    members = [{"alert_id": alert_id, "entry_id": entry_id, "position": i} for i, entry_id in enumerate(entry_ids)]
    if members:  # an alert without entries has no rows
        tx.execute(sa.insert(t.alert_entries), members)
    topics = [
        {"alert_id": alert_id, "topic_id": topic.topic_id, "position": i, "strength": topic.strength.value}
        for i, topic in enumerate(alert.topics)
    ]
    if topics:
        tx.execute(sa.insert(t.alert_topics), topics)
    return alert_id


def alerts_by_id(tx: Tx, ids: Collection[int]) -> dict[int, Alert]:
    """The alerts with these ids, with topics, entries and matches; unknown ids are left out."""
    if not ids:
        return {}
    of_entries = _members(tx, t.alert_entries.c.entry_id, ids)
    of_topics = _members(tx, t.alert_topics.c.topic_id, ids)
    entry_ids = {entry_id for members in of_entries.values() for entry_id in members}
    entries, matches = entries_by_id(tx, entry_ids), matches_of(tx, entry_ids)
    topics = {topic.id: topic for topic in list_topics(tx)}
    return {
        row.id: Alert(
            id=row.id,
            kind=AlertKind(row.kind),
            created_at=row.created_at,
            story_id=row.story_id,
            headline=row.headline,
            burst=Burst(**row.burst) if row.burst else None,
            topics=tuple(topics[i] for i in of_topics.get(row.id, ())),
            items=tuple(AlertItem(entry=entries[i], matches=matches.get(i, ())) for i in of_entries.get(row.id, ())),
        )
        for row in tx.execute(sa.select(t.alerts).where(t.alerts.c.id.in_(ids)))
    }


def _members(tx: Tx, member: sa.Column[Any], ids: Collection[int]) -> Mapping[int, list[int]]:
    """The values of a member column by alert id, in order of position."""
    table = member.table
    members: dict[int, list[int]] = {}
    statement = sa.select(table.c.alert_id, member.label("member")).where(table.c.alert_id.in_(ids))
    for row in tx.execute(statement.order_by(table.c.alert_id, table.c.position)):
        members.setdefault(row.alert_id, []).append(row.member)
    return members


def part_for(alert: Alert, topic_ids: Collection[int]) -> Alert:
    """The alert with these topics and their entries only; with all entries where none of them matches these topics."""
    ids = set(topic_ids)
    items = (
        AlertItem(entry=item.entry, matches=tuple(match for match in item.matches if match.topic_id in ids))
        for item in alert.items
    )
    items_of_topics = tuple(item for item in items if item.matches) or alert.items
    return replace(alert, topics=tuple(topic for topic in alert.topics if topic.id in ids), items=items_of_topics)


def list_alerts(tx: Tx, *, limit: int) -> list[Alert]:
    """At most ``limit`` alerts, newest first."""
    ids = [row.id for row in tx.execute(sa.select(t.alerts.c.id).order_by(t.alerts.c.id.desc()).limit(limit))]
    by_id = alerts_by_id(tx, ids)
    return [by_id[i] for i in ids]


def alerts_of_entry(tx: Tx, entry_id: int) -> list[Alert]:
    """The alerts that an entry is in, oldest first."""
    statement = sa.select(t.alert_entries.c.alert_id).where(t.alert_entries.c.entry_id == entry_id)
    by_id = alerts_by_id(tx, tx.execute(statement).scalars().all())
    return [by_id[i] for i in sorted(by_id)]


def alerts_of_story_of(tx: Tx, entry_id: int) -> list[int]:
    """The ids of all alerts of an entry's story, oldest first."""
    story = sa.select(t.entries.c.story_id).where(t.entries.c.id == entry_id).scalar_subquery()
    statement = (
        sa.select(t.alert_entries.c.alert_id)
        .join(t.entries, t.entries.c.id == t.alert_entries.c.entry_id)
        .where(t.entries.c.story_id == story)
        .distinct()
        .order_by(t.alert_entries.c.alert_id)
    )
    return list(tx.execute(statement).scalars())


def find_alert(tx: Tx, alert_id: int) -> Alert:
    """The alert with this id. Raises NotFound."""
    by_id = alerts_by_id(tx, [alert_id])
    if alert_id not in by_id:
        raise NotFound(f"alert {alert_id}: there is none; see `reformwatch alert list`")
    return by_id[alert_id]
