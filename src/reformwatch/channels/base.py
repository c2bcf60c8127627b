"""Channels: what all of them are."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reformwatch.model.alert import SendOutcome
from reformwatch.model.message import Message
from reformwatch.model.value import Value


@dataclass(frozen=True, kw_only=True)
class Envelope(Value):
    """Where a message goes. ``message_id`` is the same at every attempt; ``secret`` is the subscriber's own."""

    message_id: str
    address: str
    created_at: datetime
    secret: str | None = field(default=None, repr=False)
    unsubscribe_url: str | None = field(default=None, repr=False)


class Channel(Protocol):
    """A way to one kind of address. Threads may share one."""

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        """Try once. What the world does is a value; only bugs are raised."""

    def close(self) -> None:
        """Give connections back."""
