"""Services: alerts with their matches, notifications and deliveries."""

from collections.abc import Sequence
from typing import Any

from reformwatch.model.alert import Alert, Delivery
from reformwatch.model.notification import NotificationRecord
from reformwatch.services.entries import entry_view
from reformwatch.services.views import (
    AlertDeliveryView,
    AlertDetail,
    AlertEntryView,
    AlertView,
    NotificationView,
    TopicMatchView,
)
from reformwatch.store import Store, alerts, notifications, outbox

_ALL = 100_000


def list_alerts(store: Store, *, limit: int) -> list[AlertView]:
    """The newest alerts, newest first."""
    with store.read() as tx:
        listed = alerts.list_alerts(tx, limit=limit)
        deliveries = outbox.list_deliveries(tx, alert_ids=[alert.id for alert in listed], limit=_ALL)
    return [AlertView(**_fields(alert, deliveries)) for alert in listed]


def show_alert(store: Store, number: int) -> AlertDetail:
    """An alert with its matches, notifications and deliveries. Raises NotFound."""
    with store.read() as tx:
        alert = alerts.find_alert(tx, number)
        deliveries = outbox.list_deliveries(tx, alert_ids=[number], limit=_ALL)
        records = notifications.notifications_of(tx, [number])
    matches = (
        TopicMatchView(
            entry=entry_view(item.entry),
            strength=match.strength,
            evidence=match.evidence,
            archived=item.entry,
            topic=match.slug,
        )
        for item in alert.items
        for match in item.matches
    )
    return AlertDetail(
        **_fields(alert, deliveries),
        topic_names=tuple(topic.name for topic in alert.topics),
        matches=tuple(matches),
        notifications=_notifications(records),
    )


def _fields(alert: Alert, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "topics": tuple(topic.slug for topic in alert.topics),
        "created": alert.created_at,
        "headline": alert.title,
        "entries": tuple(AlertEntryView(url=item.entry.url, title=item.entry.title) for item in alert.items),
        "deliveries": tuple(_delivery(delivery) for delivery in reversed(deliveries) if alert.id in delivery.alert_ids),
    }


def _delivery(delivery: Delivery) -> AlertDeliveryView:
    return AlertDeliveryView(
        subscriber=delivery.subscriber,
        channel=delivery.channel.value,
        state=delivery.state.value,
        attempts=delivery.attempts,
    )


def _notifications(records: Sequence[NotificationRecord]) -> tuple[NotificationView, ...]:
    return tuple(
        NotificationView(subscriber=record.subscriber, decision=record.decision.value, code=record.code.value)
        for record in records
    )
