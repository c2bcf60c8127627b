"""Store, the lock file: one daemon at a time on an SQLite database."""

import os
from pathlib import Path

import pytest

from conftest import NOW
from reformwatch.errors import TryAgain
from reformwatch.store import Store
from reformwatch.store.lock import exclusive


def test_a_lock_that_is_held_names_its_holder_and_is_free_afterwards(tmp_path: Path) -> None:
    # trust: A16
    store = Store(f"sqlite:///{tmp_path / 'folder' / 'news.sqlite'}")
    with exclusive(store, now=NOW):
        with pytest.raises(TryAgain, match=rf"process {os.getpid()} on .*, since 2022-03-12T10:00:00Z runs on it"):
            exclusive(store, now=NOW).__enter__()
        assert not store.sqlite_path or not store.sqlite_path.exists()  # the lock makes no database
    with exclusive(store, now=NOW):
        pass
    store.close()


def test_a_postgresql_database_may_have_many_daemons(postgres_store: Store) -> None:
    with exclusive(postgres_store, now=NOW), exclusive(postgres_store, now=NOW):
        pass
