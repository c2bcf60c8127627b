"""Many hosts on loopback, read by the poller as it is wired, with a record of who was asked when, how many at once."""

import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpcore

from reformwatch.model.feed import Feed, NewFeed
from reformwatch.model.plan import PollPlan
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import Poller
from reformwatch.settings import build_settings
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed
from reformwatch.wiring.basics import user_agent, utc_now
from reformwatch.wiring.polling import build_poller
from servers import LOOPBACK, Asked, RawServer, Wire, reply

ITEM = b"<item><title>A piece of news</title><guid>1</guid></item>"
RSS = b'<rss version="2.0"><channel><title>F</title>' + ITEM + b"</channel></rss>"
#: An address that no one answers at, and one for everybody else.
DEAD, ALIVE = "93.184.216.35", "93.184.216.34"
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Served:
    """A request: to which host, from when until when."""

    host: str
    began: float
    ended: float


class Crowd(RawServer):
    """All hosts of the world on one port: each says a small feed, but for those that behave otherwise.

    Nobody is answered before ``at_least`` requests were under way at once, nor a host in ``held`` before its event.
    """

    def __init__(
        self,
        otherwise: dict[str, Callable[[Wire], None]] | None = None,
        *,
        held: dict[str, threading.Event] | None = None,
        at_least: int = 1,
    ) -> None:
        self._otherwise, self._held, self._at_least = otherwise or {}, held or {}, at_least
        self._are_enough = threading.Event()
        self._counting = threading.Lock()
        self._busy: Counter[str] = Counter()
        self.most_at_once = 0
        self.most_of_a_host: Counter[str] = Counter()
        self.served: list[Served] = []
        super().__init__()

    def serve(self, wire: Wire) -> None:
        asked = Asked(raw=wire.read_until(b"\r\n\r\n"), body=b"", is_tls=False)
        host, began = asked.headers[b"host"].decode(), time.monotonic()
        with self._counting:
            self._busy[host] += 1
            self.most_at_once = max(self.most_at_once, self._busy.total())
            self.most_of_a_host[host] = max(self.most_of_a_host[host], self._busy[host])
            if self.most_at_once >= self._at_least:
                self._are_enough.set()
        otherwise = self._otherwise.get(host)
        try:
            if otherwise is not None:
                otherwise(wire)
            else:
                self._hold(host)
        finally:  # before the last word: whoever hears it may ask the next before this thread goes on
            with self._counting:
                self._busy[host] -= 1
                self.served.append(Served(host, began, time.monotonic()))
        if otherwise is None:
            wire.send(reply(200, RSS, {"ETag": '"1"'}))

    def _hold(self, host: str) -> None:
        self._are_enough.wait(PATIENCE_S)
        if host in self._held:
            self._held[host].wait(PATIENCE_S)
        time.sleep(0.002)  # long enough to be seen beside others

    def gaps(self) -> dict[str, list[float]]:
        """Seconds between the end of a request and the beginning of the next, by host."""
        by_host: dict[str, list[Served]] = defaultdict(list)
        for one in sorted(self.served, key=lambda one: one.began):
            by_host[one.host].append(one)
        return {
            host: [later.began - earlier.ended for earlier, later in itertools.pairwise(row)]
            for host, row in by_host.items()
        }


class Roads(httpcore.NetworkBackend):
    """Every name leads to the crowd, but for one that leads to nobody: no packet comes back from there.

    Who waits for one gives up when ``gives_up`` says so.
    """

    def __init__(self, port: int, gives_up: threading.Event) -> None:
        self._port, self._gives_up = port, gives_up
        self._real = httpcore.SyncBackend()

    def resolve(self, host: str, _port: int) -> list[str]:
        return [DEAD if host.startswith("dead.") else ALIVE]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        if host == DEAD:
            self._gives_up.wait(PATIENCE_S)
            raise httpcore.ConnectTimeout("timed out")
        return self._real.connect_tcp(LOOPBACK, self._port, timeout, local_address, None)


@dataclass
class Reading:
    """A poller, and the feeds that are done, in this order."""

    poller: Poller
    done: list[str] = field(default_factory=list)


@contextmanager
def reading(
    store: Store,
    crowd: Crowd,
    parser: ParserPool,
    *,
    workers: int,
    gap_s: float = 0.0,
    first: Collection[str] = (),
    are_first_done: threading.Event | None = None,
) -> Iterator[Reading]:
    """The poller as it is wired, with roads of our own; the event says that the feeds in ``first`` are done."""
    are_done = are_first_done or threading.Event()
    settings = build_settings({"http": {"workers": workers, "per_host_gap_s": gap_s}})
    roads = Roads(crowd.port, are_done)
    client = HttpClient(
        user_agent=user_agent(settings),
        policy=AddressPolicy(),
        deadline=timedelta(seconds=2 * PATIENCE_S),
        resolver=roads.resolve,
        dialler=roads,
    )
    done: list[str] = []

    def note(feed: Feed, _plan: PollPlan) -> None:
        done.append(feed.name)
        if first and set(first) <= set(done):
            are_done.set()

    poller = build_poller(
        settings,
        store,
        client,
        parser,
        owner="cli",
        on_polled=note,
    )
    with client:
        yield Reading(poller, done)


def add(store: Store, names: Iterable[str]) -> None:
    """Feeds named host/number, all due."""
    with store.write() as tx:
        for name in names:
            host, _, number = name.partition("/")
            add_feed(tx, NewFeed(url=f"http://{host}.example/{number}", name=name), now=utc_now())
