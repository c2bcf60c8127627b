"""Services: the database itself: upgraded, checked, backed up."""

from datetime import datetime
from pathlib import Path

from reformwatch.errors import DatabaseMismatch
from reformwatch.services.views import DatabaseView, UpgradeView
from reformwatch.store import Store, migrate
from reformwatch.store.revisions import head_revision


def upgrade(store: Store, *, now: datetime) -> UpgradeView:
    """Upgrade the database to this program's version, after a backup. Raises DatabaseMismatch for a damaged one."""
    migrate.quick_check(store)
    before = None if store.is_missing() else migrate.current_revision(store)
    backup_path = migrate.upgrade(store, now=now)
    after = migrate.current_revision(store)
    return UpgradeView(before=before, after=after, backup=str(backup_path) if backup_path else None)


def check(store: Store) -> DatabaseView:
    """Check integrity and tables. Raises DatabaseMismatch where there is no database, or one of another version."""
    where = str(store.sqlite_path or store.shown_url)
    if store.is_missing():
        raise DatabaseMismatch(f"database {where}: there is none yet; run `reformwatch init`")
    migrate.require_current(store)
    faults = (*migrate.check_integrity(store), *migrate.differences(store))
    return DatabaseView(database=where, version=head_revision(), faults=faults)


def backup(store: Store, target: Path) -> None:
    """Write a consistent copy of an SQLite database, also while it is in use. Raises CantCreate, NotPermitted."""
    migrate.backup(store, target)
