"""Store: the lock file beside an SQLite database: one daemon at a time works on it."""

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
    """Hold the lock file, where the database is SQLite's. Raises TryAgain naming the process that holds it.

    ``now`` is written into the file, for the process that finds it held. # trust: A16.
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
    except PermissionError as no:
        raise NotPermitted(
            f"{path}: no permission to write there; the daemon keeps its lock beside the database"
        ) from no
    except OSError as no:
        raise CantCreate(f"{path}: can't be made ({no.strerror})") from no
