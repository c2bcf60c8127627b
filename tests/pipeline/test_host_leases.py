"""Pipeline: a run holds the hosts where its fetches are, waits for those of others, and gives all of them back."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.model.feed import Elsewhere, Feed, FetchOutcome, NewFeed, NotModified, Validators
from reformwatch.pipeline.fetch_flow import FeedFetcher
from reformwatch.pipeline.host_leases import HostLeases
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import Poller, PollLimits
from reformwatch.store import Store, Tx, hosts, tables
from reformwatch.store.feeds import add_feed
from reformwatch.wiring.basics import build_router, utc_now
from routing_desk import a_poller

LEASE = timedelta(minutes=5)
GAP_S = 0.05
THEIRS = "somebody:1"
SAME = NotModified(validators=Validators(etag='"1"'))


def poller(store: Store, fetch: FeedFetcher, parser: ParserPool) -> Poller:
    limits = PollLimits(gap=timedelta(seconds=GAP_S), lease=LEASE)
    return a_poller(store, fetch, parser, router=build_router(store), clock=utc_now, limits=limits)


def add(store: Store, *urls: str) -> None:
    with store.write() as tx:
        for url in urls:
            add_feed(tx, NewFeed(url=url, name=url), now=utc_now())


def others_lease(store: Store, *origins: str) -> None:
    with store.write() as tx:
        assert hosts.claim(tx, origins, token=THEIRS, now=utc_now(), lease=LEASE) == {*origins}


def others_release(store: Store, *origins: str) -> None:
    with store.write() as tx:
        hosts.release(tx, dict.fromkeys(origins), token=THEIRS)


def rows(tx: Tx) -> dict[str, tuple[str | None, datetime | None]]:
    """Who leases a host, and until when it rests."""
    return {row.origin: (row.lease_token, row.rest_until) for row in tx.execute(sa.select(tables.hosts))}


def unchanged(_feed: Feed, _now: datetime, _after: Elsewhere | None) -> FetchOutcome:
    return SAME


def test_what_a_run_held_is_free_when_it_ends_and_what_was_asked_rests(sqlite_store: Store, parser: ParserPool) -> None:
    ended: list[datetime] = []

    def fetch(_feed: Feed, _now: datetime, _after: Elsewhere | None) -> FetchOutcome:
        ended.append(utc_now())
        return SAME

    add(sqlite_store, "http://a.example/1", "http://a.example/2", "http://b.example/")
    assert poller(sqlite_store, fetch, parser).poll_due().polled == 3
    with sqlite_store.read() as tx:
        found = rows(tx)
    assert {origin: token for origin, (token, _) in found.items()} == {"a.example": None, "b.example": None}
    rests = [rest for _, rest in found.values() if rest is not None]
    assert max(rests) >= max(ended) + timedelta(seconds=GAP_S)


def test_a_run_ends_when_others_lease_the_hosts_of_what_is_left(store: Store, parser: ParserPool) -> None:
    # trust: H03
    add(store, "http://theirs.example/", "http://ours.example/")
    others_lease(store, "theirs.example")
    made = poller(store, unchanged, parser)
    assert made.poll_due().polled == 1
    others_release(store, "theirs.example")
    assert made.poll_due().polled == 1, "the feed is lost"


def test_a_run_waits_for_a_host_that_rests(store: Store, parser: ParserPool) -> None:
    # trust: C09
    add(store, "http://a.example/")
    with store.write() as tx:
        hosts.claim(tx, ["a.example"], token=THEIRS, now=utc_now(), lease=LEASE)
        rest_until = utc_now() + timedelta(seconds=0.3)
        hosts.release(tx, {"a.example": rest_until}, token=THEIRS)
    asked: list[datetime] = []

    def fetch(_feed: Feed, _now: datetime, _after: Elsewhere | None) -> FetchOutcome:
        asked.append(utc_now())
        return SAME

    assert poller(store, fetch, parser).poll_due(is_once=True).polled == 1
    assert asked[0] >= rest_until


def test_a_host_that_a_redirect_leads_to_is_not_asked_while_others_lease_it(store: Store, parser: ParserPool) -> None:
    # trust: H03
    asked: list[tuple[str, str | None]] = []
    is_led, is_released = threading.Event(), threading.Event()

    def fetch(_feed: Feed, _now: datetime, after: Elsewhere | None) -> FetchOutcome | Elsewhere:
        if after is None:
            is_led.set()
            return Elsewhere(url="http://theirs.example/", hops=1, is_permanent=False)
        with store.read() as tx:
            asked.append((after.url, rows(tx)["theirs.example"][0]))
        assert is_released.is_set()
        return SAME

    add(store, "http://ours.example/")
    others_lease(store, "theirs.example")
    with running(poller(store, fetch, parser)) as run:
        assert is_led.wait(30)
        wait_until(lambda: store_has(store, "ours.example", None), "the host that led elsewhere is given back")
        is_released.set()
        others_release(store, "theirs.example")
        run.thread.join(30)
    assert run.failed == [0]
    assert asked == [("http://theirs.example/", "test:0")]


def test_a_named_feed_waits_for_its_host(store: Store, parser: ParserPool) -> None:
    # trust: H03
    add(store, "http://theirs.example/", "http://ours.example/")
    others_lease(store, "theirs.example")
    done: list[str] = []
    made = poller(store, unchanged, parser)
    made.on_polled = lambda feed, _plan: done.append(feed.url)
    with running(made, [1, 2]) as run:
        wait_until(lambda: bool(done), "the other one is polled")
        assert done == ["http://ours.example/"]
        others_release(store, "theirs.example")
        run.thread.join(30)
    assert done == ["http://ours.example/", "http://theirs.example/"]


def test_a_person_waits_for_a_host_only_so_long(sqlite_store: Store, parser: ParserPool) -> None:
    others_lease(sqlite_store, "theirs.example")
    made, began = poller(sqlite_store, unchanged, parser), time.monotonic()
    with made.leasing_host_of("http://theirs.example/feed", patience_s=0.3):
        assert time.monotonic() - began >= 0.3
    with made.leasing_host_of("http://free.example/feed"), sqlite_store.read() as tx:
        assert rows(tx)["free.example"][0] is not None
    with sqlite_store.read() as tx:
        found = rows(tx)
    assert found["theirs.example"] == (THEIRS, None), "a lease of others was touched"
    token, rest = found["free.example"]
    assert token is None
    assert rest is not None


def test_a_lease_that_is_nearly_over_is_extended_before_the_next_request(sqlite_store: Store) -> None:
    leases = HostLeases(token="a:1", lease=LEASE)
    leases.note(["a.example"], now=NOW)
    assert leases.may_begin("a.example", now=NOW + LEASE / 2)
    late = NOW + LEASE * 0.8
    assert not leases.may_begin("a.example", now=late)
    leases.want("a.example", now_s=0.0)
    assert leases.claim_wanted(sqlite_store, now=late, now_s=0.0)
    assert leases.may_begin("a.example", now=late)


def test_a_host_of_others_is_looked_at_again_after_a_while_and_not_at_once(sqlite_store: Store) -> None:
    leases = HostLeases(token="a:1", lease=LEASE)
    with sqlite_store.write() as tx:
        hosts.claim(tx, ["a.example"], token=THEIRS, now=NOW, lease=LEASE)
    leases.want("a.example", now_s=10.0)
    assert not leases.claim_wanted(sqlite_store, now=NOW, now_s=10.0)
    assert leases.want("a.example", now_s=10.1) == pytest.approx(0.4)
    assert leases.wanted == set()
    leases.want("a.example", now_s=10.5)
    assert leases.wanted == {"a.example"}


def test_a_host_is_idle_when_no_fetch_is_there_any_more() -> None:
    leases = HostLeases(token="a:1", lease=LEASE)
    leases.note(["a.example", "b.example"], now=NOW)
    assert leases.idle() == {"a.example", "b.example"}
    leases.move(None, "a.example")
    leases.move(None, "a.example")
    assert leases.idle() == {"b.example"}
    leases.move("a.example", "c.example")
    assert leases.idle() == {"b.example"}
    leases.move("a.example", None)
    assert leases.idle() == {"a.example", "b.example"}
    leases.forget(["a.example"])
    assert leases.idle() == {"b.example"}


# -- a run in a thread of its own


class Running:
    """A run under way; how many feeds failed, when it has ended."""

    def __init__(self, made: Poller, named: list[int]) -> None:
        self.failed: list[int] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work, args=(made, named))
        self.thread.start()

    def _work(self, made: Poller, named: list[int]) -> None:
        report = made.poll_feeds(named, self.stop) if named else made.poll_due(self.stop)
        self.failed.append(report.failed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(30)


def running(made: Poller, named: list[int] | None = None) -> Running:
    return Running(made, named or [])


def store_has(store: Store, origin: str, token: str | None) -> bool:
    with store.read() as tx:
        found = rows(tx)
    return origin in found and found[origin][0] == token


def wait_until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(3_000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail(f"not in time: {what}")
