"""Ground: who is notified, and where."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from reformwatch.model.value import Value


class ChannelKind(StrEnum):
    """A kind of address; the module of that name in ``channels/`` declares the rest."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CONSOLE = "console"
    APPRISE = "apprise"


class SubscriberState(StrEnum):
    """Whether a subscriber is notified of anything."""

    ACTIVE = "active"
    PAUSED = "paused"


class PauseCode(StrEnum):
    """Why a subscriber is paused."""

    OPERATOR = "operator"
    UNSUBSCRIBED = "unsubscribed"  # by the reader, through the link in a mail
    REFUSED = "refused"  # the receiver replied that the address is dead


class Pause(Value, frozen=True, kw_only=True):
    """Why a subscriber is paused; ``detail`` is the receiver's reply where it was refused."""

    code: PauseCode
    detail: str = ""


class NewSubscriber(Value, frozen=True, kw_only=True):
    """A subscriber to be added. ``topics`` empty means all topics, those still to come included.

    ``wants_mentions``: notified also of entries that only mention a topic, not just of those about it.
    """

    hidden: ClassVar = frozenset({"secret", "unsubscribe_token"})

    name: str
    channel: ChannelKind
    address: str
    secret: str | None = None
    language: str = "en"
    timezone: str = "UTC"
    topics: tuple[str, ...] = ()
    wants_mentions: bool = False
    unsubscribe_token: str


class Subscriber(Value, frozen=True, kw_only=True):
    """A subscriber as stored. ``topic_ids`` is None where all topics are meant. ``secret`` never leaves the program."""

    hidden: ClassVar = frozenset({"secret", "unsubscribe_token"})

    id: int
    name: str
    channel: ChannelKind
    address: str
    secret: str | None
    language: str
    timezone: str
    state: SubscriberState
    pause: Pause | None
    topic_ids: frozenset[int] | None
    wants_mentions: bool = False
    unsubscribe_token: str
    created_at: datetime

    def follows(self, topic_id: int) -> bool:
        """Whether this subscriber follows the topic."""
        return self.topic_ids is None or topic_id in self.topic_ids
