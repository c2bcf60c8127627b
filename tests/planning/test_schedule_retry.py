"""Planning: when a feed is polled again, and what becomes of a delivery after an attempt."""

import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reformwatch.model.alert import AddressDead, Delivered, GiveUp, Rejected, RetryAt, Sent, TryLater
from reformwatch.model.delivery import Closed
from reformwatch.model.feed import (
    FailureKind,
    Feed,
    FeedHints,
    FeedKind,
    FeedState,
    FetchFailed,
    Rhythm,
    ServerHints,
)
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.planning.retry import MAX_ATTEMPTS, WAITS, settle
from reformwatch.planning.schedule import (
    MAX_SERVER_WAIT,
    PollPolicy,
    Turnover,
    after_deaths,
    after_failure,
    after_outage,
    after_success,
    rhythm_of,
)
from sample_feeds import changed, make_feed

NOW = datetime(2022, 3, 16, 10, 20, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = PollPolicy()
NO_HINTS = ServerHints()

PROBLEM = Problem.of(ProblemCode.HTTP_STATUS, status=500)


def feed(*, unchanged: int = 0, failures: int = 0) -> Feed:
    """A feed that was polled before."""
    return make_feed(
        id=1,
        url="https://courier.example/feed.xml",
        name="The Courier",
        kind=FeedKind.INDEPENDENT,
        language="en",
        state=FeedState.ACTIVE,
        site_url=None,
        pack=None,
        backfill_days=None,
        added_at=NOW,
        next_poll_at=NOW,
        last_ok_at=NOW,
        unchanged=unchanged,
        failures=failures,
    )


def wait_after_success(
    *,
    unchanged: int = 0,
    brought_news: bool = False,
    hints: ServerHints = NO_HINTS,
    feed_hints: FeedHints | None = None,
    jitter: float = 0.0,
    now: datetime = NOW,
) -> timedelta:
    """How long the next poll is away."""
    due = after_success(
        feed(unchanged=unchanged),
        hints,
        brought_news=brought_news,
        feed_hints=feed_hints or FeedHints(),
        policy=POLICY,
        now=now,
        jitter=jitter,
    )
    return due - now


@pytest.mark.parametrize(
    ("unchanged", "brought_news", "wait"),
    [
        (0, True, HOUR),
        (0, False, HOUR),
        (2, False, HOUR),
        (3, False, 2 * HOUR),
        (6, False, 2 * HOUR),
        (7, False, 4 * HOUR),
        (11, False, 8 * HOUR),
        (15, False, 16 * HOUR),
        (19, False, DAY),
        (1_000_000, False, DAY),
        (1_000_000, True, HOUR),
    ],
)
def test_a_feed_that_brings_nothing_is_polled_less_and_at_once_more_when_it_does(
    unchanged: int, brought_news: bool, wait: timedelta
) -> None:
    # trust: C18
    assert wait_after_success(unchanged=unchanged, brought_news=brought_news) == wait


@pytest.mark.parametrize(
    ("hints", "feed_hints", "wait"),
    [
        (ServerHints(max_age=2 * DAY), FeedHints(), 2 * DAY),
        (ServerHints(max_age=timedelta(minutes=5)), FeedHints(), HOUR),
        (ServerHints(max_age=timedelta(0)), FeedHints(), HOUR),
        (ServerHints(max_age=timedelta(seconds=-5)), FeedHints(), HOUR),
        (ServerHints(max_age=3650 * DAY), FeedHints(), MAX_SERVER_WAIT),
        (ServerHints(retry_after=5 * HOUR), FeedHints(), 5 * HOUR),
        (ServerHints(), FeedHints(ttl=3 * HOUR), 3 * HOUR),
        (ServerHints(), FeedHints(ttl=timedelta(minutes=1)), HOUR),
        (ServerHints(max_age=2 * HOUR, retry_after=4 * HOUR), FeedHints(ttl=3 * HOUR), 4 * HOUR),
        (ServerHints(max_age=4 * HOUR, retry_after=2 * HOUR), FeedHints(ttl=3 * HOUR), 4 * HOUR),
        (ServerHints(), FeedHints(skip_hours=frozenset({11})), timedelta(hours=2)),
        (ServerHints(), FeedHints(skip_hours=frozenset({11, 12, 13})), timedelta(hours=4)),
        (ServerHints(), FeedHints(skip_hours=frozenset({9, 10})), HOUR),
        (ServerHints(), FeedHints(skip_days=frozenset({2})), timedelta(hours=14)),
        (ServerHints(), FeedHints(skip_days=frozenset({2, 3})), timedelta(hours=38)),
        (ServerHints(), FeedHints(skip_days=frozenset({2}), skip_hours=frozenset({0})), timedelta(hours=15)),
    ],
)
def test_a_servers_wishes_lengthen_the_wait_and_never_shorten_it(
    hints: ServerHints, feed_hints: FeedHints, wait: timedelta
) -> None:
    # trust: C05, C17
    assert wait_after_success(hints=hints, feed_hints=feed_hints, brought_news=True) == wait


@pytest.mark.parametrize(("jitter", "stretched"), [(0.0, 1.0), (0.5, 1.05), (1.0, 1.1)])
def test_jitter_lengthens_a_wait_by_a_tenth_at_most(jitter: float, stretched: float) -> None:
    # trust: C19
    assert wait_after_success(jitter=jitter) == HOUR * stretched
    assert wait_after_success(jitter=jitter, hints=ServerHints(max_age=DAY)) == DAY * stretched


def wait_after_failure(
    kind: FailureKind = FailureKind.STATUS,
    *,
    failures: int = 0,
    unchanged: int = 0,
    status: int | None = None,
    retry_after: timedelta | None = None,
    jitter: float = 0.0,
) -> timedelta:
    """How long the next try is away."""
    outcome = FetchFailed(kind=kind, problem=PROBLEM, status=status, hints=ServerHints(retry_after=retry_after))
    tried = feed(failures=failures, unchanged=unchanged)
    return after_failure(tried, outcome, policy=POLICY, now=NOW, jitter=jitter) - NOW


@pytest.mark.parametrize(
    ("kind", "failures", "status", "wait"),
    [
        (FailureKind.STATUS, 0, 404, HOUR),
        (FailureKind.STATUS, 1, 404, 2 * HOUR),
        (FailureKind.STATUS, 4, 404, 16 * HOUR),
        (FailureKind.STATUS, 5, 403, DAY),
        (FailureKind.STATUS, 10_000, 404, DAY),
        (FailureKind.STATUS, 4, 500, 4 * HOUR),
        (FailureKind.STATUS, 10_000, 502, 4 * HOUR),
        (FailureKind.STATUS, 10_000, 503, 4 * HOUR),
        (FailureKind.STATUS, 0, 429, 2 * HOUR),
        (FailureKind.STATUS, 0, 503, 2 * HOUR),
        (FailureKind.STATUS, 1, 429, 4 * HOUR),
        (FailureKind.NOT_A_FEED, 3, None, 8 * HOUR),
        (FailureKind.TIMEOUT, 0, None, HOUR),
        (FailureKind.TIMEOUT, 2, None, 4 * HOUR),
        (FailureKind.TIMEOUT, 100, None, 4 * HOUR),
        (FailureKind.NAME, 100, None, 4 * HOUR),
        (FailureKind.CONNECT, 100, None, 4 * HOUR),
        (FailureKind.TLS, 100, None, DAY),
    ],
)
def test_a_feed_that_fails_is_tried_less_and_a_passing_fault_does_not_punish_it(
    kind: FailureKind, failures: int, status: int | None, wait: timedelta
) -> None:
    # trust: C07, C26
    assert wait_after_failure(kind, failures=failures, status=status) == wait


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        (None, 2 * HOUR),
        (timedelta(0), 2 * HOUR),
        (timedelta(seconds=-1), 2 * HOUR),
        (timedelta(minutes=10), 2 * HOUR),
        (6 * HOUR, 6 * HOUR),
        (2 * DAY, 2 * DAY),
        (3650 * DAY, MAX_SERVER_WAIT),
    ],
)
def test_retry_after_is_obeyed_within_thirty_days(retry_after: timedelta | None, wait: timedelta) -> None:
    # trust: C06
    assert wait_after_failure(status=429, retry_after=retry_after) == wait


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_to_slow_down_never_quickens_a_feed(status: int) -> None:
    # trust: C07
    assert wait_after_failure(unchanged=19, status=status) >= wait_after_success(unchanged=19)


_JITTER = st.floats(min_value=0, max_value=1)
_WISH = st.none() | st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=4000))
_MOMENT = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - made aware by timezones
)  # fmt: skip
_HOURS = st.frozensets(st.integers(min_value=0, max_value=23), max_size=23)
_DAYS = st.frozensets(st.integers(min_value=0, max_value=6), max_size=6)


@given(st.integers(0, 100), st.booleans(), _WISH, _WISH, _WISH, _HOURS, _DAYS, _JITTER, _MOMENT)
def test_a_feed_is_never_polled_earlier_than_asked_nor_in_hours_to_skip(
    unchanged: int,
    brought_news: bool,
    max_age: timedelta | None,
    retry_after: timedelta | None,
    ttl: timedelta | None,
    hours: frozenset[int],
    days: frozenset[int],
    jitter: float,
    now: datetime,
) -> None:
    # trust: C05, C17, C19
    wait = wait_after_success(
        unchanged=unchanged,
        brought_news=brought_news,
        hints=ServerHints(max_age=max_age, retry_after=retry_after),
        feed_hints=FeedHints(ttl=ttl, skip_hours=hours, skip_days=days),
        jitter=jitter,
        now=now,
    )
    asked = max(
        min(wish, MAX_SERVER_WAIT) for wish in (max_age, retry_after, ttl, POLICY.min_interval) if wish is not None
    )
    assert asked <= wait <= MAX_SERVER_WAIT * 1.1 + timedelta(days=8)
    due = now + wait
    assert due.hour not in hours
    assert due.weekday() not in days


@given(st.integers(0, 100), _WISH, _WISH, _JITTER, _JITTER)
def test_more_jitter_is_never_earlier(
    unchanged: int, max_age: timedelta | None, ttl: timedelta | None, one: float, other: float
) -> None:
    # trust: C19
    hints, feed_hints = ServerHints(max_age=max_age), FeedHints(ttl=ttl)
    less, more = (
        wait_after_success(unchanged=unchanged, hints=hints, feed_hints=feed_hints, jitter=jitter)
        for jitter in sorted((one, other))
    )
    plain = wait_after_success(unchanged=unchanged, hints=hints, feed_hints=feed_hints)
    assert plain <= less <= more <= plain * 1.1 + timedelta(microseconds=1)


@given(st.sampled_from(FailureKind), st.integers(0, 200), st.sampled_from([None, 404, 429, 500, 503]), _WISH, _JITTER)
def test_a_failed_feed_is_never_tried_earlier_than_asked_and_always_tried_again(
    kind: FailureKind, failures: int, status: int | None, retry_after: timedelta | None, jitter: float
) -> None:
    # trust: C06, C07, C13
    wait = wait_after_failure(kind, failures=failures, status=status, retry_after=retry_after, jitter=jitter)
    asked = max(POLICY.min_interval, min(retry_after or timedelta(), MAX_SERVER_WAIT))
    assert asked <= wait <= MAX_SERVER_WAIT * 1.1
    assert wait >= wait_after_failure(kind, failures=failures, status=status, retry_after=retry_after)
    assert wait_after_failure(kind, failures=failures + 1, status=status) >= wait_after_failure(
        kind, failures=failures, status=status
    )


def test_hints_that_forbid_every_hour_do_not_stop_a_feed_for_ever() -> None:
    hints = FeedHints(skip_hours=frozenset(range(24)))
    assert HOUR <= wait_after_success(feed_hints=hints) <= timedelta(days=9)


# --- deliveries ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_tried_at_the_published_times() -> None:
    # trust: B03
    waits = []
    for attempts in range(1, MAX_ATTEMPTS):
        settled = settle(TryLater(reason="answered 500"), attempts=attempts, now=NOW, jitter=0.0)
        assert isinstance(settled, RetryAt)
        waits.append((settled.at - NOW).total_seconds())
    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]


@pytest.mark.parametrize("attempts", [10, 11, 1_000])
def test_the_tenth_failure_is_the_last(attempts: int) -> None:
    # trust: B03
    settled = settle(TryLater(reason="answered 500"), attempts=attempts, now=NOW, jitter=0.0)
    assert settled == GiveUp(closed=Closed.GIVEN_UP, reason="answered 500")
    assert not settled.pauses_subscriber


def test_what_was_taken_is_delivered_and_what_was_rejected_given_up() -> None:
    # trust: B05, E06
    assert settle(Sent(detail="250 ok"), attempts=1, now=NOW, jitter=0.5) == Delivered(detail="250 ok")
    assert settle(Sent(), attempts=99, now=NOW, jitter=0.5) == Delivered()
    rejected = settle(Rejected(reason="too large"), attempts=1, now=NOW, jitter=0.5)
    assert rejected == GiveUp(closed=Closed.REJECTED, reason="too large")
    dead = settle(AddressDead(reason="answered 410"), attempts=1, now=NOW, jitter=0.5)
    assert dead == GiveUp(closed=Closed.ADDRESS_DEAD, reason="answered 410")


@pytest.mark.parametrize("closed", Closed)
def test_only_a_dead_address_pauses_its_subscriber(closed: Closed) -> None:
    # trust: B05
    assert GiveUp(closed=closed, reason="r").pauses_subscriber is (closed is Closed.ADDRESS_DEAD)


@given(st.integers(1, MAX_ATTEMPTS - 1), _WISH, _JITTER)
def test_a_retry_is_never_earlier_than_published_or_asked_and_is_bounded(
    attempts: int, retry_after: timedelta | None, jitter: float
) -> None:
    # trust: B06
    settled = settle(TryLater(reason="r", retry_after=retry_after), attempts=attempts, now=NOW, jitter=jitter)
    assert isinstance(settled, RetryAt)
    asked = min(retry_after or timedelta(), timedelta(days=7))
    assert max(WAITS[attempts - 1], asked) <= settled.at - NOW <= max(WAITS[attempts - 1] * 1.1, asked)
    assert settled.reason == "r"


def test_a_retry_keeps_the_time_zone_of_now() -> None:
    now = NOW.astimezone(timezone(timedelta(hours=6)))
    settled = settle(TryLater(reason="r"), attempts=1, now=now, jitter=0.0)
    assert isinstance(settled, RetryAt)
    assert settled.at.utcoffset() == timedelta(hours=6)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        RetryAt(at=NOW.replace(tzinfo=None), reason="r")


# -- the pace: rhythm, overlap, the owner's leave, the operator's interval


def due_after(one: Feed, **told: Any) -> timedelta:
    """How long the next poll of this feed is away after a good reply."""
    usual: dict[str, Any] = {"hints": NO_HINTS, "brought_news": True, "policy": POLICY, "now": NOW, "jitter": 0.0}
    return after_success(one, **(usual | told)) - NOW


def with_rhythm(gap: timedelta, *, listed: int = 20, **told: Any) -> Feed:
    return changed(feed(), rhythm=Rhythm(usual_gap=gap, longest_gap=3 * gap), listed=listed, **told)


@pytest.mark.parametrize(
    ("gap", "wait"),
    [
        (timedelta(minutes=5), HOUR),
        (4 * HOUR, HOUR),
        (12 * HOUR, 3 * HOUR),
        (3 * DAY, 6 * HOUR),
        (300 * DAY, 6 * HOUR),
    ],
)
def test_a_feed_with_a_slow_rhythm_begins_at_a_slower_pace(gap: timedelta, wait: timedelta) -> None:
    assert due_after(with_rhythm(gap)) == wait


@given(st.lists(_MOMENT, max_size=40))
def test_a_rhythm_lies_between_the_shortest_and_the_longest_gap(dates: list[datetime]) -> None:
    rhythm = rhythm_of(dates)
    in_order = sorted(set(dates))
    if len(in_order) < 4:
        assert rhythm == Rhythm()
        return
    gaps = [later - earlier for earlier, later in itertools.pairwise(in_order)]
    assert rhythm.longest_gap == max(gaps)
    assert rhythm.usual_gap is not None
    assert min(gaps) - timedelta(seconds=1) <= rhythm.usual_gap <= max(gaps)


@pytest.mark.parametrize(
    ("new", "elapsed", "hints", "feed_hints", "wait"),
    [
        (0, HOUR, NO_HINTS, FeedHints(), 6 * HOUR),  # nothing was new: the rhythm decides
        (1, 3 * HOUR, NO_HINTS, FeedHints(), 6 * HOUR),  # all of it turns over in 60 hours
        (10, 3 * HOUR, NO_HINTS, FeedHints(), 2 * HOUR),  # in 6 hours, a third of that
        (19, 3 * HOUR, NO_HINTS, FeedHints(), timedelta(hours=20 / 19)),
        (20, 3 * HOUR, NO_HINTS, FeedHints(), HOUR),  # all was new: some may have been missed
        (20, HOUR, ServerHints(max_age=HOUR / 6), FeedHints(), HOUR / 6),
        (20, HOUR, ServerHints(max_age=timedelta(seconds=5)), FeedHints(), timedelta(minutes=5)),
        (20, HOUR, NO_HINTS, FeedHints(ttl=timedelta(minutes=15)), timedelta(minutes=15)),
        (20, HOUR, ServerHints(max_age=HOUR / 6), FeedHints(ttl=HOUR / 2), HOUR / 2),
        (20, HOUR, ServerHints(max_age=2 * HOUR), FeedHints(), 2 * HOUR),  # the owner does not leave us to
        (20, HOUR, ServerHints(max_age=timedelta(0)), FeedHints(), HOUR),  # no-cache is no leave
    ],
)  # fmt: skip
def test_the_less_a_document_overlaps_the_last_one_the_sooner_it_is_read_again(
    new: int, elapsed: timedelta, hints: ServerHints, feed_hints: FeedHints, wait: timedelta
) -> None:
    turnover = Turnover(new=new, listed=20, elapsed=elapsed)
    waited = due_after(with_rhythm(DAY), hints=hints, feed_hints=feed_hints, turnover=turnover)
    assert abs(waited - wait) < timedelta(milliseconds=1)


def test_a_short_max_age_alone_shortens_nothing() -> None:
    calm = Turnover(new=1, listed=20, elapsed=HOUR)
    assert due_after(feed(), hints=ServerHints(max_age=timedelta(minutes=1)), turnover=calm) == HOUR


@pytest.mark.parametrize("unchanged", [0, 50])
def test_the_operator_s_interval_stands_but_for_the_owner_s_wishes(unchanged: int) -> None:
    # trust: C05
    chosen = replace(feed(unchanged=unchanged), interval=timedelta(minutes=15))
    complete = Turnover(new=20, listed=20, elapsed=HOUR)
    assert due_after(chosen, turnover=complete) == timedelta(minutes=15)
    assert due_after(chosen, brought_news=False) == timedelta(minutes=15)
    assert due_after(chosen, hints=ServerHints(max_age=2 * DAY)) == 2 * DAY
    slow = replace(chosen, interval=3 * DAY)
    assert due_after(slow, turnover=complete) == 3 * DAY


def test_what_the_last_document_asked_for_holds_where_a_304_says_nothing() -> None:
    # trust: C17
    asked = changed(feed(), hints=FeedHints(ttl=5 * HOUR, skip_hours=frozenset({15})))
    assert due_after(asked, brought_news=False) == 6 * HOUR  # 15:20 is to be skipped
    assert due_after(asked, brought_news=False, feed_hints=FeedHints()) == HOUR


@pytest.mark.parametrize(
    ("period", "wait"),
    [(timedelta(minutes=5), HOUR), (HOUR, HOUR), (12 * HOUR, 12 * HOUR), (7 * DAY, DAY), (365 * DAY, DAY)],
)
def test_an_update_period_slows_down_to_a_day_at_most_and_never_quickens(period: timedelta, wait: timedelta) -> None:
    # trust: C17
    assert due_after(feed(), feed_hints=FeedHints(update_period=period)) == wait


def test_a_server_that_sends_the_same_bytes_again_is_asked_once_a_day_or_as_its_rhythm_needs() -> None:
    # trust: C20
    assert due_after(feed(), brought_news=False, was_sent_whole=True) == DAY
    quick = with_rhythm(timedelta(minutes=30), listed=20)
    assert due_after(quick, brought_news=False, was_sent_whole=True) == timedelta(minutes=30) * 20 / 3


def test_while_a_hub_pushes_the_poll_is_a_safety_net() -> None:
    # trust: C25
    pushed = replace(feed(), pushed_until=NOW + DAY)
    assert due_after(pushed) == DAY
    assert due_after(replace(pushed, pushed_until=NOW)) == HOUR


@pytest.mark.parametrize(
    ("status", "days", "wait"),
    [(404, 13, DAY), (404, 14, 7 * DAY), (403, 400, 7 * DAY), (500, 13, 4 * HOUR), (500, 14, DAY), (None, 400, DAY)],
)
def test_what_fails_for_long_is_tried_for_ever_at_a_slow_pace(status: int | None, days: int, wait: timedelta) -> None:
    # trust: C13
    kind = FailureKind.STATUS if status else FailureKind.NAME
    tried = changed(feed(failures=300), failing_since=NOW - days * DAY)
    failed = FetchFailed(kind=kind, problem=PROBLEM, status=status)
    assert after_failure(tried, failed, policy=POLICY, now=NOW, jitter=0.0) - NOW == wait


@given(_JITTER)
def test_an_outage_of_our_own_is_over_soon_and_what_waited_is_spread(jitter: float) -> None:
    # trust: C26
    wait = after_outage(feed(), policy=POLICY, now=NOW, jitter=jitter) - NOW
    assert timedelta(minutes=10) <= wait <= timedelta(minutes=20)
    skipping = changed(feed(), hints=FeedHints(skip_hours=frozenset({10})))
    assert after_outage(skipping, policy=POLICY, now=NOW, jitter=jitter).hour == 11


@pytest.mark.parametrize(
    ("deaths", "minutes"), [(0, 0), (1, 0), (3, 0), (4, 30), (5, 60), (6, 120), (10, 1440), (999, 1440)]
)
def test_a_feed_in_whose_poll_the_program_died_is_asked_at_once_and_then_later_and_later(
    deaths: int, minutes: int
) -> None:
    # trust: FRB037
    assert after_deaths(deaths, now=NOW) - NOW == timedelta(minutes=minutes)
