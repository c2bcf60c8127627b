"""Store: the lock file beside an SQLite database: at most one daemon runs on it."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from reformwatch.errors import CantCreate, NotPermitted, TryAgain
from reformwatch.store.engine import Store


@contextlib.contextmanager
def exclusive(store: Store, *, now: datetime) -> Iterator[None]:
    """Lock the lock file of an SQLite database; without effect on PostgreSQL.

    Raises TryAgain, with the process that has the lock, as it wrote itself into the file at ``now``; CantCreate and
    NotPermitted where the file can't be made. # trust: A16.
    """
    if store.sqlite_path is None:
        yield
        return
    with _opened(store.sqlite_path.with_name(f"{store.sqlite_path.name}.lock")) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise TryAgain(f"database {store.sqlite_path}: {holder} runs on it already; stop that one first") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}, since {now:%Y-%m-%dT%H:%M:%SZ}")
        handle.flush()
        yield
        handle.truncate(0)


def _opened(path: Path) -> TextIOWrapper:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except PermissionError as error:
        raise NotPermitted(
            f"{path}: no permission to write there; the daemon keeps its lock beside the database"
        ) from error
    except OSError as error:
        raise CantCreate(f"{path}: can't be made ({error.strerror})") from error
