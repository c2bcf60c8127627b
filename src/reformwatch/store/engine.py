"""Store: the database with read and write transactions, and its errors translated for the operator.

SQLite: WAL, ``synchronous=FULL``, foreign keys on; a write begins with ``BEGIN IMMEDIATE``, since a deferred BEGIN that
turns into a write fails at once with "database is locked", whatever the busy time-out (sqlite.org/lang_transaction).
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url

from reformwatch.errors import (
    CantCreate,
    ConfigError,
    DatabaseMismatch,
    NotPermitted,
    ReformwatchError,
    TryAgain,
    Unreachable,
)
from reformwatch.urls import without_password

Tx = Connection

BUSY_TIMEOUT_MS: Final = 30_000
_MIN_SQLITE: Final = (3, 35, 0)


def is_database_error(error: BaseException) -> bool:
    """Whether an error came from the database, so that nothing more can be written in its transaction."""
    return isinstance(error, sa.exc.SQLAlchemyError)


class Store:
    """A database. ``read()`` and ``write()`` are transactions; a write is committed at the end, or rolled back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _create_engine(url)

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        name = self._engine.url.database
        return Path(name) if self._engine.dialect.name == "sqlite" and name else None

    @property
    def shown_url(self) -> str:
        """The address without its password."""
        return without_password(self.url)

    def is_missing(self) -> bool:
        """Whether an SQLite database has no file yet. Raises NotPermitted where its folder can't be read."""
        path = self.sqlite_path
        try:
            return path is not None and not path.exists()
        except PermissionError as error:
            raise NotPermitted(f"database {path}: no permission to look into its folder") from error

    @contextlib.contextmanager
    def read(self) -> Iterator[Tx]:
        """A read transaction: all its statements read the same state of the database."""
        with self._translated(), self._engine.connect() as tx, tx.begin():
            yield tx

    @contextlib.contextmanager
    def write(self) -> Iterator[Tx]:
        """A write transaction; committed at the end, rolled back on any exception."""
        with self._translated(), self._engine.connect().execution_options(reformwatch_write=True) as tx, tx.begin():
            yield tx

    def raw(self) -> Engine:
        """The engine itself, for migrations and backups in this package."""
        return self._engine

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self.error_for(error) from error

    def error_for(self, error: sa.exc.DBAPIError) -> Exception:
        """The operator's error for an error of the database; the error itself where it is a bug of this program."""
        message = str(error.orig).splitlines()[0] if str(error.orig) else type(error).__name__
        where = self.sqlite_path or self.shown_url
        for fragment, error_type in _MEANINGS:
            if fragment in message:
                return error_type(f"database {where}: {_MEANINGS_TEXT.get(fragment, message)}")
        if isinstance(error, sa.exc.OperationalError) and self.sqlite_path is None:
            return Unreachable(f"database {where}: {message}; is PostgreSQL running, and is the address right?")
        return error


_MEANINGS: Final[tuple[tuple[str, type[ReformwatchError]], ...]] = (
    ("database is locked", TryAgain),
    ("disk is full", TryAgain),
    ("No space left", TryAgain),
    ("disk I/O error", TryAgain),
    ("readonly database", NotPermitted),
    ("unable to open database file", CantCreate),
    ("malformed", DatabaseMismatch),
    ("file is not a database", DatabaseMismatch),
)
_MEANINGS_TEXT: Final = {
    "database is locked": f"another process has held it for {BUSY_TIMEOUT_MS // 1000} s; try again",
    "disk is full": "the disk is full; nothing was lost, free some room and it goes on",
    "disk I/O error": "the disk refuses (a quota, a limit on the size of files, or a fault of it); nothing was lost, "
    "see to it and try again",
    "readonly database": "it can't be written; check the permissions of the file and its folder",
    "unable to open database file": "it can't be opened or made; check that the folder exists and may be written",
    "malformed": "the file is damaged; stop, keep a copy, and restore a backup (see `reformwatch db backup`)",
    "file is not a database": "this is not an SQLite database; nothing was changed",
}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_AS_JSON: Final[dict[str, Any]] = {"json_serializer": _json, "json_deserializer": msgspec.json.decode}


def _create_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        shown = without_password(url)
        raise ConfigError(f"[database] url: {shown!r} is not a database address: use sqlite:///PATH") from error
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigError("[database] url: an SQLite database needs a file: sqlite:///PATH")
        if sqlite3.sqlite_version_info < _MIN_SQLITE:
            raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
        engine = sa.create_engine(
            parsed,
            **_AS_JSON,
            hide_parameters=True,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql+psycopg":
        try:
            return sa.create_engine(parsed, **_AS_JSON, hide_parameters=True, pool_pre_ping=True)
        except ImportError as error:
            raise ConfigError("PostgreSQL needs its driver: pip install 'reformwatch[postgresql]'") from error
    raise ConfigError(
        f"[database] url: {parsed.drivername!r} is not known: use sqlite:///PATH or postgresql+psycopg://..."
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by hand, below
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:  # not a database: the pool does not have the connection yet, so it would not close it
        connection.close()
        raise
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    """Replaces SQLite's ``lower``, which changes A to Z only: names may be Cyrillic."""
    return text.lower() if text is not None else None


def _begin_sqlite(tx: Connection) -> None:
    is_write = tx.get_execution_options().get("reformwatch_write", False)
    tx.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
