"""Ground: alerts, the deliveries that carry them, and the outcome of each attempt."""

from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.entry import Entry
from reformwatch.model.notification import AlertTopic
from reformwatch.model.subscriber import ChannelKind, Subscriber
from reformwatch.model.topic import Match, Topic
from reformwatch.model.value import Value


class AlertKind(StrEnum):
    """What an alert is about. ``summary``: the many stories of a single poll of a feed."""

    STORY = "story"
    SUMMARY = "summary"


class AlertItem(Value, frozen=True, kw_only=True):
    """One entry in an alert, with its matches."""

    entry: Entry
    matches: tuple[Match, ...]


class Burst(Value, frozen=True, kw_only=True):
    """What a summary alert reports: the feed's name, and how many stories a single poll of it brought."""

    feed: str
    stories: int


class NewAlert(Value, frozen=True, kw_only=True):
    """An alert to be stored, planned by a poll.

    ``entries`` are indexes into ``PollPlan.entries``. ``headline`` is empty for a summary; ``burst`` is None for all
    others.
    """

    kind: AlertKind
    headline: str
    entries: tuple[int, ...]
    topics: tuple[AlertTopic, ...]
    burst: Burst | None = None


class Alert(Value, frozen=True, kw_only=True):
    """An alert as it is stored. ``burst`` is None unless it is a summary."""

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
        """Its headline; for a summary the number of stories and the feed's name, without words of any language."""
        return f"{self.burst.stories} · {self.burst.feed}" if self.burst else self.headline


class AlertForRouting(Value, frozen=True, kw_only=True):
    """What routing reads of an alert. ``after``: id of the last subscriber that an earlier slice routed; 0: none."""

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
    """A delivery claimed by this process until its lease ends. ``attempts`` counts the coming attempt too.

    ``alerts`` are those of its message, each reduced to the subscriber's topics: a single alert in instant mode.
    """

    id: int
    message_id: str
    token: str
    attempts: int
    created_at: datetime
    subscriber: Subscriber
    alerts: tuple[Alert, ...]


class Attempt(Value, frozen=True, kw_only=True):
    """An attempt to send a delivery: when, its outcome, and the receiver's reply or the error."""

    at: datetime
    outcome: str
    detail: str


class Sent(Value, frozen=True, kw_only=True):
    """The receiver accepted the message; ``detail`` is its reply."""

    detail: str = ""


class TryLater(Value, frozen=True, kw_only=True):
    """The receiver did not accept the message this time. ``retry_after`` is from its reply; None: not in the reply."""

    reason: str
    retry_after: timedelta | None = None


class Rejected(Value, frozen=True, kw_only=True):
    """The receiver will never accept this message; other messages to the address are still sent."""

    reason: str


class AddressDead(Value, frozen=True, kw_only=True):
    """The receiver will accept no message for this address: the subscriber is paused and the operator notified."""

    reason: str


SendOutcome = Sent | TryLater | Rejected | AddressDead


class RetryAt(Value, frozen=True, kw_only=True):
    """A failed delivery is retried at ``at``."""

    at: datetime
    reason: str


class GiveUp(Value, frozen=True, kw_only=True):
    """A failed delivery becomes a dead letter; ``reason`` is the receiver's last reply."""

    closed: Closed
    reason: str

    @property
    def pauses_subscriber(self) -> bool:
        """Whether the address is dead, so that its subscriber is paused."""
        return self.closed is Closed.ADDRESS_DEAD


class Delivered(Value, frozen=True, kw_only=True):
    """A delivery was sent; ``detail`` is the receiver's reply."""

    detail: str = ""


Settlement = Delivered | RetryAt | GiveUp
