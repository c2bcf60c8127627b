"""Store: the outbox: deliveries claimed with a lease and a token, settled, released, listed, retried."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.alert import (
    Attempt,
    ClaimedDelivery,
    Delivered,
    Delivery,
    GiveUp,
    RetryAt,
    Settlement,
)
from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.subscriber import ChannelKind, Pause, PauseCode, SubscriberState
from reformwatch.store import tables as t
from reformwatch.store.alerts import alerts_by_id, part_for
from reformwatch.store.engine import Tx
from reformwatch.store.sql import chunks
from reformwatch.store.subscribers import find_subscriber, list_subscribers, pause


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    """The condition of a delivery that is pending and has no lease at ``now``."""
    unleased = sa.or_(t.deliveries.c.lease_until.is_(None), t.deliveries.c.lease_until <= now)
    return sa.and_(t.deliveries.c.state == DeliveryState.PENDING.value, unleased)


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
    """Lease due deliveries, oldest first; each is returned with its subscriber and alerts. The attempt is counted.

    At most ``limit`` deliveries, and ``per_subscriber`` of a subscriber; subscribers in ``excluding`` are left out.
    """
    order = (t.deliveries.c.next_attempt_at, t.deliveries.c.id)
    rank = sa.func.row_number().over(partition_by=t.deliveries.c.subscriber_id, order_by=order)
    due = sa.select(t.deliveries.c.id, rank.label("rank")).where(_is_free(now), t.deliveries.c.next_attempt_at <= now)
    if excluding:
        due = due.where(t.deliveries.c.subscriber_id.not_in(list(excluding)))
    ranked = due.subquery()
    chosen = (
        sa.select(ranked.c.id).where(ranked.c.rank <= per_subscriber).order_by(ranked.c.rank, ranked.c.id).limit(limit)
    )
    locked = (
        sa.select(t.deliveries.c.id)
        .where(t.deliveries.c.id.in_(chosen), _is_free(now))
        .with_for_update(skip_locked=True)
    )
    values = {"lease_token": token, "lease_until": now + lease, "attempts": t.deliveries.c.attempts + 1}
    statement = sa.update(t.deliveries).where(t.deliveries.c.id.in_(locked)).values(values).returning(t.deliveries)
    rows = sorted(tx.execute(statement).all(), key=lambda row: int(row.id))
    return _with_alerts(tx, rows, token)


def _with_alerts(tx: Tx, rows: Sequence[Any], token: str) -> list[ClaimedDelivery]:
    subscribers = {
        subscriber.id: subscriber for subscriber in list_subscribers(tx, {row.subscriber_id for row in rows})
    }
    alert_ids = _alert_ids_of(tx, [row.id for row in rows])
    alerts = alerts_by_id(
        tx, {alert_id for alerts_of_delivery in alert_ids.values() for alert_id, _ in alerts_of_delivery}
    )
    return [
        ClaimedDelivery(
            id=row.id,
            message_id=row.message_id,
            token=token,
            attempts=row.attempts,
            created_at=row.created_at,
            subscriber=subscribers[row.subscriber_id],
            alerts=tuple(part_for(alerts[alert_id], topic_ids) for alert_id, topic_ids in alert_ids.get(row.id, ())),
        )
        for row in rows
    ]


def _alert_ids_of(tx: Tx, delivery_ids: Sequence[int]) -> dict[int, list[tuple[int, list[int]]]]:
    """The alert ids of deliveries, oldest first, each with the ids of the subscriber's topics; by delivery id."""
    c = t.notifications.c
    alert_ids: dict[int, list[tuple[int, list[int]]]] = {}
    for chunk in chunks(delivery_ids):
        statement = (
            sa.select(c.delivery_id, c.alert_id, c.topic_ids).where(c.delivery_id.in_(chunk)).order_by(c.alert_id)
        )
        for row in tx.execute(statement):
            alert_ids.setdefault(row.delivery_id, []).append((row.alert_id, row.topic_ids))
    return alert_ids


_SETTLE = (
    sa.update(t.deliveries)
    .where(t.deliveries.c.id == sa.bindparam("this_delivery"), t.deliveries.c.lease_token == sa.bindparam("our_token"))
    .values(
        state=sa.func.coalesce(sa.bindparam("new_state", type_=sa.Text), t.deliveries.c.state),
        # a message that was sent after all is not closed any more
        closed=sa.case(
            (sa.bindparam("new_state", type_=sa.Text) == DeliveryState.SENT.value, None),
            else_=sa.func.coalesce(sa.bindparam("new_closed", type_=sa.Text), t.deliveries.c.closed),
        ),
        sent_at=sa.bindparam("new_sent_at"),
        # a delivery that was closed during the attempt (subscriber paused) is not reopened by a retry
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
    """Store the settlement of a delivery; False, and nothing is written, where its lease has another token by now."""
    match settlement:
        case Delivered(detail=detail):
            values: dict[str, Any] = {"state": DeliveryState.SENT.value, "sent_at": now}
            outcome = "sent"
        case RetryAt(at=at, reason=detail):
            values = {"state": None, "next_attempt_at": at, "last_error": detail}
            outcome = "retry"
        case GiveUp(closed=closed, reason=detail):
            values = {"state": DeliveryState.DEAD.value, "closed": closed.value, "last_error": detail}
            outcome = "dead"
    parameters = {
        f"new_{name}": values.get(name) for name in ("state", "closed", "sent_at", "next_attempt_at", "last_error")
    }
    parameters |= {"this_delivery": claimed.id, "our_token": claimed.token}
    if tx.execute(_SETTLE, parameters).rowcount == 0:
        return False
    tx.execute(sa.insert(t.attempts), {"delivery_id": claimed.id, "at": now, "outcome": outcome, "detail": detail})
    if isinstance(settlement, GiveUp) and settlement.pauses_subscriber:
        pause(tx, claimed.subscriber.id, because=Pause(code=PauseCode.REFUSED, detail=detail))
    return True


def release(tx: Tx, claimed: Iterable[ClaimedDelivery]) -> None:
    """Release deliveries without an attempt; their attempts are counted back."""
    for delivery in claimed:
        leased = sa.and_(t.deliveries.c.id == delivery.id, t.deliveries.c.lease_token == delivery.token)
        values = {"lease_token": None, "lease_until": None, "attempts": t.deliveries.c.attempts - 1}
        tx.execute(sa.update(t.deliveries).where(leased).values(values))


def release_all_of(tx: Tx, owner: str) -> int:
    """Release the deliveries that a dead process of this owner leased; returns how many."""
    is_of_owner = t.deliveries.c.lease_token.startswith(f"{owner}:", autoescape=True)
    return tx.execute(sa.update(t.deliveries).where(is_of_owner).values(lease_token=None, lease_until=None)).rowcount


def _select_deliveries() -> sa.Select[Any]:
    columns = [t.deliveries.c[name] for name in ("id", "message_id", "state", "closed", "attempts", "created_at")]
    more_columns = [t.deliveries.c[name] for name in ("next_attempt_at", "sent_at", "last_error")]
    subscriber_columns = [t.subscribers.c.name.label("subscriber"), t.subscribers.c.channel]
    return sa.select(*columns, *more_columns, *subscriber_columns).join(
        t.subscribers, t.subscribers.c.id == t.deliveries.c.subscriber_id
    )


def _deliveries(tx: Tx, statement: sa.Select[Any]) -> list[Delivery]:
    rows = tx.execute(statement).all()
    alert_ids = _alert_ids_of(tx, [row.id for row in rows])
    return [_delivery_from(row, tuple(alert_id for alert_id, _ in alert_ids.get(row.id, ()))) for row in rows]


def _delivery_from(row: Any, alert_ids: tuple[int, ...]) -> Delivery:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    state, channel, closed = (
        DeliveryState(values.pop("state")),
        ChannelKind(values.pop("channel")),
        values.pop("closed"),
    )
    return Delivery(
        **values, alert_ids=alert_ids, state=state, channel=channel, closed=Closed(closed) if closed else None
    )


def list_deliveries(
    tx: Tx, *, state: DeliveryState | None = None, alert_ids: Collection[int] | None = None, limit: int = 1_000
) -> list[Delivery]:
    """At most ``limit`` deliveries, newest first; with ``alert_ids``, those of any of these alerts."""
    statement = _select_deliveries().order_by(t.deliveries.c.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(t.deliveries.c.state == state.value)
    if alert_ids is not None:
        carrying = sa.select(t.notifications.c.delivery_id).where(t.notifications.c.alert_id.in_(list(alert_ids)))
        statement = statement.where(t.deliveries.c.id.in_(carrying))
    return _deliveries(tx, statement)


def find_delivery(tx: Tx, delivery_id: int) -> Delivery:
    """The delivery with this id. Raises NotFound."""
    deliveries = _deliveries(tx, _select_deliveries().where(t.deliveries.c.id == delivery_id))
    if not deliveries:
        raise NotFound(f"delivery {delivery_id}: there is none; see `reformwatch delivery list`")
    return deliveries[0]


def attempts_of(tx: Tx, delivery_id: int) -> list[Attempt]:
    """The attempts of a delivery, oldest first."""
    statement = sa.select(t.attempts.c.at, t.attempts.c.outcome, t.attempts.c.detail)
    ordered = statement.where(t.attempts.c.delivery_id == delivery_id).order_by(t.attempts.c.id)
    return [Attempt(**row._mapping) for row in tx.execute(ordered)]  # noqa: SLF001 - SQLAlchemy's documented name


def retry(tx: Tx, delivery_id: int, *, now: datetime) -> Delivery:
    """Make a dead letter due at ``now``, under its old message id.

    Raises NotFound, and BadInput where it is not dead or its subscriber is paused. # trust: B03, B18
    """
    delivery = find_delivery(tx, delivery_id)
    if delivery.state is not DeliveryState.DEAD:
        raise BadInput(f"delivery {delivery_id}: it is {delivery.state.value}, only a dead one can be retried")
    if find_subscriber(tx, delivery.subscriber).state is SubscriberState.PAUSED:
        raise BadInput(f"delivery {delivery_id}: {delivery.subscriber} is paused; resume the subscriber first")
    values = {"state": DeliveryState.PENDING.value, "closed": None, "attempts": 0, "next_attempt_at": now}
    tx.execute(sa.update(t.deliveries).where(t.deliveries.c.id == delivery_id).values(values))
    note = {"delivery_id": delivery_id, "at": now, "outcome": "requeued", "detail": "by the operator"}
    tx.execute(sa.insert(t.attempts), note)
    return find_delivery(tx, delivery_id)


def dead_letters(tx: Tx) -> list[int]:
    """The ids of the dead letters that can be retried: those of active subscribers."""
    is_active = t.subscribers.c.state == SubscriberState.ACTIVE.value
    statement = (
        sa.select(t.deliveries.c.id)
        .join(t.subscribers, t.subscribers.c.id == t.deliveries.c.subscriber_id)
        .where(t.deliveries.c.state == DeliveryState.DEAD.value, is_active)
        .order_by(t.deliveries.c.id)
    )
    return list(tx.execute(statement).scalars())
