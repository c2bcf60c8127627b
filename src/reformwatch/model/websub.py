"""Ground: a feed's subscription at its hub (WebSub, W3C Recommendation 23 January 2018).

WebSub calls the address that is subscribed to a *topic*; it has nothing to do with this program's topics.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class HubState(StrEnum):
    """How a subscription stands."""

    WANTED = "wanted"  # the hub was not asked yet
    PENDING = "pending"  # it was asked at least once and has not asked back
    ACTIVE = "active"  # it asked back and was answered; it pushes until the lease ends
    REFUSED = "refused"  # it said no
    OFF = "off"  # the feed is not polled, so nothing is wanted


class HubSubscription(Value, frozen=True, kw_only=True):
    """A subscription as it is stored. Whoever knows ``token`` and ``secret`` can push: they are for no log.

    ``attempts`` counts the requests since the hub last asked back.
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
        """Whether the hub has promised to push."""
        return self.state is HubState.ACTIVE and self.lease_until is not None and self.lease_until > now


class Parting(Value, frozen=True, kw_only=True):
    """A subscription that is not wanted any more, until the hub has let go of it or was asked often enough."""

    hidden: ClassVar = frozenset({"token"})

    hub: str
    topic: str
    token: str
    since: datetime
    next_act_at: datetime
    attempts: int = 0


class HubQuestion(Value, frozen=True, kw_only=True):
    """What a hub asks at the callback address (section 5.3), each part as it came; None where it is missing."""

    mode: str | None = None
    topic: str | None = None
    challenge: str | None = None
    lease_seconds: str | None = None
    reason: str | None = None


class Confirmed(Value, frozen=True, kw_only=True):
    """The hub asks whether we want what we do want: it pushes from now on."""

    challenge: str
    lease_until: datetime
    renew_at: datetime


class Released(Value, frozen=True, kw_only=True):
    """The hub asks whether we want to end what we do want to end."""

    challenge: str


class Denied(Value, frozen=True, kw_only=True):
    """The hub will not push."""

    reason: str
    again_at: datetime


class NotAskedCode(StrEnum):
    """Why a hub's question is not confirmed."""

    UNKNOWN_ADDRESS = "unknown_address"
    OTHER_TOPIC = "other_topic"
    NOT_WANTED = "not_wanted"  # the subscription was not asked for yet, or is not wanted any more
    UNKNOWN_MODE = "unknown_mode"
    HAS_REFUSED = "has_refused"  # the hub refused, and was not asked again
    BAD_CHALLENGE = "bad_challenge"  # missing, or too long
    ONLY_ITS_END = "only_its_end"


class NotAsked(Value, frozen=True, kw_only=True):
    """We want no such thing."""

    code: NotAskedCode


HubAnswer = Confirmed | Released | Denied | NotAsked


class Signature(StrEnum):
    """What became of a push's signature."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    UNKNOWN_ALGORITHM = "of an unknown algorithm"
