"""Makes a database of this release, with rows of every kind, as SQL text for the tests of all later releases.

    PYTHONPATH=src:tests python tests/databases/make.py 0.1

writes ``tests/databases/0.1.sql``. It is run once at a release, before its version is tagged; a file of a release that
is out is never made anew. The program is driven from outside: its commands and its daemon as processes, feeds, hubs,
receivers and a mail server on loopback. Where days would have to pass, single columns are changed by SQL between two
commands. At the end addresses, host and tokens of this run are replaced by made-up ones.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

import reformwatch
from databases.kinds import missing_kinds
from databases.papers import (
    ARTICLE,
    BACKFILLED,
    COURIER,
    DIARIO,
    FULL_TEXT,
    PACK,
    TAN,
    VESTNIK,
    Paper,
    atom_link,
    days_ago,
    item,
    old_items,
    opml,
    sitemap,
    web_page,
)
from house import free_port, until
from hubs import Hub, call
from servers import Asked, HttpServer, RawServer, Wire, redirect, reply

FOLDER: Final = Path(__file__).parent
_MAX_BYTES: Final = 150_000
#: Addresses where nobody listens, on three hosts: where all of them fail, the fault is this machine's network.
_DEAD_HOSTS: Final = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
_DEAD: Final = [f"Unreachable {i}" for i in range(6)]

_CONFIG: Final = """
[database]
url = "sqlite:///{database}"
[http]
allow_private = ["127.0.0.0/8"]
per_host_gap_s = 0.0
[alerts]
burst_limit = 3
base_url = "http://127.0.0.1:{web}"
[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "alerts@watch.example"
[web]
listen = "127.0.0.1:{web}"
"""


class MailServer(RawServer):
    """Takes mails, but for two addresses: one is not known here (550), the other's mails are rejected (554)."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        super().__init__()

    def serve(self, wire: Wire) -> None:
        """One connection."""
        wire.send(b"220 mail.example ESMTP\r\n")
        recipient = b""
        while True:
            line = wire.read_until(b"\r\n")
            verb, said = line[:4].upper(), b"250 ok"
            if verb == b"RCPT":
                recipient = line
                said = b"550 5.1.1 no such user here" if b"moved.away@" in line else said
            elif verb == b"DATA":
                wire.send(b"354 go on\r\n")
                self.mails.append(wire.read_until(b"\r\n.\r\n"))
                said = b"554 5.7.0 message content rejected" if b"strict@" in recipient else said
            wire.send(said + b"\r\n")


def _held(wire: Wire, _asked: Asked) -> None:
    wire.wait_for_hangup()


def _slow(wire: Wire, _asked: Asked) -> None:
    """Answers when those who can't be reached have failed."""
    time.sleep(2)
    wire.send(reply(200, _SLOW.document("http://slow.example")))


_SLOW: Final = Paper(path="/slow.xml", title="Slow Letter", items=old_items("slow", {"Ice on the canal": 2}))


class World:
    """Servers on loopback, a folder with the configuration and the database, and the program's commands in it."""

    def __init__(self, folder: Path, servers: contextlib.ExitStack) -> None:
        self.folder, self.path = folder, folder / "reformwatch.sqlite"
        self.feeds, self.old, self.hooks, self.hubs = (servers.enter_context(HttpServer()) for _ in range(4))
        self.mail, self.web, self.dead = servers.enter_context(MailServer()), free_port(), free_port()
        self.hub = Hub(self.hubs)
        config = _CONFIG.format(database=self.path, web=self.web, smtp=self.mail.port)
        (folder / "config.toml").write_text(config, encoding="utf-8")

    # -- the program

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command; its standard output. Its exit code must be the expected one."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            self._command(*arguments), **self._told(), capture_output=True, text=True, check=False
        )
        if done.returncode != code:
            raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def daemon(self) -> Iterator[None]:
        """The daemon under way, until it is killed."""
        with (self.folder / "daemon.log").open("wb") as log:
            process = subprocess.Popen(self._command("run"), **self._told(), stdout=log, stderr=log)
            try:
                yield
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait(30)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "reformwatch", "--config", str(self.folder / "config.toml"), *arguments]

    def _told(self) -> dict[str, Any]:
        """Where a command runs: the program that this script imports; no setting reaches it but the folder's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REFORMWATCH_", "XDG_"))}
        own = {"HOME": str(self.folder), "NO_COLOR": "1", "PYTHONPATH": str(Path(reformwatch.__file__).parents[1])}
        return {"cwd": self.folder, "env": kept | own}

    # -- feeds

    def show(self, paper: Paper) -> str:
        """Let the server show a feed as it stands; its address."""
        document = paper.document(self.feeds.url("").rstrip("/"))
        return self.feeds.on(paper.path, reply(200, document, paper.headers))

    def add(self, paper: Paper, *options: str) -> None:
        """Add a feed."""
        self.run("feed", "add", self.show(paper), "--name", paper.title, *options)

    def publish(self, paper: Paper, *items: str) -> None:
        """Put new items into a feed, newest first, and poll it."""
        paper.items[:0] = items
        self.show(paper)
        self.run("poll", paper.title)

    # -- the database

    def sql(self, statement: str, *values: object) -> list[Any]:
        """What a statement finds; what it changes is written."""
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def hold_true(self, statement: str, *values: object) -> None:
        """Wait until a statement finds a row."""
        until(lambda: bool(self.sql(statement, *values)), what=statement, within_s=60)


def _text_of_time(days: float) -> str:
    """A time so many days back, as the database has it."""
    return f"{days_ago(days):%Y-%m-%d %H:%M:%S.%f}"


# -- the acts, in order


def begin(world: World) -> None:
    """The topics of a pack and of the operator's own, and one subscriber who follows one topic."""
    world.run("subscriber", "remove", "console", "--yes")
    world.add(COURIER, "--kind", "official")
    gazette = Paper(
        path="/gazette.xml", title="Velmora Gazette", items=old_items("gazette", {"Decrees of the week": 1})
    )
    (world.folder / "velmora.toml").write_text(PACK.format(feed=world.show(gazette)), encoding="utf-8")
    world.run("pack", "install", "velmora.toml")
    world.run("poll", "Velmora Gazette")
    trams = ("--query", "en=tram*", "--query", "es=tranvía", "--description", "Rails, lines and fares.")
    world.run("topic", "add", "Трамвай", "--slug", "trams", *trams)
    world.run("topic", "add", "Harbour", "--query", "en=harbour", "--kind", "programme")
    world.run("topic", "pause", "harbour")
    world.run("topic", "edit", "address", "--description", "Speeches, and what was done about them.")
    world.run("subscriber", "add", "Night desk", "--channel", "console", "--topic", "trams")
    vote = "The law on electing a mayor by all who live in a town was read for the first time."
    world.publish(
        COURIER,
        item("Law on electing mayors is read", link="https://courier.example/law", guid="law", days=0, text=vote),
    )
    # the same story again, and still nobody follows it
    world.publish(
        COURIER, item("How mayors would be elected", link="https://courier.example/law", guid="law-2", text=vote)
    )


def add_subscribers(world: World) -> None:
    """Readers on each kind of channel."""

    def add(name: str, *options: str) -> None:
        world.run("subscriber", "add", name, *options)

    add("Айгерім", "--email", "aigerim@reader.example", "--language", "kk", "--timezone", "Asia/Almaty")
    some = ("--topic", "dam", "--topic", "trams", "--mentions")
    add("Lucía", "--email", "lucia@reader.example", "--language", "es", "--timezone", "America/Lima", *some)
    add("Пётр", "--email", "moved.away@reader.example", "--language", "ru", "--topic", "mayors")
    add("Strict", "--email", "strict@reader.example", "--topic", "dam")
    add("Leaving", "--email", "leaving@reader.example", "--topic", "dam", "--topic", "mayors")
    add("On holiday", "--email", "holiday@reader.example", "--topic", "dam", "--topic", "bridges")
    for name, path in (("Desk", "/desk"), ("Busy", "/busy"), ("Closed", "/closed"), ("Held", "/held")):
        topics = ("--topic", "bridges") if name == "Held" else ("--topic", "mayors", "--topic", "bridges")
        add(name, "--webhook", world.hooks.on(path, reply(200)), *topics)
    world.hooks.on("/pager", reply(200))
    add("Pager", "--channel", f"json://127.0.0.1:{world.hooks.port}/pager", "--topic", "mayors")


def add_feeds(world: World) -> None:
    """Feeds of each kind of source, with each option."""
    world.add(VESTNIK, "--kind", "agency", "--language", "ru")
    world.add(TAN, "--kind", "independent", "--interval", "30m")
    world.add(DIARIO, "--kind", "foreign")
    world.add(FULL_TEXT, "--full-text")
    world.add(BACKFILLED, "--backfill", "30")
    pages = {"https://now.example/ferry": ("The ferry runs again", 1.0), "https://now.example/fog": ("Fog", 2.0)}
    address = world.feeds.on("/news-sitemap.xml", reply(200, sitemap(pages)))
    world.run("feed", "add", address, "--sitemap", "--name", "Velmora Now")
    address = world.feeds.on("/avisos", reply(200, web_page({"Corte de agua en la calle Mayor": 3.0})))
    world.run("feed", "add", address, "--page", "--item", "li.note", "--name", "Avisos")


def tell_news(world: World) -> None:
    """News in four languages, with each reason why somebody is not told."""
    page = "https://courier.example/vote"
    both = "The inquiry into the dam and the vote for a mayor share one day."
    world.publish(
        COURIER,
        item("Mayor to be elected on the day of the dam inquiry", link=page, guid="vote", days=0.01, text=both),
        item("Inquiry into the dam: the first report", link="https://courier.example/old", guid="old", days=40),
        item(  # what only a later sentence says is a mention
            "Rain over the valley",
            link="https://courier.example/rain",
            guid="rain",
            text="It rained for a week. The inquiry into the dam met all the same.",
        ),
        item("Tram line reaches the river", guid="tram", days=0.02),  # no page: the headline alone names the story
        item("Mayors elected", link="https://courier.example/short", days=0.02),  # too short: the page alone does
        item("Council meets", link="https://courier.example/council", guid="council", days=0.03),
        item("No address, and no day"),
        item("A page of its own kind", link="https://courier.example/other", guid="other", text="One.", more=_EXTRAS),
    )
    world.publish(VESTNIK, item("Выборы мэра совпали с расследованием", link=page, guid="v-1", days=0.01, text="Мэр."))
    world.publish(VESTNIK, item("Мэр Вельморы: выборы пройдут весной", link="https://vestnik.example/2", guid="v-2"))
    world.publish(TAN, item("Әкім сайлауы көктемде өтеді", link="https://tan.example/2", guid="t-2", days=0.01))
    # the same story once more, with a topic of somebody who has not heard of it
    world.publish(TAN, item("Әкім сайлауы мен көпір бір күнде", link=page, guid="t-3", days=0.01))
    world.publish(DIARIO, item("La elección del alcalde será en mayo", link="https://diario.example/2", guid="d-2"))
    market = world.feeds.on("/text/market", reply(200, ARTICLE.encode(), {"Content-Type": "text/html"}))
    world.publish(FULL_TEXT, item("The winter market opens", link=market, guid="m-2", days=0.01, text="Forty stalls."))


_EXTRAS: Final = (
    "<dc:creator>A. Reporter</dc:creator><category>town</category><category>culture</category>"
    "<content:encoded>&lt;p&gt;Two paragraphs.&lt;/p&gt;&lt;p&gt;And a third one.&lt;/p&gt;</content:encoded>"
)


def edit_entries(world: World) -> None:
    """Entries that were edited: one matches only now, one did before; and a guid that was used twice."""
    by_link = {"council": "Council meets to elect a mayor", "tram": "Tram line reaches the river at last"}
    COURIER.items = [one for one in COURIER.items if not any(f">{guid}</guid>" in one for guid in by_link)]
    edited = item(by_link["council"], link="https://courier.example/council", guid="council", days=0.03)
    reused = item("Another page, the old guid", link="https://courier.example/another", guid="other", days=0.01)
    COURIER.items = [one for one in COURIER.items if ">other</guid>" not in one]
    world.publish(COURIER, edited, item(by_link["tram"], guid="tram", days=0.02), reused)


def burst(world: World) -> None:
    """More stories of one feed at once than are told one by one."""
    places = ("the mill", "the old market", "the lower ferry", "the hospital", "the north gate")
    world.publish(
        COURIER,
        *(
            item(f"Bridge at {place} is begun", link=f"https://courier.example/bridge-{i}", guid=f"b-{i}", days=0.01)
            for i, place in enumerate(places)
        ),
    )


def deliver(world: World) -> None:
    """Deliveries that are taken, refused, rejected, put off, and given up."""
    world.hooks.on("/busy", reply(503, b"overloaded"))
    world.hooks.on("/closed", reply(410, b"this receiver is closed"))
    world.run("deliver")
    world.run("subscriber", "pause", "On holiday")
    # the hours until the next attempt have passed
    world.sql("UPDATE deliveries SET next_attempt_at = ? WHERE state = 'pending'", _text_of_time(0.01))
    world.hooks.on("/busy", reply(200))
    world.run("deliver")
    number = world.sql("SELECT id FROM deliveries WHERE last_error LIKE '%answered 554%' ORDER BY id LIMIT 1")[0][0]
    world.run("delivery", "retry", str(number))
    world.run("deliver")
    world.run("subscriber", "test", "Night desk")


def give_up(world: World) -> None:
    """Deliveries that were tried ten times, and others that closed when their subscriber was paused."""
    world.hooks.on("/busy", reply(503, b"overloaded"))
    world.run("subscriber", "resume", "On holiday")
    text = "The bridge at the weir opens, says the mayor who is to be elected again."
    world.publish(
        COURIER,
        item(
            "Bridge at the weir opens to carts", link="https://courier.example/weir", guid="weir", days=0.01, text=text
        ),
        item("Mayor elected in the upper town", link="https://courier.example/upper", guid="upper", days=0.01),
    )
    world.run("subscriber", "pause", "On holiday")
    world.run("deliver")
    # nine attempts and three days have passed
    waiting = "state = 'pending' AND last_error IS NOT NULL"
    world.sql(f"UPDATE deliveries SET attempts = 9, next_attempt_at = ? WHERE {waiting}", _text_of_time(0.01))  # noqa: S608 - written above
    world.run("deliver")
    world.publish(COURIER, item("Bridge for the goats is planned", link="https://courier.example/goats", guid="goats"))


def fail(world: World) -> None:
    """Feeds that fail: for long, no more, for ever, since they moved, and since they answer with something else."""
    papers = {
        name: Paper(path=f"/{name.split()[0].lower()}.xml", title=name, items=old_items(name[:4].lower(), {name: 2}))
        for name in ("Failing Star", "Returning Star", "Gone Star", "Changed Star", "Paused Star")
    }
    for paper in papers.values():
        world.add(paper)
    world.run("feed", "pause", "Paused Star")
    world.feeds.on("/gone.xml", reply(410))
    world.feeds.on("/changed.xml", reply(200, b"<!doctype html><title>Soon back</title><p>Please wait.</p>"))
    for name, status in (("Failing", 404), ("Returning", 500)):
        world.feeds.on(f"/{name.lower()}.xml", reply(status))
    world.run("poll", "Gone Star", "Changed Star", "Failing Star", "Returning Star")
    # two days have passed
    since = "UPDATE feeds SET failing_since = ? WHERE name IN ('Failing Star', 'Returning Star')"
    world.sql(since, _text_of_time(2))
    world.run("poll", "Failing Star", "Returning Star")
    world.show(papers["Returning Star"])
    world.run("poll", "Returning Star")


def move(world: World) -> None:
    """Feeds that moved for good: one to a new address, one to where another feed is."""
    for name, path, target in (
        ("Travelling Star", "/travelling.xml", "/travelled.xml"),
        ("Doubled Star", "/doubled.xml", COURIER.path),
    ):
        paper = Paper(path=path, title=name, items=old_items(name[:4].lower(), {name: 2}))
        world.run("feed", "add", world.old.on(path, reply(200, paper.document("http://old.example"))), "--name", name)
        if target != COURIER.path:
            paper.path = target
            world.show(paper)
        world.old.on(path, redirect(301, world.feeds.url(target)))
    world.run("poll", "Travelling Star", "Doubled Star")


def lose_network(world: World) -> None:
    """Nothing can be reached, and then something can; later one feed alone can't be reached."""
    urls = {
        name: f"http://{_DEAD_HOSTS[i % 3]}:{world.dead}/{i}.xml" for i, name in enumerate(_DEAD)
    } | {_SLOW.title: world.feeds.on(_SLOW.path, _slow)}  # fmt: skip
    (world.folder / "dead.opml").write_text(opml(urls), encoding="utf-8")
    world.run("feed", "import", "dead.opml")
    world.run("poll", *urls)
    for name in _DEAD[1:]:
        world.run("feed", "remove", name, "--yes")
    world.run("poll", _DEAD[0])
    world.show(_SLOW)


def turn_over(world: World) -> None:
    """Feeds all of whose entries changed between two polls: one keeps older pages, the other does not."""
    open_gap = Paper(path="/ticker.xml", title="Ticker", items=old_items("ticker", {"Weather for today": 3}))
    filled = Paper(path="/archive.xml", title="Archive", items=old_items("archive", {"The first of its notes": 3}))
    for paper in (open_gap, filled):
        world.add(paper)
    between = item("A note between two polls", link="https://archive.example/between", guid="between", days=1)
    older = Paper(path="/archive-1.xml", title="Archive", items=[between, *filled.items])
    filled.head = atom_link("prev-archive", world.show(older))
    filled.items = [item("The newest of its notes", link="https://archive.example/new", guid="new", days=0.01)]
    open_gap.items = [item("Weather for tomorrow", link="https://ticker.example/new", guid="new", days=0.01)]
    for paper in (open_gap, filled):
        world.publish(paper)


# -- the daemon


def hub_paper(world: World, name: str, *, hub: str) -> Paper:
    """A feed that names a hub."""
    paper = Paper(
        path=f"/hub-{name.lower()}.xml", title=f"{name} Wire", items=old_items(name.lower(), {f"{name}: on": 2})
    )
    paper.head = atom_link("hub", hub) + atom_link("self", world.feeds.url(paper.path))
    world.add(paper)
    return paper


def run_daemon(world: World) -> None:
    """Subscriptions at hubs in each state; a reader unsubscribes; the daemon dies amid a poll and a sending."""
    deaf = world.hubs.on("/deaf", reply(503))
    papers = {name: hub_paper(world, name, hub=world.hub.url) for name in ("Pushed", "Denied", "Resting", "Parted")}
    hub_paper(world, "Deaf", hub=deaf)
    held = Paper(path="/held.xml", title="Held Star", items=old_items("held", {"Held Star": 2}))
    world.add(held)
    world.feeds.on(held.path, _held)
    # an hour has passed
    world.sql("UPDATE feeds SET next_poll_at = ? WHERE name = ?", _text_of_time(0.01), held.title)
    with world.daemon():
        _meet_hubs(world, papers)
        _unsubscribe(world)
        world.hold_true("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND attempts = 0)")
        world.hooks.on("/held", _held)
        before = len(world.hooks.asked)
        pushed = papers["Pushed"]
        news = item("A bridge of ropes is opened", link="https://pushed.example/ropes", guid="ropes", days=0.01)
        pushed.items.insert(0, news)
        request = _requests(world)[world.feeds.url(pushed.path)]
        world.hub.push(request, pushed.document(world.feeds.url("").rstrip("/")))
        world.hold_true("SELECT 1 FROM websub WHERE pushed_at IS NOT NULL")
        until(lambda: b"/held" in [one.target for one in world.hooks.asked[before:]], what="the webhook is asked")
        world.hold_true("SELECT 1 FROM feeds WHERE name = ? AND lease_token IS NOT NULL", held.title)
        # all others are settled
        world.hold_true("SELECT 1 WHERE (SELECT count(*) FROM deliveries WHERE lease_token IS NOT NULL) = 1")
        world.hold_true("SELECT 1 FROM daemons")


def _requests(world: World) -> dict[str, dict[str, str]]:
    """What the hub was asked last, by the address of the feed."""
    return {request["hub.topic"]: request for request in list(world.hub.requests)}


def _meet_hubs(world: World, papers: dict[str, Paper]) -> None:
    """The hub asks back about each feed, and refuses one; another feed is paused, so its hub is asked to let go."""
    until(lambda: len(_requests(world)) == len(papers), what="the hub is asked")
    world.hold_true("SELECT 1 FROM websub WHERE problem IS NOT NULL")  # the deaf one
    for name, paper in papers.items():
        request = _requests(world)[world.feeds.url(paper.path)]
        refusal: dict[str, str | None] = {"mode": "denied", "reason": "no feeds of this kind"}
        world.hub.verify(request, **(refusal if name == "Denied" else {}))
    world.run("feed", "pause", papers["Resting"].title)
    topic = world.feeds.url(papers["Resting"].path)
    until(lambda: _requests(world)[topic]["hub.mode"] == "unsubscribe", what="the hub is asked to let go")


def _unsubscribe(world: World) -> None:
    """A reader follows the link of a mail."""
    mail = next(mail for mail in world.mail.mails if b"leaving@reader.example" in mail)
    link = str(message_from_bytes(mail)["List-Unsubscribe"]).strip("<>")
    said = call("POST", link, b"List-Unsubscribe=One-Click")
    if said.status != 200:
        raise SystemExit(f"{link}: answered {said.status}")


def end(world: World) -> None:
    """What nobody delivers or reads any more: news that wait, a dead letter that is due again, a feed not read yet."""
    world.run("feed", "remove", "Parted Wire", "--yes")
    hub_paper(world, "Wanted", hub=world.hub.url)
    world.publish(COURIER, item("Mayor elected by lot", link="https://courier.example/lot", guid="lot", days=0.01))
    number = world.sql("SELECT min(id) FROM deliveries WHERE closed = 'given_up'")[0][0]
    world.run("delivery", "retry", str(number))
    (world.folder / "unread.opml").write_text(opml({"Ещё не читано": "https://unread.example/feed"}), encoding="utf-8")
    world.run("feed", "import", "unread.opml")
    world.run("db", "check")


ACTS: Final = (
    begin, add_subscribers, add_feeds, tell_news, edit_entries, burst, deliver, fail, move, lose_network, turn_over,
    give_up, run_daemon, end,
)  # fmt: skip


# -- what is written


def _addresses(world: World) -> dict[str, str]:
    """Addresses of this run, with those that stand in the file instead."""
    ports = {world.feeds.port: "feeds", world.old.port: "old", world.hooks.port: "hook", world.hubs.port: "hub"}
    ports |= {world.mail.port: "mail", world.web: "watch"}
    names = {f"127.0.0.1:{port}": f"{name}.example" for port, name in ports.items()}
    names['"host":"127.0.0.1"'] = '"host":"hub.example"'  # in a hub's problem, without its port
    return names | {f"{host}:{world.dead}": f"dead-{i}.example" for i, host in enumerate(_DEAD_HOSTS)}


def _tokens(world: World) -> dict[str, str]:
    """Tokens, ids and secrets of this run, with made-up ones of the same form, counted."""
    found = [
        token
        for statement in (
            "SELECT message_id FROM deliveries ORDER BY id",
            "SELECT unsubscribe_token FROM subscribers ORDER BY id",
            "SELECT secret FROM subscribers WHERE secret IS NOT NULL ORDER BY id",
            "SELECT token FROM websub ORDER BY feed_id",
            "SELECT secret FROM websub ORDER BY feed_id",
            "SELECT json_extract(value, '$.token') FROM meta WHERE key LIKE 'websub.parting.%' ORDER BY value",
            "SELECT lease_token FROM feeds WHERE lease_token IS NOT NULL ORDER BY id",
            "SELECT lease_token FROM deliveries WHERE lease_token IS NOT NULL ORDER BY id",
        )
        for (token,) in world.sql(statement)
    ]
    return {token: _made_up(token, number) for number, token in enumerate(found, 1)}


def _made_up(token: str, number: int) -> str:
    """A token of the same form that was never in use."""
    if token.startswith("whsec_"):
        size = len(base64.b64decode(token.removeprefix("whsec_")))
        digest = hashlib.sha512(f"made up for the tests, {number}".encode()).digest()
        return f"whsec_{base64.b64encode(digest[:size]).decode()}"
    mark = max(token.rfind("_"), token.rfind(":")) + 1
    return f"{token[:mark]}{number:0{len(token) - mark}x}"


def dump(world: World) -> str:
    """The database as SQL text, without anything of this machine."""
    # the host and the process are this machine's
    world.sql("UPDATE daemons SET name = 'watch.example:4711', host = 'watch.example', pid = 4711")
    with closing(sqlite3.connect(world.path)) as connection:
        if missing := missing_kinds(connection):
            raise SystemExit("not every kind is there:\n" + "\n".join(missing))
        text = "\n".join(connection.iterdump()) + "\n"
    for own, made_up in {**_addresses(world), **_tokens(world)}.items():
        text = re.sub(rf"{re.escape(own)}(?![0-9a-f])", made_up, text)
    traces = (r"127\.0\.0\.", re.escape(str(world.folder)), rf"\b{re.escape(socket.gethostname())}\b")
    if left := re.findall(f".*(?:{'|'.join(traces)}).*", text):
        raise SystemExit("something of this machine is left:\n" + "\n".join(left))
    return text


def make(name: str) -> None:
    """Make the database, and write it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reformwatch-") as folder, contextlib.ExitStack() as servers:
        world = World(Path(folder), servers)
        for act in ACTS:
            act(world)
        text, rows = dump(world), _counts(world)
    if len(text.encode()) > _MAX_BYTES:
        raise SystemExit(f"{len(text.encode()):,} bytes are too many, {_MAX_BYTES:,} are allowed")
    path = FOLDER / f"{name}.sql"
    path.write_bytes(text.encode())
    took = timedelta(seconds=round(time.monotonic() - began))
    sys.stdout.write(f"{path.name}: {len(text.encode()):,} bytes in {took}; rows: {json.dumps(rows)}\n")


def _counts(world: World) -> dict[str, int]:
    tables = [name for (name,) in world.sql("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: world.sql(f"SELECT count(*) FROM {name}")[0][0] for name in tables}  # noqa: S608 - its own names


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes a database of this release for the tests.")
    parser.add_argument("name", help="the release, such as 0.1; the file is called after it")
    make(parser.parse_args().name)
