"""Quiet is not failing; a topic's view is whole, holed or blind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.model.feed import Feed, FeedKind, FeedState, Gap, Rhythm
from reformwatch.model.health import Health, HealthState, Reading, Unread, UnreadCode
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.net.outage import NetworkWatch
from reformwatch.planning.coverage import coverage
from reformwatch.planning.feed_health import health_of
from sample_feeds import make_feed

NOW = datetime(2022, 3, 16, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

REFUSED = Problem.of(ProblemCode.HTTP_STATUS, status=403)
GONE = Problem.of(ProblemCode.GONE, status=410)


def feed(**told: Any) -> Feed:
    """A feed that was read an hour ago."""
    usual: dict[str, Any] = {
        "id": 1,
        "url": "https://courier.example/feed.xml",
        "name": "The Courier",
        "kind": FeedKind.INDEPENDENT,
        "language": "en",
        "state": FeedState.ACTIVE,
        "site_url": None,
        "pack": None,
        "backfill_days": None,
        "added_at": NOW - 100 * DAY,
        "next_poll_at": NOW + HOUR,
        "last_polled_at": NOW - HOUR,
        "last_ok_at": NOW - HOUR,
        "last_new_at": NOW - HOUR,
    }
    return make_feed(**(usual | told))


@pytest.mark.parametrize(
    ("told", "health"),
    [
        ({}, Health(state=HealthState.OK)),
        ({"last_ok_at": None, "last_polled_at": None}, Health(state=HealthState.NEW)),
        (
            {"failing_since": NOW - DAY, "problem": REFUSED},
            Health(state=HealthState.FAILING, since=NOW - DAY, problem=REFUSED),
        ),
        ({"state": FeedState.PAUSED, "failing_since": NOW, "problem": REFUSED}, Health(state=HealthState.PAUSED)),
        ({"state": FeedState.GONE, "problem": GONE}, Health(state=HealthState.GONE, problem=GONE)),
        ({"last_new_at": NOW - 29 * DAY}, Health(state=HealthState.OK)),
        (
            {"last_new_at": NOW - 31 * DAY},
            Health(state=HealthState.QUIET, since=NOW - 31 * DAY, silent=31 * DAY, explained=30 * DAY),
        ),
    ],
)
def test_a_feed_s_health_and_what_explains_it(told: dict[str, Any], health: Health) -> None:
    assert health_of(feed(**told), now=NOW) == health


def test_a_feed_is_quiet_after_what_its_own_rhythm_explains() -> None:
    busy = Rhythm(usual_gap=timedelta(minutes=10), longest_gap=8 * HOUR)
    weekly = Rhythm(usual_gap=7 * DAY, longest_gap=20 * DAY)
    silent = {"last_new_at": NOW - 3 * DAY}
    assert health_of(feed(rhythm=busy, **silent), now=NOW).state is HealthState.QUIET
    assert health_of(feed(rhythm=weekly, **silent), now=NOW) == Health(state=HealthState.OK)
    assert health_of(feed(rhythm=busy, last_new_at=NOW - 47 * HOUR), now=NOW).state is HealthState.OK


def test_a_feed_that_fails_is_never_called_quiet() -> None:
    silent = feed(last_new_at=NOW - 300 * DAY, failing_since=NOW - 200 * DAY, problem=REFUSED)
    assert health_of(silent, now=NOW) == Health(state=HealthState.FAILING, since=NOW - 200 * DAY, problem=REFUSED)


# -- coverage


def view_of(*readings: Reading, since: datetime = NOW - 10 * DAY, until: datetime = NOW) -> Any:
    return coverage(readings, since=since, until=until, now=NOW)


def gap(since: datetime, until: datetime, **told: Any) -> Gap:
    return Gap(feed_id=1, since=since, until=until, **told)


def test_a_quiet_feed_was_read_without_a_gap() -> None:
    quiet = feed(last_new_at=NOW - 300 * DAY)
    assert view_of(Reading(feed=quiet)).is_complete


@pytest.mark.parametrize(
    ("told", "code", "problem"),
    [
        ({"failing_since": NOW - 5 * DAY, "problem": REFUSED}, UnreadCode.FAILING, REFUSED),
        ({"state": FeedState.PAUSED}, UnreadCode.PAUSED, None),
        ({"state": FeedState.GONE, "problem": GONE}, UnreadCode.GONE, GONE),
        ({"next_poll_at": NOW - 5 * HOUR}, UnreadCode.OVERDUE, None),
    ],
)
def test_what_can_t_be_read_is_unread_since_it_was_last_read_well(
    told: dict[str, Any], code: UnreadCode, problem: Problem | None
) -> None:
    view = view_of(Reading(feed=feed(last_ok_at=NOW - 6 * DAY, **told)))
    [hole] = view.holed[0].unread
    assert hole == Unread(since=NOW - 6 * DAY, until=NOW, code=code, problem=problem)
    assert view.is_blind
    assert not view.is_complete


def test_a_feed_between_two_polls_is_not_unread() -> None:
    assert view_of(Reading(feed=feed(last_ok_at=NOW - 23 * HOUR, next_poll_at=NOW + HOUR))).is_complete


def test_a_feed_that_failed_and_came_back_without_a_gap_has_missed_nothing() -> None:
    assert view_of(Reading(feed=feed())).is_complete


def test_gaps_count_where_they_lie_in_the_window_and_were_not_filled() -> None:
    inside, before = gap(NOW - 3 * DAY, NOW - 2 * DAY), gap(NOW - 12 * DAY, NOW - 11 * DAY)
    across = gap(NOW - 11 * DAY, NOW - 9 * DAY)
    filled = gap(NOW - 6 * DAY, NOW - 5 * DAY, recovered_at=NOW - 5 * DAY)
    view = view_of(Reading(feed=feed(), gaps=(inside, filled, across, before)), Reading(feed=feed(id=2)))
    assert [feed.feed_id for feed in view.whole] == [2]
    assert [(hole.since, hole.until) for hole in view.holed[0].unread] == [
        (NOW - 3 * DAY, NOW - 2 * DAY),
        (NOW - 10 * DAY, NOW - 9 * DAY),
    ]
    assert not view.is_blind


def test_a_feed_that_was_added_in_the_window_was_not_read_before() -> None:
    view = view_of(Reading(feed=feed(added_at=NOW - 4 * DAY)))
    assert [(hole.since, hole.until) for hole in view.holed[0].unread] == [(NOW - 10 * DAY, NOW - 4 * DAY)]
    unread = view_of(Reading(feed=feed(added_at=NOW - 4 * DAY, last_ok_at=None)))
    assert [(hole.since, hole.until) for hole in unread.holed[0].unread] == [(NOW - 10 * DAY, NOW)]


def test_no_feed_at_all_is_blind() -> None:
    view = view_of()
    assert (view.is_blind, view.is_complete) == (True, False)


@given(
    st.lists(st.tuples(st.integers(-500, 0), st.integers(0, 200), st.booleans()), max_size=8),
    st.integers(-400, 0),
    st.integers(-600, 0),
    st.booleans(),
)
def test_what_is_unread_lies_within_the_window(
    gaps: list[tuple[int, int, bool]], last_ok: int, added: int, is_failing: bool
) -> None:
    one = feed(
        added_at=NOW + added * HOUR,
        last_ok_at=NOW + last_ok * HOUR,
        failing_since=NOW - HOUR if is_failing else None,
    )
    holes = tuple(
        gap(NOW + start * HOUR, min(NOW, NOW + (start + length) * HOUR), recovered_at=NOW if is_filled else None)
        for start, length, is_filled in gaps
    )
    for covered in view_of(Reading(feed=one, gaps=holes)).feeds:
        for hole in covered.unread:
            assert NOW - 10 * DAY <= hole.since <= hole.until <= NOW


# -- this machine's own network


def test_the_network_is_down_when_nothing_is_reached_on_several_hosts_in_a_row() -> None:
    # trust: C26
    watch = NetworkWatch()
    for number in range(6):
        assert not watch.is_down
        watch.note(f"host{number % 3}.example", is_reached=False)
    assert watch.is_down
    watch.note("host1.example", is_reached=True)
    assert not watch.is_down


def test_one_dead_host_is_not_the_network() -> None:
    watch = NetworkWatch()
    for number in range(100):
        watch.note(f"host{number % 2}.example", is_reached=False)
    assert not watch.is_down
