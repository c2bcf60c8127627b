"""Porch: the log: one line per event on standard error, as text or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from reformwatch.text import printable

#: The keys of ``extra=`` that are logged, as fields of the JSON form. ``alerts`` (numbers) joins polls and deliveries.
FIELDS: Final = ("poll_id", "feed", "alerts", "delivery", "subscriber", "outcome", "took_ms")


class _TextFormat(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{time} {record.levelname.lower():7} {_on_one_line(record.getMessage())}"
        return f"{line}\n{printable(self.formatException(record.exc_info))}" if record.exc_info else line


class _JsonFormat(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        event |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in json.dumps(event, ensure_ascii=False))


def _on_one_line(message: str) -> str:
    """A message with its line breaks escaped, so that text of a feed can't add a line to the log."""
    return printable(message).replace("\n", "\\n")


def set_up_logging(*, level: str, form: str) -> None:
    """Write the program's log to standard error; of libraries, warnings and errors only.

    ``level``: a level's name in small letters; ``form``: ``text`` or ``json``.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormat() if form == "json" else _TextFormat())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("reformwatch").setLevel(level.upper())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
