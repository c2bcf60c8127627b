"""Channels: services that the Apprise library sends to (Telegram, Matrix, ntfy, Signal ...), by Apprise addresses.

An optional extra. Apprise opens its own connections, so private addresses are not refused there: the address is the
operator's, not a feed's.
"""

from datetime import datetime
from typing import Any, Final

from reformwatch.channels.base import Envelope, Kind
from reformwatch.errors import BadInput, ConfigError
from reformwatch.model.alert import SendOutcome, Sent, TryLater
from reformwatch.model.message import Message


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise ConfigError(
            "this kind of address needs the Apprise library: pip install 'reformwatch[apprise]'"
        ) from None
    return apprise


def is_known(address: str) -> bool:
    """Whether Apprise supports this kind of address. Raises ConfigError where the library is not installed."""
    return bool(_library().Apprise().add(address))


class AppriseChannel:
    """Sends the text by Apprise, which returns only whether it was sent, not why it was not."""

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:  # noqa: ARG002 - the channels' common form
        """Send once. Apprise names no reason, so every failure is a TryLater."""
        sender = _library().Apprise()
        if not sender.add(envelope.address):
            return TryLater(reason="Apprise does not know this kind of address")
        if sender.notify(title=message.subject, body=message.text):
            return Sent(detail="taken by Apprise")
        return TryLater(reason="Apprise could not deliver it; `reformwatch --verbose deliver` shows what it says")

    def close(self) -> None:
        """Does nothing: there are no connections to close."""


def _address(text: str) -> str:
    if not is_known(text):
        raise BadInput("--channel: Apprise does not know this kind of address")
    return text


KIND: Final = Kind(
    option="channel",
    help="an Apprise address (needs the extra reformwatch[apprise])",
    address=_address,
    build=lambda _: AppriseChannel(),
    shown=lambda address: f"{address.partition('://')[0]}://…",  # such addresses hold passwords
)
