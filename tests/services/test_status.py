"""Services, status: what counts as running, and what as overdue."""

from datetime import timedelta

import pytest

from conftest import NOW
from reformwatch.model.feed import Feed, FeedKind, FeedState, PollState
from reformwatch.services.status import is_overdue, status
from reformwatch.store import Store
from reformwatch.store.status import DaemonBeat, beat

SECOND = timedelta(seconds=1)


def feed(state: FeedState, *, due: timedelta) -> Feed:
    return Feed(
        id=1,
        url="http://news.example/rss",
        name="News",
        kind=FeedKind.INDEPENDENT,
        language=None,
        state=state,
        site_url=None,
        pack=None,
        backfill_days=None,
        added_at=NOW,
        poll=PollState(next_poll_at=NOW + due),
    )


@pytest.mark.parametrize(
    ("state", "due", "expected"),
    [
        (FeedState.ACTIVE, SECOND, False),
        (FeedState.ACTIVE, -timedelta(minutes=5), False),
        (FeedState.ACTIVE, -timedelta(minutes=5) - SECOND, True),
        (FeedState.PAUSED, -timedelta(days=5), False),
        (FeedState.GONE, -timedelta(days=5), False),
    ],
)
def test_a_feed_is_overdue_five_minutes_after_it_was_due(state: FeedState, due: timedelta, expected: bool) -> None:
    assert is_overdue(feed(state, due=due), now=NOW) is expected


def test_a_daemon_runs_while_it_was_heard_within_a_minute(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        for name, age in (("here", 59), ("gone", 61)):
            heard = NOW - age * SECOND
            beat(tx, DaemonBeat(name=name, host=name, pid=1, version="1", started_at=heard, beat_at=heard))
    assert [daemon.host for daemon in status(sqlite_store, now=NOW).daemons] == ["here"]
    later = status(sqlite_store, now=NOW + 2 * SECOND)
    assert (later.running, later.daemons) == (False, ())
    assert later.last_daemon is not None
    assert later.last_daemon.host == "here"
