"""Ground: how a feed fares, and what of a topic's sources was read."""

from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.feed import Feed, Gap
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class HealthState(StrEnum):
    """``quiet``: it is read well and brings nothing new for longer than its rhythm explains. ``failing``: it can't be
    read, so nobody knows."""

    NEW = "new"
    OK = "ok"
    QUIET = "quiet"
    FAILING = "failing"
    PAUSED = "paused"
    GONE = "gone"


class Health(Value, frozen=True, kw_only=True):
    """A feed's health; ``since`` when, and the ``problem`` of one that fails or is gone.

    A quiet one has brought nothing new for ``silent``, and its rhythm explains ``explained``.
    """

    state: HealthState
    since: datetime | None = None
    problem: Problem | None = None
    silent: timedelta | None = None
    explained: timedelta | None = None


class Reading(Value, frozen=True, kw_only=True):
    """What the store knows of how a feed was read: its row, and its gaps that were not filled."""

    feed: Feed
    gaps: tuple[Gap, ...] = ()


class UnreadCode(StrEnum):
    """Why nobody read what a feed may have brought."""

    NOT_READ_YET = "not_read_yet"
    NOT_WATCHED_YET = "not_watched_yet"
    TURNED_OVER = "turned_over"  # all its entries had changed between two polls
    PAUSED = "paused"
    GONE = "gone"
    FAILING = "failing"
    OVERDUE = "overdue"  # it was due and was not read


class Unread(Value, frozen=True, kw_only=True):
    """A stretch of a window in which a feed may have brought what nobody read; why, and the feed's problem."""

    since: datetime
    until: datetime
    code: UnreadCode
    problem: Problem | None = None


class FeedCoverage(Value, frozen=True, kw_only=True):
    """One feed in a window; ``unread`` is empty where it was read without a gap."""

    feed_id: int
    name: str
    unread: tuple[Unread, ...] = ()


class Coverage(Value, frozen=True, kw_only=True):
    """A topic's feeds in a window of time."""

    since: datetime
    until: datetime
    feeds: tuple[FeedCoverage, ...] = ()

    @property
    def whole(self) -> tuple[FeedCoverage, ...]:
        """The feeds that were read without a gap."""
        return tuple(feed for feed in self.feeds if not feed.unread)

    @property
    def holed(self) -> tuple[FeedCoverage, ...]:
        """The feeds that were not."""
        return tuple(feed for feed in self.feeds if feed.unread)

    @property
    def is_complete(self) -> bool:
        """Whether there are feeds and all were read without a gap: no alert then means that no feed had news of it."""
        return bool(self.feeds) and not self.holed

    @property
    def is_blind(self) -> bool:
        """Whether no feed was read without a gap: no alert then means nothing."""
        return not self.whole
