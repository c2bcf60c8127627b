"""Ground: the health of feeds, and which of a topic's feeds were read in a window of time."""

from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.feed import Feed, Gap
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class HealthState(StrEnum):
    """The health of a feed.

    ``quiet``: its polls succeed and bring nothing new for longer than its rhythm explains. ``failing``: its polls fail,
    so that it is unknown whether it has something new.
    """

    NEW = "new"
    OK = "ok"
    QUIET = "quiet"
    FAILING = "failing"
    PAUSED = "paused"
    GONE = "gone"


class Health(Value, frozen=True, kw_only=True):
    """A feed's health; ``since`` when it has this state, and the ``problem`` of a feed that fails or is gone.

    A quiet feed has brought nothing new for ``silent``; its rhythm explains ``explained`` of that.
    """

    state: HealthState
    since: datetime | None = None
    problem: Problem | None = None
    silent: timedelta | None = None
    explained: timedelta | None = None


class Reading(Value, frozen=True, kw_only=True):
    """A feed as it is stored, and its gaps that were not filled."""

    feed: Feed
    gaps: tuple[Gap, ...] = ()


class UnreadCode(StrEnum):
    """Why entries of a feed may be missing."""

    NOT_READ_YET = "not_read_yet"
    NOT_WATCHED_YET = "not_watched_yet"
    TURNED_OVER = "turned_over"  # all its entries had changed between two polls
    PAUSED = "paused"
    GONE = "gone"
    FAILING = "failing"
    OVERDUE = "overdue"  # it was due and was not read


class Unread(Value, frozen=True, kw_only=True):
    """A part of a window from which entries of a feed may be missing; why, and the feed's problem, if any."""

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
        """The feeds that were read with a gap or not at all."""
        return tuple(feed for feed in self.feeds if feed.unread)

    @property
    def is_complete(self) -> bool:
        """Whether there are feeds and all were read without a gap: no alert then means that no feed had news of it."""
        return bool(self.feeds) and not self.holed

    @property
    def is_blind(self) -> bool:
        """Whether no feed was read without a gap: no alert then means nothing."""
        return not self.whole
