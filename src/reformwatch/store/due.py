"""Store: which deliveries may be sent now."""

from datetime import datetime

import sqlalchemy as sa

from reformwatch.model.delivery import DeliveryState
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.notifications import has_unrouted


def is_free(now: datetime) -> sa.ColumnElement[bool]:
    """Waits, and no process holds it."""
    unleased = sa.or_(t.deliveries.c.lease_until.is_(None), t.deliveries.c.lease_until <= now)
    return sa.and_(t.deliveries.c.state == DeliveryState.PENDING.value, unleased)


def is_delivery_due(tx: Tx, *, now: datetime) -> bool:
    """Whether a delivery waits that may be sent now, or an alert that becomes deliveries."""
    if has_unrouted(tx):
        return True
    due = sa.select(t.deliveries.c.id).where(is_free(now), t.deliveries.c.next_attempt_at <= now).limit(1)
    return tx.execute(due).first() is not None
