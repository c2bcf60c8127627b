"""Store: a glance at an SQLite file, whether there is anything to do.

Cron starts ``poll`` and ``deliver`` every few minutes, and mostly nothing is due. To load SQLAlchemy takes twice as
long as all else that such a command does, so this looks with Python's own ``sqlite3``. It says that nothing is due only
where that is certain; at any doubt the command goes its usual way, which also says what is wrong.
"""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from reformwatch.model.delivery import DeliveryState
from reformwatch.model.feed import FeedState
from reformwatch.store.revisions import VERSION_TABLE, head_revision

_SCHEME: Final = "sqlite:///"
_PATIENCE_S: Final = 0.1


def sqlite_text(time: datetime) -> str:
    """A time as SQLite holds it: UTC in ISO form, of one length, so that its order is that of time."""
    if time.tzinfo is None:
        raise ValueError(f"a naive time can't be stored: {time!r}")
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def is_no_delivery_due(url: str, *, now: datetime) -> bool:
    """Whether it is certain that no delivery may be sent now, and all alerts are routed.

    ``url`` is the database's address.
    """
    question = (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM deliveries WHERE state = ? AND next_attempt_at <= ?) "
        "OR EXISTS (SELECT 1 FROM alerts WHERE routed_at IS NULL)"
    )
    return _answer(url, question, DeliveryState.PENDING.value, sqlite_text(now)) == []


def is_no_feed_due(url: str, *, now: datetime) -> bool:
    """Whether it is certain that no feed may be polled now. ``url`` is the database's address."""
    question = "SELECT 1 FROM feeds WHERE state = ? AND next_poll_at <= ? LIMIT 1"
    return _answer(url, question, FeedState.ACTIVE.value, sqlite_text(now)) == []


def is_a_feed_unread(url: str) -> bool:
    """Whether it is certain that a feed was never read, so that a poll of all feeds brings documents."""
    question = "SELECT 1 FROM feeds WHERE state = ? AND last_ok_at IS NULL LIMIT 1"
    return bool(_answer(url, question, FeedState.ACTIVE.value))


def _answer(url: str, question: str, *values: str) -> list[Any] | None:
    """The rows; None where they can't be had, or the database is not of this program's version."""
    path = url.removeprefix(_SCHEME)
    if path == url or not path or {"?", "%"} & set(path):
        return None
    with contextlib.suppress(sqlite3.Error, OSError):
        # not read-only: that can't read a file with a write-ahead log which nobody has open
        address = f"file:{quote(str(Path(path).absolute()))}?mode=rw"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_S)) as connection:
            versions = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608 - ours
            found = connection.execute(question, values).fetchall()
            return found if versions == [(head_revision(),)] else None
    return None
