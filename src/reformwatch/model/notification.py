"""Ground: notifications: whether a subscriber is notified of an alert, and why."""

from enum import StrEnum

from reformwatch.model.delivery import DeliveryState
from reformwatch.model.topic import Strength
from reformwatch.model.value import Value


class Decision(StrEnum):
    """What routing decided."""

    SEND = "send"
    SUPPRESS = "suppress"


class Code(StrEnum):
    """The reason of a decision: the code is stored, the sentence is made where it is shown (``messages``).

    The first group concerns a single subscriber; the second an entry, and so all subscribers.
    """

    INSTANT = "instant"
    PAUSED = "paused"
    ALREADY_NOTIFIED = "already_notified"
    ONLY_MENTION = "only_mention"

    BASELINE = "baseline"
    LATE = "late"
    EDITED = "edited"
    NO_FOLLOWER = "no_follower"
    NOBODY_LEFT = "nobody_left"


class Suppressed(Value, frozen=True, kw_only=True):
    """Why an entry causes no alert. ``subscriber_id`` None: for all subscribers."""

    code: Code
    subscriber_id: int | None = None


class AlertTopic(Value, frozen=True, kw_only=True):
    """A topic of an alert; ``strength`` is that of its strongest entry."""

    topic_id: int
    strength: Strength


class Notification(Value, frozen=True, kw_only=True):
    """An alert for a subscriber: the decision, its code, and which of the subscriber's topics it is about."""

    subscriber_id: int
    decision: Decision
    code: Code
    topic_ids: tuple[int, ...]

    @property
    def is_sent(self) -> bool:
        """Whether a message carries it now."""
        return self.decision is Decision.SEND


class NotificationRecord(Value, frozen=True, kw_only=True):
    """A stored notification. ``delivery_id`` and ``state`` are None where no message carries it."""

    alert_id: int
    subscriber: str
    decision: Decision
    code: Code
    delivery_id: int | None = None
    state: DeliveryState | None = None
