"""Ground: alerts, the deliveries that carry them, and what became of each."""

from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.entry import Entry
from reformwatch.model.notification import AlertTopic
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.model.topic import Match, Topic
from reformwatch.model.value import Value


class AlertKind(StrEnum):
    """What an alert is about. ``summary``: many stories of one feed's poll in one."""

    STORY = "story"
    SUMMARY = "summary"


class AlertItem(Value, frozen=True, kw_only=True):
    """One entry in an alert, with its matches."""

    entry: Entry
    matches: tuple[Match, ...]


class Burst(Value, frozen=True, kw_only=True):
    """What a summary sums up: how many stories one poll of a feed brought."""

    feed: str
    stories: int


class NewAlert(Value, frozen=True, kw_only=True):
    """An alert that was born: of a poll, and later of the clock or an operator.

    ``entries`` are places in ``PollPlan.entries``; ``headline`` is empty for a summary, whose ``burst`` names it.
    """

    kind: AlertKind
    headline: str
    entries: tuple[int, ...]
    topics: tuple[AlertTopic, ...]
    burst: Burst | None = None


class Alert(Value, frozen=True, kw_only=True):
    """One thing worth an alert, as it is stored."""

    id: int
    kind: AlertKind
    created_at: datetime
    story_id: int | None
    headline: str
    topics: tuple[Topic, ...]
    items: tuple[AlertItem, ...]
    burst: Burst | None = None

    @property
    def title(self) -> str:
        """Its headline, in any language: of a summary the number of stories and the feed."""
        return f"{self.burst.stories} · {self.burst.feed}" if self.burst else self.headline


class AlertForRouting(Value, frozen=True, kw_only=True):
    """What routing needs to know of an alert. ``after``: the last subscriber that an earlier slice routed; 0: none."""

    id: int
    kind: AlertKind
    topics: tuple[AlertTopic, ...]
    stories: frozenset[int]
    after: int = 0


class Delivery(Value, frozen=True, kw_only=True):
    """An outbox row. ``message_id`` is stable over all attempts; ``closed`` is why it ended without being sent."""

    id: int
    message_id: str
    alert_ids: tuple[int, ...]
    subscriber: str
    channel: ChannelKind
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    last_error: str | None
    closed: Closed | None = None


class ClaimedDelivery(Value, frozen=True, kw_only=True):
    """A delivery held by this process until its lease ends. ``attempts`` includes the one about to be made.

    ``alerts`` are what its message carries, each reduced to the subscriber's topics: one, in instant mode.
    """

    id: int
    message_id: str
    token: str
    attempts: int
    created_at: datetime
    subscriber: Subscriber
    alerts: tuple[Alert, ...]


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
    """Never to be taken, nor any other for this address: the subscriber is paused and the operator notified."""

    reason: str


SendOutcome = Sent | TryLater | Rejected | AddressDead


class RetryAt(Value, frozen=True, kw_only=True):
    """A failed delivery is tried again then."""

    at: datetime
    reason: str


class GiveUp(Value, frozen=True, kw_only=True):
    """A failed delivery becomes a dead letter; ``reason`` is what the receiver answered last."""

    closed: Closed
    reason: str

    @property
    def pauses_subscriber(self) -> bool:
        """Whether the address itself is dead, so that nothing more is sent there."""
        return self.closed is Closed.ADDRESS_DEAD


class Delivered(Value, frozen=True, kw_only=True):
    """A delivery is done."""

    detail: str = ""


Settlement = Delivered | RetryAt | GiveUp
