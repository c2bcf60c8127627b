"""Many feeds due at once, read by the real poller over real sockets: all of them, and none held up by a slow host."""

import itertools
import logging
import threading
from collections import Counter
from datetime import timedelta

import pytest

from conftest import NOW
from crowd import Crowd, add, reading
from reformwatch.model.feed import NewFeed
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.store import Store
from reformwatch.store.feeds import add_feed, claim_due, list_feeds
from servers import Wire


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="reformwatch")


@pytest.mark.slow
def test_five_hundred_due_at_once_are_all_read_by_ten_workers(sqlite_store: Store, parser: ParserPool) -> None:
    # trust: F01
    add(sqlite_store, (f"host{i}/1" for i in range(500)))
    with Crowd(at_least=2) as crowd, reading(sqlite_store, crowd, parser, workers=10) as run:
        report = run.poller.poll_due()
    assert (report.polled, report.failed, report.new_entries) == (500, 0, 500)
    assert Counter(one.host for one in crowd.served) == {f"host{i}.example": 1 for i in range(500)}
    assert 2 <= crowd.most_at_once <= 10


@pytest.mark.slow
def test_a_host_that_drips_and_one_that_is_dead_delay_nobody_else(sqlite_store: Store, parser: ParserPool) -> None:
    # trust: D05, FRB033
    slow, others = ["drip/1", "drip/2", "dead/1", "dead/2", "dead/3"], [f"host{i}/1" for i in range(40)]
    are_done = threading.Event()

    def drip(wire: Wire) -> None:
        """It ends, in the middle, when all the others are done; the dead host is given up then, too."""
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not are_done.wait(0.02):
            wire.send(b"a")

    add(sqlite_store, [*slow, *others])
    crowd = Crowd({"drip.example": drip})
    with crowd, reading(sqlite_store, crowd, parser, workers=4, first=others, are_first_done=are_done) as run:
        report = run.poller.poll_due()
    assert (report.polled, report.failed) == (45, 5)
    assert sorted(run.done[:40]) == sorted(others), "some waited for a slow host"


# --- claims -----------------------------------------------------------------------------------------------------------


LEASE = timedelta(minutes=5)
LIMIT, PER_HOST = 128, 20


def add_thousands(store: Store) -> Counter[str]:
    """One host with 2,000 feeds that are due for longest, a hundred hosts with 30."""
    crowded = [(f"crowded/{i}", NOW - timedelta(hours=2)) for i in range(2_000)]
    others = [(f"host{i % 100}/{i}", NOW - timedelta(hours=1)) for i in range(3_000)]
    with store.write() as tx:
        for name, due in [*crowded, *others]:
            host, _, number = name.partition("/")
            add_feed(tx, NewFeed(url=f"http://{host}.example/{number}", name=name), now=due)
    return Counter(name.partition("/")[0] for name, _ in [*crowded, *others])


@pytest.mark.slow
def test_five_thousand_feeds_are_claimed_fairly_each_once(store: Store) -> None:
    # trust: C09, F05
    hosts = add_thousands(store)
    claimed: Counter[str] = Counter()
    seen: set[int] = set()
    for batch in itertools.count():
        with store.write() as tx:
            feeds = claim_due(tx, token="t:1", now=NOW, lease=LEASE, limit=LIMIT, per_host=PER_HOST)
        if not feeds:
            break
        of_hosts = Counter(feed.name.partition("/")[0] for feed in feeds)
        assert max(of_hosts.values()) <= PER_HOST
        waiting = sum(hosts[host] > claimed[host] for host in hosts)
        assert len(of_hosts) == min(waiting, LIMIT), f"batch {batch} has feeds of {len(of_hosts)} hosts of {waiting}"
        assert not seen & {feed.id for feed in feeds}
        seen |= {feed.id for feed in feeds}
        claimed += of_hosts
    assert claimed == hosts


def test_a_host_that_is_being_asked_is_not_claimed_from(store: Store) -> None:
    # trust: C09
    add_thousands(store)
    with store.write() as tx:
        feeds = claim_due(
            tx, token="t", now=NOW, lease=LEASE, limit=LIMIT, per_host=PER_HOST, excluding={"crowded.example"}
        )
        assert len(list_feeds(tx)) == 5_000
    assert len(feeds) == LIMIT
    assert {feed.name.partition("/")[0] for feed in feeds}.isdisjoint({"crowded"})
