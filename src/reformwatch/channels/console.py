"""Channels: the terminal. Readable text on standard output, coloured where it is a terminal."""

import os
import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final, TextIO

from reformwatch.channels.base import Envelope, Kind
from reformwatch.model.alert import SendOutcome, Sent, TryLater
from reformwatch.model.message import MARK_OFF, MARK_ON, Message
from reformwatch.text import printable

_MARK: Final = re.compile(f"{MARK_ON}(.*?){MARK_OFF}")


class ConsoleChannel:
    """Writes alerts to a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._shown = _coloured(self._stream) if _takes_colour(self._stream) else _plain
        self._lock = threading.Lock()

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:  # noqa: ARG002 - the channels' common form
        """Print one message."""
        try:
            with self._lock:
                self._write(self._shown(message))
        except OSError as broken:
            return TryLater(reason=f"standard output can't be written ({broken.strerror})")
        return Sent()

    def _write(self, text: str) -> None:
        """Written by hand: Rich would end the program at a broken pipe, and show a text that failed once more later."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._stream.flush()

    def close(self) -> None:
        """Nothing to give back."""


def _takes_colour(stream: TextIO) -> bool:
    """A terminal, or what Rich takes for one. Cron's mail is none, and Rich takes a while to load."""
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR")) or os.environ.get("TTY_COMPATIBLE") == "1"


def _plain(message: Message) -> str:
    """A message as Rich shows it where there are no colours."""
    text = _MARK.sub(r"\1", message.marked_text)
    return f"● {printable(message.subject)}\n{printable(text)}\n".expandtabs()


def _coloured(stream: TextIO) -> Callable[[Message], str]:
    """Shows messages with the marked words in colour."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)

    def shown(message: Message) -> str:
        title, body = Text(printable(message.subject), style="bold"), Text()
        at = 0
        for found in _MARK.finditer(message.marked_text):
            body.append(printable(message.marked_text[at : found.start()]))
            body.append(printable(found.group(1)), style="bold yellow")
            at = found.end()
        body.append(printable(message.marked_text[at:]))
        with console.capture() as rendered:
            console.print(Text("● ", style="green").append_text(title))
            console.print(body)
        return rendered.get()

    return shown


KIND: Final = Kind(
    option="channel",
    help="`console`",
    address=lambda text: "-" if text == "console" else None,
    build=lambda means: ConsoleChannel(means.stdout),
)
