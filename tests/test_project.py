"""The project as a whole: nothing is half there, and what is built carries all it needs and works alone."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from datetime import datetime
from pathlib import Path
from typing import get_type_hints

import pytest

from conftest import ROOT
from mutations import MUTATIONS, SOURCES, TESTS
from politeness_rules import RULES
from reformwatch.channels.base import SmtpAccount, Tls, declared
from reformwatch.channels.email import EmailChannel
from reformwatch.language.registry import LANGUAGES
from reformwatch.model.entry import Unreadable
from reformwatch.model.feed import FetchFailed, Notice, PollState
from reformwatch.model.health import Health, Unread
from reformwatch.model.plan import PollPlan
from reformwatch.model.subscriber import ChannelKind
from reformwatch.model.websub import HubSubscription, NotAsked
from reformwatch.settings import load_settings
from reformwatch.wiring.delivery import build_channels, build_webhook_client

SOURCE = ROOT / "src" / "reformwatch"
REGISTRY = SOURCE / "language" / "registry.py"
MIGRATIONS = sorted(
    p.relative_to(ROOT).as_posix() for p in (ROOT / "migrations").rglob("*") if p.suffix in {".py", ".mako"}
)


# -- nothing is half there


@pytest.mark.parametrize("kind", ChannelKind)
def test_every_channel_has_a_module_a_test_and_a_word_in_the_example(kind: ChannelKind) -> None:
    assert (SOURCE / "channels" / f"{kind.value}.py").is_file()
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if kind.value in path.stem]
    assert tests, f"no test file bears the name of the channel {kind.value}"
    assert re.search(rf"\b{kind.value}\b", (ROOT / "config.example.toml").read_text(encoding="utf-8"))


def test_every_module_of_a_channel_is_a_kind_of_channel() -> None:
    modules = {path.stem for path in (SOURCE / "channels").glob("*.py")} - {"__init__", "base"}
    assert modules == {kind.value for kind in ChannelKind}


def test_every_channel_declares_how_it_is_addressed_and_made() -> None:
    assert [declared(kind).option for kind in ChannelKind] == ["email", "webhook", "channel", "channel"]


def test_every_file_of_a_language_is_registered() -> None:
    files = {path.stem for path in (SOURCE / "language").glob("*.py") if "= Language(" in path.read_text("utf-8")}
    imports = re.compile(r"^from reformwatch\.language\.(\w+) import [A-Z]+$", re.MULTILINE)
    registered = set(imports.findall(REGISTRY.read_text("utf-8")))
    assert files == registered
    assert len(LANGUAGES) == len(files)


def test_every_channel_is_built_where_a_mail_server_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFORMWATCH_SMTP__HOST", "127.0.0.1")
    monkeypatch.setenv("REFORMWATCH_SMTP__FROM", "watch@example.org")
    settings = load_settings(None)
    with build_webhook_client(settings) as client:
        channels = build_channels(settings, lambda: client)
        assert set(channels) == set(ChannelKind)
        assert isinstance(channels[ChannelKind.EMAIL], EmailChannel)
        for channel in channels.values():
            channel.close()
    assert {tls.value for tls in Tls} == {"starttls", "implicit", "none"}
    assert SmtpAccount.__struct_config__.frozen


def test_every_module_says_in_its_first_line_which_room_it_is() -> None:
    rooms = {"Porch", "Services", "Pipeline", "Store", "Channels", "Net", "Ground"}
    rooms |= {"Documents", "Language", "Matching", "Planning", "Messages"}
    for path in SOURCE.rglob("*.py"):
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        if path == SOURCE / "__init__.py":
            continue
        said = re.match(rf'r?"""(?:{"|".join(sorted(rooms))}): \S', first)
        assert said, f"{path.relative_to(ROOT)}: {first}"


def test_every_room_stands_in_the_drawing_that_import_linter_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [layers] = [contract for contract in contracts if contract["type"] == "layers"]
    drawn = {room.strip() for layer in layers["layers"] for room in layer.split("|")}
    there = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there - {"__init__", "__main__"} == drawn
    [sql] = [contract for contract in contracts if contract["name"] == "only the store speaks SQL"]
    bound = {name.removeprefix("reformwatch.") for name in sql["source_modules"]}
    assert drawn - bound - {"store", "text", "urls"} == set(), "a room that may speak SQL"


def test_every_pack_of_the_program_can_be_read() -> None:
    from reformwatch.packs import builtin_names, builtin_text
    from reformwatch.services.pack_files import read_pack

    assert "kazakhstan" in builtin_names()
    for name in builtin_names():
        pack = read_pack(builtin_text(name), source=name)
        assert pack.slug == name
        assert len({feed.url for feed in pack.feeds}) == len(pack.feeds)
        assert len({topic.slug for topic in pack.topics}) == len(pack.topics)


def test_values_carry_codes_and_no_sentences() -> None:
    """A sentence is for a person, and is made where it is shown; a program stores and compares codes."""
    carriers = (FetchFailed, Unreadable, Notice, Health, Unread, PollState, HubSubscription, NotAsked, PollPlan)
    for kind in carriers:
        texts = {name for name, told in get_type_hints(kind).items() if told in (str, str | None)}
        assert texts.isdisjoint({"reason", "text", "sentence", "why", "summary", "problem"}), kind


# -- the list of faults

_ID = r"(?:[A-H]\d{2}|FRB\d{3})"
_TAG = "# " + "trust:"


def ids_in(text: str) -> set[str]:
    """The ids in a text; ``FRB080-FRB090`` names the numbers between, too."""
    found = set()
    for first, last in re.findall(rf"\b({_ID})(?:-({_ID}))?\b", text):
        letters = first.rstrip("0123456789")
        numbers = range(int(first[len(letters) :]), int((last or first)[len(letters) :]) + 1)
        found |= {f"{letters}{number:0{len(first) - len(letters)}}" for number in numbers}
    return found


def tags_of(folder: str) -> list[tuple[str, str]]:
    """Where a tag is, and what follows it on its line."""
    return [
        (f"{path.relative_to(ROOT)}:{number}", line.partition(_TAG)[2])
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _TAG in line
    ]


def rows_of_faults() -> list[tuple[str, str]]:
    """The first cell of each row in docs/faults.md, and the rest of it."""
    lines = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ", 1) for line in lines if re.match(rf"\| {_ID}", line)]
    return [(first, rest) for first, rest in rows]


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_a_tag_names_whole_ids_and_nothing_else(folder: str) -> None:
    whole = re.compile(rf' {_ID}(?:, {_ID})*(?:\.?""")?\.?')
    assert [f"{where}:{named}" for where, named in tags_of(folder) if not whole.fullmatch(named)] == []


def test_every_fault_that_is_named_has_one_row_and_every_row_a_test() -> None:
    in_tests = {one for _, named in tags_of("tests") for one in ids_in(named)}
    in_tests |= {one for rule in RULES for one in ids_in(rule.name)}
    elsewhere = {one for folder in ("src", "benchmarks") for _, named in tags_of(folder) for one in ids_in(named)}
    rows = [(one, rest) for first, rest in rows_of_faults() for one in sorted(ids_in(first))]
    listed = [one for one, _ in rows]
    assert len(listed) == len(set(listed)), "an id has two rows"
    assert sorted((in_tests | elsewhere) - set(listed)) == [], "named by a tag and not in docs/faults.md"
    assert sorted(set(listed) - in_tests - elsewhere) == [], "in docs/faults.md and named by no tag"
    without = {one for one, rest in rows if "No test" in rest}
    assert sorted(set(listed) - in_tests) == sorted(without), "rows without a test say so, and no others"


def test_every_row_of_the_faults_has_three_cells() -> None:
    rows = rows_of_faults()
    assert [first for first, rest in rows if rest.count(" | ") != 1] == []
    assert len(rows) > 100


# -- decisions

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def titles_of_decisions() -> list[tuple[str, str, str]]:
    """Number, title and file name of each page."""
    titles = {path.name: re.match(r"# (\d+)\. (.+)\n", path.read_text(encoding="utf-8")) for path in DECISIONS}
    return [(title[1], title[2], name) if title else ("", "", name) for name, title in titles.items()]


def test_decisions_are_numbered_without_gaps_and_each_file_has_the_number_of_its_title() -> None:
    assert len(DECISIONS) > 40
    for number, path in enumerate(DECISIONS, 1):
        assert re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", path.name), path.name
    assert [number for number, _, _ in titles_of_decisions()] == [str(i + 1) for i in range(len(DECISIONS))]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_a_title_a_day_a_context_and_a_decision(path: Path) -> None:
    title, blank, day, *lines = path.read_text(encoding="utf-8").splitlines()
    assert title.startswith("# ")
    assert blank == ""
    assert datetime.strptime(f"{day} +0000", "%d %B %Y %z").year >= 2026
    for part in ("**Context.** ", "**Decision.** "):
        assert [line for line in lines if line.startswith(part)], f"{part}begins no paragraph"
    assert [line for line in lines if len(line) > 128 and not line.startswith("|")] == []


def test_every_decision_has_its_line_in_the_list_of_them() -> None:
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^- \[(\d+)\. (.+)\]\(([^()]+)\): (.+)$", listed, re.MULTILINE)
    assert [tuple(parts) for *parts, _ in lines] == titles_of_decisions()
    assert [line for *_, line in lines if len(line.split()) > 15] == []


# -- nothing of the machine it was written on


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_names_a_path_of_a_machine_or_the_host_of_a_package_index() -> None:
    home = pwd.getpwuid(os.getuid()).pw_dir
    paths = {str(ROOT), *({f"{home}/"} if home.count("/") >= 1 and home != "/" else set())}
    index = ("pypi" + r"\.org", "python" + r"hosted\.org", r"--(?:extra-)?" + "index-url +http", "/simple/" + r"?\s")
    wanted = re.compile("|".join([*(rf"(?<![\w.-]){re.escape(path)}(?![\w-])" for path in sorted(paths)), *index]))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]
    assert found == []


def test_every_pinned_dependency_has_a_hash() -> None:  # trust: G16
    for name in ("run.txt", "dev.txt", "audit.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
        pins = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(pins) > 20
        for pin in pins:
            assert re.match(r"[a-zA-Z0-9._\[\]-]+==\S+ ", pin), pin
            assert "--hash=sha256:" in pin, pin


# -- what is built


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    ran = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return out


def one(folder: Path, pattern: str) -> Path:
    [found] = folder.glob(pattern)
    return found


@pytest.mark.slow
def test_the_wheel_carries_the_migrations_the_packs_and_the_templates(built: Path) -> None:
    with zipfile.ZipFile(one(built, "*.whl")) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert MIGRATIONS
    assert {f"reformwatch/{name}" for name in MIGRATIONS} <= names
    sources = {
        f"reformwatch/{path.relative_to(SOURCE).as_posix()}"
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= names
    assert {f"reformwatch/messages/locale/{language}.po" for language in set(LANGUAGES) - {"en"}} <= names
    assert not [name for name in names if name.endswith(".pyc") or name.startswith(("tests", "src", "migrations"))]
    assert "License-Expression: MIT" in metadata


@pytest.mark.slow
def test_the_wheel_carries_the_example_inside_the_package(built: Path) -> None:
    with zipfile.ZipFile(one(built, "*.whl")) as wheel:
        names = wheel.namelist()
    assert sorted(name for name in names if name.endswith(".toml")) == [
        "reformwatch/config.example.toml",
        "reformwatch/packs/kazakhstan.toml",
    ]


@pytest.mark.slow
def test_the_source_distribution_carries_the_migrations_the_tests_and_the_licence(built: Path) -> None:
    with tarfile.open(one(built, "*.tar.gz")) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert set(MIGRATIONS) <= names
    wanted = {"LICENSE", "README.md", "Makefile", "pyproject.toml", "config.example.toml", "tests/conftest.py"}
    assert {*wanted, "tests/test_project.py", "requirements/run.txt", "src/reformwatch/packs/kazakhstan.toml"} <= names
    assert not [name for name in names if name.startswith(".") and name != ".gitignore"]


def dependencies_folder() -> str:
    """Where the packages of this environment are; as a line of a .pth file it brings no editable project along."""
    return sysconfig.get_path("purelib")


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; the dependencies are within reach, the source is not."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    wheel = str(one(built, "*.whl"))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    ran = subprocess.run(
        [*pip, "--no-index", "--no-deps", wheel],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [site] = (home / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(dependencies_folder() + "\n")
    return home


def run_installed(home: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run something of the environment, from an empty folder with an empty home."""
    empty = folder / "home"
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [str(home / "bin" / arguments[0]), *arguments[1:]],
        cwd=folder,
        env={"HOME": str(empty), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_installed_wheel_makes_a_database_and_checks_it_with_the_source_out_of_reach(
    installed: Path, tmp_path: Path
) -> None:
    asked = "import reformwatch, sys; print(reformwatch.__file__); print(*sys.path, sep='\\n')"
    ran = run_installed(installed, tmp_path, "python", "-c", asked)
    assert ran.returncode == 0, ran.stderr
    where, *path = ran.stdout.splitlines()
    assert where.startswith(str(installed))
    assert str(ROOT / "src") not in path

    ran = run_installed(installed, tmp_path, "reformwatch", "feed", "list", "--json")
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr
    ran = run_installed(installed, tmp_path, "reformwatch", "db", "check", "--json")
    assert ran.returncode == 0, ran.stderr
    database = tmp_path / "home" / ".local" / "share" / "reformwatch" / "reformwatch.sqlite"
    assert f'"database": "{database}"' in ran.stdout
    assert '"faults": []' in ran.stdout
    assert database.is_file()


@pytest.mark.slow
def test_the_installed_wheel_begins_with_init(installed: Path, tmp_path: Path) -> None:
    ran = run_installed(installed, tmp_path, "reformwatch", "init", "--no-pack")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "config.toml").read_bytes() == (ROOT / "config.example.toml").read_bytes()
    ran = run_installed(installed, tmp_path, "reformwatch", "db", "check")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_the_installed_wheel_has_its_packs_and_templates(installed: Path, tmp_path: Path) -> None:
    assert run_installed(installed, tmp_path, "reformwatch", "pack", "install", "kazakhstan").returncode == 0
    topics = run_installed(installed, tmp_path, "reformwatch", "topic", "list")
    assert "mayoral-elections" in topics.stdout
    test = run_installed(installed, tmp_path, "reformwatch", "subscriber", "test", "console")
    assert (test.returncode, "Test message" in test.stdout) == (0, True), test.stderr
    module = run_installed(installed, tmp_path, "python", "-m", "reformwatch", "--version")
    assert module.stdout.startswith("reformwatch, version ")


def test_every_mutation_changes_one_place_of_the_source() -> None:
    texts = {name: (ROOT / path).read_text("utf-8") for name, path in SOURCES.items()}
    assert [one.name for one in MUTATIONS if texts[one.source].count(one.old) != 1] == []
    assert [path for path in TESTS.values() if not (ROOT / path).is_file()] == []
