"""Porch: the database."""

from contextlib import closing
from pathlib import Path

import click

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, json_option, say
from reformwatch.errors import DatabaseMismatch
from reformwatch.services import database
from reformwatch.wiring.basics import unchecked_store, utc_now


@click.group()
def db() -> None:
    """The database: upgrade, check, back up."""


@db.command("upgrade")
@click.pass_obj
def upgrade_(invocation: Invocation) -> None:
    """Bring the database to this program's version, after a backup. The daemon does it at its start, too.

    Example: reformwatch db upgrade
    """
    with closing(unchecked_store(invocation.settings)) as store:
        view = database.upgrade(store, now=utc_now())
    if view.before == view.after:
        say(f"the database is at version {view.after} already")
        return
    backup_note = f"; the old one is kept as {view.backup}" if view.backup else ""
    say(f"upgraded from {view.before or 'nothing'} to {view.after}{backup_note}")


@db.command("check")
@json_option
@click.pass_obj
def check(invocation: Invocation, as_json: bool) -> None:
    """Check version, tables and integrity.

    Example: reformwatch db check
    """
    with closing(unchecked_store(invocation.settings)) as store:
        view = database.check(store)
    if as_json:
        emit_json(view)
    if view.faults:
        more = f" (and {len(view.faults) - 1} more)" if view.faults[1:] else ""
        raise DatabaseMismatch(f"database {view.database}: {view.faults[0]}{more}")
    if not as_json:
        say(f"database {view.database}: version {view.version}, sound")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(invocation: Invocation, file: Path) -> None:
    """Write a consistent copy of the SQLite database, also while the daemon runs.

    Example: reformwatch db backup reformwatch-monday.sqlite
    """
    with invocation.store() as store:
        database.backup(store, file)
    say(f"wrote {file}")
