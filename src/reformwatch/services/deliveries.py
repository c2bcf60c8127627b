"""Services: deliveries: the outbox, message by message."""

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
    """Deliveries, newest first; with ``alert``, those that carry it."""
    with store.read() as tx:
        found = outbox.list_deliveries(tx, state=state, alert_ids=None if alert is None else [alert], limit=limit)
        pauses = _pauses(tx)
    return [DeliveryView(**_fields(one, pauses.get(one.subscriber))) for one in found]


def show_delivery(store: Store, number: int) -> DeliveryDetail:
    """A delivery with every attempt, oldest first. Raises NotFound."""
    with store.read() as tx:
        one, attempts = outbox.find_delivery(tx, number), outbox.attempts_of(tx, number)
        pauses = _pauses(tx)
    history = tuple(AttemptView(at=each.at, outcome=each.outcome, detail=each.detail) for each in attempts)
    return DeliveryDetail(**_fields(one, pauses.get(one.subscriber)), history=history)


def retry(store: Store, numbers: Sequence[int], *, now: datetime) -> int:
    """Make dead letters due again under their old ids, all or none; how many.

    Raises NotFound, or BadInput where one is not dead or its subscriber is paused.
    """
    with store.write() as tx:
        return _retry(tx, numbers, now=now)


def retry_dead(store: Store, *, now: datetime) -> int:
    """Make all dead letters due again whose subscribers are not paused; how many."""
    with store.write() as tx:
        return _retry(tx, outbox.dead_letters(tx), now=now)


def _retry(tx: Tx, numbers: Sequence[int], *, now: datetime) -> int:
    for number in numbers:
        outbox.retry(tx, number, now=now)
    return len(numbers)


def _pauses(tx: Tx) -> dict[str, Pause]:
    """Why subscribers are paused, by name."""
    return {one.name: one.pause for one in list_subscribers(tx) if one.pause is not None}


def _fields(one: Delivery, pause: Pause | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "message_id": one.message_id,
        "alert": one.alert_ids[0] if one.alert_ids else None,
        "alerts": one.alert_ids,
        "subscriber": one.subscriber,
        "channel": one.channel.value,
        "state": one.state.value,
        "closed": one.closed.value if one.closed else None,
        "attempts": one.attempts,
        "created": one.created_at,
        "next_attempt": one.next_attempt_at,
        "sent": one.sent_at,
        "last_error": why_not_sent(one, pause, ENGLISH),
    }
