"""Channels: the interface of a channel, and the declaration that each channel's module ends with.

A kind of channel is a member of :class:`~reformwatch.model.subscriber.ChannelKind` and the module of that name here.
The module ends with ``KIND``: the option that takes its addresses, how they are checked and shown, and how the channel
is built.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Protocol, TextIO

from msgspec import Struct

from reformwatch.model.alert import SendOutcome, TryLater
from reformwatch.model.message import Message
from reformwatch.model.subscriber import ChannelKind
from reformwatch.model.value import Value

if TYPE_CHECKING:
    import ssl


class Envelope(Value, frozen=True, kw_only=True):
    """The address of a message. ``message_id`` is the same at every attempt.

    ``secret`` is the subscriber's, to sign messages with; None where the channel signs none. ``unsubscribe_url`` is
    None where the daemon has no public pages.
    """

    hidden: ClassVar = frozenset({"secret", "unsubscribe_url"})

    message_id: str
    address: str
    created_at: datetime
    secret: str | None = None
    unsubscribe_url: str | None = None


class Channel(Protocol):
    """Sends messages to one kind of address. Threads may share a channel."""

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:
        """Send a message once. A failure outside the program is returned; only bugs are raised."""

    def close(self) -> None:
        """Close connections."""


class PostReply(Value, frozen=True, kw_only=True):
    """A receiver's reply, with a bounded part of its body. ``retry_after`` is its ``Retry-After``, None without one."""

    status: int
    body: bytes = b""
    retry_after: timedelta | None = None


#: POSTs a body to an address: (url, body, headers, now). Follows no redirects; TryLater where no reply came.
Post = Callable[[str, bytes, Mapping[str, str], datetime], PostReply | TryLater]


class Tls(StrEnum):
    """How a connection to the mail server is secured."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


class SmtpAccount(Value, frozen=True, kw_only=True):
    """The mail server and the sender. ``ssl_context`` None: the system's certificate authorities are trusted."""

    hidden: ClassVar = frozenset({"password", "ssl_context"})

    host: str
    port: int
    tls: Tls
    sender: str
    username: str | None = None
    password: str | None = None
    ssl_context: "ssl.SSLContext | None" = None


class Resources(Struct, frozen=True, kw_only=True):
    """What channels are built with. ``stdout`` None: ``sys.stdout``. ``smtp`` None: no mail server is configured.

    ``post`` builds the HTTP client when it is called; that applies the address policy, the deadline and the size limit
    of replies.
    """

    post: Callable[[], Post]
    smtp: SmtpAccount | None = None
    stdout: TextIO | None = None


def is_always_usable(resources: Resources) -> bool:  # noqa: ARG001 - the signature of `Kind.is_usable`
    """True: a channel of this kind needs no configuration."""
    return True


class Kind(Struct, frozen=True, kw_only=True):
    """The declaration of a kind of channel.

    ``option`` is the option of ``subscriber add`` that takes an address, ``help`` its help text. ``address`` returns an
    address as it is stored, None where the text is an address of another kind with the same option; it raises BadInput
    for a text that is neither. ``shown`` returns an address without its secrets. ``new_secret`` makes the secret that a
    subscriber's messages are signed with; None where they are not signed.
    """

    option: str
    help: str
    address: Callable[[str], str | None]
    build: Callable[[Resources], Channel]
    is_usable: Callable[[Resources], bool] = is_always_usable
    shown: Callable[[str], str] = str
    new_secret: Callable[[], str] | None = None


def declared(kind: ChannelKind) -> Kind:
    """The declaration (``KIND``) in the module of a kind of channel."""
    declaration = import_module(f"reformwatch.channels.{kind.value}").KIND
    assert isinstance(declaration, Kind)  # noqa: S101 - a test checks each module
    return declaration
