"""Store, versions of the database: made, upgraded after a backup, refused when newer or not ours; copies in use."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from conftest import NOW, ROOT
from reformwatch.errors import CantCreate, DatabaseMismatch, NotPermitted
from reformwatch.model.feed import NewFeed
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.store.migrate import (
    backup,
    check_integrity,
    current_revision,
    differences,
    is_known,
    require_current,
    upgrade,
)
from reformwatch.store.revisions import head_revision, migrations_folder
from reformwatch.store.tables import meta, metadata

ENTRY_COLUMNS = (
    "feed_id", "key", "twin_key", "title", "summary", "content", "author", "tags", "first_seen", "status", "version",
    "text_hash",
)  # fmt: skip


def path_of(store: Store) -> Path:
    assert store.sqlite_path is not None
    return store.sqlite_path


def with_version(store: Store, revision: str) -> None:
    """Say that the database has another version."""
    with store.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 - made up below


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without tables, on both kinds. # trust: G13"""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/empty.sqlite")
        yield store
        store.close()
        return
    server = sa.create_engine(request.getfixturevalue("postgres_uri"), isolation_level="AUTOCOMMIT")
    name = f"empty_{uuid.uuid4().hex}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    store = Store(server.url.set(database=name).render_as_string(hide_password=False))
    yield store
    store.close()
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


# -- the scripts


def test_the_scripts_have_one_head_and_one_beginning() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [head_revision()]
    assert len(scripts.get_bases()) == 1


def test_the_scripts_make_the_very_tables_of_the_program(store: Store) -> None:
    assert differences(store) == []
    with store.read() as tx:
        assert set(sa.inspect(tx).get_table_names()) == {*metadata.tables, "alembic_version"}


def shape_of(tx: sa.Connection) -> dict[str, object]:
    """Columns with type and nullability, indexes, keys and foreign keys, by table."""
    seen = sa.inspect(tx)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table)],
            sorted((str(index["name"]), tuple(index["column_names"])) for index in seen.get_indexes(table)),
            sorted(tuple(unique["column_names"]) for unique in seen.get_unique_constraints(table)),
            sorted(
                (tuple(key["constrained_columns"]), key["referred_table"], key["options"].get("ondelete"))
                for key in seen.get_foreign_keys(table)
            ),
            seen.get_pk_constraint(table)["constrained_columns"],
        )
        for table in metadata.tables
    }


def test_columns_types_keys_and_cascades_of_the_scripts_equal_the_program_s(empty_store: Store) -> None:
    """``differences`` does not compare types and cascades; this does."""
    with empty_store.write() as tx:
        metadata.create_all(tx)
        made = shape_of(tx)
        metadata.drop_all(tx)
    upgrade(empty_store, now=NOW)
    with empty_store.read() as tx:
        assert shape_of(tx) == made


def test_a_table_that_differs_is_named(store: Store) -> None:
    with store.write() as tx:
        tx.exec_driver_sql("ALTER TABLE stories ADD COLUMN mood TEXT")
    assert any("mood" in difference for difference in differences(store))


# -- versions


def test_an_empty_database_is_brought_to_the_head_without_a_backup(empty_store: Store) -> None:
    assert current_revision(empty_store) is None
    assert upgrade(empty_store, now=NOW) is None
    assert current_revision(empty_store) == head_revision()
    require_current(empty_store)
    assert differences(empty_store) == []


def test_a_second_upgrade_changes_nothing_and_makes_no_backup(sqlite_store: Store) -> None:
    assert upgrade(sqlite_store, now=NOW) is None
    assert [p.name for p in path_of(sqlite_store).parent.glob("*.backup")] == []


def test_a_database_without_tables_is_not_current(empty_store: Store) -> None:
    with empty_store.read():
        pass
    with pytest.raises(DatabaseMismatch, match="reformwatch db upgrade"):
        require_current(empty_store)


def test_a_database_newer_than_the_program_is_refused_by_every_way_in(store: Store) -> None:  # trust: A12
    with_version(store, "9999")
    assert not is_known("9999")
    for way_in in (require_current, lambda s: upgrade(s, now=NOW)):
        with pytest.raises(DatabaseMismatch, match="newer than this program") as refused:
            way_in(store)
        assert refused.value.exit_code == 78
        assert "9999" in str(refused.value)
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"


def test_a_database_of_somebody_else_is_refused_and_stays_as_it_is(empty_store: Store) -> None:
    with empty_store.write() as tx:
        tx.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
        tx.exec_driver_sql("INSERT INTO recipes VALUES ('beshbarmak')")
    for way_in in (require_current, lambda s: upgrade(s, now=NOW)):
        with pytest.raises(DatabaseMismatch, match="not reformwatch's"):
            way_in(empty_store)
    with empty_store.read() as tx:
        assert sa.inspect(tx).get_table_names() == ["recipes"]
        assert tx.exec_driver_sql("SELECT name FROM recipes").scalar_one() == "beshbarmak"


# -- a release to come: the whole program is copied, and gets one migration more

_NEXT = '''"""The next version."""

import os

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "HEAD"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feeds", recreate="always") as batch:
        batch.add_column(sa.Column("mood", sa.Text(), nullable=True))
    how = os.environ.get("HOW_IT_ENDS")
    if how == "raises":
        raise RuntimeError("this migration is broken")
    if how == "dies":
        os._exit(137)
    if how == "dangles":
        op.execute("UPDATE subscriptions SET topic_id = 4711")
'''


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """A folder with the program as a wheel would lay it out, and one migration more."""
    folder = tmp_path / "next"
    shutil.copytree(ROOT / "src" / "reformwatch", folder / "reformwatch", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(migrations_folder(), folder / "reformwatch" / "migrations")
    (folder / "reformwatch" / "migrations" / "versions" / "next.py").write_text(_NEXT.replace("HEAD", head_revision()))
    return folder


def run_next(
    next_release: Path, database: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "reformwatch", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(next_release),
            "PYTHONDONTWRITEBYTECODE": "1",
            "REFORMWATCH_DATABASE__URL": f"sqlite:///{database}",
            **environment,
        },
        cwd=next_release,
        capture_output=True,
        text=True,
        check=False,
    )


def now_plus(seconds: int) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y%m%dT%H%M%S}"


def with_rows(store: Store) -> Path:
    """A feed with an entry, and a subscriber with a subscription, so that children could get lost."""
    with store.write() as tx:
        add_feed(tx, NewFeed(url="https://example.org/a.xml", name="Қазақстан"), now=NOW)
        for table, columns, values in (
            (
                "entries",
                ", ".join(ENTRY_COLUMNS),
                "1, 'k', 't', 'Сайлау', '', '', '', '[]', '2022-03-12', 'news', 1, 'h'",
            ),
            (
                "topics",
                "id, slug, name, names, kind, description, state, created_at, updated_at",
                "1, 's', 'n', '{}', 'custom', '', 'active', '2022-03-12', '2022-03-12'",
            ),
            (
                "subscribers",
                "id, name, channel, address, language, timezone, all_topics, state, unsubscribe_token, created_at",
                "1, 'a', 'console', '-', 'en', 'UTC', 0, 'active', 'u', '2022-03-12'",
            ),
            ("subscriptions", "subscriber_id, topic_id", "1, 1"),
        ):
            tx.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({values})")  # noqa: S608 - made up above
    store.close()
    return path_of(store)


def rows_in(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def columns_of_feeds(path: Path) -> set[object]:
    return {row[1] for row in rows_in(path, "PRAGMA table_info(feeds)")}


@pytest.mark.slow
def test_an_upgrade_backs_up_what_there_is_keeps_the_children_and_is_refused_by_the_old_program(
    sqlite_store: Store, next_release: Path
) -> None:  # trust: A12
    path = with_rows(sqlite_store)
    ran = run_next(next_release, path, "db", "upgrade")
    assert ran.returncode == 0, ran.stderr
    assert f"upgraded from {head_revision()} to next" in ran.stderr
    assert "mood" in columns_of_feeds(path)
    assert rows_in(path, "SELECT name FROM feeds") == [("Қазақстан",)]
    assert rows_in(path, "SELECT title FROM entries") == [("Сайлау",)], "recreating feeds deleted their entries"
    assert rows_in(path, "SELECT topic_id FROM subscriptions") == [(1,)]
    assert rows_in(path, "PRAGMA foreign_key_check") == []

    [saved] = path.parent.glob("*.backup")
    assert saved.name.startswith(f"{path.name}.{head_revision()}-")
    assert str(saved) in ran.stderr.replace("\n", "")
    assert "mood" not in columns_of_feeds(saved)
    assert rows_in(saved, "SELECT title FROM entries") == [("Сайлау",)]
    assert rows_in(saved, "SELECT version_num FROM alembic_version") == [(head_revision(),)]

    old_program = Store(f"sqlite:///{path}")
    with pytest.raises(DatabaseMismatch, match="next is newer"):
        require_current(old_program)
    old_program.close()
    restored = Store(f"sqlite:///{saved}")
    require_current(restored)
    restored.close()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["raises", "dies", "dangles"])
def test_an_upgrade_that_fails_midway_leaves_the_old_version_whole(
    sqlite_store: Store, next_release: Path, how: str
) -> None:  # trust: A12
    path = with_rows(sqlite_store)
    ran = run_next(next_release, path, "db", "upgrade", HOW_IT_ENDS=how)
    assert ran.returncode == {"raises": 1, "dies": 137, "dangles": 78}[how], ran.stderr
    old_program = Store(f"sqlite:///{path}")
    require_current(old_program)
    assert differences(old_program) == []
    assert check_integrity(old_program) == []
    with old_program.read() as tx:
        assert [feed.name for feed in list_feeds(tx)] == ["Қазақстан"]
    old_program.close()
    assert rows_in(path, "SELECT topic_id FROM subscriptions") == [(1,)]
    left = len(list(path.parent.glob("*.backup")))
    assert left == (how == "dies"), "a failed attempt that can still act takes its copy away"
    for second in range(120):  # an upgrade tried again within the second finds the copy of the first
        (path.parent / f"{path.name}.{head_revision()}-{now_plus(second)}.backup").touch()
    again = run_next(next_release, path, "db", "upgrade")
    assert (again.returncode, "mood" in columns_of_feeds(path)) == (0, True), again.stderr
    assert [saved.stat().st_size > 0 for saved in path.parent.glob("*-2.backup")] == [True]


@pytest.mark.slow
def test_a_command_of_the_next_release_asks_for_the_upgrade_and_the_daemon_makes_it(
    sqlite_store: Store, next_release: Path
) -> None:
    with sqlite_store.write() as tx:
        tx.execute(sa.insert(meta).values(key="kept", value="yes"))
    sqlite_store.close()
    path = path_of(sqlite_store)
    refused = run_next(next_release, path, "feed", "list")
    assert refused.returncode == 78
    assert "reformwatch db upgrade" in refused.stderr
    ran = run_next(next_release, path, "run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert rows_in(path, "SELECT version_num FROM alembic_version") == [("next",)]
    assert len(list(path.parent.glob("*.backup"))) == 1
    assert rows_in(path, "SELECT value FROM meta WHERE key = 'kept'") == [("yes",)]


# -- copies


@contextmanager
def writing(store: Store) -> Iterator[Callable[[], int]]:
    """Another thread writes pairs (a feed, and a note of it) in one transaction each; gives the count so far."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            number = written[0]
            with store.write() as tx:
                add_feed(tx, NewFeed(url=f"https://example.org/{number}", name="n" * 2_000), now=NOW)
                tx.execute(sa.insert(meta).values(key=f"note-{number}", value="written"))
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield lambda: written[0]
    finally:
        stop.set()
        writer.join(60)
        assert not writer.is_alive()


def test_a_copy_made_while_others_write_holds_whole_transactions(sqlite_store: Store, tmp_path: Path) -> None:
    # trust: A11
    copies = []
    with writing(sqlite_store) as written:
        for i in range(5):
            at_least = written()
            target = tmp_path / f"copy-{i}.sqlite"
            backup(sqlite_store, target)
            copies.append((target, at_least))
    for target, at_least in copies:
        assert rows_in(target, "PRAGMA integrity_check") == [("ok",)]
        [[feeds]] = rows_in(target, "SELECT count(*) FROM feeds")
        [[notes]] = rows_in(target, "SELECT count(*) FROM meta WHERE key LIKE 'note-%'")
        assert feeds == notes
        assert isinstance(feeds, int)
        assert feeds >= at_least
    copy = Store(f"sqlite:///{copies[-1][0]}")
    require_current(copy)
    assert differences(copy) == []
    copy.close()


def test_a_copy_is_never_written_over_a_file(sqlite_store: Store, tmp_path: Path) -> None:
    target = tmp_path / "there.sqlite"
    target.write_text("mine")
    with pytest.raises(CantCreate, match="another name"):
        backup(sqlite_store, target)
    assert target.read_text() == "mine"


def test_a_copy_makes_its_folder(sqlite_store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "monday" / "news.sqlite"
    backup(sqlite_store, target)
    assert rows_in(target, "SELECT version_num FROM alembic_version") == [(head_revision(),)]


def test_a_copy_whose_folder_cannot_be_made_names_it(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CantCreate) as refused:
        backup(sqlite_store, tmp_path / "file" / "copy.sqlite")
    assert str(tmp_path / "file") in str(refused.value)


def test_a_copy_of_a_damaged_file_is_the_operators_error_and_leaves_no_half_copy(
    sqlite_store: Store, tmp_path: Path
) -> None:  # trust: A09
    with sqlite_store.write() as tx:
        for number in range(100):
            add_feed(tx, NewFeed(url=f"https://example.org/{number}", name="n" * 500), now=NOW)
        root = tx.exec_driver_sql("SELECT rootpage FROM sqlite_schema WHERE name = 'feeds'").scalar_one()
    sqlite_store.close()
    with path_of(sqlite_store).open("r+b") as file:
        file.seek((root - 1) * 4_096)
        file.write(b"\xa5" * 4_096)
    target = tmp_path / "copy.sqlite"
    with pytest.raises(DatabaseMismatch, match="damaged"):
        backup(sqlite_store, target)
    assert not target.exists()


def test_a_postgresql_is_left_to_its_own_tools(postgres_store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted, match="pg_dump"):
        backup(postgres_store, tmp_path / "copy.sqlite")


def test_rows_that_point_to_nothing_are_told(sqlite_store: Store) -> None:
    assert check_integrity(sqlite_store) == []
    with closing(sqlite3.connect(path_of(sqlite_store))) as connection:
        connection.execute("INSERT INTO subscriptions (subscriber_id, topic_id) VALUES (7, 8)")
        connection.commit()
    assert "row 1 of subscriptions points to nothing" in check_integrity(sqlite_store)
