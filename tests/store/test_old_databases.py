"""Store, databases of past releases: this one upgrades each, keeps what was in it, also when it is killed half-way.

The files are made by ``tests/databases/make.py``, one at each release.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from conftest import NOW, ROOT
from databases.kinds import tables_of
from databases.sentences import NOTICES, PROBLEMS, URL
from reformwatch import __version__
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.sentences import notice_sentence
from reformwatch.model.alert import ClaimedDelivery
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.store import Store, feeds, outbox, websub
from reformwatch.store.migrate import check_integrity, current_revision, differences, require_current, upgrade
from reformwatch.store.notices import notices_since
from reformwatch.store.revisions import head_revision
from reformwatch.store.tables import metadata

OLD = sorted((ROOT / "tests" / "databases").glob("*.sql"))
#: What no upgrade may lose or multiply.
KEPT = ("feeds", "entries", "topics", "subscribers", "matches")

#: Upgrades a database, and is killed when all scripts have run and their transaction is about to be committed.
_DIES_BEFORE_THE_COMMIT = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from reformwatch.store import Store
from reformwatch.store.revisions import head_revision
from reformwatch.store.migrate import upgrade

@event.listens_for(Engine, "commit")
def die(connection: Connection) -> None:
    if connection.get_execution_options().get("reformwatch_write"):
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        print(version, version == head_revision(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(Store(sys.argv[1]), now=datetime.now(UTC))
"""


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An SQLite file as a past release left it."""
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_bytes().decode())
    return path


@pytest.fixture
def store(old: Path) -> Iterator[Store]:
    """The same as this program opens it."""
    opened = Store(f"sqlite:///{old}")
    yield opened
    opened.close()


def rows_in(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def counts(path: Path) -> dict[str, object]:
    return {table: rows_in(path, f"SELECT count(*) FROM {table}")[0][0] for table in KEPT}  # noqa: S608 - named above


def contents(path: Path) -> list[str]:
    """All that a database holds, as text."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def open_messages(path: Path) -> set[object]:
    """The ids of the messages that are still to be sent, as the old program knew them."""
    return {row[0] for row in rows_in(path, "SELECT message_id FROM deliveries WHERE state = 'pending'")}


def claimed_one_day(store: Store, path: Path) -> list[ClaimedDelivery]:
    """What this program would send when every wait and every lease of the old one has ended."""
    [[last]] = rows_in(
        path, "SELECT max(max(coalesce(next_attempt_at, ''), coalesce(lease_until, ''))) FROM deliveries"
    )
    now = datetime.fromisoformat(f"{last}+00:00") + timedelta(days=1)
    with store.write() as tx:
        return outbox.claim_due(tx, token="test:1", now=now, lease=timedelta(minutes=5), limit=1_000)


def ledger(path: Path) -> set[tuple[object, ...]]:
    """Who was notified of which story, and when; until 0.1 the table was called ``told``."""
    with closing(sqlite3.connect(path)) as connection:
        table = "told" if "told" in tables_of(connection) else "notified"
        return set(connection.execute(f"SELECT subscriber_id, story_id, at FROM {table}"))  # noqa: S608 - named above


def check_sound(store: Store) -> None:
    require_current(store)
    assert check_integrity(store) == []
    assert differences(store) == []


def test_there_is_a_database_of_this_release_or_the_one_before() -> None:
    kept = {path.stem for path in OLD}
    major, minor = __version__.split(".")[:2]
    assert kept & {f"{major}.{minor}", f"{major}.{int(minor) - 1}"}, f"made at each release; there are {sorted(kept)}"


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_every_table_of_a_kept_database_has_rows(path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(path.read_bytes().decode())
        tables = tables_of(connection)
        empty = [name for name in tables if connection.execute(f"SELECT 1 FROM {name}").fetchone() is None]  # noqa: S608 - its own names
        [[revision]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert empty == []
    if revision == head_revision():
        assert set(tables) == {*metadata.tables, "alembic_version"}


def test_an_old_database_is_upgraded_with_all_that_was_in_it(old: Path, store: Store) -> None:  # trust: A12
    before, notified, messages = counts(old), ledger(old), open_messages(old)
    assert messages, "a kept database has deliveries under way"
    upgrade(store, now=NOW)
    check_sound(store)
    assert (counts(old), ledger(old)) == (before, notified)
    claimed = claimed_one_day(store, old)
    assert {one.message_id for one in claimed} == messages
    assert all(all(alert.title for alert in one.alerts) and one.subscriber.address for one in claimed)


def test_a_second_upgrade_changes_nothing(old: Path, store: Store) -> None:
    upgrade(store, now=NOW)
    upgraded, files = contents(old), sorted(old.parent.glob("*.backup"))
    assert upgrade(store, now=NOW) is None
    assert contents(old) == upgraded
    assert sorted(old.parent.glob("*.backup")) == files


def test_an_upgrade_that_is_killed_before_its_commit_leaves_all_as_it_was_and_is_done_again(
    old: Path, store: Store
) -> None:  # trust: A12
    revision = current_revision(store)
    if revision == head_revision():
        pytest.skip(f"the file is of this program's version, {revision}: there is nothing to upgrade yet")
    before, messages = contents(old), open_messages(old)
    store.close()
    ran = subprocess.run(
        [sys.executable, "-c", _DIES_BEFORE_THE_COMMIT, f"sqlite:///{old}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (-signal.SIGKILL, f"{head_revision()} True\n"), ran.stderr
    assert contents(old) == before
    assert current_revision(store) == revision
    assert check_integrity(store) == []
    counted = counts(old)
    upgrade(store, now=NOW)
    check_sound(store)
    assert counts(old) == counted
    assert {one.message_id for one in claimed_one_day(store, old)} == messages


# -- codes in place of sentences


@pytest.fixture
def before_codes(tmp_path: Path) -> Iterator[Path]:
    """A database of 0.1, in which sentences stand."""
    path = tmp_path / "sentences.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROOT / "tests" / "databases" / "0.1.sql").read_bytes().decode())
        connection.executescript(
            "DELETE FROM notices; UPDATE feeds SET problem = NULL; UPDATE websub SET problem = NULL"
        )
        yield path


def upgraded(path: Path) -> Store:
    store = Store(f"sqlite:///{path}")
    upgrade(store, now=NOW)
    return store


@pytest.mark.parametrize("table", ["feeds", "websub"])
def test_the_problems_of_0_1_read_as_their_codes(before_codes: Path, table: str) -> None:
    key = {"feeds": "id", "websub": "feed_id"}[table]
    [[one]] = rows_in(before_codes, f"SELECT min({key}) FROM {table}")  # noqa: S608 - named above
    with closing(sqlite3.connect(before_codes)) as connection, connection:
        connection.executemany(
            "INSERT INTO feeds (id, url, origin, name, kind, state, added_at, next_poll_at, problem) "
            "SELECT ?, ?, origin, name, kind, state, added_at, next_poll_at, ? FROM feeds LIMIT 1",
            [(1_000 + i, f"https://{i}.example/", text) for i, (text, _, _) in enumerate(PROBLEMS)],
        )
        if table == "websub":
            connection.executemany(
                "INSERT INTO websub (feed_id, hub, topic, token, secret, state, attempts, problem) "
                "SELECT ?, hub, topic, ?, secret, state, attempts, ? FROM websub WHERE feed_id = ?",
                [(1_000 + i, f"token-{i}", text, one) for i, (text, _, _) in enumerate(PROBLEMS)],
            )
    store = upgraded(before_codes)
    with store.read() as tx:
        for i, (text, code, facts) in enumerate(PROBLEMS):
            feed, hub = feeds.find_feed(tx, str(1_000 + i)), websub.find(tx, 1_000 + i)
            problem = feed.poll.problem if table == "feeds" else hub.problem if hub else None
            assert problem == Problem(code=ProblemCode(code), facts=facts), text
        assert feeds.find_feed(tx, "1").poll.problem is None
    store.close()


def test_every_code_of_a_problem_has_a_sentence_of_0_1() -> None:
    """A code that is new after 0.1 is named here."""
    assert {code for _, code, _ in PROBLEMS} == set(ProblemCode)


def test_the_notices_of_0_1_read_as_their_facts(before_codes: Path) -> None:
    with closing(sqlite3.connect(before_codes)) as connection, connection:
        connection.execute("UPDATE feeds SET name = 'News' WHERE id = 1")
        connection.executemany(
            "INSERT INTO notices (feed_id, at, kind, text) VALUES (NULL, '2022-03-12 10:00:00.000000', ?, ?)",
            [(kind, text) for kind, text, _, _ in NOTICES],
        )
    store = upgraded(before_codes)
    told = rows_in(before_codes, "SELECT kind, facts FROM notices ORDER BY id")
    assert [(kind, json.loads(str(facts))) for kind, facts in told] == [(kind, facts) for _, _, kind, facts in NOTICES]
    with store.read() as tx:
        sentences = [notice_sentence(one, ENGLISH) for one in reversed(notices_since(tx, NOW - timedelta(days=1)))]
    store.close()
    old = [text for _, text, _, _ in NOTICES]
    old[4] = f"feed News: has moved for good to {URL}, which is feed 12; it is polled no more"
    assert sentences == old


def test_what_stands_in_a_kept_database_is_understood(store: Store, old: Path) -> None:
    upgrade(store, now=NOW)
    with store.read() as tx:
        notices = notices_since(tx, datetime(2000, 1, 1, tzinfo=NOW.tzinfo), limit=10_000)
        problems = [feed.poll.problem for feed in feeds.list_feeds(tx)] + [one.problem for one in notices]
    assert notices
    known = [problem for problem in problems if problem is not None]
    assert known
    assert ProblemCode.UNKNOWN not in {problem.code for problem in known}
