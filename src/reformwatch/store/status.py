"""Store: the counts for ``status``: daemons, outbox, archive; and the daemons' heartbeat."""

from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import asdict

from reformwatch.model.delivery import DeliveryState
from reformwatch.model.value import Value
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.sql import insert_or_update


class DaemonBeat(Value, frozen=True, kw_only=True):
    """A daemon's heartbeat; ``beat_at`` is its last."""

    name: str
    host: str
    pid: int
    version: str
    started_at: datetime
    beat_at: datetime


class Outbox(Value, frozen=True, kw_only=True):
    """The number of deliveries by state; ``oldest_pending`` is when the oldest pending one was created, or None."""

    pending: int
    dead: int
    sent: int
    oldest_pending: datetime | None


class Archive(Value, frozen=True, kw_only=True):
    """The number of stored entries, matches and alerts."""

    entries: int
    matches: int
    alerts: int


def beat(tx: Tx, daemon: DaemonBeat) -> None:
    """Store a daemon's heartbeat."""
    insert_or_update(tx, t.daemons, asdict(daemon), key=["name"])


def forget_daemon(tx: Tx, name: str) -> None:
    """Delete a daemon's heartbeat, after its end."""
    tx.execute(sa.delete(t.daemons).where(t.daemons.c.name == name))


def list_daemons(tx: Tx) -> list[DaemonBeat]:
    """All daemons, in order of start."""
    rows = tx.execute(sa.select(t.daemons).order_by(t.daemons.c.started_at))
    return [DaemonBeat(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def outbox_state(tx: Tx) -> Outbox:
    """The counts of deliveries by state, and when the oldest pending delivery was created."""
    counted = sa.select(t.deliveries.c.state, sa.func.count()).group_by(t.deliveries.c.state)
    counts = {row[0]: int(row[1]) for row in tx.execute(counted)}
    pending = t.deliveries.c.state == DeliveryState.PENDING.value
    oldest = tx.execute(
        sa.select(t.deliveries.c.created_at).where(pending).order_by(t.deliveries.c.created_at).limit(1)
    ).scalar_one_or_none()
    return Outbox(
        pending=counts.get(DeliveryState.PENDING.value, 0),
        dead=counts.get(DeliveryState.DEAD.value, 0),
        sent=counts.get(DeliveryState.SENT.value, 0),
        oldest_pending=oldest,
    )


def archive_state(tx: Tx) -> Archive:
    """The counts of entries, matches and alerts."""
    counts = [
        int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
        for table in (t.entries, t.matches, t.alerts)
    ]
    return Archive(entries=counts[0], matches=counts[1], alerts=counts[2])


def counts_by_feed(tx: Tx) -> dict[int, int]:
    """The number of entries by feed id; feeds without entries are left out."""
    return {
        row[0]: int(row[1])
        for row in tx.execute(sa.select(t.entries.c.feed_id, sa.func.count()).group_by(t.entries.c.feed_id))
    }


def languages_of_feed(tx: Tx, feed_id: int) -> dict[str, int]:
    """The number of a feed's entries by language, the commonest first; ``unknown`` for entries without a language."""
    count = sa.func.count()
    language = sa.func.coalesce(t.entries.c.language, "unknown").label("spoken")
    statement = (
        sa.select(language, count).where(t.entries.c.feed_id == feed_id).group_by(language).order_by(count.desc())
    )
    return {row[0]: int(row[1]) for row in tx.execute(statement)}
