"""WebSub on loopback: a hub, a feed's server and this program's pages; numbers are those of websub.rocks/subscriber."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from conftest import NOW
from house import until
from hubs import CHALLENGE, Hub, Said, call, sign
from reformwatch.model.feed import FeedState, Fetched, NewFeed
from reformwatch.model.plan import PollReport
from reformwatch.model.websub import HubState, HubSubscription
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.net.conditional import fetch_feed
from reformwatch.net.errors import RequestError
from reformwatch.pipeline.runtime import Runtime
from reformwatch.pipeline.websub import Callback, HubCaller, PushQueue
from reformwatch.planning.websub import PATIENCE, discover
from reformwatch.store import Store, feeds, websub
from reformwatch.web.pages import Pages
from reformwatch.web.server import WebServer
from reformwatch.wiring.basics import catalogues, new_hub_secret, new_hub_token
from servers import HttpServer, make_certificate, redirect, reply
from spoken import sentence

BODY = b"<rss version='2.0'><channel><title>News</title></channel></rss>"
TOPIC = "https://news.example/feed"
MAX_BODY = 200_000
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Reader:
    """What the poller would be: it takes pushes, or does not."""

    came: list[tuple[int, Fetched]] = field(default_factory=list)
    may_go_on: threading.Event = field(default_factory=threading.Event)
    report: PollReport | None = None
    fault: Exception | None = None

    def push(self, feed_id: int, fetched: Fetched) -> PollReport | None:
        self.may_go_on.wait(120)
        if self.fault is not None:
            raise self.fault
        self.came.append((feed_id, fetched))
        return self.report


class World:
    """This program's side with a feed in it, and a server for hubs and feeds. Its clock stands still until moved."""

    def __init__(self, store: Store, server: HttpServer, client: HttpClient, *, max_waiting: int = 100) -> None:
        self.store, self.server, self.client, self.now = store, server, client, NOW
        self.reader, self.alerted = Reader(report=PollReport(polled=1)), threading.Event()
        self.reader.may_go_on.set()
        self.line = PushQueue(
            store, push=self.reader.push, on_alerts=self.alerted.set, clock=self.clock, max_bytes=4 * MAX_BODY,
            max_waiting=max_waiting,
        )  # fmt: skip
        self.callback = Callback(store, offer=self.line.offer, clock=self.clock)
        pages = Pages(store, lambda: True, words=catalogues().words, hubs=self.callback)
        self.web = WebServer(pages, host="127.0.0.1", port=0, push_bytes=MAX_BODY)
        self.base = f"http://127.0.0.1:{self.web.port}"
        self.caller = HubCaller(
            store, client.post_to_hub, f"{self.base}/websub",
            Runtime(clock=self.clock, random=lambda: 0.0, new_token=new_hub_token, new_secret=new_hub_secret),
        )  # fmt: skip
        with store.write() as tx:
            feeds.add_feed(tx, NewFeed(url=TOPIC, name="News"), now=NOW + DAY)
            self.feed = feeds.find_feed(tx, TOPIC)

    def clock(self) -> datetime:
        return self.now

    def note(self, hub: str | None, topic: str | None = TOPIC) -> None:
        with self.store.write() as tx:
            websub.note_hub(
                tx, self.feed.id, hub, topic, now=self.now, new_token=new_hub_token, new_secret=new_hub_secret
            )

    def act(self, after: timedelta = timedelta()) -> int:
        self.now += after
        return self.caller.act(threading.Event())

    def subscribe(self, hub: Hub) -> dict[str, str]:
        """The request that was made and verified."""
        self.note(hub.url)
        self.act()
        assert hub.verify(hub.requests[-1]).status == 200
        return hub.requests[-1]

    def held(self) -> HubSubscription:
        with self.store.read() as tx:
            found = websub.find(tx, self.feed.id)
        assert found is not None
        return found

    def is_active(self) -> bool:
        with self.store.read() as tx:
            return websub.is_active(tx, self.feed.id, self.now)

    def next_poll_at(self) -> datetime:
        with self.store.read() as tx:
            return feeds.find_feed(tx, TOPIC).poll.next_poll_at

    def discover(self, url: str) -> tuple[str, str] | None:
        """Fetch a topic as a poll does, and see what its headers say."""
        asked = replace(self.feed, url=url)
        fetched = fetch_feed(self.client, asked, now=self.now)
        assert isinstance(fetched, Fetched)
        return discover(fetched.links, (), None, fetched.url)

    def close(self) -> None:
        self.reader.may_go_on.set()
        self.web.close()
        self.line.close()


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def client() -> Iterator[HttpClient]:
    deadline = timedelta(seconds=60)
    with HttpClient(user_agent="reformwatch/0", policy=AddressPolicy(["127.0.0.1"]), deadline=deadline) as opened:
        yield opened


@pytest.fixture
def world(sqlite_store: Store, server: HttpServer, client: HttpClient) -> Iterator[World]:
    made = World(sqlite_store, server, client)
    yield made
    made.close()


@pytest.fixture
def hub(server: HttpServer) -> Hub:
    return Hub(server)


def topic_document(server: HttpServer, path: str, hub: Hub, topic: str) -> str:
    """A feed whose reply names its hub and itself."""
    links = [("Link", f'<{hub.url}>; rel="hub"'), ("Link", f'<{topic}>; rel="self"')]
    return server.on(path, reply(200, BODY, links))


# --- subscribing ------------------------------------------------------------------------------------------------------


def test_100_200_a_topic_that_names_another_address_of_its_own_is_subscribed_to_by_that(world: World, hub: Hub) -> None:
    found = world.discover(topic_document(world.server, "/feed", hub, TOPIC))
    assert found == (hub.url, TOPIC)
    world.note(*found)
    assert world.act() == 1
    [request] = hub.requests
    assert request["hub.topic"] == TOPIC
    assert request["hub.mode"] == "subscribe"
    assert request["hub.callback"] == f"{world.base}/websub/{world.held().token}"
    assert request["hub.lease_seconds"] == "864000"
    assert 32 <= len(request["hub.secret"]) < 200
    assert world.server.asked[-1].headers[b"content-type"] == b"application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [302, 301], ids=["201", "202"])
def test_201_202_a_topic_that_answers_with_a_redirect_is_read_where_it_leads(
    world: World, hub: Hub, status: int
) -> None:
    final = topic_document(world.server, "/new", hub, world.server.url("/new"))
    found = world.discover(world.server.on("/old", redirect(status, final)))
    assert found == (hub.url, final)
    world.note(*found)
    world.act()
    assert hub.requests[0]["hub.topic"] == final


@pytest.mark.parametrize("status", [302, 301, 307, 308])
def test_203_204_a_hub_that_answers_with_a_redirect_is_asked_where_it_leads(
    world: World, hub: Hub, status: int
) -> None:
    world.note(world.server.on("/moved", redirect(status, "/hub")))
    world.act()
    [request] = hub.requests
    assert [asked.method for asked in world.server.asked] == [b"POST", b"POST"]
    assert world.server.asked[0].body == world.server.asked[1].body
    assert hub.verify(request).status == 200
    assert world.is_active()


def test_a_hub_that_redirects_for_ever_or_to_see_other_is_tried_again_later(world: World, server: HttpServer) -> None:
    world.note(server.on("/loop", redirect(307, "/loop")))
    world.act()
    assert len(server.asked) == 6
    assert "redirects" in sentence(world.held().problem)
    world.note(server.on("/other", redirect(303, "/hub")))
    world.act()
    assert sentence(world.held().problem) == "the hub 127.0.0.1 answers 303"


def test_a_hub_may_ask_back_before_it_answers(world: World, server: HttpServer) -> None:
    hub = Hub(server, asks_back_first=True)
    world.note(hub.url)
    world.act()
    assert [said.status for said in hub.said] == [200]
    assert world.is_active()
    assert world.held().next_act_at == NOW + 8 * DAY


def test_a_secret_that_was_asked_for_by_https_does_not_go_on_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # trust: C23
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    policy = AddressPolicy(["127.0.0.1"])
    with HttpServer(certificate=certificate) as server, HttpClient(user_agent="x", policy=policy) as client:
        Hub(server)
        server.on("/same", redirect(307, server.url("/hub", scheme="https")))
        assert client.post_to_hub(server.url("/same", scheme="https"), b"hub.mode=subscribe", {}).status == 202
        server.on("/clear", redirect(307, server.url("/hub")))
        with pytest.raises(RequestError, match="redirect_to_http"):
            client.post_to_hub(server.url("/clear", scheme="https"), b"hub.mode=subscribe", {})
        assert all(asked.is_tls for asked in server.asked)


@pytest.mark.parametrize("private", ["http://127.0.0.2:9/", "http://169.254.169.254/", "http://[::1]:9/"])
def test_a_hub_at_a_private_address_is_not_reached_directly_nor_by_a_redirect(
    world: World, server: HttpServer, private: str
) -> None:
    # trust: D06
    world.note(private)
    world.act()
    assert "private or special address" in sentence(world.held().problem)
    world.note(server.on("/moved", redirect(307, private)))
    world.act()
    assert "private or special address" in sentence(world.held().problem)


# --- verification -----------------------------------------------------------------------------------------------------


def test_a_hub_that_asks_back_gets_its_challenge_as_plain_text_and_the_lease_begins(world: World, hub: Hub) -> None:
    world.note(hub.url)
    world.act()
    said = hub.verify(hub.requests[0], challenge="<b>&1</b>", lease_seconds="7200")
    assert (said.status, said.body) == (200, b"<b>&1</b>")
    assert said.headers["content-type"].startswith("text/plain")
    assert said.headers["x-content-type-options"] == "nosniff"
    assert world.held().lease_until == NOW + 2 * HOUR
    assert world.is_active()


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "https://evil.example/"},
        {"topic": None},
        {"mode": "unsubscribe"},
        {"mode": None},
        {"challenge": None},
        {"challenge": "c" * 2_000},
    ],
    ids=str,
)
def test_205_a_question_about_what_was_not_asked_for_is_answered_404(
    world: World, hub: Hub, changes: dict[str, str | None]
) -> None:
    world.note(hub.url)
    world.act()
    assert hub.verify(hub.requests[0], **changes).status == 404
    assert not world.is_active()


def test_an_unknown_callback_is_answered_404_and_nothing_is_echoed(world: World) -> None:
    query = f"hub.mode=subscribe&hub.topic={TOPIC}&hub.challenge=echo"
    for token in ("0" * 40, "x", "..", "a/b", ""):
        said = call("GET", f"{world.base}/websub/{token}?{query}")
        assert said.status == 404
        assert b"echo" not in said.body
    assert call("GET", f"{world.base}/websub/{'0' * 40}?{'&'.join(['a=1'] * 500)}").status == 404
    assert call("POST", f"{world.base}/websub/{'0' * 40}", BODY).status == 404
    assert call("PUT", f"{world.base}/websub/{'0' * 40}", BODY).status == 404


def test_a_hub_that_refuses_is_asked_again_after_a_week_and_the_feed_is_polled(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    assert hub.verify(request, mode="denied", reason="not for you", challenge=None).status == 200
    assert world.held().state is HubState.REFUSED
    assert sentence(world.held().problem) == "the hub refuses: not for you"
    assert world.next_poll_at() == NOW
    assert world.act(6 * DAY) == 0
    assert world.act(DAY) == 1
    assert hub.verify(request).status == 200
    assert world.is_active()


def test_a_hub_that_never_asks_back_is_asked_again_ever_more_slowly(world: World, hub: Hub) -> None:
    world.note(hub.url)
    assert world.act() == 1
    assert world.act(PATIENCE - MINUTE) == 0
    assert world.act(MINUTE) == 1
    assert world.act(PATIENCE) == 1
    assert world.act(PATIENCE) == 0
    assert world.act(20 * MINUTE) == 1
    assert hub.verify(hub.requests[0]).status == 200
    assert world.held().attempts == 0


def test_a_hub_that_is_dead_is_asked_ever_more_slowly_and_the_feed_is_polled_as_ever(
    world: World, server: HttpServer
) -> None:
    hub = Hub(server, status=500)
    world.note(hub.url)
    assert world.act() == 1
    assert sentence(world.held().problem) == "the hub 127.0.0.1 answers 500"
    for wait in (MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, DAY, DAY):
        assert world.act(wait - MINUTE / 2) == 0
        assert world.act(MINUTE / 2) == 1
    assert not world.is_active()
    hub.status = 202
    assert world.act(DAY) == 1
    hub.verify(hub.requests[-1])
    assert world.is_active()


def test_whoever_dies_between_claim_and_answer_asks_again(world: World, hub: Hub) -> None:
    # trust: A01
    world.note(hub.url)
    with world.store.write() as tx:
        assert len(websub.claim_due(tx, now=NOW, patience=PATIENCE, limit=5)) == 1
    assert world.act() == 0
    assert world.act(PATIENCE) == 1
    assert len(hub.requests) == 1


# --- leases -----------------------------------------------------------------------------------------------------------


def test_a_lease_is_renewed_before_it_ends_under_the_same_address_and_secret(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    assert world.act(8 * DAY - MINUTE) == 0
    assert world.act(MINUTE) == 1
    assert hub.requests[1] == request
    assert world.is_active()
    hub.verify(request)
    assert world.held().lease_until == NOW + 18 * DAY
    assert world.held().next_act_at == NOW + 16 * DAY


def test_a_lease_that_is_not_renewed_ends_and_the_feed_is_polled_as_ever(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    hub.status = 500
    world.act(8 * DAY)
    assert hub.push(request, BODY).status == 202
    world.act(2 * DAY)
    assert not world.is_active()
    assert world.held().state is HubState.PENDING
    assert hub.push(request, BODY).status == 410


# --- pushes -----------------------------------------------------------------------------------------------------------


def came(world: World, count: int) -> list[tuple[int, Fetched]]:
    until(lambda: len(world.reader.came) >= count, what="the push is read")
    return world.reader.came


def test_300_what_is_pushed_is_taken_and_read_as_the_topics_document(world: World, hub: Hub) -> None:
    assert hub.push(world.subscribe(hub), BODY).status == 202
    [(feed_id, fetched)] = came(world, 1)
    assert feed_id == world.feed.id
    assert (fetched.body, fetched.url, fetched.content_type) == (BODY, TOPIC, "application/rss+xml")
    assert (fetched.validators.etag, fetched.moved_to) == (None, None)
    until(lambda: world.held().pushed_at == NOW, what="the push is noted")
    assert not world.alerted.is_set()


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_301_a_push_signed_with_each_algorithm_is_read(world: World, hub: Hub, method: str) -> None:
    request = world.subscribe(hub)
    assert hub.push(request, BODY, sign(BODY, request["hub.secret"], method)).status == 202
    came(world, 1)


def test_301_302_a_push_that_is_not_signed_rightly_is_answered_2xx_and_ignored(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    wrong = ["", sign(BODY, "another secret"), sign(BODY + b"x", request["hub.secret"]), "md5=0", "sha256=", "garbage"]
    assert {hub.push(request, BODY, signature).status for signature in wrong} == {202}
    assert world.callback.ignored.total() == len(wrong)
    assert hub.push(request, BODY).status == 202
    assert len(came(world, 1)) == 1


def test_a_push_of_any_kind_and_in_chunks_is_tried(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    assert hub.push(request, BODY, **{"Content-Type": "text/plain"}).status == 202
    signed = {"X-Hub-Signature": sign(BODY, request["hub.secret"])}
    assert call("POST", request["hub.callback"], iter([BODY[:9], BODY[9:]]), signed).status == 202
    assert [(fetched.content_type, fetched.body) for _, fetched in came(world, 2)] == [
        ("text/plain", BODY), (None, BODY),
    ]  # fmt: skip


def test_a_push_without_a_subscription_is_told_to_stop(world: World, hub: Hub) -> None:
    world.note(hub.url)
    world.act()
    assert hub.push(hub.requests[0], BODY).status == 410
    assert not world.reader.came


def test_a_push_may_be_larger_than_other_bodies_but_not_too_large(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    assert hub.push(request, b"x" * MAX_BODY).status == 202
    assert hub.push(request, b"x" * (MAX_BODY + 1)).status == 413
    assert len(came(world, 1)) == 1
    assert call("POST", f"{world.base}/unsubscribe/{'0' * 32}", b"x" * 70_000).status == 413


def test_alerts_go_out_at_once(world: World, hub: Hub) -> None:
    world.reader.report = PollReport(polled=1, alerts=1, deliveries=1)
    hub.push(world.subscribe(hub), BODY)
    assert world.alerted.wait(60)


def test_a_full_line_answers_503_and_empties_again(sqlite_store: Store, server: HttpServer, client: HttpClient) -> None:
    world, hub = World(sqlite_store, server, client, max_waiting=1), Hub(server)
    try:
        request = world.subscribe(hub)
        world.reader.may_go_on.clear()
        assert hub.push(request, BODY).status == 202
        until(lambda: not world.line.waiting, what="the first is being read")
        assert hub.push(request, BODY).status == 202
        assert hub.push(request, BODY).status == 503
        world.reader.may_go_on.set()
        came(world, 2)
        assert hub.push(request, BODY).status == 202
    finally:
        world.close()


def test_what_memory_can_not_hold_is_not_taken(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    world.reader.may_go_on.clear()
    large = b"x" * MAX_BODY
    assert [hub.push(request, large).status for _ in range(5)] == [202, 202, 202, 202, 503]
    world.reader.may_go_on.set()
    came(world, 4)


@pytest.mark.parametrize("report", [None, PollReport(polled=1, failed=1)], ids=["not applied", "not readable"])
def test_a_push_that_could_not_be_applied_makes_the_feed_due(world: World, hub: Hub, report: PollReport | None) -> None:
    world.reader.report = report
    hub.push(world.subscribe(hub), BODY)
    until(lambda: world.next_poll_at() == NOW, what="the feed is due")
    assert world.held().pushed_at is None


def test_a_bug_in_reading_a_push_ends_nothing(world: World, hub: Hub) -> None:
    # trust: F08
    request = world.subscribe(hub)
    world.reader.fault = ZeroDivisionError()
    hub.push(request, BODY)
    until(lambda: world.next_poll_at() == NOW, what="the feed is due")
    world.reader.fault = None
    hub.push(request, BODY)
    came(world, 1)


def test_at_the_end_what_waits_is_polled_instead_and_hubs_are_told_to_come_back(world: World, hub: Hub) -> None:
    # trust: A15
    request = world.subscribe(hub)
    world.reader.may_go_on.clear()
    hub.push(request, BODY)
    until(lambda: not world.line.waiting, what="the first is being read")
    hub.push(request, BODY)
    closing = threading.Thread(target=world.line.close)
    closing.start()
    until(lambda: hub.push(request, BODY).status == 503, what="no more is taken")
    world.reader.may_go_on.set()
    closing.join(60)
    assert len(world.reader.came) == 1
    assert world.next_poll_at() == NOW


# --- letting go -------------------------------------------------------------------------------------------------------


def let_go(hub: Hub, topic: str = TOPIC) -> Said:
    assert hub.requests[-1]["hub.mode"] == "unsubscribe"
    assert "hub.secret" not in hub.requests[-1]
    return hub.verify(hub.requests[-1], topic=topic, lease_seconds=None)


def test_a_feed_that_names_no_hub_any_more_is_unsubscribed_from(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    world.note(None, None)
    assert hub.push(request, BODY).status == 410
    world.act()
    assert let_go(hub, "https://evil.example/").status == 404
    assert let_go(hub).body == CHALLENGE.encode()
    assert let_go(hub).status == 404
    assert hub.push(request, BODY).status == 404
    assert world.act(DAY) == 0


def test_a_feed_that_is_removed_is_unsubscribed_from(world: World, hub: Hub) -> None:
    request = world.subscribe(hub)
    with world.store.write() as tx:
        websub.leave(tx, world.feed.id, now=NOW)
        feeds.remove_feed(tx, world.feed.id)
    world.act()
    assert hub.requests[-1]["hub.callback"] == request["hub.callback"]
    assert let_go(hub).status == 200


def test_a_feed_that_is_paused_is_unsubscribed_from_and_subscribed_to_again_when_it_goes_on(
    world: World, hub: Hub
) -> None:
    first = world.subscribe(hub)
    with world.store.write() as tx:
        feeds.set_state(tx, world.feed.id, FeedState.PAUSED, now=NOW)
    world.act()
    assert let_go(hub).status == 200
    with world.store.write() as tx:
        feeds.set_state(tx, world.feed.id, FeedState.ACTIVE, now=NOW)
    world.act()
    second = hub.requests[-1]
    assert second["hub.mode"] == "subscribe"
    assert second["hub.callback"] != first["hub.callback"]
    assert second["hub.secret"] != first["hub.secret"]
    assert hub.verify(second).status == 200
    assert world.is_active()


def test_a_hub_that_does_not_let_go_is_left_alone_after_a_few_requests(world: World, hub: Hub) -> None:
    world.subscribe(hub)
    world.note(None, None)
    hub.status = 500
    asked = [world.act(HOUR) for _ in range(40)]
    assert sum(asked) == 4
    with world.store.read() as tx:
        assert websub.list_partings(tx) == []
