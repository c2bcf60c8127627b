"""Ground: alerts, deliveries, and what became of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.delivery import DeliveryState
from reformwatch.model.entry import Entry
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.model.topic import Match, Topic
from reformwatch.model.value import Value


class AlertKind(StrEnum):
    """What an alert tells. ``burst``: many stories of one feed at once, in one summary; ``test``: a trial message."""

    STORY = "story"
    BURST = "burst"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class AlertItem(Value):
    """One entry in an alert, with its matches."""

    entry: Entry
    matches: tuple[Match, ...]


@dataclass(frozen=True, kw_only=True)
class Alert(Value):
    """One thing worth telling."""

    id: int
    kind: AlertKind
    created_at: datetime
    story_id: int | None
    headline: str
    topics: tuple[Topic, ...]
    items: tuple[AlertItem, ...]


@dataclass(frozen=True, kw_only=True)
class Delivery(Value):
    """An outbox row. ``message_id`` is stable over all attempts."""

    id: int
    message_id: str
    alert_id: int
    subscriber: str
    channel: ChannelKind
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, kw_only=True)
class ClaimedDelivery(Value):
    """A delivery held by this process until its lease ends. ``attempts`` includes the one about to be made."""

    id: int
    message_id: str
    token: str
    attempts: int
    created_at: datetime
    subscriber: Subscriber
    alert: Alert


@dataclass(frozen=True, kw_only=True)
class Attempt(Value):
    """One try to deliver."""

    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Sent(Value):
    """The receiver took it."""

    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class TryLater(Value):
    """Not taken this time. ``retry_after`` is the receiver's own wish."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Rejected(Value):
    """Never to be taken: this message only."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class AddressDead(Value):
    """Never to be taken, nor any other for this address: the subscriber is paused and the operator told."""

    reason: str


SendOutcome = Sent | TryLater | Rejected | AddressDead


@dataclass(frozen=True, kw_only=True)
class RetryAt(Value):
    """A failed delivery is tried again then."""

    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class GiveUp(Value):
    """A failed delivery becomes a dead letter. ``pauses_subscriber``: the address itself is dead."""

    reason: str
    pauses_subscriber: bool = False


@dataclass(frozen=True, kw_only=True)
class Delivered(Value):
    """A delivery is done."""

    detail: str = ""


Settlement = Delivered | RetryAt | GiveUp
