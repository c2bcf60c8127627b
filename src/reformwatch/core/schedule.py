"""Core: the last outcome and the server's wishes give the time of the next poll.

``next = now + max(floor, adaptive, max-age, ttl, Retry-After) * U(1.00, 1.10)``, then out of skipHours and skipDays.
Jitter only upwards. Rules of feed owners (FRB020 to FRB024); max-age and Expires: RFC 9111; Retry-After: RFC 9110.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reformwatch.model.feed import Feed, FeedHints, FetchFailed, ServerHints
from reformwatch.model.value import Value

#: Whatever a server asks for, a feed is looked at again within this time.
MAX_WISH: Final = timedelta(days=30)
_NO_FEED_HINTS: Final = FeedHints()
_STEADY_POLLS: Final = 4


@dataclass(frozen=True, kw_only=True)
class PollPolicy(Value):
    """The operator's bounds."""

    min_interval: timedelta = timedelta(hours=1)
    max_interval: timedelta = timedelta(days=1)
    late_after: timedelta = timedelta(days=7)
    burst_limit: int = 10


def after_success(
    feed: Feed,
    hints: ServerHints,
    *,
    brought_news: bool,
    feed_hints: FeedHints = _NO_FEED_HINTS,
    policy: PollPolicy,
    now: datetime,
    jitter: float,
) -> datetime:
    """When to poll again after a 200 or a 304. ``jitter`` is 0 to 1."""
    wait = _adaptive(0 if brought_news else feed.unchanged + 1, policy)
    wishes = [wish for wish in (hints.max_age, hints.retry_after, feed_hints.ttl) if wish is not None]
    return _out_of_skips(now + _stretched(max([wait, *_bounded(wishes)]), jitter), feed_hints)


def after_failure(feed: Feed, outcome: FetchFailed, *, policy: PollPolicy, now: datetime, jitter: float) -> datetime:
    """When to try again: slower at each failure, at once slower on 429 and 503; soft faults stay near the floor."""
    is_slow_down = outcome.status in {429, 503}
    exponent = min(feed.failures + (1 if is_slow_down else 0), 8)
    if outcome.kind.is_soft:
        exponent = min(exponent, 2)
    wait = min(_adaptive(feed.unchanged, policy) * 2**exponent, policy.max_interval)
    wishes = [outcome.hints.retry_after] if outcome.hints.retry_after is not None else []
    return now + _stretched(max([wait, *_bounded(wishes)]), jitter)


def _adaptive(unchanged: int, policy: PollPolicy) -> timedelta:
    """The feed's own interval: longer the longer it brings nothing."""
    doublings = min(unchanged // _STEADY_POLLS, 10)
    return min(policy.min_interval * (1 << doublings), policy.max_interval)


def _bounded(wishes: list[timedelta]) -> list[timedelta]:
    return [min(max(wish, timedelta()), MAX_WISH) for wish in wishes]


def _stretched(wait: timedelta, jitter: float) -> timedelta:
    return wait * (1 + 0.1 * jitter)


def _out_of_skips(due: datetime, hints: FeedHints) -> datetime:
    for _ in range(24 * 8):
        if due.hour not in hints.skip_hours and due.weekday() not in hints.skip_days:
            return due
        due = (due + timedelta(hours=1)).replace(minute=due.minute)
    return due
