"""Planning: which of a topic's feeds were read without a gap in a window of time.

A feed was read without a gap if its last poll before the window's end succeeded and every poll read entries that were
known from the poll before. If a feed failed for days and its document then still has known entries, nothing is missing;
a feed that fails *now* is unread since its last successful poll. A quiet feed is read: its polls succeed, without new
entries.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from reformwatch.model.feed import Feed, FeedState
from reformwatch.model.health import Coverage, FeedCoverage, Reading, Unread, UnreadCode

#: A poll may be this late before its feed counts as unread: a daemon restarts, a queue is long.
_LATE: Final = timedelta(hours=1)
_HAVE_PROBLEMS: Final = frozenset({UnreadCode.GONE, UnreadCode.FAILING})


def coverage(readings: Iterable[Reading], *, since: datetime, until: datetime, now: datetime) -> Coverage:
    """Which feeds were read without a gap from ``since`` to ``until`` (half-open; ``until`` is not later than now)."""
    feeds = tuple(
        FeedCoverage(
            feed_id=reading.feed.id,
            name=reading.feed.name or reading.feed.url,
            unread=tuple(_unread(reading, since, min(until, now), now)),
        )
        for reading in readings
    )
    return Coverage(since=since, until=until, feeds=feeds)


def _unread(reading: Reading, since: datetime, until: datetime, now: datetime) -> Iterator[Unread]:
    feed = reading.feed
    if feed.poll.last_ok_at is None:
        yield Unread(since=since, until=until, code=UnreadCode.NOT_READ_YET, problem=feed.poll.problem)
    elif feed.added_at > since:
        yield Unread(since=since, until=min(feed.added_at, until), code=UnreadCode.NOT_WATCHED_YET)
    for gap in reading.gaps:
        if gap.recovered_at is None and gap.since < until and gap.until > since:
            yield Unread(since=max(gap.since, since), until=min(gap.until, until), code=UnreadCode.TURNED_OVER)
    if feed.poll.last_ok_at is not None and feed.poll.last_ok_at < until and (code := _why_unread(feed, now)):
        problem = feed.poll.problem if code in _HAVE_PROBLEMS else None
        yield Unread(since=max(feed.poll.last_ok_at, since), until=until, code=code, problem=problem)


def _why_unread(feed: Feed, now: datetime) -> UnreadCode | None:
    """Why the entries since the last successful poll are unread; None where the next poll is not overdue."""
    if feed.state is FeedState.PAUSED:
        return UnreadCode.PAUSED
    if feed.state is FeedState.GONE:
        return UnreadCode.GONE
    if feed.poll.failing_since is not None:
        return UnreadCode.FAILING
    if feed.poll.next_poll_at + _LATE < now:
        return UnreadCode.OVERDUE
    return None
