"""Store: the database's version: created, upgraded after a backup, checked; a newer version is refused.

The scripts (:mod:`reformwatch.store.revisions`) run on a connection with foreign keys off (batch mode drops and
recreates tables, and ON DELETE CASCADE would delete the children), followed by ``PRAGMA foreign_key_check``. Alembic is
imported in the functions that need it: every command reads the version, and few commands change it.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from reformwatch.errors import CantCreate, DatabaseMismatch, NotPermitted, ReformwatchError, TryAgain
from reformwatch.store.engine import Store
from reformwatch.store.revisions import VERSION_TABLE, head_revision, known_revisions, migrations_folder
from reformwatch.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config


def current_revision(store: Store) -> str | None:
    """The version of the database; None where it is empty. Raises DatabaseMismatch where it has only other tables."""
    with store.read() as tx:
        tables = sa.inspect(tx).get_table_names()
        revision: str | None = None
        if VERSION_TABLE in tables:
            revision = tx.execute(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))).scalar()
        if revision is None and tables:
            raise DatabaseMismatch(
                f"database {store.sqlite_path or store.shown_url}: it holds tables that are not reformwatch's; "
                "give an address of its own"
            )
        return revision


def is_known(revision: str | None) -> bool:
    """Whether this program has the scripts of a version; it does not have those of newer programs."""
    return revision is None or revision in known_revisions()


def require_current(store: Store) -> None:
    """Raise DatabaseMismatch unless the database has exactly this program's version."""
    revision = current_revision(store)
    where = store.sqlite_path or store.shown_url
    if not is_known(revision):
        raise DatabaseMismatch(
            f"database {where}: its version {revision} is newer than this program; "
            "upgrade reformwatch, or restore a backup"
        )
    if revision != head_revision():
        raise DatabaseMismatch(f"database {where}: its version is {revision or 'none'}; run `reformwatch db upgrade`")


def upgrade(store: Store, *, now: datetime) -> Path | None:
    """Upgrade the database to this program's version; returns the path of the backup, None where none was needed.

    1. make the folder, 2. refuse a newer database, 3. back up a database with data in it, 4. run the
    scripts in a single transaction.
    """
    path = store.sqlite_path
    if path is not None:
        _make_folder(path.parent)
    revision = current_revision(store)
    if not is_known(revision):
        require_current(store)
    if revision == head_revision():
        return None
    saved = None
    if path is not None and revision is not None:
        saved = _free_path(path.with_name(f"{path.name}.{revision}-{now:%Y%m%dT%H%M%S}.backup"))
        backup(store, saved)
    from alembic import command

    try:
        with _migration_config(store) as config:
            command.upgrade(config, "head")
    except BaseException:
        if saved is not None:  # the database is unchanged; a service that restarts repeatedly must not fill the disk
            saved.unlink(missing_ok=True)
        raise
    return saved


def _free_path(preferred: Path) -> Path:
    """The path, or the first free path with a number: an upgrade that died just before may have left a copy."""
    numbers = itertools.count(2)
    path = preferred
    while _is_there(path):
        path = preferred.with_name(f"{preferred.stem}-{next(numbers)}{preferred.suffix}")
    return path


def differences(store: Store) -> list[str]:
    """The differences between the database's tables and this program's; empty where there are none."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def check_integrity(store: Store) -> list[str]:
    """The faults that ``PRAGMA integrity_check`` and ``foreign_key_check`` report; empty where there are none."""
    if store.sqlite_path is None:
        return []
    with store.read() as tx:
        lines = [_one_line(str(row[0])) for row in tx.exec_driver_sql("PRAGMA integrity_check")]
        dangling = [
            f"row {row[1]} of {row[0]} points to nothing" for row in tx.exec_driver_sql("PRAGMA foreign_key_check")
        ]
    return [line for line in lines if line != "ok"] + dangling


def quick_check(store: Store) -> None:
    """Raise DatabaseMismatch where an SQLite file is damaged, before anything is written to it. # trust: A09."""
    path = store.sqlite_path
    if path is None or store.is_missing():
        return
    with store.read() as tx:
        lines = [str(row[0]) for row in tx.exec_driver_sql("PRAGMA quick_check(3)")]
    if lines != ["ok"]:
        fault = _one_line(lines[0])[:120]
        raise DatabaseMismatch(
            f"database {path}: the file is damaged ({fault}); nothing was changed; keep a copy, then "
            "put a backup in its place (`reformwatch db backup` makes one, an upgrade leaves one beside the file)"
        )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def backup(store: Store, target: Path) -> None:
    """Write a consistent copy of an SQLite database that is in use (``VACUUM INTO``).

    Raises CantCreate where ``target`` exists or can't be written, NotPermitted for PostgreSQL.
    """
    if store.sqlite_path is None:
        raise NotPermitted("PostgreSQL is backed up with its own tools: pg_dump")
    if _is_there(target):
        raise CantCreate(f"{target}: there is a file already; give another name")
    _make_folder(target.parent)
    try:
        _vacuum_into(store, target)
    except sa.exc.DBAPIError as error:
        raise store.error_for(error) from error
    except sqlite3.DatabaseError as error:
        if "already exists" not in str(error):  # that file was written by another process
            target.unlink(missing_ok=True)
        raise _backup_error(store, target, error) from error


def _is_there(target: Path) -> bool:
    try:
        return target.exists()
    except PermissionError as error:
        raise NotPermitted(f"{target}: no permission to look into its folder") from error


def _vacuum_into(store: Store, target: Path) -> None:
    with store.raw().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the type checker's knowledge, not input
        driver.execute("VACUUM INTO ?", (str(target),))


def _backup_error(store: Store, target: Path, error: sqlite3.DatabaseError) -> ReformwatchError:
    message = _one_line(str(error))
    if "malformed" in message or "not a database" in message:
        return DatabaseMismatch(f"database {store.sqlite_path}: the file is damaged ({message}); no copy was made")
    if "full" in message or "disk I/O error" in message:
        return TryAgain(f"{target}: the disk is full, or a limit is reached ({message})")
    return CantCreate(f"{target}: the copy can't be written ({message})")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise NotPermitted(f"folder {folder}: no permission to make it") from error
    except OSError as error:
        raise CantCreate(f"folder {folder}: it can't be made ({error.strerror})") from error


@contextlib.contextmanager
def _migration_config(store: Store) -> Iterator["Config"]:
    """An Alembic configuration on a single connection, in a transaction that is committed after all scripts."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("path_separator", "os")
    is_sqlite = store.sqlite_path is not None
    with store.raw().connect().execution_options(reformwatch_write=True) as connection:
        if is_sqlite:  # has no effect inside a transaction, so it comes before the first one
            _pragma(connection, "foreign_keys=OFF")
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                yield config
                if is_sqlite and (row := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise DatabaseMismatch(f"migration: rows of {row[0]} would point to nothing; nothing was changed")
        except sa.exc.DBAPIError as error:
            raise store.error_for(error) from error
        finally:
            if is_sqlite:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: sa.Connection, pragma: str) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the type checker's knowledge, not input
    driver.execute(f"PRAGMA {pragma}")
