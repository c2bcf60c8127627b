"""Store: the database's version: made, upgraded after a backup, checked; a newer one is refused.

The scripts (:mod:`reformwatch.store.revisions`) run on a connection of ours with foreign keys off (batch mode drops and
recreates tables, and ON DELETE CASCADE would delete the children), followed by ``PRAGMA foreign_key_check``. Alembic is
imported where it works: every command looks at the version, and hardly one changes it.
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
    """The version of the database; None where it is empty."""
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
    """Whether this program knows a version; a newer program's it does not."""
    return revision is None or revision in known_revisions()


def require_current(store: Store) -> None:
    """Raise DatabaseMismatch where the database is not of exactly this program's version."""
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
    """Bring the database to this program's version; the path of the backup that was made first, if one was needed.

    1. make the folder, 2. refuse a newer database, 3. back up one with data in it, 4. run the scripts in one
    transaction.
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
        saved = _unused(path.with_name(f"{path.name}.{revision}-{now:%Y%m%dT%H%M%S}.backup"))
        backup(store, saved)
    from alembic import command

    try:
        with _migration_config(store) as config:
            command.upgrade(config, "head")
    except BaseException:
        if saved is not None:  # the database is as it was; a service that tries again and again must not fill the disk
            saved.unlink(missing_ok=True)
        raise
    return saved


def _unused(wanted: Path) -> Path:
    """The path, or the first with a number that is free: an upgrade that died a moment ago may have left a copy."""
    numbers = itertools.count(2)
    path = wanted
    while _is_there(path):
        path = wanted.with_name(f"{wanted.stem}-{next(numbers)}{wanted.suffix}")
    return path


def differences(store: Store) -> list[str]:
    """Where the database's tables differ from this program's; empty when all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def check_integrity(store: Store) -> list[str]:
    """What the database says of itself (``PRAGMA integrity_check`` and ``foreign_key_check``); empty when sound."""
    if store.sqlite_path is None:
        return []
    with store.read() as tx:
        said = [_one_line(str(row[0])) for row in tx.exec_driver_sql("PRAGMA integrity_check")]
        broken = [
            f"row {row[1]} of {row[0]} points to nothing" for row in tx.exec_driver_sql("PRAGMA foreign_key_check")
        ]
    return [line for line in said if line != "ok"] + broken


def quick_check(store: Store) -> None:
    """Refuse a damaged SQLite file before anything is written to it. # trust: A09."""
    path = store.sqlite_path
    if path is None or store.is_missing():
        return
    with store.read() as tx:
        said = [str(row[0]) for row in tx.exec_driver_sql("PRAGMA quick_check(3)")]
    if said != ["ok"]:
        fault = _one_line(said[0])[:120]
        raise DatabaseMismatch(
            f"database {path}: the file is damaged ({fault}); nothing was changed; keep a copy, then "
            "put a backup in its place (`reformwatch db backup` makes one, an upgrade leaves one beside the file)"
        )


def _one_line(said: str) -> str:
    return " ".join(said.split())


def backup(store: Store, target: Path) -> None:
    """A consistent copy of an SQLite database while it is in use (``VACUUM INTO``). Nothing is overwritten."""
    if store.sqlite_path is None:
        raise NotPermitted("PostgreSQL is backed up with its own tools: pg_dump")
    if _is_there(target):
        raise CantCreate(f"{target}: there is a file already; give another name")
    _make_folder(target.parent)
    try:
        _vacuum_into(store, target)
    except sa.exc.DBAPIError as broken:
        raise store.error_for(broken) from broken
    except sqlite3.DatabaseError as broken:
        if "already exists" not in str(broken):  # what another process put there meanwhile is not ours
            target.unlink(missing_ok=True)
        raise _backup_error(store, target, broken) from broken


def _is_there(target: Path) -> bool:
    try:
        return target.exists()
    except PermissionError as no:
        raise NotPermitted(f"{target}: no permission to look into its folder") from no


def _vacuum_into(store: Store, target: Path) -> None:
    with store.raw().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the type checker's knowledge, not input
        driver.execute("VACUUM INTO ?", (str(target),))


def _backup_error(store: Store, target: Path, broken: sqlite3.DatabaseError) -> ReformwatchError:
    said = _one_line(str(broken))
    if "malformed" in said or "not a database" in said:
        return DatabaseMismatch(f"database {store.sqlite_path}: the file is damaged ({said}); no copy was made")
    if "full" in said or "disk I/O error" in said:
        return TryAgain(f"{target}: the disk is full, or a limit is reached ({said})")
    return CantCreate(f"{target}: the copy can't be written ({said})")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError as no:
        raise NotPermitted(f"folder {folder}: no permission to make it") from no
    except OSError as no:
        raise CantCreate(f"folder {folder}: it can't be made ({no.strerror})") from no


@contextlib.contextmanager
def _migration_config(store: Store) -> Iterator["Config"]:
    """An Alembic configuration on one connection, inside one transaction that commits when all scripts have run."""
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
                if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise DatabaseMismatch(
                        f"migration: rows of {broken[0]} would point to nothing; nothing was changed"
                    )
        except sa.exc.DBAPIError as broken:
            raise store.error_for(broken) from broken
        finally:
            if is_sqlite:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: sa.Connection, pragma: str) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the type checker's knowledge, not input
    driver.execute(f"PRAGMA {pragma}")
