"""Planning: a failed delivery is retried, or given up.

The times are those of the Standard Webhooks specification: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h,
24 h; they apply to mail too. Jitter only lengthens a wait; a receiver's ``Retry-After`` can only lengthen the wait.
"""

from datetime import datetime, timedelta
from typing import Final

from reformwatch.model.alert import (
    AddressDead,
    Delivered,
    GiveUp,
    Rejected,
    RetryAt,
    SendOutcome,
    Sent,
    Settlement,
    TryLater,
)
from reformwatch.model.delivery import Closed

#: The wait before the second, third ... attempt.
WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS: Final = len(WAITS) + 1
_MAX_RETRY_AFTER: Final = timedelta(days=7)


def settle(outcome: SendOutcome, *, attempts: int, now: datetime, jitter: float) -> Settlement:
    """The next state of a delivery after its ``attempts``-th attempt. ``jitter`` is 0 to 1."""
    match outcome:
        case Sent(detail=detail):
            return Delivered(detail=detail)
        case Rejected(reason=reason):
            return GiveUp(closed=Closed.REJECTED, reason=reason)
        case AddressDead(reason=reason):
            return GiveUp(closed=Closed.ADDRESS_DEAD, reason=reason)
        case TryLater(reason=reason) if attempts >= MAX_ATTEMPTS:
            return GiveUp(closed=Closed.GIVEN_UP, reason=reason)
        case TryLater(reason=reason, retry_after=retry_after):
            wait = WAITS[attempts - 1] * (1 + 0.1 * jitter)
            return RetryAt(at=now + max(wait, min(retry_after or timedelta(), _MAX_RETRY_AFTER)), reason=reason)
