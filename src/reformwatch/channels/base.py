"""Channels: what all of them are, and what the module of each declares.

A kind of channel is a member of :class:`~reformwatch.model.subscriber.ChannelKind` and the module of that name here.
The module ends with ``KIND``: how an address of it is given and shown, and how the channel is made.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Protocol, TextIO

from msgspec import Struct

from reformwatch.model.alert import SendOutcome, TryLater
from reformwatch.model.message import Message
from reformwatch.model.subscriber import ChannelKind
from reformwatch.model.value import Value

if TYPE_CHECKING:
    from reformwatch.channels.email import SmtpAccount


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


class PostReply(Value, frozen=True, kw_only=True):
    """A receiver's reply, of which a bounded part of the body was read. ``retry_after`` is the receiver's own wish."""

    status: int
    body: bytes = b""
    retry_after: timedelta | None = None


#: POSTs a body with headers to an address at a time, without following redirects; TryLater where no reply came.
Post = Callable[[str, bytes, Mapping[str, str], datetime], PostReply | TryLater]


class Means(Struct, frozen=True, kw_only=True):
    """What channels are made with. ``stdout`` None: the standard one. ``smtp`` None: no mail server is configured.

    ``post`` makes the way to the network when it is called: it keeps the address policy, the deadline and the bound on
    the reply.
    """

    post: Callable[[], Post]
    smtp: "SmtpAccount | None" = None
    stdout: TextIO | None = None


def is_always_usable(means: Means) -> bool:  # noqa: ARG001 - the common form of what may stand here
    """Nothing has to be configured."""
    return True


class Kind(Struct, frozen=True, kw_only=True):
    """What a kind of channel is to the rest of the program.

    ``option`` is the option of ``subscriber add`` that takes an address, ``help`` says what that is. ``address`` gives
    an address as it is stored, None where the text means another kind with the same option; it raises BadInput for a
    bad one. ``shown`` gives an address without what is secret in it. ``new_secret`` makes what a subscriber's messages
    are signed with; None where they are not.
    """

    option: str
    help: str
    address: Callable[[str], str | None]
    build: Callable[[Means], Channel]
    is_usable: Callable[[Means], bool] = is_always_usable
    shown: Callable[[str], str] = str
    new_secret: Callable[[], str] | None = None


def declared(kind: ChannelKind) -> Kind:
    """What the module of a kind declares."""
    found = import_module(f"reformwatch.channels.{kind.value}").KIND
    assert isinstance(found, Kind)  # noqa: S101 - a test asks each
    return found
