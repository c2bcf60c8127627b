"""Planning: the time of a feed's next poll, from the last outcome, the feed's rhythm and the server's hints.

``next = now + max(pace, max-age, ttl, Retry-After) * U(1.00, 1.10)``, then out of skipHours and skipDays. Jitter only
lengthens a wait. max-age and Expires: RFC 9111; Retry-After: RFC 9110.

The pace is the operator's interval, if set. Otherwise it begins at a quarter of the usual time between two entries,
doubles after every fourth poll without a new entry, and is shortened where a document was nearly replaced since the
last poll: if a document turns over faster than it is read, entries are missed.
# trust: FRB020, FRB021, FRB022, FRB023, FRB024
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from reformwatch.model.feed import Feed, FeedHints, FetchFailed, Rhythm, ServerHints
from reformwatch.model.value import Value

#: The longest wait that a server's hints can cause.
MAX_SERVER_WAIT: Final = timedelta(days=30)
#: The shortest interval, where the server permits short intervals by a short max-age or ttl.
LEAST_INTERVAL: Final = timedelta(minutes=5)
#: A feed whose own fault (404, not a feed) lasts this long is polled at a slow pace, without end.
GIVEN_UP_AFTER: Final = timedelta(days=14)
_SLOW_PACE: Final = 7
_STEADY_POLLS: Final = 4
_MOST_FROM_RHYTHM: Final = 6
#: A document should be read at least this many times while it turns over once.
_READS_A_TURNOVER: Final = 3
_LEAST_DATED: Final = 4
_OUTAGE_RETRY: Final = timedelta(minutes=10)
_AFTER_DEATHS: Final = timedelta(minutes=30)
_DEATHS_FORGIVEN: Final = 3


class PollPolicy(Value, frozen=True, kw_only=True):
    """The operator's bounds: of the intervals between polls, of late entries, and of a burst."""

    min_interval: timedelta = timedelta(hours=1)
    max_interval: timedelta = timedelta(days=1)
    late_after: timedelta = timedelta(days=7)
    burst_limit: int = 10


class Turnover(Value, frozen=True, kw_only=True):
    """How many of the listed entries of a document are new, ``elapsed`` after the last poll."""

    new: int
    listed: int
    elapsed: timedelta

    @property
    def is_complete(self) -> bool:
        """Whether all entries are new, so that some may be missing."""
        return self.listed > 0 and self.new >= self.listed

    @property
    def whole(self) -> timedelta | None:
        """The time in which the whole document is replaced at this rate; None where no entry is new."""
        return self.elapsed * self.listed / self.new if self.new else None


def rhythm_of(dates: Iterable[datetime]) -> Rhythm:
    """The rhythm of a document from the dates of its entries; without gaps where too few dates differ."""
    in_order = sorted(set(dates))
    if len(in_order) < _LEAST_DATED:
        return Rhythm()
    gaps = [later - earlier for earlier, later in pairwise(in_order)]
    usual = timedelta(seconds=median(gap.total_seconds() for gap in gaps))
    return Rhythm(usual_gap=usual, longest_gap=max(gaps))


def after_success(
    feed: Feed,
    hints: ServerHints,
    *,
    brought_news: bool,
    feed_hints: FeedHints | None = None,
    turnover: Turnover | None = None,
    was_sent_whole: bool = False,
    policy: PollPolicy,
    now: datetime,
    jitter: float,
) -> datetime:
    """When to poll again after a 200 or 304 reply. ``jitter`` is 0 to 1.

    ``feed_hints`` None: those of the last document. ``was_sent_whole``: the server sent an unchanged document again.
    """
    feed_hints = feed.poll.hints if feed_hints is None else feed_hints
    wait = _pace(feed, 0 if brought_news else feed.poll.unchanged + 1, policy)
    wait = max(wait, min(feed_hints.update_period or wait, policy.max_interval))
    if feed.interval is None:
        if was_sent_whole:
            wait = max(wait, _least_of(policy.max_interval, _time_of_a_third(feed)))
        if turnover is not None:
            wait = _shortened(wait, turnover, _floor(hints, feed_hints, policy))
        if feed.pushed_until is not None and feed.pushed_until > now:
            wait = max(wait, policy.max_interval)
    hinted_waits = [hint for hint in (hints.max_age, hints.retry_after, feed_hints.ttl) if hint is not None]
    return out_of_skips(now + _with_jitter(max([wait, *_bounded(hinted_waits)]), jitter), feed_hints)


def after_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> datetime:
    """When to poll again after a failure: the pace, doubled with each failure; for soft faults at most four times it.

    429 and 503 count as an additional failure. A feed is never given up: after :data:`GIVEN_UP_AFTER` of failures of
    its own it is polled once a week.
    """
    is_slow_down = outcome.status in {429, 503}
    exponent = min(feed.poll.failures + (1 if is_slow_down else 0), 8)
    has_failed_long = feed.poll.failing_since is not None and now - feed.poll.failing_since >= GIVEN_UP_AFTER
    ceiling = policy.max_interval * (2 if is_slow_down else 1)
    if outcome.is_soft and not has_failed_long:
        exponent = min(exponent, 2)
    elif not outcome.is_soft and has_failed_long:
        ceiling = policy.max_interval * _SLOW_PACE
    wait = min(_pace(feed, feed.poll.unchanged, policy) * 2**exponent, ceiling)
    if has_failed_long:
        wait = ceiling
    hinted_waits = [outcome.hints.retry_after] if outcome.hints.retry_after is not None else []
    return out_of_skips(now + _with_jitter(max([wait, *_bounded(hinted_waits)]), jitter), feed.poll.hints)


def after_outage(feed: Feed, *, policy: PollPolicy, now: datetime, jitter: float) -> datetime:
    """When to poll again while this machine's network is down: after 10 to 20 minutes, by ``jitter`` (0 to 1)."""
    return out_of_skips(now + min(_OUTAGE_RETRY, policy.max_interval) * (1 + jitter), feed.poll.hints)


def after_deaths(deaths: int, *, now: datetime) -> datetime:
    """When to poll again a feed during whose last ``deaths`` polls the program died: at once, then later and later.

    It is unknown whether the feed is the cause; a program that restarts again and again must not poll it each time.
    """
    if deaths <= _DEATHS_FORGIVEN:
        return now
    return now + min(_AFTER_DEATHS * (1 << min(deaths - _DEATHS_FORGIVEN - 1, 8)), timedelta(days=1))


def _pace(feed: Feed, unchanged: int, policy: PollPolicy) -> timedelta:
    """The feed's own interval: the operator's, or from its rhythm, doubled after each fourth unchanged poll."""
    if feed.interval is not None:
        return feed.interval
    doublings = min(unchanged // _STEADY_POLLS, 10)
    return min(_first_pace(feed, policy) * (1 << doublings), policy.max_interval)


def _first_pace(feed: Feed, policy: PollPolicy) -> timedelta:
    most = min(_MOST_FROM_RHYTHM * policy.min_interval, policy.max_interval)
    usual = feed.poll.rhythm.usual_gap
    return policy.min_interval if usual is None else min(max(usual / 4, policy.min_interval), most)


def _time_of_a_third(feed: Feed) -> timedelta | None:
    """The longest wait after which most of the document is unchanged; None where that is unknown."""
    usual = feed.poll.rhythm.usual_gap
    return None if usual is None or not feed.poll.listed else usual * feed.poll.listed / _READS_A_TURNOVER


def _shortened(wait: timedelta, turnover: Turnover, floor: timedelta) -> timedelta:
    """A wait in which at most a third of the document turns over; ``floor`` where all of it did."""
    if turnover.is_complete:
        return floor
    whole = turnover.whole
    return wait if whole is None else min(wait, max(whole / _READS_A_TURNOVER, floor))


def _floor(hints: ServerHints, feed_hints: FeedHints, policy: PollPolicy) -> timedelta:
    """The shortest interval: the operator's bound, or less where the server's hints permit it."""
    permitted = [hint for hint in (hints.max_age, feed_hints.ttl) if hint is not None and hint > timedelta()]
    return min(policy.min_interval, max([*permitted, LEAST_INTERVAL])) if permitted else policy.min_interval


def _least_of(bound: timedelta, other: timedelta | None) -> timedelta:
    return bound if other is None else min(bound, other)


def _bounded(waits: list[timedelta]) -> list[timedelta]:
    return [min(max(wait, timedelta()), MAX_SERVER_WAIT) for wait in waits]


def _with_jitter(wait: timedelta, jitter: float) -> timedelta:
    return wait * (1 + 0.1 * jitter)


def out_of_skips(due: datetime, hints: FeedHints) -> datetime:
    """``due``, or the first time after it that is not in the feed's skipHours and skipDays."""
    for _ in range(24 * 8):
        if due.hour not in hints.skip_hours and due.weekday() not in hints.skip_days:
            return due
        due = (due + timedelta(hours=1)).replace(minute=due.minute)
    return due
