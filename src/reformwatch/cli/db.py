"""Porch: the database."""

from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say
from reformwatch.errors import DatabaseMismatch
from reformwatch.store import Store
from reformwatch.store.lineage import head_revision
from reformwatch.store.migrate import (
    backup as make_backup,
)
from reformwatch.store.migrate import (
    check_integrity,
    current_revision,
    differences,
    quick_check,
    require_current,
    upgrade,
)
from reformwatch.wiring.basics import utc_now


@click.group()
def db() -> None:
    """The database: upgrade, check, back up."""


@db.command("upgrade")
@click.pass_obj
def upgrade_(invocation: Invocation) -> None:
    """Bring the database to this program's version, after a backup. The daemon does it at its start, too.

    Example: reformwatch db upgrade
    """
    store = Store(invocation.settings.database.url)
    quick_check(store)
    before = None if store.is_missing() else current_revision(store)
    saved = upgrade(store, now=utc_now())
    after = current_revision(store)
    store.close()
    if before == after:
        say(f"the database is at version {after} already")
        return
    say(f"upgraded from {before or 'nothing'} to {after}" + (f"; the old one is kept as {saved}" if saved else ""))


@db.command("check")
@json_option
@click.pass_obj
def check(invocation: Invocation, as_json: bool) -> None:
    """Check version, tables and integrity.

    Example: reformwatch db check
    """
    store = Store(invocation.settings.database.url)
    path = store.sqlite_path
    if store.is_missing():
        raise DatabaseMismatch(f"database {path}: there is none yet; run `reformwatch init`")
    require_current(store)
    faults = [*check_integrity(store), *differences(store)]
    store.close()
    if as_json:
        emit_json({"database": str(path or store.shown_url), "version": head_revision(), "faults": faults})
    if faults:
        raise DatabaseMismatch(
            f"database {path or store.shown_url}: {faults[0]}"
            + (f" (and {len(faults) - 1} more)" if faults[1:] else "")
        )
    if not as_json:
        say(f"database {path or store.shown_url}: version {head_revision()}, sound")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(invocation: Invocation, file: Path) -> None:
    """Write a consistent copy of the SQLite database, also while the daemon runs.

    Example: reformwatch db backup reformwatch-monday.sqlite
    """
    with invocation.store() as store:
        make_backup(store, file)
    say(f"wrote {file}")
