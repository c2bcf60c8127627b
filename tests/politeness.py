"""A world of feeds on loopback whose time is virtual, read by the program's own poller over real sockets.

Every site is a host name of its own; all names lead to one server, which keeps a record of each visit: what was asked,
what was answered, which validators the visitor should have held, and when its own record said that the feed was due.
The rules that are judged by that record stand in :mod:`politeness_rules`.
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpcore
import sqlalchemy as sa

from conftest import NOW as START
from reformwatch.model.feed import Feed, FeedState, NewFeed, Notice
from reformwatch.model.plan import PollPlan
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.pipeline.checkpoints import Hook, no_hook
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.planning.schedule import after_deaths
from reformwatch.settings import build_settings
from reformwatch.store import Store, hosts
from reformwatch.store.feeds import add_feed, list_feeds, release_all_of
from reformwatch.store.notices import notices_since
from reformwatch.store.tables import feeds
from reformwatch.wiring.basics import user_agent
from reformwatch.wiring.polling import build_poller
from servers import LOOPBACK, Asked, RawServer, Wire

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONTACT = "https://example.org/contact"
OWNER = "daemon"
_PUBLIC = "93.184.216.34"
_SYNDICATION = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'

Headers = tuple[tuple[str, str], ...]
#: ETag and Last-Modified as their bytes; None where there is none.
Pair = tuple[bytes | None, bytes | None]
#: The two of an edition, at an age of the world.
Stamps = Callable[[int, timedelta], tuple[str | None, str | None]]


# --- what a site says -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply. ``wish``: for how long it asks to be left in peace, and ``by`` what.

    ``edition`` counts the entries that ever were; it is 0 in a reply that is not a feed.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    wish: timedelta | None = None
    by: str = ""
    edition: int = 0

    @property
    def is_feed(self) -> bool:
        """Whether it brings a document whose validators count."""
        return self.status == 200 and self.edition > 0

    @property
    def is_redirect(self) -> bool:
        """Whether the answer is elsewhere."""
        return self.status in {301, 302, 303, 307, 308}

    @property
    def is_error(self) -> bool:
        """Whether it is neither a feed nor the way to one."""
        return not self.is_redirect and self.status != 304 and not self.is_feed

    def header(self, name: str) -> bytes | None:
        """A header's bytes."""
        return next((value.encode("latin-1") for key, value in self.headers if key == name), None)

    def as_bytes(self) -> bytes:
        """The reply on the wire."""
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{name}: {value}" for name, value in self.headers)]
        if self.status != 304:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A time in which a site does not behave as usual."""

    begins: timedelta = timedelta()
    ends: timedelta = timedelta(days=10_000)
    answer: Callable[[timedelta], Answer]


def http_time(moment: datetime) -> str:
    """A date of HTTP."""
    return format_datetime(moment, usegmt=True)


def no_stamps(_edition: int, _age: timedelta) -> tuple[None, None]:
    """Neither ETag nor Last-Modified."""
    return None, None


def no_headers(_age: timedelta) -> Headers:
    """Nothing beside the validators."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Site:
    """A host with one feed.

    ``news``: at which ages of the world an entry appears; ten older ones are there from the beginning, ``every`` so
    long, without dates where that is None. The document shows the newest ``window`` entries. ``also`` are headers of a
    200, ``also_304`` of a 304. Sites of one ``family`` are one feed: the others are where its redirects lead.
    """

    host: str
    family: str = ""
    path: str = "/feed.xml"
    user: str = ""
    is_added: bool = True
    news: tuple[timedelta, ...] = (2.2 * DAY, 9.6 * DAY)
    window: int = 20
    every: timedelta | None = 12 * HOUR
    channel: str = ""
    stamps: Stamps = no_stamps
    is_deaf: bool = False  # answers 200 whatever it is asked
    noise: bool = False  # its bytes differ each time
    also: Callable[[timedelta], Headers] = no_headers
    also_304: Callable[[timedelta], Headers] = no_headers
    wish: timedelta | None = None
    wish_304: timedelta | None = None  # where that of a 304 is another
    by: str = ""
    leave: timedelta | None = None  # the owner lets a reader come this often
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    episodes: tuple[Episode, ...] = ()
    ends_at: str = ""  # the host where the stored address must be in the end, where that is another
    trouble: str = ""  # what the operator must be told at the end
    is_lost: bool = False  # its later news can't be found with good politeness
    turns_over: bool = False  # robots.txt may be asked for, to look for what was missed

    @property
    def name(self) -> str:
        """The feed's name."""
        return self.family or self.host

    @property
    def address(self) -> str:
        """What is stored of it."""
        return f"http://{self.user}{self.host}.example{self.path}"

    def answer(self, asked: Asked, age: timedelta) -> Answer:
        """What it says at an age of the world."""
        for episode in self.episodes:
            if episode.begins <= age < episode.ends:
                return episode.answer(age)
        return self._usual(asked, age)

    def titles(self, age: timedelta) -> list[str]:
        """The entries that appeared so far, the oldest first."""
        count = 10 + sum(at <= age for at in self.news)
        return [f"News number {number} of {self.name}" for number in range(count)]

    def _usual(self, asked: Asked, age: timedelta) -> Answer:
        edition = len(self.titles(age))
        etag, modified = self.stamps(edition, age)
        stamps = tuple((name, v) for name, v in (("ETag", etag), ("Last-Modified", modified)) if v is not None)
        if not self.is_deaf and _is_known(asked, etag, modified):
            headers, wish = (*self.also_304(age), *stamps), self.wish_304 or self.wish
            return Answer(status=304, headers=headers, wish=wish, by=self.by)
        headers = (*stamps, *self.also(age))
        body = self.document(age)
        return Answer(headers=headers, body=body, edition=edition, wish=self.wish, by=self.by)

    def document(self, age: timedelta) -> bytes:
        """The feed as RSS."""
        titles = self.titles(age)
        items = [self._item(number, title) for number, title in enumerate(titles)][-self.window :]
        noise = f"<!-- {age} -->" if self.noise else ""
        inside = f"<title>{self.name}</title>{self.channel}{''.join(reversed(items))}"
        return (
            f'<?xml version="1.0"?><rss version="2.0" {_SYNDICATION}>{noise}<channel>{inside}</channel></rss>'.encode()
        )

    def _item(self, number: int, title: str) -> str:
        name = f"{self.name}-{number}"
        when = ""
        if self.every is not None:
            age = self.news[number - 10] if number >= 10 else -self.every * (10 - number)
            when = f"<pubDate>{http_time(START + age)}</pubDate>"
        link = f"<link>http://pages.example/{name}</link>"
        return f"<item><title>{title}</title><guid>{name}</guid>{link}{when}</item>"


def _is_known(asked: Asked, etag: str | None, modified: str | None) -> bool:
    """RFC 9110, 13.2.2: If-None-Match speaks, else If-Modified-Since; here both by their bytes."""
    held = asked.headers.get(b"if-none-match"), asked.headers.get(b"if-modified-since")
    if held[0] is not None and etag is not None:
        return held[0] == etag.encode("latin-1")
    return held[1] is not None and modified is not None and held[1] == modified.encode("latin-1")


# --- the server and its record ----------------------------------------------------------------------------------------


class Clock:
    """Time, as it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    @property
    def age(self) -> timedelta:
        """How old the world is."""
        return self.now - START


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request that arrived, and what it got.

    ``held``: the validators of the feed's last 200, which the visitor should send; None where there was none.
    ``due``: what the visitor's own record said before.
    """

    at: datetime
    site: Site
    asked: Asked
    answer: Answer
    held: Pair | None
    due: datetime

    @property
    def sent(self) -> Pair:
        """The validators that came."""
        headers = self.asked.headers
        return headers.get(b"if-none-match"), headers.get(b"if-modified-since")

    @property
    def is_of_feed(self) -> bool:
        """Whether the feed's own address was asked for, not a page beside it."""
        return self.asked.target.decode("latin-1") == self.site.path

    def __str__(self) -> str:
        told = f"{self.site.host}{self.asked.target.decode('latin-1')} at {self.at - START} -> {self.answer.status}"
        return f"{told} (sent {self.sent}, should hold {self.held}, due at {self.due - START})"


class PolitenessServer(RawServer):
    """Answers for all sites, by the host's name, and remembers the visits."""

    def __init__(self, sites: Iterable[Site], clock: Clock) -> None:
        self._sites = {f"{site.host}.example".encode(): site for site in sites}
        self._clock = clock
        self._held: dict[str, Pair] = {}
        self._recording = threading.Lock()
        self.due: Mapping[str, datetime] = {}
        self.visits: list[Visit] = []
        self.strays: list[Asked] = []
        super().__init__()

    def serve(self, wire: Wire) -> None:
        """One request, one reply."""
        asked = Asked(raw=wire.read_until(b"\r\n\r\n"), body=b"", is_tls=False)
        with self._recording:
            answer = self._answer(asked)
        wire.send(answer.as_bytes())

    def _answer(self, asked: Asked) -> Answer:
        site = self._sites.get(asked.headers[b"host"])
        if site is None:
            self.strays.append(asked)
            return Answer(status=404)
        is_of_feed = asked.target.decode("latin-1") == site.path
        answer = site.answer(asked, self._clock.age) if is_of_feed else Answer(status=404)
        due = self.due.get(site.name, START)
        held = self._held.get(site.name)
        self.visits.append(Visit(at=self._clock.now, site=site, asked=asked, answer=answer, held=held, due=due))
        if answer.is_feed:
            self._held[site.name] = (answer.header("ETag") or None, answer.header("Last-Modified") or None)
        return answer


class Network(httpcore.NetworkBackend):
    """Every name is one public address, and that is the server; it may be cut, or its names be lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._real = httpcore.SyncBackend()
        self.is_cut = self.has_no_names = False
        self.refused = 0

    def resolve(self, _host: str, _port: int) -> list[str]:
        """The resolver."""
        if self.has_no_names:
            self.refused += 1
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure in name resolution")
        return [_PUBLIC]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The dialler."""
        if self.is_cut:
            self.refused += 1
            raise httpcore.ConnectError("network is unreachable")
        return self._real.connect_tcp(LOOPBACK, self._port, timeout, local_address, None)


# --- the world --------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Record:
    """All that is judged: the visits, the plans that followed, and what the operator sees in the end."""

    step: timedelta
    sites: Sequence[Site]
    visits: list[Visit] = field(default_factory=list)
    strays: list[Asked] = field(default_factory=list)
    plans: list[tuple[str, PollPlan]] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    ended: timedelta = timedelta()

    @property
    def added(self) -> list[Site]:
        """The sites whose address was stored."""
        return [site for site in self.sites if site.is_added]

    def of(self, name: str) -> list[Visit]:
        """The visits to a feed, wherever it led, in order."""
        return [visit for visit in self.visits if visit.site.name == name]

    def ends_of(self, name: str) -> list[Visit]:
        """The same without redirects and pages beside the feed: one for each poll."""
        return [visit for visit in self.of(name) if not visit.answer.is_redirect and visit.is_of_feed]

    def titles(self, name: str) -> set[str]:
        """The entries that were stored of a feed."""
        return {new.entry.title for feed, plan in self.plans if feed == name for new in plan.entries}


class World:
    """Sites, a clock that is set, and a poller of the real parts: store, client, parser processes."""

    def __init__(self, sites: Sequence[Site], *, database: Path, parser: ParserPool, step: timedelta) -> None:
        self.clock = Clock(START)
        self.server = PolitenessServer(sites, self.clock)
        self.network = Network(self.server.port)
        self.record = Record(step=step, sites=sites, visits=self.server.visits, strays=self.server.strays)
        self._parser, self._step, self._url = parser, step, f"sqlite:///{database}"
        self.settings = build_settings({
            "database": {"url": self._url},
            "http": {"contact": CONTACT, "workers": 8, "per_host_gap_s": 0},
        })  # fmt: skip
        self._start()
        with self.store.write() as tx:
            for site in self.record.added:
                add_feed(tx, NewFeed(url=site.address, name=site.name), now=START)

    #: Called at each checkpoint of a poll; a test may set another.
    hook: Hook = staticmethod(no_hook)

    def _start(self) -> None:
        self.store = Store(self._url)
        with self.store.write() as tx:
            release_all_of(tx, OWNER, next_after=partial(after_deaths, now=self.clock.now))
            hosts.release_all_of(tx, OWNER, rest_until=self.clock.now)
        self.client = HttpClient(
            user_agent=user_agent(self.settings),
            policy=AddressPolicy(self.settings.http.allow_private),
            resolver=self.network.resolve,
            dialler=self.network,
        )
        self.poller = build_poller(
            self.settings,
            self.store,
            self.client,
            self._parser,
            owner=OWNER,
            on_polled=self._note,
            clock=self.clock,
            hook=lambda checkpoint: self.hook(checkpoint),
        )

    def restart(self) -> None:
        """A new process on the same database."""
        self._stop()
        self._start()

    def _stop(self) -> None:
        self.client.close()
        self.store.close()

    def close(self) -> None:
        """End the server, too."""
        self._stop()
        self.server.close()

    def _note(self, feed: Feed, plan: PollPlan) -> None:
        self.record.plans.append((feed.name, plan))

    def due(self) -> dict[str, datetime]:
        """When each active feed is due, as the database has it."""
        is_active = feeds.c.state == FeedState.ACTIVE.value
        with self.store.read() as tx:
            rows = tx.execute(sa.select(feeds.c.name, feeds.c.next_poll_at).where(is_active))
            return {row.name: row.next_poll_at for row in rows}

    def poll(self, due: Mapping[str, datetime] | None = None) -> None:
        """One tick of the daemon."""
        self.server.due = self.due() if due is None else due
        self.poller.poll_due()

    def run(self, *, until: timedelta) -> None:
        """Go from one due time to the next, in whole steps."""
        end, earliest = START + until, self.clock.now
        while (at := self._whole_step(max(earliest, min((due := self.due()).values(), default=end)))) < end:
            self.clock.now = at
            self.poll(due)
            earliest = at + self._step
        self.clock.now = end

    def _whole_step(self, moment: datetime) -> datetime:
        """The first tick that is not before a moment."""
        return START - (START - moment) // self._step * self._step

    def finish(self) -> Record:
        """The record, with what the operator sees now."""
        with self.store.read() as tx:
            self.record.feeds = {feed.name: feed for feed in list_feeds(tx)}
            self.record.notices = notices_since(tx, START, limit=10_000)
        self.record.ended = self.clock.age
        return self.record


@contextmanager
def open_world(
    sites: Sequence[Site], *, database: Path, parser: ParserPool, step: timedelta = timedelta(minutes=20)
) -> Iterator[World]:
    """A world, closed at the end."""
    world = World(sites, database=database, parser=parser, step=step)
    try:
        yield world
    finally:
        world.close()
