"""Store: the outbox: deliveries claimed with a lease and a token, settled, released, listed, retried."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.alert import (
    Alert,
    AlertItem,
    AlertKind,
    Attempt,
    ClaimedDelivery,
    Delivered,
    Delivery,
    GiveUp,
    RetryAt,
    Settlement,
)
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.store import tables as t
from reformwatch.store.due import is_free
from reformwatch.store.engine import Tx
from reformwatch.store.entries import entries_by_id, matches_of
from reformwatch.store.sql import insert_returning_id
from reformwatch.store.subscribers import find_subscriber, list_subscribers, pause
from reformwatch.store.topics import list_topics


def claim_due(
    tx: Tx,
    *,
    token: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    per_subscriber: int = 1_000,
    excluding: Collection[int] = (),
) -> list[ClaimedDelivery]:
    """Lease deliveries that are due, oldest first; each with all that is needed to send it. The attempt is counted.

    At most ``per_subscriber`` of one subscriber, and none of the subscribers in ``excluding``.
    """
    order = (t.deliveries.c.next_attempt_at, t.deliveries.c.id)
    rank = sa.func.row_number().over(partition_by=t.deliveries.c.subscriber_id, order_by=order)
    due = sa.select(t.deliveries.c.id, rank.label("rank")).where(is_free(now), t.deliveries.c.next_attempt_at <= now)
    if excluding:
        due = due.where(t.deliveries.c.subscriber_id.not_in(list(excluding)))
    ranked = due.subquery()
    wanted = (
        sa.select(ranked.c.id).where(ranked.c.rank <= per_subscriber).order_by(ranked.c.rank, ranked.c.id).limit(limit)
    )
    locked = (
        sa.select(t.deliveries.c.id)
        .where(t.deliveries.c.id.in_(wanted), is_free(now))
        .with_for_update(skip_locked=True)
    )
    claimed = {"lease_token": token, "lease_until": now + lease, "attempts": t.deliveries.c.attempts + 1}
    statement = sa.update(t.deliveries).where(t.deliveries.c.id.in_(locked)).values(claimed).returning(t.deliveries)
    rows = sorted(tx.execute(statement).all(), key=lambda row: int(row.id))
    return _with_alerts(tx, rows, token)


def _with_alerts(tx: Tx, rows: Sequence[Any], token: str) -> list[ClaimedDelivery]:
    subscribers = {s.id: s for s in list_subscribers(tx, {row.subscriber_id for row in rows})}
    alerts = alerts_by_id(tx, {row.alert_id for row in rows})
    return [
        ClaimedDelivery(
            id=row.id,
            message_id=row.message_id,
            token=token,
            attempts=row.attempts,
            created_at=row.created_at,
            subscriber=subscribers[row.subscriber_id],
            alert=alert_for(alerts[row.alert_id], row.topic_ids),
        )
        for row in rows
    ]


def alert_for(alert: Alert, topic_ids: Collection[int]) -> Alert:
    """The part of an alert that concerns these topics."""
    wanted = set(topic_ids)
    items = (
        AlertItem(entry=item.entry, matches=tuple(m for m in item.matches if m.topic_id in wanted))
        for item in alert.items
    )
    kept = tuple(item for item in items if item.matches) or alert.items
    return replace(alert, topics=tuple(topic for topic in alert.topics if topic.id in wanted), items=kept)


def alerts_by_id(tx: Tx, ids: Collection[int]) -> dict[int, Alert]:
    """Whole alerts: topics, entries, matches."""
    if not ids:
        return {}
    of_entries: dict[int, list[int]] = {}
    placed = sa.select(t.alert_entries).where(t.alert_entries.c.alert_id.in_(ids))
    for row in tx.execute(placed.order_by(t.alert_entries.c.alert_id, t.alert_entries.c.position)):
        of_entries.setdefault(row.alert_id, []).append(row.entry_id)
    of_topics: dict[int, list[int]] = {}
    named = sa.select(t.alert_topics).where(t.alert_topics.c.alert_id.in_(ids))
    for row in tx.execute(named.order_by(t.alert_topics.c.alert_id, t.alert_topics.c.position)):
        of_topics.setdefault(row.alert_id, []).append(row.topic_id)
    entry_ids = {entry for some in of_entries.values() for entry in some}
    entries, matches = entries_by_id(tx, entry_ids), matches_of(tx, entry_ids)
    topics = {topic.id: topic for topic in list_topics(tx)}
    return {
        row.id: Alert(
            id=row.id,
            kind=AlertKind(row.kind),
            created_at=row.created_at,
            story_id=row.story_id,
            headline=row.headline,
            topics=tuple(topics[i] for i in of_topics.get(row.id, ())),
            items=tuple(AlertItem(entry=entries[i], matches=matches.get(i, ())) for i in of_entries.get(row.id, ())),
        )
        for row in tx.execute(sa.select(t.alerts).where(t.alerts.c.id.in_(ids)))
    }


_SETTLE = (
    sa.update(t.deliveries)
    .where(t.deliveries.c.id == sa.bindparam("this_delivery"), t.deliveries.c.lease_token == sa.bindparam("our_token"))
    .values(
        state=sa.func.coalesce(sa.bindparam("new_state", type_=sa.Text), t.deliveries.c.state),
        sent_at=sa.bindparam("new_sent_at"),
        # what was closed while it was on its way (subscriber paused) is not opened again by a retry
        next_attempt_at=sa.case(
            (t.deliveries.c.state == DeliveryState.PENDING.value, sa.bindparam("new_next_attempt_at", type_=t.UtcTime)),
            else_=None,
        ),
        last_error=sa.func.coalesce(sa.bindparam("new_last_error", type_=sa.Text), t.deliveries.c.last_error),
        lease_token=None,
        lease_until=None,
    )
)


def settle(tx: Tx, claimed: ClaimedDelivery, settlement: Settlement, *, now: datetime) -> bool:
    """Write what became of a delivery; False where its lease is no longer ours, and then nothing is written."""
    match settlement:
        case Delivered(detail=detail):
            values: dict[str, Any] = {"state": DeliveryState.SENT.value, "sent_at": now, "next_attempt_at": None}
            outcome = "sent"
        case RetryAt(at=at, reason=detail):
            values = {"state": None, "next_attempt_at": at, "last_error": detail}
            outcome = "retry"
        case GiveUp(reason=detail):
            values = {"state": DeliveryState.DEAD.value, "next_attempt_at": None, "last_error": detail}
            outcome = "dead"
    told = {f"new_{name}": values.get(name) for name in ("state", "sent_at", "next_attempt_at", "last_error")}
    told |= {"this_delivery": claimed.id, "our_token": claimed.token}
    if tx.execute(_SETTLE, told).rowcount == 0:
        return False
    tx.execute(sa.insert(t.attempts), {"delivery_id": claimed.id, "at": now, "outcome": outcome, "detail": detail})
    if isinstance(settlement, GiveUp) and settlement.pauses_subscriber:
        pause(tx, claimed.subscriber.id, because=detail)
    return True


def release(tx: Tx, claimed: Iterable[ClaimedDelivery]) -> None:
    """Give deliveries back that were not tried."""
    for one in claimed:
        mine = sa.and_(t.deliveries.c.id == one.id, t.deliveries.c.lease_token == one.token)
        values = {"lease_token": None, "lease_until": None, "attempts": t.deliveries.c.attempts - 1}
        tx.execute(sa.update(t.deliveries).where(mine).values(values))


def release_all_of(tx: Tx, owner: str) -> int:
    """Give back what a dead process of this owner still held; how many."""
    theirs = t.deliveries.c.lease_token.startswith(f"{owner}:", autoescape=True)
    return tx.execute(sa.update(t.deliveries).where(theirs).values(lease_token=None, lease_until=None)).rowcount


def list_alerts(tx: Tx, *, limit: int) -> list[Alert]:
    """The newest alerts, newest first."""
    ids = [row.id for row in tx.execute(sa.select(t.alerts.c.id).order_by(t.alerts.c.id.desc()).limit(limit))]
    found = alerts_by_id(tx, ids)
    return [found[i] for i in ids]


def alerts_of_entry(tx: Tx, entry_id: int) -> list[Alert]:
    """The alerts that tell of an entry, oldest first."""
    ids = (
        tx.execute(sa.select(t.alert_entries.c.alert_id).where(t.alert_entries.c.entry_id == entry_id)).scalars().all()
    )
    found = alerts_by_id(tx, ids)
    return [found[i] for i in sorted(found)]


def find_alert(tx: Tx, alert_id: int) -> Alert:
    """An alert by number. Raises NotFound."""
    found = alerts_by_id(tx, [alert_id])
    if alert_id not in found:
        raise NotFound(f"alert {alert_id}: there is none; see `reformwatch alert list`")
    return found[alert_id]


def _select_deliveries() -> sa.Select[Any]:
    shown = [t.deliveries.c[name] for name in ("id", "message_id", "alert_id", "state", "attempts", "created_at")]
    more = [t.deliveries.c[name] for name in ("next_attempt_at", "sent_at", "last_error")]
    named = [t.subscribers.c.name.label("subscriber"), t.subscribers.c.channel]
    return sa.select(*shown, *more, *named).join(t.subscribers, t.subscribers.c.id == t.deliveries.c.subscriber_id)


def _delivery_from(row: Any) -> Delivery:
    given = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    state, channel = DeliveryState(given.pop("state")), ChannelKind(given.pop("channel"))
    return Delivery(**given, state=state, channel=channel)


def list_deliveries(
    tx: Tx, *, state: DeliveryState | None = None, alert_ids: Collection[int] | None = None, limit: int = 1_000
) -> list[Delivery]:
    """Deliveries, newest first."""
    statement = _select_deliveries().order_by(t.deliveries.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(t.deliveries.c.state == state.value)
    if alert_ids is not None:
        statement = statement.where(t.deliveries.c.alert_id.in_(alert_ids))
    return [_delivery_from(row) for row in tx.execute(statement)]


def find_delivery(tx: Tx, delivery_id: int) -> Delivery:
    """A delivery by number. Raises NotFound."""
    row = tx.execute(_select_deliveries().where(t.deliveries.c.id == delivery_id)).first()
    if row is None:
        raise NotFound(f"delivery {delivery_id}: there is none; see `reformwatch delivery list`")
    return _delivery_from(row)


def attempts_of(tx: Tx, delivery_id: int) -> list[Attempt]:
    """The attempts of a delivery, oldest first."""
    statement = sa.select(t.attempts.c.at, t.attempts.c.outcome, t.attempts.c.detail)
    ordered = statement.where(t.attempts.c.delivery_id == delivery_id).order_by(t.attempts.c.id)
    return [Attempt(**row._mapping) for row in tx.execute(ordered)]  # noqa: SLF001 - SQLAlchemy's documented name


def retry(tx: Tx, delivery_id: int, *, now: datetime) -> Delivery:
    """Make a dead letter due again, under its old id. Raises BadInput where it is not dead, or its subscriber is
    paused. # trust: B03, B18."""
    delivery = find_delivery(tx, delivery_id)
    if delivery.state is not DeliveryState.DEAD:
        raise BadInput(f"delivery {delivery_id}: it is {delivery.state.value}, only a dead one can be retried")
    if find_subscriber(tx, delivery.subscriber).state is SubscriberState.PAUSED:
        raise BadInput(f"delivery {delivery_id}: {delivery.subscriber} is paused; resume the subscriber first")
    values = {"state": DeliveryState.PENDING.value, "attempts": 0, "next_attempt_at": now}
    tx.execute(sa.update(t.deliveries).where(t.deliveries.c.id == delivery_id).values(values))
    note = {"delivery_id": delivery_id, "at": now, "outcome": "requeued", "detail": "by the operator"}
    tx.execute(sa.insert(t.attempts), note)
    return find_delivery(tx, delivery_id)


def dead_letters(tx: Tx) -> list[int]:
    """The dead letters that can be sent again: those of subscribers who are not paused."""
    is_active = t.subscribers.c.state == SubscriberState.ACTIVE.value
    statement = (
        sa.select(t.deliveries.c.id)
        .join(t.subscribers, t.subscribers.c.id == t.deliveries.c.subscriber_id)
        .where(t.deliveries.c.state == DeliveryState.DEAD.value, is_active)
        .order_by(t.deliveries.c.id)
    )
    return list(tx.execute(statement).scalars())


def queue_test(tx: Tx, subscriber: Subscriber, *, message_id: str, headline: str, now: datetime) -> int:
    """An alert of no topic, for one subscriber, to try their channel; the delivery's number."""
    alert_id = insert_returning_id(
        tx, t.alerts, {"kind": AlertKind.TEST.value, "story_id": None, "headline": headline, "created_at": now}
    )
    row = {
        "message_id": message_id,
        "alert_id": alert_id,
        "subscriber_id": subscriber.id,
        "topic_ids": [],
        "attempts": 0,
    }
    due = {"state": DeliveryState.PENDING.value, "next_attempt_at": now, "created_at": now}
    return insert_returning_id(tx, t.deliveries, row | due)
