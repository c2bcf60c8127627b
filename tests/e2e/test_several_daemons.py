"""Three daemons on one PostgreSQL are as polite as one: a host is asked by one of them at a time, with its gap."""

import contextlib
import itertools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from house import Desk, House, until
from reformwatch.model.feed import NewFeed
from reformwatch.store import Store, tables
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.wiring.basics import create_store, utc_now
from servers import Asked, RawServer, Wire, reply

GAP_S = 0.2
#: The gap is kept by the clock of the day, and measured by another one.
SLACK_S = 0.01
NAMES = ("first", "second", "third")
RSS = b"<rss version='2.0'><channel><title>F</title><item><title>News</title><guid>1</guid></item></channel></rss>"


@dataclass(frozen=True)
class Request:
    """A request to the site: for what, from which daemon, from when until when."""

    path: str
    daemon: str
    began: float
    ended: float
    began_at: datetime


class Site(RawServer):
    """A host with feeds, asked for one at a time if all goes well; ``hold`` keeps its first request open."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.held_for: str | None = None
        self.is_held, self.hold = threading.Event(), threading.Event()
        self.hold.set()
        super().__init__()

    def serve(self, wire: Wire) -> None:
        began, began_at = time.monotonic(), utc_now()
        asked = Asked(raw=wire.read_until(b"\r\n\r\n"), body=b"", is_tls=False)
        daemon = next(name for name in NAMES if name in asked.text_headers["user-agent"])
        if not self.hold.is_set():
            self.held_for = daemon
            self.is_held.set()
            self.hold.wait(60)
        time.sleep(0.02)  # long enough to be seen beside others
        # before the last word: whoever hears it may go on before this thread does
        self.requests.append(Request(asked.target.decode(), daemon, began, time.monotonic(), began_at))
        wire.send(reply(200, RSS, {"ETag": '"1"'}))

    def in_order(self) -> list[Request]:
        return sorted(self.requests, key=lambda request: request.began)

    def check_politeness(self) -> None:
        """Never two requests at once, never one closer to the last than the gap."""
        for earlier, later in itertools.pairwise(self.in_order()):
            assert later.began - earlier.ended >= GAP_S - SLACK_S, (earlier, later)


class Signpost(RawServer):
    """A host that leads everybody to another one."""

    def __init__(self, target: str) -> None:
        self._target = target
        super().__init__()

    def serve(self, wire: Wire) -> None:
        path = Asked(raw=wire.read_until(b"\r\n\r\n"), body=b"", is_tls=False).target.decode()
        wire.send(reply(302, b"", {"Location": f"{self._target}{path}"}))


@pytest.fixture
def desk(tmp_path: Path, postgres_store: Store) -> Desk:
    extra = {
        "REFORMWATCH_DATABASE__URL": postgres_store.url,
        "REFORMWATCH_HTTP__PER_HOST_GAP_S": str(GAP_S),
        "REFORMWATCH_POLL__MIN_INTERVAL_S": "3600",
        "REFORMWATCH_POLL__MAX_INTERVAL_S": "3600",
    }
    made = Desk(tmp_path, House(smtp_port=9), extra)  # nobody is alerted, no mail is sent
    create_store(made.settings()).close()
    return made


@contextlib.contextmanager
def three_daemons(desk: Desk, *, lease_s: float) -> Iterator[dict[str, int]]:
    """Their process numbers by name, when all of them have started."""
    with contextlib.ExitStack() as stack:
        pids = {
            name: stack.enter_context(
                desk.daemon(REFORMWATCH_HTTP__CONTACT=name, REFORMWATCH_POLL__LEASE_S=str(lease_s))
            ).pid
            for name in NAMES
        }
        until(lambda: desk.log().count("started, version") == 3, what="three daemons start")
        yield pids


def add(store: Store, urls: list[str]) -> None:
    """All of them are there, and due, in the same moment."""
    with store.write() as tx:
        for url in urls:
            add_feed(tx, NewFeed(url=url, name=url), now=utc_now())


def all_are_read(store: Store) -> bool:
    with store.read() as tx:
        return all(feed.poll.last_ok_at is not None for feed in list_feeds(tx))


@pytest.mark.slow
def test_three_daemons_ask_one_host_one_by_one_with_its_gap_and_each_feed_once(
    desk: Desk, postgres_store: Store
) -> None:
    # trust: C09, H01, H03
    with Site() as site, contextlib.ExitStack() as stack:
        base = f"http://127.0.0.1:{site.port}"
        posts = [stack.enter_context(Signpost(base)) for _ in range(4)]
        direct = [f"{base}/{number}" for number in range(12)]
        led = [f"http://127.0.0.1:{post.port}/led{number}" for number, post in enumerate(posts)]
        with three_daemons(desk, lease_s=20.0):
            add(postgres_store, [*direct, *led])
            until(lambda: all_are_read(postgres_store), what="all feeds are read")
        site.check_politeness()
        paths = Counter(request.path for request in site.requests)
        assert paths == Counter([*(f"/{number}" for number in range(12)), *(f"/led{number}" for number in range(4))])
        assert [post.connections for post in posts] == [1, 1, 1, 1]


@pytest.mark.slow
def test_the_host_of_a_daemon_that_was_killed_is_asked_by_the_others_when_its_lease_has_ended(
    desk: Desk, postgres_store: Store
) -> None:
    # trust: H01, H03
    with Site() as site:
        site.hold.clear()
        with three_daemons(desk, lease_s=4.0) as pids:
            add(postgres_store, [f"http://127.0.0.1:{site.port}/{number}" for number in range(6)])
            assert site.is_held.wait(60)
            killed, lease_ends = site.held_for, lease_end(postgres_store)
            assert killed is not None
            os.kill(pids[killed], signal.SIGKILL)
            site.hold.set()
            until(lambda: all_are_read(postgres_store), what="the others read all feeds")
        first, *others = site.in_order()
        site.check_politeness()
    assert first.daemon == killed
    assert {request.daemon for request in others} <= {*NAMES} - {killed}
    assert min(request.began_at for request in others) >= lease_ends - timedelta(seconds=SLACK_S)
    asked = Counter(request.path for request in others)
    assert asked == Counter(f"/{number}" for number in range(6)), "each once, and the one that was cut short again"


def lease_end(store: Store) -> datetime:
    """Of the only host that is leased."""
    with store.read() as tx:
        until_: datetime = tx.execute(sa.select(tables.hosts.c.lease_until)).scalar_one()
    return until_
