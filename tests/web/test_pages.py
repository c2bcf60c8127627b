"""The daemon's own pages, asked over a real socket with a real store behind them."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode, SubscriberState
from reformwatch.store import Store
from reformwatch.store.subscribers import add_subscriber, find_subscriber, pause
from reformwatch.web.pages import Pages
from reformwatch.web.server import WebServer
from reformwatch.wiring.basics import catalogues

NOW = datetime(2022, 3, 12, 10, 0, tzinfo=UTC)


@dataclass
class Answer:
    """A page as it came."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Readers:
    """Two subscribers of one test; the second should never be touched."""

    token: str
    name: str
    other_token: str
    other_name: str


class Site:
    """The pages on a port of loopback, and the switch behind /readyz."""

    def __init__(self, store: Store) -> None:
        self.store, self.is_ready = store, True
        self.server = WebServer(Pages(store, lambda: self.is_ready, words=catalogues().words), host="127.0.0.1", port=0)

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """One request; the answer is read until the server has closed the connection."""
        sent = {"Host": "127.0.0.1", "Connection": "close", **headers}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", body or ""]
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as connection:
            connection.sendall("\r\n".join(lines).encode())
            raw = b"".join(iter(lambda: connection.recv(65_536), b""))
        if not raw:
            raise ConnectionResetError("closed without an answer")
        head, _, text = raw.partition(b"\r\n\r\n")
        status, *given = head.decode().split("\r\n")
        got = dict(line.split(": ", 1) for line in given)
        return Answer(int(status.split()[1]), {name.lower(): value for name, value in got.items()}, text.decode())

    def state_of(self, name: str) -> tuple[SubscriberState, Pause | None]:
        with self.store.read() as tx:
            found = find_subscriber(tx, name)
        return found.state, found.pause


ACTIVE = (SubscriberState.ACTIVE, None)
UNSUBSCRIBED = Pause(code=PauseCode.UNSUBSCRIBED)
REFUSED = Pause(code=PauseCode.REFUSED, detail="answered 550: no such user")


@pytest.fixture(scope="module")
def running_site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for the module: to end one takes its loop up to a second."""
    path = tmp_path_factory.mktemp("web") / "web.sqlite"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    site = Site(store)
    yield site
    site.server.close()
    store.close()


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.is_ready = True
    return running_site


@pytest.fixture
def readers(site: Site) -> Readers:
    """Two active subscribers of their own names."""
    token, other = uuid.uuid4().hex, uuid.uuid4().hex
    made = Readers(token=token, name=f"reader <b> {token}", other_token=other, other_name=f"другой {other}")
    with site.store.write() as tx:
        for name, its_token, language in ((made.name, token, "en"), (made.other_name, other, "ru")):
            new = NewSubscriber(
                name=name,
                channel=ChannelKind.EMAIL,
                address="reader@example.org",
                language=language,
                unsubscribe_token=its_token,
            )
            add_subscriber(tx, new, now=NOW)
    return made


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


def test_a_get_asks_and_changes_nothing(site: Site, readers: Readers) -> None:
    # trust: E03
    for _ in range(3):
        answer = site.ask("GET", f"/unsubscribe/{readers.token}")
        assert answer.status == 200
        assert '<form method="post"><button>' in answer.text
    assert site.state_of(readers.name) == ACTIVE


def test_the_name_of_a_subscriber_is_text(site: Site, readers: Readers) -> None:
    # trust: D14
    page = site.ask("GET", f"/unsubscribe/{readers.token}").text
    assert f"Stop all alerts to reader &lt;b&gt; {readers.token}?" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    "body", ["List-Unsubscribe=One-Click", "", None], ids=["one-click", "the button", "no body at all"]
)
def test_a_post_unsubscribes_without_a_login_and_only_this_reader(
    site: Site, readers: Readers, body: str | None
) -> None:
    # trust: E03
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = site.ask("POST", f"/unsubscribe/{readers.token}", body, **kind)
    assert answer.status == 200
    assert "You will get no more alerts from here." in answer.text
    assert site.state_of(readers.name) == (SubscriberState.PAUSED, UNSUBSCRIBED)
    assert site.state_of(readers.other_name) == ACTIVE


def test_a_replay_is_harmless(site: Site, readers: Readers) -> None:
    # trust: E03
    answers = [site.ask("POST", f"/unsubscribe/{readers.token}") for _ in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert site.state_of(readers.name) == (SubscriberState.PAUSED, UNSUBSCRIBED)
    assert site.state_of(readers.other_name) == ACTIVE


def test_a_post_leaves_the_reason_of_an_earlier_pause(site: Site, readers: Readers) -> None:
    # trust: E03
    with site.store.write() as tx:
        pause(tx, find_subscriber(tx, readers.name).id, because=REFUSED)
    assert site.ask("POST", f"/unsubscribe/{readers.token}").status == 200
    assert site.state_of(readers.name) == (SubscriberState.PAUSED, REFUSED)


FORGERIES: dict[str, Callable[[str], str]] = {
    "zeros": lambda token: "0" * 32,
    "shorter": lambda token: token[:-1],
    "longer": lambda token: token + "0",
    "upper case": lambda token: "ABCDEF" + token[6:].upper(),
    "empty": lambda token: "",
    "a number": lambda token: "1",
    "percent": lambda token: "%25",
    "like": lambda token: "_" * 32,
    "nul behind it": lambda token: token + "%00",
    "slash behind it": lambda token: token + "/",
    "dots before it": lambda token: "../" + token,
    "sql": lambda token: "'%20OR%20'1'='1",
    "long": lambda token: "a" * 5_000,
    "letters": lambda token: "%D0%B6" * 8,
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_refused(site: Site, readers: Readers, method: str, forgery: str) -> None:
    # trust: E03
    answer = site.ask(method, f"/unsubscribe/{FORGERIES[forgery](readers.token)}")
    assert answer.status == 404
    assert "<form" not in answer.text
    assert site.state_of(readers.name) == site.state_of(readers.other_name) == ACTIVE


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(site: Site, readers: Readers, method: str) -> None:
    # trust: E03
    assert site.ask(method, f"/unsubscribe/{readers.token}").status in {404, 405, 501}
    assert site.state_of(readers.name) == ACTIVE


def test_a_reader_is_answered_in_their_own_language(site: Site, readers: Readers) -> None:
    page = site.ask("GET", f"/unsubscribe/{readers.other_token}").text
    assert '<html lang="ru">' in page
    assert f"Остановить все оповещения для {readers.other_name}?" in page
    assert "Больше оповещений отсюда не будет." in site.ask("POST", f"/unsubscribe/{readers.other_token}").text


# --- all pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/unsubscribe/TOKEN", "/unsubscribe/forged", "/x/y"])
def test_every_page_forbids_active_content_and_framing(site: Site, readers: Readers, path: str) -> None:
    # trust: D14
    headers = site.ask("GET", path.replace("TOKEN", readers.token)).headers
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


def test_a_strange_host_header_is_not_shown(site: Site, readers: Readers) -> None:
    # trust: D24
    answer = site.ask("GET", f"/unsubscribe/{readers.token}", Host="evil.example")
    assert "evil.example" not in answer.text + str(answer.headers)


def test_a_body_that_is_too_large_is_refused(site: Site, readers: Readers) -> None:
    answer = site.ask("POST", f"/unsubscribe/{readers.token}", **{"Content-Length": "70000"})
    assert answer.status == 413
    assert site.state_of(readers.name) == ACTIVE


def test_a_head_names_the_length_of_what_a_get_would_bring(site: Site) -> None:
    assert site.ask("HEAD", "/healthz").headers["content-length"] == str(len(site.ask("GET", "/healthz").text))


def test_closing_twice_is_closing_once_and_waits_for_no_idle_browser(sqlite_store: Store) -> None:
    # trust: A15
    site = Site(sqlite_store)

    def close_twice() -> None:
        site.server.close()
        site.server.close()

    with socket.create_connection(("127.0.0.1", site.server.port), timeout=60) as idle:
        closing = threading.Thread(target=close_twice)
        closing.start()
        assert idle.recv(10) == b"", "an idle connection is closed, not waited for"
        closing.join(60)
        assert not closing.is_alive()


def test_a_request_under_way_is_answered_before_the_end(sqlite_store: Store) -> None:
    # trust: A15
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow() -> bool:
        is_asked.set()
        return may_answer.wait(60)

    server = WebServer(Pages(sqlite_store, slow, words=catalogues().words), host="127.0.0.1", port=0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as browser:
        browser.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert is_asked.wait(60)
        closing = threading.Thread(target=server.close)
        closing.start()
        may_answer.set()
        answer = b"".join(iter(lambda: browser.recv(65_536), b""))
        closing.join(60)
    assert answer.endswith(b'{"status": "ready"}')


def test_a_name_with_two_addresses_can_be_listened_on(sqlite_store: Store) -> None:
    try:
        server = WebServer(Pages(sqlite_store, lambda: True, words=catalogues().words), host="localhost", port=0)
    except OSError:
        pytest.skip("localhost can't be listened on here")
    server.close()


def test_a_closed_server_answers_no_more(sqlite_store: Store) -> None:
    site = Site(sqlite_store)
    assert site.ask("GET", "/healthz").status == 200
    site.server.close()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the system likes
        site.ask("GET", "/healthz")


_CLOSE_WHILE_A_BROWSER_IS_CONNECTED = """
import socket
from reformwatch.web.server import WebServer
def page(environ, respond):
    respond("200 OK", [("Content-Length", "2")])
    return [b"ok"]
server = WebServer(page, host="127.0.0.1", port=0)
browser = socket.create_connection(("127.0.0.1", server.port), timeout=60)
browser.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
while b"ok" not in browser.recv(1000):
    pass
server.close()
assert browser.recv(10) == b"", "the browser's connection is still open"
"""


def test_closing_while_a_browser_is_connected_ends_quietly() -> None:
    # trust: A15
    ran = subprocess.run(
        [sys.executable, "-c", _CLOSE_WHILE_A_BROWSER_IS_CONNECTED],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
