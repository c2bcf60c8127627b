"""Store, the database itself: full disks, read-only files, locks, damaged pages; and the two kinds of transaction."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import event

from conftest import NOW
from reformwatch.errors import CantCreate, ConfigError, DatabaseMismatch, NotPermitted, TryAgain, Unreachable
from reformwatch.model.feed import NewFeed
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.store import Store, tables
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.store.migrate import check_integrity, quick_check, require_current, upgrade
from reformwatch.store.subscribers import add_subscriber
from reformwatch.wiring.basics import create_store, open_store

BIG_NAME = "n" * 3_000


def new_feed(number: int, *, name: str = "") -> NewFeed:
    return NewFeed(url=f"https://example.org/{number}.xml", name=name or f"Feed {number}")


def path_of(store: Store) -> Path:
    assert store.sqlite_path is not None
    return store.sqlite_path


def on_connect(store: Store, pragma: str) -> None:
    """A pragma on every connection that is made from now on, after the program's own."""
    event.listen(store.raw(), "connect", lambda connection, _record: connection.execute(f"PRAGMA {pragma}"))


@contextlib.contextmanager
def held_by_another_process(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process holds the write lock of a file until its standard input is closed."""
    script = (
        "import sqlite3, sys\n"
        "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "held.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
        "held.execute('COMMIT')\n"
        "held.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            assert holder.stdin is not None
            holder.stdin.close()
            holder.wait(60)


# -- transactions


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.write() as tx:
            add_feed(tx, new_feed(1), now=NOW)
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail()
    with store.read() as tx:
        assert list_feeds(tx) == []


def test_a_read_sees_one_state_of_an_sqlite_file_throughout(sqlite_store: Store) -> None:
    with sqlite_store.read() as reader:
        before = len(list_feeds(reader))
        with sqlite_store.write() as writer:
            add_feed(writer, new_feed(1), now=NOW)
        assert len(list_feeds(reader)) == before
    with sqlite_store.read() as reader:
        assert len(list_feeds(reader)) == before + 1


def test_an_sqlite_connection_is_safe_against_power_cuts_and_dangling_rows(sqlite_store: Store) -> None:
    with sqlite_store.read() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_naive_time_is_refused_before_it_reaches_the_database(store: Store) -> None:
    row = {"headline": "h", "created_at": NOW.replace(tzinfo=None)}
    with pytest.raises(sa.exc.StatementError, match="naive"), store.write() as tx:
        tx.execute(sa.insert(tables.stories), row)


def test_a_time_comes_back_in_utc_whatever_its_zone_was(store: Store) -> None:
    almaty = NOW.astimezone(timezone(timedelta(hours=6)))
    with store.write() as tx:
        tx.execute(sa.insert(tables.stories), {"headline": "h", "created_at": almaty})
    with store.read() as tx:
        stored = tx.execute(sa.select(tables.stories.c.created_at)).scalar_one()
    assert stored == NOW
    assert stored.utcoffset() == timedelta()


# -- addresses


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no address", "sqlite:///PATH"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://localhost/news", "mysql"),
        ("postgresql://localhost/news", "postgresql"),
    ],
)
def test_an_address_that_names_no_usable_database_is_a_configuration_error(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Store(url)


def test_a_postgresql_that_is_not_there_is_unreachable_and_its_password_is_not_told() -> None:
    store = Store("postgresql+psycopg://watch:hunter2@127.0.0.1:1/news")  # port 1: nobody listens
    with pytest.raises(Unreachable) as refused, store.read():
        pass
    assert "hunter2" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)
    assert "\n" not in str(refused.value)
    store.close()


def test_an_address_that_cannot_be_read_is_refused_without_its_password() -> None:  # trust: B20
    with pytest.raises(ConfigError) as refused:
        Store("postgresql+psycopg:watch:hunter2@db.example.org/news")
    assert "hunter2" not in str(refused.value)


def test_an_error_of_the_database_does_not_tell_secrets(sqlite_store: Store) -> None:  # trust: B20, D25
    someone = NewSubscriber(
        name="Aliya",
        channel=ChannelKind.WEBHOOK,
        address="https://hooks.example/",
        secret="whsec_c2VjcmV0",
        unsubscribe_token="u",
    )
    with sqlite_store.write() as tx:
        add_subscriber(tx, someone, now=NOW)
    with pytest.raises(sa.exc.IntegrityError) as refused, sqlite_store.write() as tx:
        add_subscriber(tx, replace(someone, name="Bolat"), now=NOW)  # the token is taken
    assert "whsec_" not in str(refused.value)


# -- A06: the disk is full


def test_a_full_disk_says_try_again_loses_nothing_and_goes_on_when_there_is_room(sqlite_store: Store) -> None:
    # trust: A06
    with sqlite_store.write() as tx:
        add_feed(tx, new_feed(0), now=NOW)
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
    sqlite_store.close()
    path = path_of(sqlite_store)
    small = Store(f"sqlite:///{path}")
    on_connect(small, f"max_page_count={pages + 8}")
    written = 0

    def fill() -> None:
        nonlocal written
        for number in range(1, 1_000):
            with small.write() as tx:
                add_feed(tx, new_feed(number, name=BIG_NAME), now=NOW)
            written = number

    with pytest.raises(TryAgain, match="disk is full") as full:
        fill()
    assert full.value.exit_code == 75
    assert str(path) in str(full.value)
    assert check_integrity(small) == []
    with small.read() as tx:
        assert len(list_feeds(tx)) == 1 + written
    small.close()

    roomy = Store(f"sqlite:///{path}")
    with roomy.write() as tx:
        assert add_feed(tx, new_feed(written + 1, name=BIG_NAME), now=NOW)
    with roomy.read() as tx:
        assert len(list_feeds(tx)) == 2 + written
    assert check_integrity(roomy) == []
    roomy.close()


def test_a_full_disk_in_the_middle_of_a_transaction_takes_all_of_it_back(sqlite_store: Store) -> None:
    # trust: A06
    with sqlite_store.read() as tx:
        pages = tx.exec_driver_sql("PRAGMA page_count").scalar_one()
    sqlite_store.close()
    small = Store(f"sqlite:///{path_of(sqlite_store)}")
    on_connect(small, f"max_page_count={pages + 8}")

    def fill_at_once() -> None:
        with small.write() as tx:
            for number in range(1_000):
                add_feed(tx, new_feed(number, name=BIG_NAME), now=NOW)

    with pytest.raises(TryAgain):
        fill_at_once()
    with small.read() as tx:
        assert list_feeds(tx) == []
    small.close()


_QUOTA = """
import resource, sys
from datetime import datetime, UTC
from reformwatch.errors import ReformwatchError
from reformwatch.model.feed import NewFeed
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed
store = Store(f"sqlite:///{sys.argv[1]}")
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    for number in range(1_000):
        with store.write() as tx:
            add_feed(tx, NewFeed(url=f"https://example.org/{number}", name="n" * 3_000), now=datetime.now(UTC))
        print(number, flush=True)
except ReformwatchError as no:
    print(type(no).__name__, no.exit_code, no)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with store.write() as tx:
    add_feed(tx, NewFeed(url="https://example.org/after", name="after"), now=datetime.now(UTC))
store.close()
print("goes on")
"""


def test_a_quota_says_try_again_and_goes_on_when_it_is_lifted(sqlite_store: Store) -> None:  # trust: A06
    path = path_of(sqlite_store)
    sqlite_store.close()
    ran = subprocess.run([sys.executable, "-c", _QUOTA, str(path)], capture_output=True, text=True, check=False)
    *numbers, said, last = ran.stdout.splitlines()
    assert said.startswith("TryAgain 75"), ran.stderr
    assert str(path) in said
    assert last == "goes on"
    again = Store(f"sqlite:///{path}")
    with again.read() as tx:
        assert len(list_feeds(tx)) == len(numbers) + 1
    assert check_integrity(again) == []
    again.close()


def test_a_quota_never_damages_the_file_nor_loses_what_was_committed(sqlite_store: Store) -> None:  # trust: A06
    path = path_of(sqlite_store)
    sqlite_store.close()
    ran = subprocess.run([sys.executable, "-c", _QUOTA, str(path)], capture_output=True, text=True, check=False)
    numbers = [int(line) for line in ran.stdout.splitlines() if line.isdecimal()]
    assert 0 < len(numbers) < 1_000
    again = Store(f"sqlite:///{path}")
    assert check_integrity(again) == []
    with again.read() as tx:
        stored = {feed.url for feed in list_feeds(tx)}
    assert {f"https://example.org/{number}" for number in numbers} <= stored
    again.close()


# -- A07: read-only, missing, not a database


def test_a_read_only_database_can_be_read_and_refuses_a_write_with_its_path(sqlite_store: Store) -> None:
    # trust: A07
    with sqlite_store.write() as tx:
        add_feed(tx, new_feed(1), now=NOW)
    sqlite_store.close()
    path = path_of(sqlite_store)
    read_only = Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    with read_only.read() as tx:
        assert len(list_feeds(tx)) == 1
    with pytest.raises(NotPermitted) as refused, read_only.write() as tx:
        add_feed(tx, new_feed(2), now=NOW)
    assert refused.value.exit_code == 77
    assert str(path) in str(refused.value)
    assert "permissions" in str(refused.value)
    read_only.close()


def test_a_file_in_the_place_of_a_folder_cannot_hold_a_database(tmp_path: Path) -> None:  # trust: A07
    (tmp_path / "folder").write_text("a file")
    store = Store(f"sqlite:///{tmp_path}/folder/news.sqlite")
    with pytest.raises(CantCreate) as refused:
        upgrade(store, now=NOW)
    assert refused.value.exit_code == 73
    assert str(tmp_path / "folder") in str(refused.value)
    store.close()


def test_a_missing_folder_is_named_by_a_read(tmp_path: Path) -> None:  # trust: A07
    store = Store(f"sqlite:///{tmp_path}/nowhere/news.sqlite")
    with pytest.raises(CantCreate) as refused, store.read():
        pass
    assert str(tmp_path / "nowhere" / "news.sqlite") in str(refused.value)
    assert not (tmp_path / "nowhere").exists()
    store.close()


def test_a_missing_folder_is_made_by_an_upgrade(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/some/where/news.sqlite")
    upgrade(store, now=NOW)
    require_current(store)
    store.close()


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:  # trust: A07
    store = Store(f"sqlite:///{tmp_path}")
    with pytest.raises(CantCreate, match="can't be opened") as refused, store.read():
        pass
    assert str(tmp_path) in str(refused.value)
    store.close()


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:  # trust: A09
    path = tmp_path / "letter.sqlite"
    text = b"Dear reader, this is no database. " * 200
    path.write_bytes(text)
    store = Store(f"sqlite:///{path}")
    with pytest.raises(DatabaseMismatch, match="not an SQLite database") as refused:
        quick_check(store)
    assert str(path) in str(refused.value)
    with pytest.raises(DatabaseMismatch):
        upgrade(store, now=NOW)
    assert path.read_bytes() == text
    store.close()


_AS_ANOTHER_USER = """
import os, sys
from reformwatch.cli import main
def run(*arguments):
    sys.argv = ["reformwatch", *arguments]
    try:
        main()
    except SystemExit as done:
        return done.code or 0
    return 0
wanted = os.environ["REFORMWATCH_DATABASE__URL"]
os.environ["REFORMWATCH_DATABASE__URL"] = "sqlite:///" + sys.argv[1]  # whatever is imported late is imported now
arguments = sys.argv[2:]
run("topic", "list")
run("topic", "pause", "there-is-none")
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.environ["REFORMWATCH_DATABASE__URL"] = wanted
print("from here on:", file=sys.stderr, flush=True)
sys.exit(run(*arguments))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="reformwatch-test-"))
    folder.chmod(0o755)
    yield folder
    for inside in folder.rglob("*"):
        if inside.is_dir():
            inside.chmod(0o700)
    shutil.rmtree(folder)


def run_as_another_user(database: Path, warm: Path, *arguments: str, home: str = "/") -> tuple[int, str]:
    """Exit code and standard error of a command that a user without rights runs (who runs the tests may be root)."""
    ran = subprocess.run(
        [sys.executable, "-c", _AS_ANOTHER_USER, str(warm), *arguments],
        env={**os.environ, "REFORMWATCH_DATABASE__URL": f"sqlite:///{database}", "HOME": home},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "from here on:\n" in ran.stderr, ran.stderr
    return ran.returncode, ran.stderr.partition("from here on:\n")[2]


def test_a_database_that_may_not_be_written_ends_with_77_or_73_and_its_path(
    sqlite_template: Path, open_folder: Path, tmp_path: Path
) -> None:  # trust: A07
    path = open_folder / "news.sqlite"
    shutil.copyfile(sqlite_template, path)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    code, said = run_as_another_user(path, tmp_path / "warm.sqlite", "topic", "add", "Akims", "--query", "en=akim")
    open_folder.chmod(0o755)
    assert code in {73, 77}
    assert str(path) in said
    assert len(said.splitlines()) == 1


def test_a_folder_that_may_not_be_written_ends_with_77_or_73_and_its_path(open_folder: Path, tmp_path: Path) -> None:
    # trust: A07
    inner = open_folder / "closed"
    inner.mkdir(mode=0o555)
    path = inner / "deeper" / "news.sqlite"
    code, said = run_as_another_user(path, tmp_path / "warm.sqlite", "topic", "list")
    assert code in {73, 77}
    assert str(inner) in said
    assert len(said.splitlines()) == 1


def test_a_folder_that_may_not_be_searched_ends_with_77_or_73_and_its_path(open_folder: Path, tmp_path: Path) -> None:
    # trust: A07
    inner = open_folder / "closed"
    inner.mkdir()
    path = inner / "news.sqlite"
    inner.chmod(0o000)
    code, said = run_as_another_user(path, tmp_path / "warm.sqlite", "topic", "list")
    assert code in {73, 77}
    assert str(path) in said
    assert len(said.splitlines()) == 1


def test_a_home_that_may_not_be_searched_does_not_matter_where_the_database_is_named(
    sqlite_template: Path, open_folder: Path, tmp_path: Path
) -> None:
    path = open_folder / "news.sqlite"
    shutil.copyfile(sqlite_template, path)
    path.chmod(0o666)
    open_folder.chmod(0o777)
    home = open_folder / "home"
    home.mkdir()
    home.chmod(0o000)
    code, said = run_as_another_user(path, tmp_path / "warm.sqlite", "topic", "list", home=str(home))
    assert (code, len(said.splitlines())) == (0, 1), said


# -- A08: another process holds the write lock


def test_a_writer_waits_for_the_process_that_holds_the_lock_and_loses_nothing(sqlite_store: Store) -> None:
    # trust: A08
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        with sqlite_store.write() as tx:
            add_feed(tx, new_feed(1), now=NOW)
        done.set()

    with sqlite_store.read():  # the file is in WAL mode from here on, as every file in use is
        pass
    writer = threading.Thread(target=write)
    with held_by_another_process(path_of(sqlite_store)):
        writer.start()
        assert begun.wait(60)
        assert not done.wait(0.5), "it wrote although another process held the lock"
        with sqlite_store.read() as tx:  # readers go on meanwhile
            assert list_feeds(tx) == []
    writer.join(60)
    assert done.is_set()
    with sqlite_store.read() as tx:
        assert [feed.name for feed in list_feeds(tx)] == ["Feed 1"]


def test_a_lock_that_is_never_given_back_ends_in_try_again(sqlite_store: Store) -> None:  # trust: A08
    path = path_of(sqlite_store)
    sqlite_store.close()
    impatient = Store(f"sqlite:///{path}")
    on_connect(impatient, "busy_timeout=50")
    with held_by_another_process(path):
        with pytest.raises(TryAgain, match="another process") as refused, impatient.write() as tx:
            add_feed(tx, new_feed(1), now=NOW)
        assert refused.value.exit_code == 75
        assert str(path) in str(refused.value)
    with impatient.write() as tx:
        assert add_feed(tx, new_feed(1), now=NOW)
    impatient.close()


def test_a_write_that_begins_with_a_read_does_not_fail_when_another_writes_in_between(sqlite_store: Store) -> None:
    """A deferred BEGIN would fail at once with "database is locked" where it turns into a write."""
    arrived = threading.Event()

    def write_too() -> None:
        arrived.set()
        with sqlite_store.write() as tx:
            add_feed(tx, new_feed(len(list_feeds(tx)) + 1), now=NOW)

    other = threading.Thread(target=write_too)
    with sqlite_store.write() as tx:
        count = len(list_feeds(tx))
        other.start()
        assert arrived.wait(60)
        add_feed(tx, new_feed(count + 1), now=NOW)
    other.join(60)
    with sqlite_store.read() as tx:
        assert [feed.name for feed in list_feeds(tx)] == ["Feed 1", "Feed 2"]


# -- A09: a damaged page


def damaged(path: Path, *, page: int) -> bytes:
    """Overwrite one page of 4,096 bytes with noise; the whole file as it is then."""
    with path.open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\xa5" * 4_096)
    return path.read_bytes()


def filled(path: Path) -> None:
    """Enough feeds that the table has inner pages; closing writes the log into the file."""
    store = Store(f"sqlite:///{path}")
    with store.write() as tx:
        for number in range(200):
            add_feed(tx, new_feed(number, name="n" * 500), now=NOW)
    store.close()
    assert not path.with_name(f"{path.name}-wal").exists()


def pages_of(path: Path, table: str) -> list[int]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        root: int = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        count: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return [root, count]


@pytest.mark.parametrize("which", [0, 1], ids=["root of the table", "last page of the file"])
def test_a_damaged_page_is_refused_at_the_start_and_the_file_stays_as_it_is(sqlite_store: Store, which: int) -> None:
    # trust: A09
    path = path_of(sqlite_store)
    sqlite_store.close()
    filled(path)
    before = damaged(path, page=pages_of(path, "feeds")[which])
    store = Store(f"sqlite:///{path}")
    with pytest.raises(DatabaseMismatch) as refused:
        quick_check(store)
    store.close()
    assert refused.value.exit_code == 78
    assert str(path) in str(refused.value)
    assert "backup" in str(refused.value), "it tells how to restore"
    assert path.read_bytes() == before


def test_a_damaged_page_is_told_in_one_line(sqlite_store: Store) -> None:  # trust: A09
    path = path_of(sqlite_store)
    sqlite_store.close()
    filled(path)
    damaged(path, page=pages_of(path, "feeds")[0])
    store = Store(f"sqlite:///{path}")
    with pytest.raises(DatabaseMismatch) as refused:
        quick_check(store)
    store.close()
    assert "\n" not in str(refused.value)


def test_the_daemon_refuses_a_damaged_file(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # trust: A09
    from reformwatch.settings import load_settings

    path = path_of(sqlite_store)
    sqlite_store.close()
    filled(path)
    damaged(path, page=pages_of(path, "feeds")[0])
    monkeypatch.setenv("REFORMWATCH_DATABASE__URL", f"sqlite:///{path}")
    with pytest.raises(DatabaseMismatch, match="damaged"):
        create_store(load_settings(None))


def test_a_damaged_page_that_a_command_meets_is_the_operators_error_not_a_bug(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # trust: A09
    from reformwatch.settings import load_settings

    path = path_of(sqlite_store)
    sqlite_store.close()
    filled(path)
    damaged(path, page=pages_of(path, "feeds")[0])
    monkeypatch.setenv("REFORMWATCH_DATABASE__URL", f"sqlite:///{path}")
    store = open_store(load_settings(None))
    with pytest.raises(DatabaseMismatch, match="restore a backup"), store.read() as tx:
        list_feeds(tx)
    store.close()


def test_a_sound_file_passes_the_check(store: Store) -> None:
    quick_check(store)
    assert check_integrity(store) == []
