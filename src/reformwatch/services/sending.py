"""Services: deliveries that a person or cron has sent."""

from reformwatch.pipeline.deliver import Deliverer
from reformwatch.services.views import DeliverReportView


def deliver_due(deliverer: Deliverer) -> DeliverReportView:
    """Send what the outbox holds and is due."""
    report = deliverer.deliver_due()
    return DeliverReportView(sent=report.sent, to_retry=report.to_retry, dead=report.dead)
