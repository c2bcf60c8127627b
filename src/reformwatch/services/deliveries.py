"""Services: deliveries: the messages in the outbox, listed, shown, retried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.reasons import why_not_sent
from reformwatch.model.alert import Delivery
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.subscriber import Pause
from reformwatch.services.views import AttemptView, DeliveryDetail, DeliveryView
from reformwatch.store import Store, Tx, outbox
from reformwatch.store.subscribers import list_subscribers


def list_deliveries(
    store: Store, *, state: DeliveryState | None = None, alert: int | None = None, limit: int
) -> list[DeliveryView]:
    """Deliveries, newest first; with ``alert``, those whose message contains it."""
    with store.read() as tx:
        deliveries = outbox.list_deliveries(tx, state=state, alert_ids=None if alert is None else [alert], limit=limit)
        pauses = _pauses(tx)
    return [DeliveryView(**_fields(delivery, pauses.get(delivery.subscriber))) for delivery in deliveries]


def show_delivery(store: Store, number: int) -> DeliveryDetail:
    """A delivery with every attempt, oldest first. Raises NotFound."""
    with store.read() as tx:
        delivery, attempts = outbox.find_delivery(tx, number), outbox.attempts_of(tx, number)
        pauses = _pauses(tx)
    history = tuple(AttemptView(at=attempt.at, outcome=attempt.outcome, detail=attempt.detail) for attempt in attempts)
    return DeliveryDetail(**_fields(delivery, pauses.get(delivery.subscriber)), history=history)


def retry(store: Store, numbers: Sequence[int], *, now: datetime) -> int:
    """Make dead letters due again under their old ids, all or none; returns how many.

    Raises NotFound, or BadInput where a delivery is not dead or its subscriber is paused.
    """
    with store.write() as tx:
        return _retry(tx, numbers, now=now)


def retry_dead(store: Store, *, now: datetime) -> int:
    """Make all dead letters due again whose subscribers are not paused; returns how many."""
    with store.write() as tx:
        return _retry(tx, outbox.dead_letters(tx), now=now)


def _retry(tx: Tx, numbers: Sequence[int], *, now: datetime) -> int:
    for number in numbers:
        outbox.retry(tx, number, now=now)
    return len(numbers)


def _pauses(tx: Tx) -> dict[str, Pause]:
    """The pauses of paused subscribers, by name."""
    return {subscriber.name: subscriber.pause for subscriber in list_subscribers(tx) if subscriber.pause is not None}


def _fields(delivery: Delivery, pause: Pause | None) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "message_id": delivery.message_id,
        "alert": delivery.alert_ids[0] if delivery.alert_ids else None,
        "alerts": delivery.alert_ids,
        "subscriber": delivery.subscriber,
        "channel": delivery.channel.value,
        "state": delivery.state.value,
        "closed": delivery.closed.value if delivery.closed else None,
        "attempts": delivery.attempts,
        "created": delivery.created_at,
        "next_attempt": delivery.next_attempt_at,
        "sent": delivery.sent_at,
        "last_error": why_not_sent(delivery, pause, ENGLISH),
    }
