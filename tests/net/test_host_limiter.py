"""One request at a time to a host, and a gap between two; adding a feed asks once."""

from collections.abc import Iterator
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.model.feed import NewFeed
from reformwatch.net.host_limiter import HostLimiter
from reformwatch.services.new_feeds import add
from reformwatch.services.views import FeedAddedView, FeedChoiceView
from reformwatch.settings import HttpSettings, Settings
from reformwatch.store import Store
from reformwatch.wiring.polling import PollTools
from servers import HttpServer, reply

FEED = (
    b"<rss version='2.0'><channel><title>Wire</title><link>http://wire.example/</link>"
    b"<image><url>http://wire.example/favicon.ico</url></image>"
    b"<item><title>One</title><link>http://wire.example/1</link><guid>1</guid></item></channel></rss>"
)


def test_a_host_that_was_never_asked_may_be_asked_at_once() -> None:
    host_limiter = HostLimiter(2.0)
    assert host_limiter.closed_hosts(now=100.0) == set()
    assert host_limiter.enter("a.example", now=100.0) == 0


def test_a_host_under_way_may_not_be_asked_and_others_may() -> None:
    # trust: C09
    host_limiter = HostLimiter(2.0)
    assert host_limiter.enter("a.example", now=100.0) == 0
    assert host_limiter.enter("a.example", now=1e9) == inf
    assert host_limiter.closed_hosts(now=1e9, also=["c.example"]) == {"a.example", "c.example"}
    assert host_limiter.enter("b.example", now=100.0) == 0


@pytest.mark.parametrize(("now", "wait"), [(100.0, 2.0), (101.5, 0.5), (102.0, 0.0), (500.0, 0.0)])
def test_the_gap_is_counted_from_the_end_of_a_request(now: float, wait: float) -> None:
    # trust: C09
    host_limiter = HostLimiter(2.0)
    host_limiter.enter("a.example", now=99.0)
    host_limiter.leave("a.example", now=100.0)
    assert host_limiter.closed_hosts(now=now) == ({"a.example"} if wait else set())
    assert host_limiter.enter("a.example", now=now) == wait


def test_a_host_that_asks_for_a_longer_gap_gets_it() -> None:
    host_limiter = HostLimiter(2.0)
    host_limiter.leave("slow.example", now=100.0, gap_s=30.0)
    host_limiter.leave("quick.example", now=100.0, gap_s=0.5)
    assert host_limiter.enter("slow.example", now=110.0) == 20.0
    assert host_limiter.enter("quick.example", now=101.0) == 1.0


def test_without_a_gap_a_host_is_free_when_it_has_answered() -> None:
    host_limiter = HostLimiter(0.0)
    host_limiter.enter("a.example", now=99.0)
    host_limiter.leave("a.example", now=100.0)
    assert host_limiter.closed_hosts(now=100.0) == set()
    assert host_limiter.enter("a.example", now=100.0) == 0


def test_old_gaps_are_forgotten_and_young_ones_are_not() -> None:
    host_limiter = HostLimiter(2.0)
    for number in range(25_000):
        host_limiter.leave(f"{number}.example", now=number / 1_000)
    assert host_limiter.enter("24999.example", now=25.0) == pytest.approx(1.999)
    assert len(host_limiter._free_at) < 12_000


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 5)), max_size=40), st.floats(0, 3))
def test_a_host_is_closed_exactly_while_there_is_something_to_wait_for(
    steps: list[tuple[str, bool, float]], gap_s: float
) -> None:
    host_limiter, now, busy = HostLimiter(gap_s), 0.0, set[str]()
    for host, is_entering, passed in steps:
        now += passed
        closed = host_limiter.closed_hosts(now=now)
        assert busy <= closed
        if is_entering:
            wait = host_limiter.enter(host, now=now)
            assert (host in closed) == (wait > 0)
            assert wait == inf if host in busy else wait <= gap_s + 1e-9
            if wait == 0:
                busy.add(host)
        else:
            host_limiter.leave(host, now=now)
            busy.discard(host)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def tools(sqlite_store: Store) -> Iterator[PollTools]:
    settings = Settings(http=HttpSettings(allow_private=("127.0.0.1",), per_host_gap_s=0.01))
    made = PollTools(settings, sqlite_store, owner="test")
    yield made
    made.close()


def test_adding_a_feed_is_one_get_and_nothing_else(server: HttpServer, tools: PollTools) -> None:
    # trust: C16
    url = server.on("/rss", reply(200, FEED, {"ETag": '"1"'}))
    added = add(tools.client, tools.poller, NewFeed(url=url, name=""))
    assert isinstance(added, FeedAddedView)
    assert added.feed.name == "Wire"
    tools.poller.poll_due()
    assert [(asked.method, asked.target) for asked in server.asked] == [(b"GET", b"/rss")]


def test_adding_a_page_asks_the_page_and_its_one_feed(server: HttpServer, tools: PollTools) -> None:
    # trust: C16
    page = b"<html><head><link rel='alternate' type='application/rss+xml' href='/rss'></head></html>"
    server.on("/", reply(200, page, {"Content-Type": "text/html"}))
    server.on("/rss", reply(200, FEED))
    added = add(tools.client, tools.poller, NewFeed(url=server.url("/"), name=""))
    assert isinstance(added, FeedAddedView)
    assert added.feed.url == server.url("/rss")
    assert [asked.target for asked in server.asked] == [b"/", b"/rss"]


def test_a_page_with_two_feeds_is_asked_once_and_no_feed_of_it(server: HttpServer, tools: PollTools) -> None:
    # trust: C16
    link = b"<link rel='alternate' type='application/rss+xml' href='/%s'>"
    server.on("/", reply(200, b"<html><head>" + link % b"one" + link % b"two", {"Content-Type": "text/html"}))
    choice = add(tools.client, tools.poller, NewFeed(url=server.url("/"), name=""))
    assert isinstance(choice, FeedChoiceView)
    assert [asked.target for asked in server.asked] == [b"/"]
