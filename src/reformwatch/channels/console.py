"""Channels: the terminal. Readable text on standard output, coloured where it is a terminal."""

import re
import sys
import threading
from datetime import datetime
from typing import TextIO

from rich.console import Console
from rich.text import Text

from reformwatch.channels.base import Envelope
from reformwatch.model.alert import SendOutcome, Sent, TryLater
from reformwatch.model.message import MARK_OFF, MARK_ON, Message
from reformwatch.text import printable

_MARK = re.compile(f"{MARK_ON}(.*?){MARK_OFF}")


class ConsoleChannel:
    """Writes alerts to a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._console = Console(file=self._stream, highlight=False, soft_wrap=True)
        self._lock = threading.Lock()

    def send(self, message: Message, envelope: Envelope, *, now: datetime) -> SendOutcome:  # noqa: ARG002 - the channels' common form
        """Print one message."""
        title, body = Text(printable(message.subject), style="bold"), _styled(message.marked_text)
        try:
            with self._lock:
                with self._console.capture() as rendered:
                    self._console.print(Text("● ", style="green").append_text(title))
                    self._console.print(body)
                self._write(rendered.get())
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


def _styled(text: str) -> Text:
    """Text with the marked words in colour."""
    styled = Text()
    at = 0
    for found in _MARK.finditer(text):
        styled.append(printable(text[at : found.start()]))
        styled.append(printable(found.group(1)), style="bold yellow")
        at = found.end()
    return styled.append(printable(text[at:]))
