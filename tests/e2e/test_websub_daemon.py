"""WebSub with the daemon as a process: a hub on loopback is asked, asks back, and pushes."""

import contextlib
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from conftest import NOW
from house import Desk, free_port, open_house, set_up, until
from hubs import Hub
from reformwatch.store import Store, feeds, websub
from reformwatch.wiring.basics import new_hub_secret, new_hub_token
from servers import HttpServer


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A daemon with pages that polls rarely, as with a hub."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with open_house() as house:
        extra = {"REFORMWATCH_WEB__LISTEN": f"127.0.0.1:{port}", "REFORMWATCH_ALERTS__BASE_URL": base}
        rarely = {"REFORMWATCH_POLL__MIN_INTERVAL_S": "3600", "REFORMWATCH_POLL__MAX_INTERVAL_S": "86400"}
        yield Desk(tmp_path, house, extra=extra | rarely)


@contextlib.contextmanager
def stored(desk: Desk) -> Iterator[Store]:
    store = Store(desk.settings().database.url)
    try:
        yield store
    finally:
        store.close()


def note_hub_of(desk: Desk, hub: Hub) -> None:
    """The only feed names this hub."""
    with stored(desk) as store, store.write() as tx:
        [feed] = feeds.list_feeds(tx)
        websub.note_hub(tx, feed.id, hub.url, feed.url, now=NOW, new_token=new_hub_token, new_secret=new_hub_secret)


def pushed_at(desk: Desk) -> datetime | None:
    """When the only feed was last pushed."""
    with stored(desk) as store, store.read() as tx:
        [feed] = feeds.list_feeds(tx)
        found = websub.find(tx, feed.id)
    return found.pushed_at if found else None


def push_and_wait(desk: Desk, hub: Hub, document: bytes) -> None:
    """Push a document and wait until it was read and noted."""
    before = pushed_at(desk)
    assert hub.push(hub.requests[0], document).status == 202
    until(lambda: pushed_at(desk) != before, what="the push is noted")


def push_news(desk: Desk, hub: Hub, title: str) -> bytes:
    """Push the feed with a new entry and see how long its webhook takes; the document that was pushed."""
    desk.house.feeds["/feed0"].append(title)
    document = desk.house.document("/feed0")
    before, began = pushed_at(desk), time.monotonic()
    assert hub.push(hub.requests[0], document).status == 202
    until(lambda: title in desk.house.hook_headlines(), what="the webhook is told")
    print(f"from push to webhook: {time.monotonic() - began:.3f} s")  # noqa: T201 - measured, not asserted
    until(lambda: pushed_at(desk) != before, what="the push is noted")
    return document


def test_what_a_hub_pushes_reaches_a_webhook_at_once_and_once(desk: Desk, server: HttpServer) -> None:
    set_up(desk)
    hub = Hub(server, asks_back_first=True)
    note_hub_of(desk, hub)
    with desk.daemon() as process:
        until(lambda: len(hub.said) == 1, what="the hub was asked, and has asked back")
        assert hub.said[0].status == 200
        push_news(desk, hub, "Akims elected in all villages of the region")  # the parser's processes start with it
        document = push_news(desk, hub, "Akims of the region take their oaths")
        until(lambda: len(desk.house.mails) == 2, what="the mails are sent")
        push_and_wait(desk, hub, document)
        forged = document.replace(b"oaths", b"bribes")
        assert hub.push(hub.requests[0], forged, "sha256=0").status == 202
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert len(desk.house.hooks) == len(desk.house.mails) == 2
    assert "wrong was ignored" in desk.log()
    assert len(desk.house.hits) == 1, "the baseline's poll; the daemon needed none"


def test_a_daemon_without_a_public_address_asks_no_hub_and_says_so_once(desk: Desk, server: HttpServer) -> None:
    del desk.extra["REFORMWATCH_ALERTS__BASE_URL"]
    set_up(desk)
    hub = Hub(server)
    note_hub_of(desk, hub)
    with desk.daemon() as process:
        until(lambda: "started" in desk.log(), what="the daemon starts")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert hub.requests == []
    assert desk.log().count("feeds that name a WebSub hub: 1") == 1
