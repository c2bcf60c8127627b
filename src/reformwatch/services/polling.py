"""Services: polls started by a person or by cron."""

from collections.abc import Sequence

from reformwatch.model.plan import PollReport
from reformwatch.pipeline.poll import Poller
from reformwatch.services.views import PollReportView


def poll_due(poller: Poller) -> PollReportView:
    """Poll every feed that is due, once."""
    return _view(poller.poll_due(is_once=True))


def poll_feeds(poller: Poller, feed_ids: Sequence[int]) -> PollReportView:
    """Poll these feeds, due or not."""
    return _view(poller.poll_feeds(feed_ids))


def _view(report: PollReport) -> PollReportView:
    return PollReportView(
        polled=report.polled,
        failed=report.failed,
        new_entries=report.new_entries,
        alerts=report.alerts,
        deliveries=report.deliveries,
    )
