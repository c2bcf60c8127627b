"""Services: deliveries started by a person or by cron."""

from reformwatch.pipeline.deliver import Deliverer
from reformwatch.services.views import DeliverReportView


def deliver_due(deliverer: Deliverer) -> DeliverReportView:
    """Send the deliveries that are due, once."""
    report = deliverer.deliver_due()
    return DeliverReportView(sent=report.sent, to_retry=report.to_retry, dead=report.dead)
