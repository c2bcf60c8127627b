"""Planning: the last outcome, the feed's rhythm and the server's wishes give the time of the next poll.

``next = now + max(pace, max-age, ttl, Retry-After) * U(1.00, 1.10)``, then out of skipHours and skipDays. Jitter only
upwards. max-age and Expires: RFC 9111; Retry-After: RFC 9110.

The pace is the operator's interval where there is one. Else it begins at a quarter of the usual time between two
entries, doubles with every fourth poll that brings nothing, and is cut where a document was nearly replaced since the
last poll: what turns over faster than it is read may have had entries that nobody saw.
# trust: FRB020, FRB021, FRB022, FRB023, FRB024
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from reformwatch.model.feed import Feed, FeedHints, FetchFailed, Rhythm, ServerHints
from reformwatch.model.value import Value

#: Whatever a server asks for, a feed is looked at again within this time.
MAX_WISH: Final = timedelta(days=30)
#: The shortest interval that an owner's leave (a short max-age or ttl) can give.
LEAST: Final = timedelta(minutes=5)
#: After so long, a feed that is wrong in itself (404, not a feed) is tried at a slow pace, for ever.
GIVEN_UP_AFTER: Final = timedelta(days=14)
_SLOW_PACE: Final = 7
_STEADY_POLLS: Final = 4
_MOST_FROM_RHYTHM: Final = 6
#: A document is to be read at least so many times while it turns over once.
_READS_A_TURNOVER: Final = 3
_LEAST_DATED: Final = 4
_OUTAGE_RETRY: Final = timedelta(minutes=10)
_AFTER_DEATHS: Final = timedelta(minutes=30)
_DEATHS_FORGIVEN: Final = 3


class PollPolicy(Value, frozen=True, kw_only=True):
    """The operator's bounds."""

    min_interval: timedelta = timedelta(hours=1)
    max_interval: timedelta = timedelta(days=1)
    late_after: timedelta = timedelta(days=7)
    burst_limit: int = 10


class Turnover(Value, frozen=True, kw_only=True):
    """How much of a document was new, and how long after it was last read."""

    new: int
    listed: int
    elapsed: timedelta

    @property
    def is_complete(self) -> bool:
        """Whether nothing in it was known: there may have been more."""
        return self.listed > 0 and self.new >= self.listed

    @property
    def whole(self) -> timedelta | None:
        """In what time all of it is replaced, at this rate; None where nothing was."""
        return self.elapsed * self.listed / self.new if self.new else None


def rhythm_of(dates: Iterable[datetime]) -> Rhythm:
    """The rhythm of a document from the dates of its entries; what all happened in one minute has none."""
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
    """When to poll again after a 200 or a 304. ``jitter`` is 0 to 1.

    ``feed_hints`` None: those of the last document. ``was_sent_whole``: the server sent an unchanged document again.
    """
    feed_hints = feed.poll.hints if feed_hints is None else feed_hints
    wait = _pace(feed, 0 if brought_news else feed.poll.unchanged + 1, policy)
    wait = max(wait, min(feed_hints.update_period or wait, policy.max_interval))
    if feed.interval is None:
        if was_sent_whole:
            wait = max(wait, _least_of(policy.max_interval, _turns_over(feed)))
        if turnover is not None:
            wait = _hurried(wait, turnover, _floor(hints, feed_hints, policy))
        if feed.pushed_until is not None and feed.pushed_until > now:
            wait = max(wait, policy.max_interval)
    wishes = [wish for wish in (hints.max_age, hints.retry_after, feed_hints.ttl) if wish is not None]
    return out_of_skips(now + _stretched(max([wait, *_bounded(wishes)]), jitter), feed_hints)


def after_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> datetime:
    """When to try again: slower at each failure, at once slower on 429 and 503; soft faults stay near the pace.

    A feed is never given up: what has failed in itself for :data:`GIVEN_UP_AFTER` is tried once a week.
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
    wishes = [outcome.hints.retry_after] if outcome.hints.retry_after is not None else []
    return out_of_skips(now + _stretched(max([wait, *_bounded(wishes)]), jitter), feed.poll.hints)


def after_outage(feed: Feed, *, policy: PollPolicy, now: datetime, jitter: float) -> datetime:
    """When to try again while this machine's own network is down: soon, and spread over as long again."""
    return out_of_skips(now + min(_OUTAGE_RETRY, policy.max_interval) * (1 + jitter), feed.poll.hints)


def after_deaths(deaths: int, *, now: datetime) -> datetime:
    """When to ask again a feed in whose polls the program died so often in a row: at once, at last later and later.

    Whether the feed is at fault can't be known; a program that is started again and again must not ask it each time.
    """
    if deaths <= _DEATHS_FORGIVEN:
        return now
    return now + min(_AFTER_DEATHS * (1 << min(deaths - _DEATHS_FORGIVEN - 1, 8)), timedelta(days=1))


def _pace(feed: Feed, unchanged: int, policy: PollPolicy) -> timedelta:
    """The feed's own interval: from its rhythm, and longer the longer it brings nothing."""
    if feed.interval is not None:
        return feed.interval
    doublings = min(unchanged // _STEADY_POLLS, 10)
    return min(_beginning(feed, policy) * (1 << doublings), policy.max_interval)


def _beginning(feed: Feed, policy: PollPolicy) -> timedelta:
    most = min(_MOST_FROM_RHYTHM * policy.min_interval, policy.max_interval)
    usual = feed.poll.rhythm.usual_gap
    return policy.min_interval if usual is None else min(max(usual / 4, policy.min_interval), most)


def _turns_over(feed: Feed) -> timedelta | None:
    """The longest wait after which most of the document still stands."""
    usual = feed.poll.rhythm.usual_gap
    return None if usual is None or not feed.poll.listed else usual * feed.poll.listed / _READS_A_TURNOVER


def _hurried(wait: timedelta, turnover: Turnover, floor: timedelta) -> timedelta:
    """A wait in which at most a third of the document turns over; the least there is where all of it did."""
    if turnover.is_complete:
        return floor
    whole = turnover.whole
    return wait if whole is None else min(wait, max(whole / _READS_A_TURNOVER, floor))


def _floor(hints: ServerHints, feed_hints: FeedHints, policy: PollPolicy) -> timedelta:
    """The shortest interval: the operator's bound, less only with the owner's leave."""
    leaves = [leave for leave in (hints.max_age, feed_hints.ttl) if leave is not None and leave > timedelta()]
    return min(policy.min_interval, max([*leaves, LEAST])) if leaves else policy.min_interval


def _least_of(bound: timedelta, other: timedelta | None) -> timedelta:
    return bound if other is None else min(bound, other)


def _bounded(wishes: list[timedelta]) -> list[timedelta]:
    return [min(max(wish, timedelta()), MAX_WISH) for wish in wishes]


def _stretched(wait: timedelta, jitter: float) -> timedelta:
    return wait * (1 + 0.1 * jitter)


def out_of_skips(due: datetime, hints: FeedHints) -> datetime:
    """A time, or the first after it that is not in the hours and days in which a feed's owner wants no requests."""
    for _ in range(24 * 8):
        if due.hour not in hints.skip_hours and due.weekday() not in hints.skip_days:
            return due
        due = (due + timedelta(hours=1)).replace(minute=due.minute)
    return due
