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
    """Writes messages to a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._text_of = _coloured(self._stream) if _takes_colour(self._stream) else _plain
        self._lock = threading.Lock()

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:  # noqa: ARG002 - the channels' common form
        """Write one message. TryLater where the stream can't be written."""
        try:
            with self._lock:
                self._write(self._text_of(message))
        except OSError as error:
            return TryLater(reason=f"standard output can't be written ({error.strerror})")
        return Sent()

    def _write(self, text: str) -> None:
        """Write without Rich, which exits at a broken pipe and writes a text again after its first write failed."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._stream.flush()

    def close(self) -> None:
        """Does nothing: the stream belongs to the caller."""


def _takes_colour(stream: TextIO) -> bool:
    """Whether Rich would write colours to the stream. Checked without Rich, which takes a while to import."""
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR")) or os.environ.get("TTY_COMPATIBLE") == "1"


def _plain(message: Message) -> str:
    """A message as Rich writes it without colours."""
    text = _MARK.sub(r"\1", message.marked_text)
    return f"● {printable(message.subject)}\n{printable(text)}\n".expandtabs()


def _coloured(stream: TextIO) -> Callable[[Message], str]:
    """A function that returns a message's text with the marked words in colour."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)

    def coloured_text(message: Message) -> str:
        title, body = Text(printable(message.subject), style="bold"), Text()
        at = 0
        for mark in _MARK.finditer(message.marked_text):
            body.append(printable(message.marked_text[at : mark.start()]))
            body.append(printable(mark.group(1)), style="bold yellow")
            at = mark.end()
        body.append(printable(message.marked_text[at:]))
        with console.capture() as rendered:
            console.print(Text("● ", style="green").append_text(title))
            console.print(body)
        return rendered.get()

    return coloured_text


KIND: Final = Kind(
    option="channel",
    help="`console`",
    address=lambda text: "-" if text == "console" else None,
    build=lambda resources: ConsoleChannel(resources.stdout),
)
