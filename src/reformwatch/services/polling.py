"""Services: polls that a person or cron asks for. Loads little: mostly nothing is due, and cron asks often."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reformwatch.model.plan import PollReport
from reformwatch.services.views import PollReportView
from reformwatch.store import glance

if TYPE_CHECKING:
    from reformwatch.pipeline.poll import Poller


def is_no_feed_due(url: str, *, now: datetime) -> bool:
    """Whether it is certain that no feed may be polled now. ``url`` is the database's address."""
    return glance.is_no_feed_due(url, now=now)


def is_a_feed_unread(url: str) -> bool:
    """Whether it is certain that a feed was never read, so that a poll of all feeds brings documents to parse."""
    return glance.is_a_feed_unread(url)


def poll_due(poller: "Poller") -> PollReportView:
    """Poll every feed that is due, once."""
    return _view(poller.poll_due(is_once=True))


def poll_feeds(poller: "Poller", feed_ids: Sequence[int]) -> PollReportView:
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
