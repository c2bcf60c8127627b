"""Channels: what all of them are."""

from datetime import datetime
from typing import ClassVar, Protocol

from reformwatch.model.alert import SendOutcome
from reformwatch.model.message import Message
from reformwatch.model.value import Value


class Envelope(Value, frozen=True, kw_only=True):
    """Where a message goes. ``message_id`` is the same at every attempt; ``secret`` is the subscriber's own."""

    hidden: ClassVar = frozenset({"secret", "unsubscribe_url"})

    message_id: str
    address: str
    created_at: datetime
    secret: str | None = None
    unsubscribe_url: str | None = None


class Channel(Protocol):
    """A way to one kind of address. Threads may share one."""

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        """Try once. What the world does is a value; only bugs are raised."""

    def close(self) -> None:
        """Give connections back."""
