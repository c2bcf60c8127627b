"""Porch, the command line: what each command says, where, in which form, and with which exit code."""

import html
import io
import json
import os
import pty
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import click
import pytest

from conftest import ROOT
from reformwatch.cli import cli, main
from reformwatch.packs import builtin_text
from reformwatch.services.daemons import exclusive
from reformwatch.services.pack_files import read_pack
from reformwatch.store import Store

QUERY = "en=akim NEAR/5 elect*"
FIRST = "First akim elected by the people in Kurchatov"
OTHER = "Football: Kairat wins in the last minute of the match"
OLD = "Akim elected long ago, an old report of a village vote"
LATE = "Akim elected in a village, a report found late in a drawer"


# -- commands run in this process


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs commands as the console script does."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    database: Path
    said: list[str] = field(default_factory=list)

    def try_(self, *arguments: str, answer: str = "") -> Ran:
        """Run a command; however it ends, no traceback."""
        self.monkeypatch.setattr(sys, "argv", ["reformwatch", *arguments])
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        code: Any = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        out, err = self.capsys.readouterr()
        self.said += [out, err]
        assert isinstance(code, int)
        assert "Traceback" not in err
        return Ran(code, out, err)

    def __call__(self, *arguments: str, answer: str = "") -> Ran:
        """Run a command that must end well."""
        ran = self.try_(*arguments, answer=answer)
        assert ran.code == 0, ran.err
        return ran

    def fails(self, code: int, *arguments: str) -> str:
        """Run a command that must end with this code and one line on standard error; the line."""
        ran = self.try_(*arguments)
        assert (ran.code, ran.out) == (code, ""), ran
        [line] = ran.err.splitlines()
        assert line.startswith("reformwatch: ")
        return line

    def use(self, database: Path) -> None:
        """Work with another database from here on."""
        self.database = database
        self.monkeypatch.setenv("REFORMWATCH_DATABASE__URL", f"sqlite:///{database}")


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Commands set logging up; afterwards it is as before."""
    import logging

    root, ours = logging.getLogger(), [logging.getLogger(name) for name in ("reformwatch", "apscheduler")]
    before, levels = (list(root.handlers), root.level), [logger.level for logger in ours]
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for logger, level in zip(ours, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sqlite_template: Path, tmp_path: Path
) -> Terminal:
    """A terminal with an empty database, in an empty folder; loopback may be reached."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("REFORMWATCH_HTTP__ALLOW_PRIVATE", '["127.0.0.0/8"]')
    monkeypatch.setenv("REFORMWATCH_HTTP__PER_HOST_GAP_S", "0")
    terminal = Terminal(monkeypatch, capsys, tmp_path)
    terminal.use(tmp_path / "news.sqlite")
    shutil.copyfile(sqlite_template, terminal.database)
    return terminal


# -- a newsroom on loopback


@dataclass
class Newsroom:
    """Documents by path, and what was posted."""

    base: str = ""
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    posted: list[dict[str, str]] = field(default_factory=list)
    hook_status: int = 200

    def feed(self, path: str, *items: tuple[str, timedelta]) -> str:
        """Serve a feed of titles with their ages; its address."""
        now = datetime.now(UTC)
        listed = "".join(
            f"<item><title>{html.escape(title)}</title><guid>{html.escape(title)}</guid>"
            f"<link>{self.base}/news/{abs(hash(title))}</link>"
            f"<pubDate>{format_datetime(now - age)}</pubDate></item>"
            for title, age in items
        )
        rss = f'<rss version="2.0"><channel><title>Herald</title><language>en</language>{listed}</channel></rss>'
        self.pages[path] = ("application/rss+xml", rss)
        return self.base + path

    def page_of(self, title: str) -> str:
        """The address of an item."""
        return f"{self.base}/news/{abs(hash(title))}"


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    room = Newsroom()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = room.pages.get(self.path, ("", ""))
            self.answer(200 if kind else 404, body.encode(), kind or "text/plain")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            room.posted.append({name.lower(): value for name, value in self.headers.items()})
            self.answer(room.hook_status, b"", "text/plain")

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    room.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield room
    server.shutdown()
    server.server_close()
    thread.join()


def closed_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


DAY = timedelta(days=1)


@pytest.fixture
def told(run: Terminal, newsroom: Newsroom) -> Terminal:
    """A topic, two subscribers, and a feed whose newest entry they were alerted of, not yet delivered."""
    run("topic", "add", "Akims", "--query", QUERY)
    run("subscriber", "add", "Desk", "--webhook", f"{newsroom.base}/hook")
    run("subscriber", "add", "Screen", "--channel", "console")
    url = newsroom.feed("/rss", (FIRST, DAY / 24), (OTHER, DAY / 24), (OLD, 40 * DAY))
    run("feed", "add", url, "--backfill", "7")
    return run


# -- help


def commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []

    def walk(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for inner in command.list_commands(context):
                one = command.get_command(context, inner)
                assert one is not None
                walk(f"{name} {inner}".strip(), one)
        else:
            found.append((name, command))

    walk("", cli)
    return found


COMMANDS = commands()
NAMES = [name for name, _ in COMMANDS]


def test_the_commands_of_the_contract_are_there() -> None:
    """DESIGN.md, section 6, but for what later stages bring (milestones)."""
    contract = """
        init demo run poll deliver explain status
        feed_add feed_list feed_show feed_edit feed_remove feed_pause feed_resume feed_discover feed_import feed_export
        topic_add topic_list topic_show topic_edit topic_remove topic_pause topic_resume topic_test
        topic_backtest
        subscriber_add subscriber_list subscriber_show subscriber_remove subscriber_pause subscriber_resume
        subscriber_test alert_list alert_show delivery_list delivery_show delivery_retry
        pack_list pack_show pack_install pack_export db_upgrade db_check db_backup config_check
    """
    assert {name.replace("_", " ") for name in contract.split()} <= set(NAMES)


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=NAMES)
def test_every_command_has_a_help_text_with_an_example_of_itself(name: str, command: click.Command) -> None:
    text = command.help or ""
    [example] = re.findall(r"Example: (.+)", text)
    assert name in re.sub(r" --config \S+", "", example), example
    assert example.startswith("reformwatch ")
    assert text.split("\n", 1)[0].endswith(".")


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=NAMES)
def test_every_option_of_a_command_says_what_it_does_or_what_it_takes(name: str, command: click.Command) -> None:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            says = parameter.help or isinstance(parameter.type, click.Choice) or parameter.show_default
            assert says or parameter.name == "description", f"{name} {parameter.opts}"


@pytest.mark.skipif(not (ROOT / "README.md").read_text(encoding="utf-8").strip(), reason="README.md is not written yet")
@pytest.mark.parametrize("name", NAMES)
def test_every_command_stands_in_the_readme(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    noun, _, verb = name.partition(" ")
    assert re.search(rf"\b{noun}\b[^\n]*\b{verb}\b" if verb else rf"\b{noun}\b", readme)


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if name.split()[-1] in {"list", "show", "test", "explain", "status", "check"}],
)
def test_every_command_that_shows_something_takes_json(name: str) -> None:
    command = dict(COMMANDS)[name]
    assert any("--json" in parameter.opts for parameter in command.params)


def test_help_and_version_are_data(run: Terminal) -> None:
    assert "Example: reformwatch topic add" in run("topic", "add", "--help").out
    assert re.fullmatch(r"reformwatch, version \d+\.\d+\.\d+\n", run("--version").out)
    assert "discover" in run("feed", "-h").out


# -- exit codes, each by a real case


def test_0_a_list_of_nothing_is_no_failure(run: Terminal) -> None:  # trust: G06
    for noun in ("feed", "topic", "subscriber", "alert", "delivery"):
        assert run(noun, "list", "--json").json() == []
        talk = run(noun, "list")
        assert talk.out == ""
        assert len(talk.err.splitlines()) == 1


def test_1_a_test_message_that_nobody_takes(run: Terminal) -> None:  # trust: G06
    run("subscriber", "add", "Desk", "--webhook", f"http://127.0.0.1:{closed_port()}/")
    ran = run.try_("subscriber", "test", "Desk")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1].startswith("reformwatch: Desk: the test message was not taken: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["topic", "add", "A", "--query", "akim"], "LANG=QUERY"),
        (["topic", "add", "A", "--query", "de=akim"], "one of en, ru, kk, es, any"),
        (["topic", "add", "A", "--query", "en=a", "--query", "en=b"], "given twice"),
        (["topic", "add", "A", "--query", "en=akim", "--slug", "Not a slug"], "small letters"),
        (["topic", "add", "!!!", "--query", "en=akim"], "small letters"),
        (["subscriber", "add", "A"], "give one of"),
        (["subscriber", "add", "A", "--email", "a@b.example", "--channel", "console"], "give one of"),
        (["subscriber", "add", "A", "--email", "no address"], "not one plain mail address"),
        (["subscriber", "add", "A", "--email", "a@b.example\r\nBcc: c@d.example"], "not one plain mail address"),
        (["subscriber", "add", "A", "--webhook", "ftp://example.org"], "not an http or https address"),
        (["subscriber", "add", "A", "--webhook", "javascript:alert(1)"], "not an http or https address"),
        (["feed", "add", "ftp://example.org/rss"], "not an http or https address"),
        (["feed", "add", "a.example", "b.example", "--name", "N"], "--name goes with one address"),
        (["pack", "export", "Not A Slug"], "small letters"),
    ],
)
def test_2_an_argument_that_cannot_be_used(run: Terminal, arguments: list[str], said: str) -> None:  # trust: G06
    assert said in run.fails(2, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [[], ["topic"], ["nonsense"], ["topic", "add"], ["feed", "add"], ["status", "--nonsense"], ["delivery", "retry"]],
)
def test_2_a_usage_error_says_how_it_is_used(run: Terminal, arguments: list[str]) -> None:  # trust: G06
    ran = run.try_(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: " in ran.err


def test_2_a_query_that_cannot_be_read_has_a_caret_under_the_place(run: Terminal) -> None:  # trust: G06
    ran = run.try_("topic", "add", "A", "--query", "en=akim AND (elect")
    assert (ran.code, ran.out) == (2, "")
    first, query, caret = ran.err.splitlines()
    assert first.startswith("reformwatch: query: at character ")
    assert query == "akim AND (elect"
    assert re.match(r" *\^ ", caret)
    assert run("topic", "list", "--json").json() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["feed", "show", "none"],
        ["feed", "remove", "none", "--yes"],
        ["feed", "pause", "none"],
        ["feed", "resume", "none"],
        ["topic", "show", "none"],
        ["topic", "test", "none"],
        ["topic", "edit", "none", "--name", "N"],
        ["topic", "remove", "none", "--yes"],
        ["topic", "pause", "none"],
        ["subscriber", "show", "none"],
        ["subscriber", "test", "none"],
        ["subscriber", "remove", "none", "--yes"],
        ["subscriber", "add", "A", "--channel", "console", "--topic", "none"],
        ["alert", "show", "4711"],
        ["delivery", "show", "4711"],
        ["delivery", "retry", "4711"],
        ["explain", "4711"],
        ["explain", "https://example.org/none"],
        ["pack", "show", "none"],
        ["pack", "install", "none"],
        ["pack", "export", "a", "--topic", "none"],
        ["poll", "none"],
    ],
    ids=" ".join,
)
def test_66_a_thing_that_is_not_there(run: Terminal, arguments: list[str]) -> None:  # trust: G06
    thing = next(word for word in arguments if word in {"none", "4711"} or "example.org" in word)
    assert thing in run.fails(66, *arguments)


def test_69_a_feed_that_does_not_answer(run: Terminal) -> None:  # trust: G06
    url = f"http://127.0.0.1:{closed_port()}/rss"
    assert url in run.fails(69, "feed", "add", url)
    assert run("feed", "list", "--json").json() == []


def test_69_a_feed_that_answers_404(run: Terminal, newsroom: Newsroom) -> None:  # trust: G06
    assert "404" in run.fails(69, "feed", "add", f"{newsroom.base}/none")


def test_69_a_database_that_does_not_answer(run: Terminal) -> None:  # trust: G06
    run.monkeypatch.setenv("REFORMWATCH_DATABASE__URL", "postgresql+psycopg://watch:hunter2@127.0.0.1:1/news")
    assert "hunter2" not in run.fails(69, "status")


def test_73_a_copy_that_would_be_written_over_a_file(run: Terminal, tmp_path: Path) -> None:  # trust: G06
    there = tmp_path / "there"
    there.write_text("mine")
    assert str(there) in run.fails(73, "db", "backup", str(there))
    assert there.read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["feed", "export", "--out"],
        ["pack", "export", "desk", "--out"],
        ["db", "backup"],
    ],
    ids=" ".join,
)
def test_73_a_file_that_cannot_be_made(run: Terminal, tmp_path: Path, arguments: list[str]) -> None:  # trust: G06
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in run.fails(73, *arguments, str(tmp_path / "file" / "inside"))


def test_73_a_folder_that_cannot_be_made(run: Terminal, tmp_path: Path) -> None:  # trust: A07, G06
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in run.fails(73, "init", "--dir", str(tmp_path / "file" / "inside"), "--no-pack")
    run.use(tmp_path / "file" / "news.sqlite")
    assert str(tmp_path / "file") in run.fails(73, "topic", "list")


def test_75_a_database_on_which_a_daemon_runs(run: Terminal) -> None:  # trust: A16, G06
    store = Store(f"sqlite:///{run.database}")
    with exclusive(store, now=datetime.now(UTC)):
        said = run.fails(75, "run", "--once")
    store.close()
    assert str(run.database) in said
    assert f"process {os.getpid()}" in said
    assert run("run", "--once").out == ""


@pytest.mark.parametrize("address", ["10.0.0.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_77_a_private_address(run: Terminal, address: str) -> None:  # trust: B12, D06, G06
    run.monkeypatch.delenv("REFORMWATCH_HTTP__ALLOW_PRIVATE")
    assert "address" in run.fails(77, "feed", "add", f"http://{address}/rss")
    assert "address" in run.fails(77, "subscriber", "add", "A", "--webhook", f"http://{address}/hook")
    assert run("feed", "list", "--json").json() == run("subscriber", "list", "--json").json() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("[poll]\ntik_s = 1", "tik_s"), ("[poll\n", "not valid TOML"), ("[http]\nworkers = 'many'", "workers")],
)
def test_78_a_configuration_that_cannot_be_used(run: Terminal, text: str, said: str) -> None:  # trust: D22, G06
    Path("config.toml").write_text(text)
    for arguments in (["status"], ["config", "check"], ["run", "--once"]):
        line = run.fails(78, *arguments)
        assert said in line
        assert "config.toml" in line


def test_78_a_configuration_that_is_named_and_not_there(run: Terminal) -> None:  # trust: G06
    assert "none.toml" in run.fails(78, "--config", "none.toml", "status")


def test_78_a_variable_that_does_not_exist(run: Terminal) -> None:  # trust: D22, G06
    run.monkeypatch.setenv("REFORMWATCH_POLL__TIK_S", "1")
    assert "REFORMWATCH_POLL__TIK_S" in run.fails(78, "status")


def test_78_a_database_of_a_newer_program(run: Terminal) -> None:  # trust: A12, G06
    with closing(sqlite3.connect(run.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for arguments in (["status"], ["db", "check"], ["db", "upgrade"], ["run", "--once"], ["init", "--no-pack"]):
        ran = run.try_(*arguments)
        assert ran.code == 78, arguments
        assert "9999" in ran.err.splitlines()[-1]


def test_78_a_time_zone_that_does_not_exist(run: Terminal) -> None:
    line = run.fails(78, "subscriber", "add", "A", "--channel", "console", "--timezone", "Asia/Nowhere")
    assert "Asia/Almaty" in line


def test_a_question_that_is_answered_with_no_removes_nothing(told: Terminal) -> None:
    for arguments in (["topic", "remove", "akims"], ["feed", "remove", "1"], ["subscriber", "remove", "Desk"]):
        ran = told.try_(*arguments, answer="n\n")
        assert (ran.code, ran.out.strip()) == (130, ""), ran
        assert "[y/N]" in ran.err
    assert [one["slug"] for one in told("topic", "list", "--json").json()] == ["akims"]
    assert len(told("feed", "list", "--json").json()) == 1
    assert told("subscriber", "show", "Desk", "--json").json()["name"] == "Desk"


def test_an_argument_that_is_not_text_is_refused(run: Terminal) -> None:
    assert run.try_("subscriber", "add", os.fsdecode(b"\xff"), "--channel", "console").code == 2


def test_a_reader_who_goes_away_ends_the_command_quietly(run: Terminal) -> None:
    run("pack", "install", "kazakhstan")
    piped = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m reformwatch topic list --json | head -c 1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (piped.stdout, piped.stderr) == ("[", "")


# -- what a command brings along

_LOADED = "import sys; from reformwatch.__main__ import main; sys.argv[1:] = {}; main(); print(*sys.modules)"
_HEAVY = {
    "alembic",
    "apprise",
    "babel",
    "feedparser",
    "httpx",
    "jinja2",
    "lxml",
    "nh3",
    "pebble",
    "psycopg",
    "pydantic",
    "rich",
    "sqlalchemy",
    "trafilatura",
}


@pytest.mark.parametrize(
    ("arguments", "needs"),
    [
        (["deliver"], "jinja2 pydantic sqlalchemy"),
        (["poll"], "httpx pydantic rich sqlalchemy"),
        (["poll", "--all"], "httpx pydantic rich sqlalchemy"),
        (["feed", "list"], "pydantic rich sqlalchemy"),
        (["topic", "list", "--json"], "pydantic sqlalchemy"),
        (["--version"], ""),
    ],
    ids=str,
)
def test_a_command_that_finds_nothing_to_do_loads_little(run: Terminal, arguments: list[str], needs: str) -> None:
    """Cron starts some of them every few minutes."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOADED.format(arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=run.database.parent,
    )
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert loaded & _HEAVY == set(needs.split())
    assert "sqlalchemy.dialects.postgresql" not in loaded


def test_the_help_of_all_commands_reads_no_settings(run: Terminal) -> None:
    ran = subprocess.run([sys.executable, "-c", _LOADED.format(["--help"])], capture_output=True, text=True, check=True)
    assert "config" in ran.stdout
    assert not {"pydantic", "reformwatch.settings"} & set(ran.stdout.splitlines()[-1].split())


# -- data and talk, colour


def test_data_goes_to_standard_output_and_talk_to_standard_error(told: Terminal) -> None:
    for arguments in (["feed", "list"], ["topic", "list"], ["alert", "list"], ["status"], ["topic", "show", "akims"]):
        ran = told(*arguments)
        assert ran.out
        assert ran.err == ""
    for arguments in (["topic", "pause", "akims"], ["feed", "pause", "1"], ["subscriber", "pause", "Desk"]):
        ran = told(*arguments)
        assert ran.out == ""
        assert ran.err


def test_a_pipe_gets_whole_lines_without_colour(told: Terminal) -> None:
    told.monkeypatch.delenv("NO_COLOR")
    told.monkeypatch.setenv("COLUMNS", "40")
    for arguments in (["feed", "list"], ["alert", "list"], ["status"], ["explain", "1"], ["topic", "test", "akims"]):
        ran = told(*arguments)
        assert "\x1b" not in ran.out + ran.err
    assert any(FIRST in line for line in told("alert", "list").out.splitlines())


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "reformwatch", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**env, "TERM": "xterm-256color", **environment},
    ):
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65_536):
                shown += piece
        except OSError:  # Linux says EIO when the other side is closed
            pass
    os.close(ours)
    return shown.decode()


def test_colour_comes_on_a_terminal_only_and_never_with_no_color(run: Terminal) -> None:
    colour = re.compile(r"\x1b\[[\d;]*(?:3[0-7]|9[0-7]|4[0-7]|38;|48;)[\d;]*m")
    assert colour.search(on_a_terminal("status"))
    plain = on_a_terminal("status", NO_COLOR="1")
    assert "not running" in plain
    assert not colour.search(plain)
    assert not colour.search(on_a_terminal("topic", "show", "none", NO_COLOR="1"))


def test_what_a_feed_says_cannot_steer_the_terminal(run: Terminal, newsroom: Newsroom) -> None:  # trust: D27
    title = "Akim elected &#x9b;2J&#x202e;gnp.exe [red]markup[/red] [link=x]"
    rss = f'<rss version="2.0"><channel><title>H&#x9b;31m</title><item><title>{title}</title><guid>1</guid></item>'
    newsroom.pages["/rss"] = ("application/rss+xml", f"{rss}</channel></rss>")
    run("topic", "add", "Akims", "--query", QUERY)
    run("feed", "add", f"{newsroom.base}/rss")
    for arguments in (["feed", "list"], ["explain", "1"], ["topic", "test", "akims"]):
        out = run(*arguments).out
        assert not {"\x9b", "\x1b", "\u202e"} & set(out)
    assert "[red]markup[/red]" in run("explain", "1").out.replace("*", "")


# -- init, config, db


def test_init_writes_a_configuration_a_database_and_the_pack_and_a_second_time_changes_nothing(
    run: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "etc"
    run.use(tmp_path / "fresh" / "news.sqlite")
    ran = run("init", "--dir", str(folder))
    assert ran.out == ""
    assert (folder / "config.toml").read_text() == (ROOT / "config.example.toml").read_text()
    topics, feeds = run("topic", "list", "--json").json(), run("feed", "list", "--json").json()
    assert {"january-investigation", "mayoral-elections", "new-kazakhstan-address"} <= {t["slug"] for t in topics}
    assert feeds
    assert [(s["name"], s["channel"]) for s in run("subscriber", "list", "--json").json()] == [("console", "console")]
    (folder / "config.toml").write_text("[poll]\ntick_s = 3\n")
    again = run("init", "--dir", str(folder))
    assert "stays as it is" in again.err
    assert (folder / "config.toml").read_text() == "[poll]\ntick_s = 3\n"
    assert run("topic", "list", "--json").json() == topics
    assert run("feed", "list", "--json").json() == feeds


def test_init_without_a_pack_installs_none(run: Terminal, tmp_path: Path) -> None:
    run.use(tmp_path / "fresh.sqlite")
    run("init", "--no-pack")
    assert Path("config.toml").is_file()
    assert run("topic", "list", "--json").json() == run("feed", "list", "--json").json() == []


def test_config_check_shows_what_is_in_effect(run: Terminal) -> None:
    Path("config.toml").write_text("[poll]\ntick_s = 3\nlease_s = 77")
    run.monkeypatch.setenv("REFORMWATCH_POLL__TICK_S", "4")
    told = run("config", "check", "--json").json()
    assert told["file"] == "config.toml"
    assert (told["settings"]["poll"]["tick_s"], told["settings"]["poll"]["lease_s"]) == (4, 77)
    assert re.search(r"lease_s +77", run("config", "check").out)


def test_config_check_says_where_each_value_comes_from(run: Terminal, tmp_path: Path) -> None:
    Path("config.toml").write_text(f"[poll]\nlease_s = 77\n[smtp]\npassword_file = '{tmp_path / 'secret'}'")
    checked = run("config", "check", "--json").json()
    assert list(checked) == ["file", "settings", "sources"]
    assert {section: list(keys) for section, keys in checked["sources"].items()} == {
        section: list(keys) for section, keys in checked["settings"].items()
    }
    assert checked["sources"]["poll"]["lease_s"] == {"kind": "file", "name": "config.toml"}
    assert checked["sources"]["poll"]["tick_s"] == {"kind": "default", "name": None}
    assert checked["sources"]["database"]["url"] == {"kind": "variable", "name": "REFORMWATCH_DATABASE__URL"}
    assert checked["sources"]["smtp"]["password"] == {"kind": "secret_file", "name": str(tmp_path / "secret")}
    text = run("config", "check").out
    assert re.search(r"^  lease_s +77.0 +file$", text, re.MULTILINE)
    assert re.search(r"^  tick_s +10.0 +default$", text, re.MULTILINE)
    assert re.search(r"^  per_host_gap_s +0.0 +REFORMWATCH_HTTP__PER_HOST_GAP_S$", text, re.MULTILINE)
    assert re.search(rf'^  password +"\*+" +secret file {re.escape(str(tmp_path / "secret"))}$', text, re.MULTILINE)
    (tmp_path / "smtp_password").write_text("hunter2")
    run.monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    Path("config.toml").write_text("")
    text = run("config", "check").out
    assert re.search(r'^  password +"\*+" +systemd credential smtp_password$', text, re.MULTILINE)
    assert "hunter2" not in text


def test_config_check_fits_a_terminal_of_eighty_columns_and_breaks_no_key(run: Terminal) -> None:
    contact, secret = f"https://example.org/{'a-long-way-' * 12}", f"/run/{'a-long-way-' * 12}/secret"
    Path("config.toml").write_text(f"[http]\ncontact = '{contact}'\n[smtp]\npassword_file = '{secret}'")
    run.monkeypatch.setenv("REFORMWATCH_ALERTS__LATE_AFTER_DAYS", "9")
    run.monkeypatch.setenv("REFORMWATCH_ALERTS__BASE_URL", "https://watch.example.org/of/the/agency")
    text = re.sub(r"\x1b\[[\d;]*m", "", on_a_terminal("config", "check", COLUMNS="80"))
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 80
    settings = run("config", "check", "--json").json()["settings"]
    found = [line.split()[0] for line in lines if re.match(r"\[|  [a-z]", line)]
    assert found == [word for section, keys in settings.items() for word in (f"[{section}]", *keys)]
    for name in ("REFORMWATCH_ALERTS__LATE_AFTER_DAYS", "REFORMWATCH_ALERTS__BASE_URL", "REFORMWATCH_DATABASE__URL"):
        assert any(line.endswith(f" {name}") for line in lines)
    whole = "".join(line.strip() for line in lines)
    assert contact in whole
    assert secret in whole


def test_config_check_names_the_sections(run: Terminal) -> None:
    text = run("config", "check").out
    for section in ("database", "poll", "smtp"):
        assert f"[{section}]" in text


def test_config_check_finds_what_only_a_start_would_find(run: Terminal) -> None:
    run.monkeypatch.setenv("REFORMWATCH_SMTP__HOST", "mail.example.org")
    assert "[smtp] from" in run.fails(78, "config", "check")
    run.monkeypatch.setenv("REFORMWATCH_SMTP__FROM", "a@b.example")
    run.monkeypatch.setenv("REFORMWATCH_SMTP__PASSWORD_FILE", "/nowhere/secret")
    assert "/nowhere/secret" in run.fails(78, "config", "check")


def test_config_check_refuses_a_network_that_is_none(run: Terminal) -> None:
    run.monkeypatch.setenv("REFORMWATCH_HTTP__ALLOW_PRIVATE", '["10.0.0.0/99"]')
    assert "allow_private" in run.fails(78, "config", "check")


def test_db_check_upgrade_and_backup(run: Terminal, tmp_path: Path) -> None:
    run("topic", "add", "Akims", "--query", QUERY)
    assert run("db", "check", "--json").json()["faults"] == []
    assert "sound" in run("db", "check").err
    assert "already" in run("db", "upgrade").err
    target = tmp_path / "copies" / "monday.sqlite"
    assert str(target) in run("db", "backup", str(target)).err.replace("\n", "")
    run("topic", "remove", "akims", "--yes")
    run.use(target)
    assert [one["slug"] for one in run("topic", "list", "--json").json()] == ["akims"]
    assert run("db", "check", "--json").json()["database"] == str(target)


def test_db_upgrade_makes_a_database_and_db_check_wants_one(run: Terminal, tmp_path: Path) -> None:
    run.use(tmp_path / "new.sqlite")
    assert "reformwatch init" in run.fails(78, "db", "check")
    assert not run.database.exists()
    assert "upgraded from nothing" in run("db", "upgrade").err
    run("db", "check")


def test_db_upgrade_makes_the_folder_too(run: Terminal, tmp_path: Path) -> None:
    run.use(tmp_path / "new" / "news.sqlite")
    run("db", "upgrade")
    assert run.database.exists()


def test_db_check_tells_of_a_table_that_differs_and_of_rows_that_point_to_nothing(run: Terminal) -> None:
    with closing(sqlite3.connect(run.database)) as connection:
        connection.execute("INSERT INTO subscriptions (subscriber_id, topic_id) VALUES (7, 8)")
        connection.execute("ALTER TABLE stories ADD COLUMN mood TEXT")
        connection.commit()
    ran = run.try_("db", "check", "--json")
    assert ran.code == 78
    faults = ran.json()["faults"]
    assert any("subscriptions points to nothing" in fault for fault in faults)
    assert any("mood" in fault for fault in faults)
    assert "more)" in run.fails(78, "db", "check")


# -- feeds


def test_a_feed_is_added_by_the_address_of_a_page_that_names_it(run: Terminal, newsroom: Newsroom) -> None:
    newsroom.feed("/rss", (FIRST, DAY))
    link = '<link rel="alternate" type="application/rss+xml" href="/rss" title="Herald">'
    newsroom.pages["/"] = ("text/html", f"<html><head>{link}</head></html>")
    other = link.replace('"/rss"', '"/other"')
    newsroom.pages["/two"] = ("text/html", f"<html><head>{link}{other}</head></html>")
    newsroom.pages["/none"] = ("text/html", "<html>nothing</html>")
    found = run("feed", "discover", f"{newsroom.base}/", "--json").json()
    assert found == [{"url": f"{newsroom.base}/rss", "title": "Herald"}]
    run("feed", "add", f"{newsroom.base}/", "--kind", "official", "--language", "kk")
    [one] = run("feed", "list", "--json").json()
    assert (one["url"], one["name"], one["kind"], one["language"]) == (
        f"{newsroom.base}/rss",
        "Herald",
        "official",
        "kk",
    )
    assert one["entries"] == 1
    assert one["last_ok"] is not None
    assert "known already" in run.fails(2, "feed", "add", f"{newsroom.base}/rss")
    choice = run.try_("feed", "add", f"{newsroom.base}/two")
    assert choice.code == 2
    assert f"reformwatch feed add {newsroom.base}/other" in choice.err
    assert "names no feed" in run.fails(2, "feed", "add", f"{newsroom.base}/none")


FEED_KEYS = {
    "id", "name", "url", "kind", "language", "state", "site_url", "pack", "entries", "added", "next_poll",
    "last_polled", "last_ok", "last_new", "failing_since", "failures", "problem", "problem_code", "health",
    "source_type", "item", "full_text", "interval_s",
}  # fmt: skip


def test_a_feed_is_shown_paused_resumed_and_removed(told: Terminal) -> None:  # trust: G05
    [listed] = told("feed", "list", "--json").json()
    shown = told("feed", "show", "Herald", "--json").json()
    assert shown == listed | {"languages": {"en": 3}, "gaps": [], "hub": None}
    assert set(listed) == FEED_KEYS
    assert (shown["entries"], shown["state"], shown["failures"]) == (3, "active", 0)
    assert "Herald" in told("feed", "show", str(shown["id"])).out
    told("feed", "pause", "Herald")
    assert told("feed", "show", "1", "--json").json()["state"] == "paused"
    assert json.loads(told("poll", "--all", "--json").out)["polled"] == 0
    told("feed", "resume", "1")
    assert told("feed", "show", "1", "--json").json()["state"] == "active"
    told("feed", "remove", "1", "--yes")
    assert told("feed", "list", "--json").json() == []


def essence(feeds: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((f["url"], f["name"], f["site_url"] or "", f["kind"], f["language"] or "") for f in feeds)


@pytest.mark.parametrize(
    "name",
    [
        "Spain",
        "Ukraine",
        "News",
        "United Kingdom",
        "United States",
    ],
)
def test_a_list_of_others_comes_in_and_goes_out_without_a_loss(
    run: Terminal, shared: Path, tmp_path: Path, name: str
) -> None:  # trust: G09
    path = shared / "data" / "opml" / f"{name}.opml"
    addresses = {html.unescape(url).strip() for url in re.findall(r'xmlUrl="([^"]+)"', path.read_text("utf-8"))}
    assert len(addresses) >= 5
    assert run("feed", "import", str(path)).err == f"{len(addresses)} feeds added, 0 known already\n"
    first = run("feed", "list", "--json").json()
    assert {feed["url"] for feed in first} == addresses
    assert all(feed["name"] for feed in first)

    out = tmp_path / "out.opml"
    run("feed", "export", "--out", str(out))
    exported = run("feed", "export").out
    assert exported == out.read_text(encoding="utf-8")
    assert ElementTree.fromstring(exported).attrib == {"version": "2.0"}  # noqa: S314 - written by the program
    run.use(tmp_path / "second.sqlite")
    assert run("feed", "import", str(out)).err == f"{len(first)} feeds added, 0 known already\n"
    assert essence(run("feed", "list", "--json").json()) == essence(first)
    assert run("feed", "export").out == exported
    assert run("feed", "import", str(out)).err == f"0 feeds added, {len(first)} known already\n"


def test_a_list_that_is_beyond_help_is_refused_with_the_line_and_adds_nothing(run: Terminal, shared: Path) -> None:
    """Bare quotation marks inside attributes: nobody can say where they end."""
    assert "line 19" in run.fails(2, "feed", "import", str(shared / "data" / "opml" / "Russia.opml"))
    assert run("feed", "list", "--json").json() == []


def test_kind_and_language_survive_an_opml_round_trip(run: Terminal, newsroom: Newsroom, tmp_path: Path) -> None:
    # trust: G09
    url = newsroom.feed("/rss", (FIRST, DAY))
    run("feed", "add", url, "--kind", "foreign", "--language", "es", "--name", 'Ñ <&> "қ" 🗞')
    first = run("feed", "list", "--json").json()
    run("feed", "export", "--out", str(tmp_path / "out.opml"))
    run.use(tmp_path / "second.sqlite")
    run("feed", "import", str(tmp_path / "out.opml"))
    assert essence(run("feed", "list", "--json").json()) == essence(first)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "OPML"),
        (b"<html/>", "not <opml>"),
        (b"<opml><body>", "OPML"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml><body/></opml>', "refused"),
        (b"<opml>" + b"<outline>" * 100_000, "OPML"),
    ],
    ids=["empty", "html", "cut", "entity", "deep"],
)
def test_an_opml_file_that_is_none_is_refused(run: Terminal, tmp_path: Path, body: bytes, said: str) -> None:
    # trust: D21
    (tmp_path / "list.opml").write_bytes(body)
    assert said in run.fails(2, "feed", "import", str(tmp_path / "list.opml"))
    assert run("feed", "list", "--json").json() == []


def test_an_opml_list_cannot_bring_files_or_scripts_in(run: Terminal, tmp_path: Path) -> None:  # trust: D06, D13
    outlines = "".join(
        f'<outline xmlUrl="{url}"/>' for url in ("file:///etc/passwd", "javascript:alert(1)", "data:,x", "/etc/passwd")
    )
    (tmp_path / "list.opml").write_text(f"<opml><body>{outlines}</body></opml>")
    assert run("feed", "import", str(tmp_path / "list.opml")).err == "0 feeds added, 0 known already\n"


# -- topics


TOPIC_KEYS = {"slug", "name", "names", "kind", "description", "state", "pack", "queries", "created", "updated"}


def test_a_topic_is_added_listed_shown_edited_paused_resumed_and_removed(run: Terminal) -> None:  # trust: G05
    run(
        *("topic", "add", "Әкімдер сайлауы", "--query", "kk=әкім* сайла*", "--query", "any=#akim"),
        *("--kind", "law", "--description", "d"),
    )
    [one] = run("topic", "list", "--json").json()
    shown = run("topic", "show", one["slug"], "--json").json()
    view = shown.pop("coverage")
    assert (view["blind"], view["complete"], view["feeds"]) == (True, False, [])
    assert shown == one
    assert set(one) == TOPIC_KEYS
    assert re.fullmatch(r"[a-z0-9-]+", one["slug"])
    assert (one["name"], one["kind"], one["state"], one["description"]) == ("Әкімдер сайлауы", "law", "active", "d")
    assert one["queries"] == {"kk": "әкім* сайла*", "any": "#akim"}
    slug = one["slug"]
    assert "әкім* сайла*" in run("topic", "show", slug).out

    run("topic", "edit", slug, "--name", "Akims", "--query", "en=akim", "--drop-query", "any", "--description", "")
    edited = run("topic", "show", slug, "--json").json()
    assert (edited["name"], edited["description"], edited["kind"]) == ("Akims", "", "law")
    assert edited["queries"] == {"kk": "әкім* сайла*", "en": "akim"}
    assert edited["created"] == one["created"]
    assert "nothing to change" in run.fails(2, "topic", "edit", slug)
    assert "no query in this language" in run.fails(2, "topic", "edit", slug, "--drop-query", "es")
    assert "at least one query" in run.fails(2, "topic", "edit", slug, "--drop-query", "en", "--drop-query", "kk")
    shown = run("topic", "show", slug, "--json").json()
    assert shown | {"coverage": None} == edited | {"coverage": None}

    run("topic", "pause", slug)
    assert run("topic", "show", slug, "--json").json()["state"] == "paused"
    run("topic", "resume", slug)
    assert run("topic", "show", slug, "--json").json()["state"] == "active"
    assert "there is one already" in run.fails(2, "topic", "add", "Akims", "--slug", slug, "--query", "en=akim")
    run("topic", "remove", slug, "--yes")
    assert run("topic", "list", "--json").json() == []


def test_topic_test_has_the_shape_of_the_contract(told: Terminal, newsroom: Newsroom) -> None:  # trust: G05
    shown = told("topic", "test", "akims", "--json").json()
    assert set(shown) == {"topic", "matches"}
    assert shown["topic"] == "akims"
    assert {match["entry"]["title"] for match in shown["matches"]} == {FIRST, OLD}
    for match in shown["matches"]:
        assert set(match) == {"entry", "strength", "evidence"}
        assert set(match["entry"]) == {"id", "url", "title", "feed", "language", "published"}
        assert match["strength"] == "about"
        assert match["evidence"]
        for found in match["evidence"]:
            assert set(found) == {"field", "start", "end", "word", "term", "how"}
            assert match["entry"][found["field"]][found["start"] : found["end"]] == found["word"]
    first = next(match for match in shown["matches"] if match["entry"]["title"] == FIRST)
    assert [found["word"] for found in first["evidence"]] == ["akim", "elected"]
    assert first["entry"]["url"] == newsroom.page_of(FIRST)
    assert (first["entry"]["feed"], first["entry"]["language"]) == ("Herald", "en")
    assert datetime.fromisoformat(first["entry"]["published"]).tzinfo is not None


def test_topic_test_marks_the_words_that_matched_and_counts(told: Terminal) -> None:
    ran = told("topic", "test", "akims", "--limit", "1")
    assert "*akim* *elected*" in ran.out.lower()
    assert ran.err == "2 entries of the archive match akims, the 1 newest shown\n"
    assert told("topic", "test", "akims", "--since", "2100-01-01").err.startswith("0 entries")


def test_a_new_topic_says_how_much_of_the_archive_matches(told: Terminal) -> None:
    said = told("topic", "add", "Akims again", "--query", "en=akim OR mayor").err
    assert "the last 90 days: 2 about it, 0 only mention it" in said
    assert "one term" not in said  # too few to judge by
    assert "these terms are in none of them: mayor" in said


def test_a_topic_that_would_bring_too_much_is_refused_unless_it_is_forced(told: Terminal, newsroom: Newsroom) -> None:
    told("feed", "add", newsroom.feed("/many", *((f"News of village {i} here", DAY * i / 25) for i in range(740))))
    refused = told.try_("topic", "add", "Everything", "--query", "en=village")
    assert refused.code == 2
    assert "alerts a day, more than 20" in refused.err.splitlines()[-1]
    assert "everything" not in told("topic", "list").out
    told("topic", "add", "Everything", "--query", "en=village", "--force")
    assert "everything" in told("topic", "list").out


def test_a_backtest_replays_the_archive_and_compares_two_versions(told: Terminal) -> None:
    replayed = told("topic", "backtest", "akims", "--query", "en=nothing", "--json").json()
    assert [entry["title"] for alert in replayed["alerts"] for entry in alert["entries"]] == [FIRST]
    assert sum(week["alerts"] for week in replayed["weeks"]) == 1
    assert replayed["silences"] == {"baseline": 1}  # the old report stood in the feed before its first poll
    assert replayed["changed"]["alerts"] == []
    assert {entry["title"] for entry in replayed["lost"]} == {FIRST, OLD}
    assert replayed["gained"] == []
    shown = told("topic", "backtest", "akims", "--query", "en=nothing")
    assert FIRST in shown.out
    assert "1 alert of 3 entries; not notified: 1 because" in shown.err
    assert told("topic", "backtest", "akims", "--since", "2100-01-01").err.startswith(
        "akims would have brought no alert"
    )


def test_a_backtest_scores_on_labelled_rows(told: Terminal, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        '{"title": "An akim is elected", "language": "en", "about": ["akims"]}\n'
        '{"title": "Rain", "lead": "All day.", "language": "en", "about": ["akims"]}\n'
        '{"title": "Akim elected elsewhere", "language": "en", "about": []}\n',
        encoding="utf-8",
    )
    scores = told("topic", "backtest", "akims", "--labels", str(rows), "--json").json()
    assert scores[-1] == {
        "topic": "akims",
        "language": "all",
        "right": 1,
        "false": 1,
        "missed": 1,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }
    rows.write_text("{}\n", encoding="utf-8")
    assert "line 1" in told.fails(2, "topic", "backtest", "akims", "--labels", str(rows))


# -- subscribers


SUBSCRIBER_KEYS = {
    "name", "channel", "address", "topics", "mentions", "language", "timezone", "state", "paused_code",
    "paused_because", "created",
}  # fmt: skip


def test_a_subscriber_is_added_listed_shown_paused_resumed_and_removed(run: Terminal) -> None:  # trust: G05
    run("topic", "add", "Akims", "--query", QUERY)
    added = run(
        *("subscriber", "add", "Aliya  N.", "--email", "aliya@example.org", "--topic", "akims", "--topic", "akims"),
        *("--language", "kk", "--timezone", "Asia/Almaty"),
    )
    assert "no mail server is configured" in added.err
    [one] = run("subscriber", "list", "--json").json()
    assert run("subscriber", "show", "aliya n.", "--json").json() == one
    assert set(one) == SUBSCRIBER_KEYS
    assert {**one, "created": ""} == {
        "name": "Aliya N.",
        "channel": "email",
        "address": "aliya@example.org",
        "topics": ["akims"],
        "mentions": False,
        "language": "kk",
        "timezone": "Asia/Almaty",
        "state": "active",
        "paused_code": None,
        "paused_because": None,
        "created": "",
    }
    assert "Asia/Almaty" in run("subscriber", "show", "Aliya N.").out
    assert "another name" in run.fails(2, "subscriber", "add", "ALIYA N.", "--channel", "console")
    run("subscriber", "pause", "Aliya N.")
    paused = run("subscriber", "show", "Aliya N.", "--json").json()
    assert (paused["state"], paused["paused_because"]) == ("paused", "paused by the operator")
    assert paused["paused_code"] == "operator"
    assert [s["name"] for s in run("status", "--json").json()["paused_subscribers"]] == ["Aliya N."]
    run("subscriber", "resume", "Aliya N.")
    assert run("subscriber", "show", "Aliya N.", "--json").json() == one
    run("subscriber", "remove", "Aliya N.", "--yes")
    assert run("subscriber", "list", "--json").json() == []


def test_a_test_message_reaches_a_webhook_signed_and_a_console(run: Terminal, newsroom: Newsroom) -> None:
    run("subscriber", "add", "Desk", "--webhook", f"{newsroom.base}/hook")
    run("subscriber", "add", "Screen", "--channel", "console")
    ran = run("subscriber", "test", "Desk")
    assert (ran.out, ran.err) == ("", "Desk: the test message was taken (webhook)\n")
    [post] = newsroom.posted
    assert post["webhook-signature"].startswith("v1,")
    assert "Screen" in run("subscriber", "test", "Screen").out
    ran = run("subscriber", "test", "Screen", "--json")
    assert ran.json() == {"subscriber": "Screen", "state": "sent", "detail": None}
    assert "Screen" in ran.err, "standard output is one JSON document"
    newsroom.hook_status = 410
    failed = run.try_("subscriber", "test", "Desk")
    assert (failed.code, failed.err.splitlines()[-1]) == (
        1,
        "reformwatch: Desk: the test message was not taken: answered 410",
    )


def test_a_test_message_is_no_alert_and_leaves_nothing_behind(run: Terminal, newsroom: Newsroom) -> None:
    run("subscriber", "add", "Desk", "--webhook", f"{newsroom.base}/hook")
    for status in (200, 500, 410):
        newsroom.hook_status = status
        run.try_("subscriber", "test", "Desk")
    assert len(newsroom.posted) == 3, "each is tried once"
    assert run("alert", "list", "--json").json() == []
    assert run("delivery", "list", "--json").json() == []
    state = run("status", "--json").json()
    assert (state["archive"]["alerts"], state["outbox"]["pending"], state["outbox"]["dead"]) == (0, 0, 0)
    assert run("subscriber", "show", "Desk", "--json").json()["state"] == "active"
    newsroom.hook_status = 200
    run("deliver")
    assert len(newsroom.posted) == 3, "nothing is tried again"


def test_a_test_message_without_a_mail_server_says_so(run: Terminal) -> None:
    run("subscriber", "add", "Aliya", "--email", "aliya@example.org")
    ran = run.try_("subscriber", "test", "Aliya")
    assert (ran.code, ran.out) == (1, "")
    assert "no email channel is configured" in ran.err.splitlines()[-1]


def test_a_webhook_s_secret_is_shown_once_on_standard_output_alone(run: Terminal, newsroom: Newsroom) -> None:
    # trust: B20
    ran = run("subscriber", "add", "Desk", "--webhook", f"{newsroom.base}/hook")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{40,}\n", ran.out)
    assert "whsec_" not in ran.err


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's, on Python 3.11 and 3.12
def test_secrets_are_never_told_again(told: Terminal, newsroom: Newsroom, tmp_path: Path) -> None:  # trust: B20
    told.monkeypatch.setenv("REFORMWATCH_SMTP__HOST", "127.0.0.1")
    told.monkeypatch.setenv("REFORMWATCH_SMTP__PORT", str(closed_port()))
    told.monkeypatch.setenv("REFORMWATCH_SMTP__FROM", "watch@example.org")
    told.monkeypatch.setenv("REFORMWATCH_SMTP__USERNAME", "watch")
    told.monkeypatch.setenv("REFORMWATCH_SMTP__PASSWORD", "hunter2-of-the-mail-server")
    told.monkeypatch.setenv("REFORMWATCH_WEB__LISTEN", "127.0.0.1:8080")
    told.monkeypatch.setenv("REFORMWATCH_ALERTS__BASE_URL", "https://watch.example.org")
    told("subscriber", "add", "Aliya", "--email", "aliya@example.org")
    told("subscriber", "add", "Phone", "--channel", "ntfys://token-of-the-phone@ntfy.example/topic")
    with closing(sqlite3.connect(told.database)) as connection:
        rows = connection.execute("SELECT coalesce(secret, ''), unsubscribe_token FROM subscribers").fetchall()
    secrets = {value for row in rows for value in row if value} | {"hunter2-of-the-mail-server", "token-of-the-phone"}
    assert len(secrets) == 7
    newsroom.hook_status = 500
    delivered = told("--verbose", "deliver")
    told.said[:] = [delivered.err]  # standard output held the reader's own message, with their link to unsubscribe
    for arguments in (
        ["subscriber", "test", "Desk"],
        ["subscriber", "test", "Aliya"],
        ["subscriber", "list"],
        ["subscriber", "list", "--json"],
        *(["subscriber", "show", name, *how] for name in ("Desk", "Aliya", "Phone") for how in ([], ["--json"])),
        *([noun, "list", *how] for noun in ("alert", "delivery") for how in ([], ["--json"])),
        *([noun, "show", "1", *how] for noun in ("alert", "delivery") for how in ([], ["--json"])),
        ["explain", "1"],
        ["explain", "1", "--json"],
        ["status"],
        ["status", "--json"],
        ["config", "check"],
        ["config", "check", "--json"],
        ["pack", "export", "desk"],
        ["feed", "export"],
        ["subscriber", "pause", "Phone"],
        ["subscriber", "remove", "Phone", "--yes"],
    ):
        told.try_(*arguments)
    everything = "".join(told.said)
    assert "Desk" in everything
    assert "aliya@example.org" in everything
    for secret in secrets:
        assert secret not in everything


# -- alerts, deliveries, status


def test_alert_list_has_the_shape_of_the_contract(told: Terminal, newsroom: Newsroom) -> None:  # trust: G05
    [alert] = told("alert", "list", "--json").json()
    assert {"id", "kind", "topics", "created", "entries", "deliveries"} <= set(alert)
    assert (alert["kind"], alert["topics"]) == ("story", ["akims"])
    assert alert["entries"] == [{"url": newsroom.page_of(FIRST), "title": FIRST}]
    assert sorted(alert["deliveries"], key=lambda d: cast("str", d["subscriber"])) == [
        {"subscriber": "Desk", "channel": "webhook", "state": "pending", "attempts": 0},
        {"subscriber": "Screen", "channel": "console", "state": "pending", "attempts": 0},
    ]
    assert datetime.fromisoformat(alert["created"]).utcoffset() == timedelta()


def test_an_alert_is_delivered_and_every_attempt_is_shown(told: Terminal, newsroom: Newsroom) -> None:  # trust: G05
    newsroom.hook_status = 500
    ran = told("deliver", "--json")
    assert ran.json() == {"sent": 1, "to_retry": 1, "dead": 0}
    assert FIRST in ran.err, "standard output is one JSON document, so the console is standard error"
    number = next(d["id"] for d in told("delivery", "list", "--json").json() if d["subscriber"] == "Desk")
    shown = told("delivery", "show", str(number), "--json").json()
    assert set(shown) == {
        "id", "message_id", "alert", "alerts", "subscriber", "channel", "state", "closed", "attempts", "created",
        "next_attempt", "sent", "last_error", "history",
    }  # fmt: skip
    assert (shown["state"], shown["attempts"]) == ("pending", 1)
    assert [(h["outcome"], h["detail"]) for h in shown["history"]] == [("retry", "answered 500")]
    assert newsroom.posted[0]["webhook-id"] == shown["message_id"]
    assert "answered 500" in told("delivery", "show", str(number)).out
    assert [d["subscriber"] for d in told("delivery", "list", "--state", "sent", "--json").json()] == ["Screen"]
    alert = told("alert", "show", "1", "--json").json()
    assert [match["topic"] for match in alert["matches"]] == ["akims"]
    assert "*akim*" in told("alert", "show", "1").out


def test_dead_letters_are_listed_and_sent_again_under_their_id(told: Terminal, newsroom: Newsroom) -> None:
    # trust: B03, B05, B18
    newsroom.hook_status = 410
    told("deliver")
    [dead] = told("delivery", "list", "--state", "dead", "--json").json()
    assert (dead["subscriber"], dead["last_error"]) == ("Desk", "answered 410")
    assert "only a dead one" in told.fails(2, "delivery", "retry", "1" if dead["id"] != 1 else "2")
    newsroom.hook_status = 200
    told("subscriber", "resume", "Desk")
    assert told("delivery", "retry", "--dead").err == "1 deliveries are due again\n"
    told("deliver")
    shown = told("delivery", "show", str(dead["id"]), "--json").json()
    assert (shown["state"], shown["message_id"]) == ("sent", dead["message_id"])
    assert [post["webhook-id"] for post in newsroom.posted] == [dead["message_id"]] * 2
    assert [h["outcome"] for h in shown["history"]] == ["dead", "requeued", "sent"]


def test_all_dead_letters_are_retried_but_those_of_paused_subscribers(told: Terminal, newsroom: Newsroom) -> None:
    # trust: E03
    told("subscriber", "pause", "Desk")
    told.try_("delivery", "retry", "--dead")
    told("deliver")
    assert newsroom.posted == []


def test_what_was_queued_when_its_topic_was_removed_is_delivered_all_the_same(
    told: Terminal, newsroom: Newsroom
) -> None:
    told("topic", "remove", "akims", "--yes")
    told("deliver")
    assert {d["state"] for d in told("delivery", "list", "--json").json()} == {"sent"}
    assert len(newsroom.posted) == 1


def test_a_summary_whose_feed_was_removed_is_no_fault_of_the_program(run: Terminal, newsroom: Newsroom) -> None:
    run.monkeypatch.setenv("REFORMWATCH_ALERTS__BURST_LIMIT", "1")
    run("topic", "add", "Akims", "--query", QUERY)
    run("subscriber", "add", "Screen", "--channel", "console")
    second = "Another akim elected by the people of Ekibastuz"
    run("feed", "add", newsroom.feed("/rss", (FIRST, DAY), (second, DAY)), "--backfill", "7")
    [alert] = run("alert", "list", "--json").json()
    assert alert["kind"] == "summary"
    run("feed", "remove", "1", "--yes")
    ran = run.try_("deliver")
    assert "fault of this program" not in ran.err
    assert {d["last_error"] for d in run("delivery", "list", "--json").json()} <= {None}


def test_status_tells_of_daemon_feeds_archive_and_outbox(told: Terminal) -> None:  # trust: G05
    shown = told("status", "--json").json()
    assert set(shown) == {
        "running", "daemons", "database", "feeds", "archive", "outbox", "paused_subscribers", "gaps", "notices",
        "hubs",
    }  # fmt: skip
    assert (shown["running"], shown["daemons"], shown["database"]) == (False, [], str(told.database))
    assert shown["archive"] == {"entries": 3, "matches": 1, "alerts": 1}
    assert {**shown["outbox"], "oldest_pending": ""} == {"pending": 2, "sent": 0, "dead": 0, "oldest_pending": ""}
    [one] = shown["feeds"]
    assert (one["name"], one["state"], one["overdue"]) == ("Herald", "active", False)
    text = told("status").out
    assert "not running" in text
    assert "2 waiting, 0 sent, 0 given up" in text


def test_a_feed_that_cannot_be_read_stands_in_the_status(told: Terminal, newsroom: Newsroom) -> None:  # trust: C22
    newsroom.pages["/rss"] = ("text/html", "<html>are you human?</html>")
    polled = told("poll", "--all", "--json").json()
    assert (polled["polled"], polled["failed"], polled["new_entries"]) == (1, 1, 0)
    [one] = told("status", "--json").json()["feeds"]
    assert one["failing_since"]
    assert one["problem"]
    assert "feeds that are not read well" in told("status").out


# -- explain


def explained(run: Terminal, which: str, *more: str) -> dict[str, Any]:
    [one] = run("explain", which, "--json", *more).json()["entries"]
    assert isinstance(one, dict)
    return one


def test_explain_says_why_an_entry_matched_and_who_was_told(told: Terminal, newsroom: Newsroom) -> None:  # trust: G15
    told("deliver")
    one = explained(told, newsroom.page_of(FIRST) + "?utm_source=x")
    assert set(one) == {"entry", "topics", "alerts", "deliveries", "silences"}
    assert (one["entry"]["title"], one["entry"]["standing"]) == (FIRST, "news")
    [topic] = one["topics"]
    assert (topic["topic"], topic["state"], topic["missing"]) == ("akims", "active", {})
    assert [found["word"] for found in topic["match"]["evidence"]] == ["akim", "elected"]
    assert sorted((d["subscriber"], d["state"]) for d in one["deliveries"]) == [("Desk", "sent"), ("Screen", "sent")]
    assert one["silences"] == []
    text = told("explain", newsroom.page_of(FIRST)).out
    assert "matches akims" in text
    assert "to Desk (webhook): sent" in text


def test_explain_says_which_part_of_a_query_is_missing(told: Terminal, newsroom: Newsroom) -> None:  # trust: G15
    told("topic", "add", "Matches", "--slug", "m", "--query", "en=football AND (stadium OR arena)")
    one = explained(told, newsroom.page_of(OTHER), "--topic", "m")
    [topic] = one["topics"]
    assert topic["match"] is None
    assert topic["missing"] == {
        "en": [
            {"part": "football", "met": True, "words": ["Football"]},
            {"part": "(stadium OR arena)", "met": False, "words": []},
        ],
    }
    text = told("explain", newsroom.page_of(OTHER), "--topic", "m").out
    assert "does not match m" in text
    assert "en: has football" in text
    assert "en: lacks (stadium OR arena)" in text
    assert "nobody was notified" in text


def test_explain_says_that_an_entry_was_there_at_the_first_poll(told: Terminal, newsroom: Newsroom) -> None:
    # trust: G15
    one = explained(told, newsroom.page_of(OLD))
    assert one["entry"]["standing"] == "baseline"
    assert one["topics"][0]["match"] is not None
    assert one["alerts"] == one["deliveries"] == []
    assert "a baseline notifies nobody" in told("explain", newsroom.page_of(OLD)).out


def test_explain_says_that_an_entry_came_late(told: Terminal, newsroom: Newsroom) -> None:  # trust: G15
    newsroom.feed("/rss", (LATE, 90 * DAY), (FIRST, DAY / 24), (OTHER, DAY / 24), (OLD, 40 * DAY))
    assert told("poll", "Herald", "--json").json() == {
        "polled": 1,
        "failed": 0,
        "new_entries": 1,
        "alerts": 0,
        "deliveries": 0,
    }
    one = explained(told, newsroom.page_of(LATE))
    assert one["entry"]["standing"] == "late"
    assert one["topics"][0]["match"] is not None
    [silence] = one["silences"]
    assert silence["subscriber"] is None
    assert silence["reason"].startswith("late: dated ")
    assert "not notified: late: dated" in told("explain", newsroom.page_of(LATE)).out


def test_explain_says_that_somebody_was_paused(run: Terminal, newsroom: Newsroom) -> None:  # trust: G15
    run("topic", "add", "Akims", "--query", QUERY)
    run("subscriber", "add", "Screen", "--channel", "console")
    run("subscriber", "pause", "Screen")
    run("feed", "add", newsroom.feed("/rss", (FIRST, DAY)), "--backfill", "7")
    one = explained(run, newsroom.page_of(FIRST))
    assert one["silences"] == [{"subscriber": "Screen", "code": "paused", "reason": "Screen is paused"}]
    assert one["deliveries"] == []


# -- packs


def test_a_pack_installed_twice_changes_nothing_the_second_time(run: Terminal) -> None:
    pack = read_pack(builtin_text("kazakhstan"), source="kazakhstan")
    said = run("pack", "install", "kazakhstan").err
    assert said == f"pack kazakhstan: {len(pack.feeds)} feeds added, {len(pack.topics)} topics added, 0 updated\n"
    before = run("topic", "list", "--json").json(), run("feed", "list", "--json").json()
    assert run("pack", "install", "kazakhstan").err == "pack kazakhstan: nothing to change\n"
    assert (run("topic", "list", "--json").json(), run("feed", "list", "--json").json()) == before
    assert {topic["pack"] for topic in before[0]} == {"kazakhstan"}


PACK = """
[pack]
slug = "desk"
name = "Desk"
version = {version}
[[feeds]]
name = "Herald"
url = "https://herald.example/rss"
[[topics]]
slug = "akims"
name = "Akims"
[topics.queries]
en = "akim NEAR/5 {word}"
"""


def pack_file(tmp_path: Path, version: int, word: str) -> str:
    path = tmp_path / "desk.toml"
    path.write_text(PACK.format(version=version, word=word))
    return str(path)


def test_a_new_version_of_a_pack_changes_what_nobody_edited(run: Terminal, tmp_path: Path) -> None:
    run("pack", "install", pack_file(tmp_path, 1, "elect*"))
    said = run("pack", "install", pack_file(tmp_path, 2, "vote*")).err
    assert said == "pack desk: 0 feeds added, 0 topics added, 1 updated\n"
    assert run("topic", "show", "akims", "--json").json()["queries"] == {"en": "akim NEAR/5 vote*"}
    assert run("pack", "install", pack_file(tmp_path, 2, "vote*")).err == "pack desk: nothing to change\n"


def test_a_topic_that_was_edited_is_kept(run: Terminal, tmp_path: Path) -> None:
    run("pack", "install", pack_file(tmp_path, 1, "elect*"))
    run("topic", "edit", "akims", "--query", "en=my own words")
    said = run("pack", "install", pack_file(tmp_path, 2, "vote*")).err
    assert "kept as you edited them: akims" in said
    assert run("topic", "show", "akims", "--json").json()["queries"] == {"en": "my own words"}


def test_a_topic_that_was_only_paused_stays_paused_and_is_brought_up_to_date(run: Terminal, tmp_path: Path) -> None:
    run("pack", "install", pack_file(tmp_path, 1, "elect*"))
    run("topic", "pause", "akims")
    run("pack", "install", pack_file(tmp_path, 2, "vote*"))
    shown = run("topic", "show", "akims", "--json").json()
    assert (shown["state"], shown["queries"]) == ("paused", {"en": "akim NEAR/5 vote*"})


def test_an_exported_pack_can_be_read_back_whole(run: Terminal, tmp_path: Path) -> None:
    run("pack", "install", "kazakhstan")
    run("topic", "add", "Own", "--query", 'kk=«сапа» "екі сөз"', "--description", 'line one\nline two \\ "q"')
    out = tmp_path / "mine.toml"
    run("pack", "export", "mine", "--name", "My desk", "--out", str(out))
    assert run("pack", "export", "mine", "--name", "My desk").out == out.read_text(encoding="utf-8")
    first = run("topic", "list", "--json").json(), run("feed", "list", "--json").json()
    run.use(tmp_path / "second.sqlite")
    run("pack", "install", str(out))
    second = run("topic", "list", "--json").json(), run("feed", "list", "--json").json()

    def essence_of(topics: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(t["slug"], t["name"], t["names"], t["kind"], t["description"], t["queries"]) for t in topics]

    assert essence_of(second[0]) == essence_of(first[0])
    assert [(f["url"], f["name"], f["kind"], f["language"]) for f in second[1]] == [
        (f["url"], f["name"], f["kind"], f["language"]) for f in first[1]
    ]


def test_chosen_topics_are_exported_alone(run: Terminal) -> None:
    run("topic", "add", "A", "--query", "en=aa")
    run("topic", "add", "B", "--query", "en=bb")
    pack = read_pack(run("pack", "export", "mine", "--topic", "b").out, source="mine")
    assert [topic.slug for topic in pack.topics] == ["b"]


def test_packs_are_listed_and_shown(run: Terminal) -> None:  # trust: G05
    [listed] = run("pack", "list", "--json").json()
    assert set(listed) == {"slug", "name", "version", "feeds", "topics"}
    shown = run("pack", "show", "kazakhstan", "--json").json()
    assert (len(shown["feeds"]), len(shown["topics"])) == (listed["feeds"], listed["topics"])
    assert "mayoral-elections" in run("pack", "show", "kazakhstan").out


HEAD = '[pack]\nslug = "p"\n'


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "",
        '[pack]\nslug = "Not A Slug"',
        HEAD + "[other]",
        HEAD + '[[feeds]]\nname = "n"',
        HEAD + '[[feeds]]\nurl = "file:///etc/passwd"',
        HEAD + '[[feeds]]\nurl = "https://a.example"\nkind = "odd"',
        HEAD + '[[feeds]]\nurl = "https://a.example"\nkindd = "agency"',
        HEAD + '[[topics]]\nslug = "a"',
        HEAD + '[[topics]]\nslug = "a"\n[topics.queries]\nde = "akim"',
        HEAD + '[[topics]]\nslug = "a"\nkind = "odd"\n[topics.queries]\nen = "akim"',
        '[pack]\nslug = "p"\nversion = "two"',
        'feeds = ["https://a.example"]\n' + HEAD,
        "feeds = 5\n" + HEAD,
        'topics = ["a"]\n' + HEAD,
        HEAD + '[[topics]]\nslug = "a"\nqueries = "akim"',
        HEAD + '[[topics]]\nslug = "a"\nnames = "A"\n[topics.queries]\nen = "akim"',
        HEAD + '[[feeds]]\nurl = "https://a.example"\nlanguage = ["en"]',
        HEAD + '[[feeds]]\nurl = "https://a.example"\nsite_url = 5',
    ],
)
def test_a_pack_that_cannot_be_used_is_refused_and_leaves_nothing(run: Terminal, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert str(path) in run.fails(2, "pack", "install", str(path))
    assert run("feed", "list", "--json").json() == run("topic", "list", "--json").json() == []


def test_a_pack_with_a_query_that_cannot_be_read_says_where_and_leaves_nothing(run: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        HEAD + '[[feeds]]\nurl = "https://a.example"\n[[topics]]\nslug = "a"\n[topics.queries]\nen = "(akim"'
    )
    ran = run.try_("pack", "install", str(path))
    assert ran.code == 2
    assert "topic 'a', en" in ran.err
    assert run("feed", "list", "--json").json() == run("topic", "list", "--json").json() == []
