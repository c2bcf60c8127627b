"""Ground: a feed's subscription at its hub (WebSub, W3C Recommendation 23 January 2018).

WebSub calls the address that is subscribed to a *topic*; it has nothing to do with this program's topics.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class HubState(StrEnum):
    """The state of a subscription."""

    WANTED = "wanted"  # a request to the hub has not been sent yet
    PENDING = "pending"  # a request was sent; the hub has not verified it yet
    ACTIVE = "active"  # the hub verified it, and pushes until the lease ends
    REFUSED = "refused"  # the hub denied it
    OFF = "off"  # the feed is not polled, so a subscription is not needed


class HubSubscription(Value, frozen=True, kw_only=True):
    """A subscription as it is stored. ``token`` and ``secret`` authorise a push, so they must not be logged.

    ``attempts`` counts the requests since the hub's last verification.
    """

    hidden: ClassVar = frozenset({"token", "secret"})

    feed_id: int
    feed_name: str
    hub: str
    topic: str
    state: HubState
    token: str
    secret: str
    lease_until: datetime | None = None
    next_act_at: datetime | None = None
    attempts: int = 0
    pushed_at: datetime | None = None
    problem: Problem | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether the hub pushes at ``now``: it verified the subscription, and the lease has not ended."""
        return self.state is HubState.ACTIVE and self.lease_until is not None and self.lease_until > now


class Parting(Value, frozen=True, kw_only=True):
    """A subscription to be ended: requests are sent until the hub verifies its end, or ``attempts`` are too many."""

    hidden: ClassVar = frozenset({"token"})

    hub: str
    topic: str
    token: str
    since: datetime
    next_act_at: datetime
    attempts: int = 0


class HubQuestion(Value, frozen=True, kw_only=True):
    """A hub's request to the callback address (sections 5.2, 5.3): its parameters unchanged, None where missing."""

    mode: str | None = None
    topic: str | None = None
    challenge: str | None = None
    lease_seconds: str | None = None
    reason: str | None = None


class Confirmed(Value, frozen=True, kw_only=True):
    """The hub verifies a subscription that was requested: it is confirmed, and the hub pushes until ``lease_until``."""

    challenge: str
    lease_until: datetime
    renew_at: datetime


class Released(Value, frozen=True, kw_only=True):
    """The hub verifies the end of a subscription that was to be ended: the end is confirmed."""

    challenge: str


class Denied(Value, frozen=True, kw_only=True):
    """The hub denied the subscription; it is requested again at ``again_at``."""

    reason: str
    again_at: datetime


class NotAskedCode(StrEnum):
    """Why a hub's request is not confirmed."""

    UNKNOWN_ADDRESS = "unknown_address"
    OTHER_TOPIC = "other_topic"
    NOT_WANTED = "not_wanted"  # the subscription was not requested yet, or is not needed any more
    UNKNOWN_MODE = "unknown_mode"
    HAS_REFUSED = "has_refused"  # the hub denied it, and it was not requested again
    BAD_CHALLENGE = "bad_challenge"  # missing, or too long
    ONLY_ITS_END = "only_its_end"


class NotAsked(Value, frozen=True, kw_only=True):
    """A hub's request that is not confirmed, since nothing like it was requested."""

    code: NotAskedCode


HubAnswer = Confirmed | Released | Denied | NotAsked


class Signature(StrEnum):
    """The result of the check of a push's signature."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    UNKNOWN_ALGORITHM = "of an unknown algorithm"
