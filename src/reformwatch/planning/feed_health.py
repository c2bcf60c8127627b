"""Planning: the health of a feed: whether it is read, fails, or is quiet."""

from datetime import datetime, timedelta
from typing import Final

from reformwatch.model.feed import Feed, FeedState
from reformwatch.model.health import Health, HealthState

#: A feed is quiet after this many times its longest gap and this many times its usual gap.
_LONGEST_GAPS: Final = 3
_USUAL_GAPS: Final = 20
_LEAST_QUIET: Final = timedelta(days=2)
#: For a feed without a rhythm: its entries have no dates, or are too few.
_QUIET_WITHOUT_RHYTHM: Final = timedelta(days=30)


def health_of(feed: Feed, *, now: datetime) -> Health:
    """A feed's health, with the problem or the times behind it."""
    if feed.state is FeedState.PAUSED:
        return Health(state=HealthState.PAUSED)
    if feed.state is FeedState.GONE:
        return Health(state=HealthState.GONE, since=feed.poll.failing_since, problem=feed.poll.problem)
    if feed.poll.failing_since is not None:
        return Health(state=HealthState.FAILING, since=feed.poll.failing_since, problem=feed.poll.problem)
    if feed.poll.last_ok_at is None:
        return Health(state=HealthState.NEW)
    last_new_at = feed.poll.last_new_at or feed.added_at
    silent, explained = now - last_new_at, silence_explained(feed)
    if silent > explained:
        return Health(state=HealthState.QUIET, since=last_new_at, silent=silent, explained=explained)
    return Health(state=HealthState.OK)


def silence_explained(feed: Feed) -> timedelta:
    """How long a feed may bring nothing new before it is quiet."""
    usual, longest = feed.poll.rhythm.usual_gap, feed.poll.rhythm.longest_gap
    if usual is None or longest is None:
        return _QUIET_WITHOUT_RHYTHM
    return max(_LEAST_QUIET, _LONGEST_GAPS * longest, _USUAL_GAPS * usual)
