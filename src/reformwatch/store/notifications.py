"""Store: notifications: alerts to be routed, the subscribers of a slice, and the decision for each.

A slice is written in a single transaction: notifications, the ledger of who was notified of which story, and the
deliveries to be sent now. The pair (alert, subscriber) is the key of a notification, so none is stored twice.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from reformwatch.model.alert import AlertForRouting, AlertKind
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.notification import AlertTopic, Code, Decision, Notification, NotificationRecord
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Strength
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.sql import chunks, insert_or_ignore_many
from reformwatch.store.subscribers import list_subscribers

#: The key of PostgreSQL's advisory lock: an arbitrary number, the same in all daemons.
_ROUTING_LOCK: Final = 2022_03_12


def hold_routing(tx: Tx) -> None:
    """Lock stories and notifications, so that daemons on PostgreSQL write them one after another.

    Without the lock two daemons could store the same story twice. SQLite has a single writer anyway. The lock ends with
    the transaction.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_ROUTING_LOCK)))


def has_unrouted(tx: Tx) -> bool:
    """Whether an alert is to be routed, wholly or in part."""
    return tx.execute(sa.select(t.alerts.c.id).where(t.alerts.c.routed_at.is_(None)).limit(1)).first() is not None


def oldest_unrouted(tx: Tx) -> AlertForRouting | None:
    """The alert to be routed next; None where all are routed."""
    statement = sa.select(t.alerts.c.id).where(t.alerts.c.routed_at.is_(None)).order_by(t.alerts.c.id).limit(1)
    alert_id = tx.execute(statement).scalar_one_or_none()
    return None if alert_id is None else _for_routing(tx, alert_id)


def _for_routing(tx: Tx, alert_id: int) -> AlertForRouting:
    c = t.alert_topics.c
    topics = tx.execute(sa.select(c.topic_id, c.strength).where(c.alert_id == alert_id).order_by(c.position))
    stories = (
        sa.select(t.entries.c.story_id)
        .join(t.alert_entries, t.alert_entries.c.entry_id == t.entries.c.id)
        .where(t.alert_entries.c.alert_id == alert_id, t.entries.c.story_id.is_not(None))
        .distinct()
    )
    kind = tx.execute(sa.select(t.alerts.c.kind).where(t.alerts.c.id == alert_id)).scalar_one()
    last = sa.select(sa.func.max(t.notifications.c.subscriber_id)).where(t.notifications.c.alert_id == alert_id)
    return AlertForRouting(
        id=alert_id,
        kind=AlertKind(kind),
        topics=tuple(AlertTopic(topic_id=row.topic_id, strength=Strength(row.strength)) for row in topics),
        stories=frozenset(tx.execute(stories).scalars()),
        after=tx.execute(last).scalar_one() or 0,
    )


def followers(tx: Tx, alert: AlertForRouting, *, limit: int) -> list[Subscriber]:
    """The next subscribers who follow a topic of an alert, at most ``limit``, in order of id."""
    topic_ids = [topic.topic_id for topic in alert.topics]
    if not topic_ids:  # the topics were removed meanwhile
        return []
    subscribed = sa.exists().where(
        t.subscriptions.c.subscriber_id == t.subscribers.c.id, t.subscriptions.c.topic_id.in_(topic_ids)
    )
    statement = (
        sa.select(t.subscribers.c.id)
        .where(t.subscribers.c.id > alert.after, sa.or_(t.subscribers.c.all_topics, subscribed))
        .order_by(t.subscribers.c.id)
        .limit(limit)
    )
    ids = tx.execute(statement).scalars().all()
    return sorted(list_subscribers(tx, ids), key=lambda subscriber: subscriber.id) if ids else []


def notified_of(
    tx: Tx, stories: Collection[int], subscriber_ids: Collection[int] | None = None
) -> dict[int, frozenset[int]]:
    """The ids of the subscribers who were notified, by story id; of ``subscriber_ids`` only (None: of all)."""
    notified: dict[int, set[int]] = {}
    for chunk in chunks(stories):
        statement = sa.select(t.notified.c.story_id, t.notified.c.subscriber_id).where(t.notified.c.story_id.in_(chunk))
        if subscriber_ids is not None:
            statement = statement.where(t.notified.c.subscriber_id.in_(list(subscriber_ids)))
        for row in tx.execute(statement):
            notified.setdefault(row.story_id, set()).add(row.subscriber_id)
    return {story: frozenset(subscribers) for story, subscribers in notified.items()}


def add_notifications(
    tx: Tx,
    alert: AlertForRouting,
    notifications: Sequence[Notification],
    *,
    now: datetime,
    new_message_id: Callable[[], str],
) -> int:
    """Store a slice: notifications, ledger, and a delivery for each that is sent now; returns how many deliveries."""
    delivery_of = _add_deliveries(
        tx, [notification for notification in notifications if notification.is_sent], now, new_message_id
    )
    rows = [
        {
            "alert_id": alert.id,
            "subscriber_id": notification.subscriber_id,
            "delivery_id": delivery_of.get(notification.subscriber_id),
            "decision": notification.decision.value,
            "code": notification.code.value,
            "topic_ids": list(notification.topic_ids),
            "created_at": now,
        }
        for notification in notifications
    ]
    if rows:
        tx.execute(sa.insert(t.notifications), rows)
    ledger = (
        {"subscriber_id": subscriber_id, "story_id": story, "at": now}
        for subscriber_id in delivery_of
        for story in sorted(alert.stories)
    )
    for chunk in chunks(ledger):  # a summary may have thousands of stories
        insert_or_ignore_many(tx, t.notified, chunk)
    return len(delivery_of)


def _add_deliveries(
    tx: Tx, notifications: Iterable[Notification], now: datetime, new_message_id: Callable[[], str]
) -> dict[int, int]:
    """Store a delivery for each notification; returns the delivery ids by subscriber id."""
    rows = [
        {
            "message_id": new_message_id(),
            "subscriber_id": notification.subscriber_id,
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": now,
        }
        for notification in notifications
    ]
    if not rows:
        return {}
    added = tx.execute(sa.insert(t.deliveries).returning(t.deliveries.c.subscriber_id, t.deliveries.c.id), rows)
    return {row.subscriber_id: row.id for row in added}


def end_routing(tx: Tx, alert_id: int, *, now: datetime) -> None:
    """Mark an alert as routed: each of its followers has a notification."""
    tx.execute(sa.update(t.alerts).where(t.alerts.c.id == alert_id).values(routed_at=now))


def notifications_of(tx: Tx, alert_ids: Collection[int]) -> list[NotificationRecord]:
    """The notifications of alerts, in order of alert and of subscriber's name."""
    c = t.notifications.c
    statement = (
        sa.select(c.alert_id, c.decision, c.code, c.delivery_id, t.deliveries.c.state, t.subscribers.c.name)
        .join(t.subscribers, t.subscribers.c.id == c.subscriber_id)
        .outerjoin(t.deliveries, t.deliveries.c.id == c.delivery_id)
        .where(c.alert_id.in_(list(alert_ids)))
        .order_by(c.alert_id, sa.func.lower(t.subscribers.c.name), t.subscribers.c.id)
    )
    return [
        NotificationRecord(
            alert_id=row.alert_id,
            subscriber=row.name,
            decision=Decision(row.decision),
            code=Code(row.code),
            delivery_id=row.delivery_id,
            state=DeliveryState(row.state) if row.state else None,
        )
        for row in tx.execute(statement)
    ]
