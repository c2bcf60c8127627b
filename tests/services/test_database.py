"""Services, the database: made, upgraded once, checked."""

from contextlib import closing
from pathlib import Path

import pytest

from conftest import NOW
from reformwatch.errors import CantCreate, DatabaseMismatch
from reformwatch.services import database
from reformwatch.services.views import as_json
from reformwatch.store import Store


def test_an_upgrade_makes_a_database_and_a_second_one_changes_nothing(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'news.sqlite'}")) as store:
        with pytest.raises(DatabaseMismatch, match="there is none yet"):
            database.check(store)
        first, second = (database.upgrade(store, now=NOW) for _ in range(2))
        assert (first.before, first.backup) == (None, None)
        assert second.before == second.after == first.after
        assert as_json(database.check(store)) == {
            "database": str(tmp_path / "news.sqlite"),
            "version": first.after,
            "faults": [],
        }


def test_a_backup_is_a_database_of_its_own_and_overwrites_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite"
    database.backup(sqlite_store, target)
    with closing(Store(f"sqlite:///{target}")) as copy:
        assert database.check(copy).faults == ()
    with pytest.raises(CantCreate, match="there is a file already"):
        database.backup(sqlite_store, target)
