"""Services: deliveries that a person or cron has sent. Loads little: mostly nothing is due, and cron asks often."""

from datetime import datetime
from typing import TYPE_CHECKING

from reformwatch.services.views import DeliverReportView
from reformwatch.store import glance

if TYPE_CHECKING:
    from reformwatch.pipeline.deliver import Deliverer
    from reformwatch.store import Store


def is_no_delivery_due(url: str, *, now: datetime) -> bool:
    """Whether it is certain that no delivery may be sent now. ``url`` is the database's address."""
    return glance.is_no_delivery_due(url, now=now)


def is_delivery_due(store: "Store", *, now: datetime) -> bool:
    """Whether a delivery waits that may be sent now."""
    from reformwatch.store.due import is_delivery_due as is_one_due

    with store.read() as tx:
        return is_one_due(tx, now=now)


def deliver_due(deliverer: "Deliverer") -> DeliverReportView:
    """Send what the outbox holds and is due."""
    report = deliverer.deliver_due()
    return DeliverReportView(sent=report.sent, to_retry=report.to_retry, dead=report.dead)
