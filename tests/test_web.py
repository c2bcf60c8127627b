"""The daemon's own pages, asked over a real socket with a real store behind them."""

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Subscriber, SubscriberState
from reformwatch.store import Store
from reformwatch.store.subscribers import add_subscriber, find_subscriber, pause
from reformwatch.web import UNSUBSCRIBED, Pages, WebServer

NOW = datetime(2022, 3, 12, 10, 0, tzinfo=UTC)
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OTHER_TOKEN = "ffffffffffffffffffffffffffffffff"


@dataclass
class Answer:
    """A page as it came."""

    status: int
    headers: dict[str, str]
    text: str


class Site:
    """The pages on a port of loopback, and the switch behind /readyz."""

    def __init__(self, store: Store) -> None:
        self.store, self.is_ready = store, True
        self.server = WebServer(Pages(store, lambda: self.is_ready), host="127.0.0.1", port=0)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers)
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read().decode())
        finally:
            connection.close()

    def reader(self, name: str = "Reader <b>") -> Subscriber:
        with self.store.read() as tx:
            return find_subscriber(tx, name)


@pytest.fixture
def site(sqlite_store: Store) -> Iterator[Site]:
    with sqlite_store.write() as tx:
        for name, token, language in (("Reader <b>", TOKEN, "en"), ("другой", OTHER_TOKEN, "ru")):
            new = NewSubscriber(
                name=name,
                channel=ChannelKind.EMAIL,
                address="reader@example.org",
                language=language,
                unsubscribe_token=token,
            )
            add_subscriber(tx, new, now=NOW)
    made = Site(sqlite_store)
    yield made
    made.server.close()


# --- health -----------------------------------------------------------------------------------------------------------


def test_healthz_says_that_the_process_answers_even_when_it_is_not_ready(site: Site) -> None:
    # trust: G03
    site.is_ready = False
    answer = site.ask("GET", "/healthz")
    assert (answer.status, json.loads(answer.text)) == (200, {"status": "ok"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("is_ready", "status", "said"), [(True, 200, "ready"), (False, 503, "not ready")])
def test_readyz_says_whether_the_loops_move(site: Site, is_ready: bool, status: int, said: str) -> None:
    # trust: G03
    site.is_ready = is_ready
    answer = site.ask("GET", "/readyz")
    assert (answer.status, json.loads(answer.text)) == (status, {"status": said})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_asks_for_the_status_alone(site: Site, path: str) -> None:
    answer = site.ask("HEAD", path)
    assert (answer.status, answer.text) == (200, "")


# --- unsubscribing ----------------------------------------------------------------------------------------------------


def test_a_get_asks_and_changes_nothing(site: Site) -> None:
    # trust: E03
    for _ in range(3):
        answer = site.ask("GET", f"/unsubscribe/{TOKEN}")
        assert answer.status == 200
        assert '<form method="post"><button>' in answer.text
    assert site.reader().state is SubscriberState.ACTIVE
    assert site.reader().paused_because is None


def test_the_name_of_a_subscriber_is_text(site: Site) -> None:
    # trust: D14
    page = site.ask("GET", f"/unsubscribe/{TOKEN}").text
    assert "Stop all alerts to Reader &lt;b&gt;?" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    "body", ["List-Unsubscribe=One-Click", "", None], ids=["one-click", "the button", "no body at all"]
)
def test_a_post_unsubscribes_without_a_login_and_only_this_reader(site: Site, body: str | None) -> None:
    # trust: E03
    answer = site.ask("POST", f"/unsubscribe/{TOKEN}", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200
    assert "You will get no more alerts from here." in answer.text
    assert (site.reader().state, site.reader().paused_because) == (SubscriberState.PAUSED, UNSUBSCRIBED)
    assert site.reader("другой").state is SubscriberState.ACTIVE


def test_a_replay_is_harmless(site: Site) -> None:
    # trust: E03
    answers = [site.ask("POST", f"/unsubscribe/{TOKEN}") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert site.reader().state is SubscriberState.PAUSED


@pytest.mark.xfail(
    reason="bug: a replay overwrites why the operator (or a dead address) paused the reader", strict=True
)
def test_a_post_leaves_the_reason_of_an_earlier_pause(site: Site) -> None:
    # trust: E03
    with site.store.write() as tx:
        pause(tx, site.reader().id, because="answered 550: no such user")
    assert site.ask("POST", f"/unsubscribe/{TOKEN}").status == 200
    assert site.reader().paused_because == "answered 550: no such user"


@pytest.mark.parametrize(
    "token",
    [
        "0" * 32,
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN.upper(),
        "",
        "1",
        "%25",
        "_" * 32,
        TOKEN + "%00",
        TOKEN + "/",
        "../" + TOKEN,
        "'%20OR%20'1'='1",
        "a" * 5_000,
        "%D0%B6" * 8,
        "%C3%A9",
    ],
    ids=lambda token: token[:12] or "empty",
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_refused(site: Site, method: str, token: str) -> None:
    # trust: E03
    answer = site.ask(method, f"/unsubscribe/{token}")
    assert answer.status == 404
    assert "<form" not in answer.text
    assert site.reader().state is SubscriberState.ACTIVE
    assert site.reader("другой").state is SubscriberState.ACTIVE


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(site: Site, method: str) -> None:
    # trust: E03
    assert site.ask(method, f"/unsubscribe/{TOKEN}").status in {404, 405, 501}
    assert site.reader().state is SubscriberState.ACTIVE


def test_a_reader_is_answered_in_their_own_language(site: Site) -> None:
    page = site.ask("GET", f"/unsubscribe/{OTHER_TOKEN}").text
    assert '<html lang="ru">' in page
    assert "Остановить все оповещения для другой?" in page
    assert "Больше оповещений отсюда не будет." in site.ask("POST", f"/unsubscribe/{OTHER_TOKEN}").text


# --- all pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", f"/unsubscribe/{TOKEN}", "/unsubscribe/forged", "/x/y"])
def test_every_page_forbids_active_content_and_framing(site: Site, path: str) -> None:
    # trust: D14
    headers = site.ask("GET", path).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers
    assert not re.search("waitress|python", headers.get("server", ""), re.IGNORECASE)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//evil.example/",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/healthz/",
        "/healthz%0d%0aX:y",
        "/admin",
    ],
)
def test_there_is_nothing_else(site: Site, path: str) -> None:
    # trust: D24
    answer = site.ask("GET", path)
    assert answer.status == 404
    assert "location" not in answer.headers
    assert "root:" not in answer.text


def test_a_strange_host_header_is_not_shown(site: Site) -> None:
    # trust: D24
    answer = site.ask("GET", f"/unsubscribe/{TOKEN}", Host="evil.example")
    assert "evil.example" not in answer.text + str(answer.headers)


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    assert site.ask("POST", f"/unsubscribe/{TOKEN}", "x" * 70_000).status == 413
    assert site.reader().state is SubscriberState.ACTIVE


def test_a_closed_server_answers_no_more(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    assert site.ask("GET", "/healthz").status == 200
    site.server.close()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the system likes
        site.ask("GET", "/healthz")
