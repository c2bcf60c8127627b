"""Porch: the log: one line an event on standard error, as text or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from reformwatch.text import printable

#: What ``extra=`` may carry; in JSON these are fields of their own. ``alerts`` (numbers) joins polls and deliveries.
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
    """A line break in a message is shown as an escape: what a feed says can not forge a second line."""
    return printable(message).replace("\n", "\\n")


def set_up_logging(*, level: str, form: str) -> None:
    """Send the program's log to standard error. Libraries speak from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormat() if form == "json" else _TextFormat())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("reformwatch").setLevel(level.upper())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
