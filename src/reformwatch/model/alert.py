"""Ground: alerts, deliveries, and what became of them."""

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


class AlertItem(Value, frozen=True, kw_only=True):
    """One entry in an alert, with its matches."""

    entry: Entry
    matches: tuple[Match, ...]


class Alert(Value, frozen=True, kw_only=True):
    """One thing worth telling."""

    id: int
    kind: AlertKind
    created_at: datetime
    story_id: int | None
    headline: str
    topics: tuple[Topic, ...]
    items: tuple[AlertItem, ...]


class Delivery(Value, frozen=True, kw_only=True):
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


class ClaimedDelivery(Value, frozen=True, kw_only=True):
    """A delivery held by this process until its lease ends. ``attempts`` includes the one about to be made."""

    id: int
    message_id: str
    token: str
    attempts: int
    created_at: datetime
    subscriber: Subscriber
    alert: Alert


class Attempt(Value, frozen=True, kw_only=True):
    """One try to deliver."""

    at: datetime
    outcome: str
    detail: str


class Sent(Value, frozen=True, kw_only=True):
    """The receiver took it."""

    detail: str = ""


class TryLater(Value, frozen=True, kw_only=True):
    """Not taken this time. ``retry_after`` is the receiver's own wish."""

    reason: str
    retry_after: timedelta | None = None


class Rejected(Value, frozen=True, kw_only=True):
    """Never to be taken: this message only."""

    reason: str


class AddressDead(Value, frozen=True, kw_only=True):
    """Never to be taken, nor any other for this address: the subscriber is paused and the operator told."""

    reason: str


SendOutcome = Sent | TryLater | Rejected | AddressDead


class RetryAt(Value, frozen=True, kw_only=True):
    """A failed delivery is tried again then."""

    at: datetime
    reason: str


class GiveUp(Value, frozen=True, kw_only=True):
    """A failed delivery becomes a dead letter. ``pauses_subscriber``: the address itself is dead."""

    reason: str
    pauses_subscriber: bool = False


class Delivered(Value, frozen=True, kw_only=True):
    """A delivery is done."""

    detail: str = ""


Settlement = Delivered | RetryAt | GiveUp
