"""Store, the glance: it says that nothing is due only where that is so."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.feed import FeedState, NewFeed
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.store import Store, tables
from reformwatch.store.due import is_delivery_due
from reformwatch.store.feeds import add_feed, list_feeds, next_claim_at, set_state
from reformwatch.store.glance import is_a_feed_unread, is_no_delivery_due, is_no_feed_due
from reformwatch.store.subscribers import add_subscriber

TICK = timedelta(microseconds=1)
#: Moments around NOW, some said in other zones.
MOMENTS = [
    NOW + step * TICK if zone is UTC else (NOW + step * TICK).astimezone(zone)
    for step in (-(10**6), -1, 0, 1, 10**6)
    for zone in (UTC, timezone(timedelta(hours=5)), timezone(timedelta(hours=-9)))
]


def url_of(store: Store) -> str:
    return f"sqlite:///{store.sqlite_path}"


def with_delivery(store: Store, *, state: DeliveryState, at: datetime, lease_until: datetime | None = None) -> None:
    """One delivery alone."""
    with store.write() as tx:
        tx.execute(sa.delete(tables.subscribers))
        reader = NewSubscriber(name="Desk", channel=ChannelKind.CONSOLE, address="-", unsubscribe_token="t")
        subscriber = add_subscriber(tx, reader, now=NOW)
        row = {"message_id": "m", "subscriber_id": subscriber.id, "attempts": 0}
        row |= {"state": state.value, "next_attempt_at": at, "created_at": NOW, "lease_until": lease_until}
        tx.execute(sa.insert(tables.deliveries).values(row))


def test_an_alert_that_is_not_routed_is_something_to_deliver(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        alert = {"kind": "story", "headline": "An akim elected", "created_at": NOW}
        tx.execute(sa.insert(tables.alerts).values(alert))
    with sqlite_store.read() as tx:
        assert is_delivery_due(tx, now=NOW)
    assert not is_no_delivery_due(url_of(sqlite_store), now=NOW)


@pytest.mark.parametrize("state", DeliveryState)
def test_a_glance_at_the_outbox_and_the_outbox_agree(sqlite_store: Store, state: DeliveryState) -> None:
    for at in MOMENTS:
        with_delivery(sqlite_store, state=state, at=at)
        with sqlite_store.read() as tx:
            assert is_no_delivery_due(url_of(sqlite_store), now=NOW) is not is_delivery_due(tx, now=NOW)


def test_what_another_process_holds_is_no_certainty(sqlite_store: Store) -> None:
    with_delivery(sqlite_store, state=DeliveryState.PENDING, at=NOW, lease_until=NOW + TICK)
    assert not is_no_delivery_due(url_of(sqlite_store), now=NOW)


@pytest.mark.parametrize("state", FeedState)
def test_a_glance_at_the_feeds_and_the_feeds_agree(sqlite_store: Store, state: FeedState) -> None:
    for number, at in enumerate(MOMENTS):
        with sqlite_store.write() as tx:
            tx.execute(sa.delete(tables.feeds))
            add_feed(tx, NewFeed(url=f"https://a.example/{number}", name="a"), now=at)
            feed_id = tx.execute(sa.select(tables.feeds.c.id)).scalar_one()
            set_state(tx, feed_id, state, now=at)
        with sqlite_store.read() as tx:
            assert is_no_feed_due(url_of(sqlite_store), now=NOW) is (next_claim_at(tx, token="t:1", now=NOW) is None)


def test_an_empty_database_has_nothing_due(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sqlite_store.sqlite_path is not None
    monkeypatch.chdir(sqlite_store.sqlite_path.parent)
    for url in (url_of(sqlite_store), f"sqlite:///{sqlite_store.sqlite_path.name}"):
        assert is_no_delivery_due(url, now=NOW)
        assert is_no_feed_due(url, now=NOW)


def test_at_any_doubt_nothing_is_certain(sqlite_store: Store, tmp_path: Path) -> None:
    path = sqlite_store.sqlite_path
    assert path is not None
    (tmp_path / "text").write_text("no database at all, but long enough for its head " * 9, encoding="utf-8")
    for url in (
        f"sqlite:///{tmp_path}/missing",
        f"sqlite:///{tmp_path}/text",
        f"sqlite:///{path}?mode=ro",
        "sqlite:///",
        "postgresql+psycopg://localhost/reformwatch",
    ):
        assert not is_no_delivery_due(url, now=NOW)
    assert not (tmp_path / "missing").exists()
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alembic_version SET version_num = '0001'")
        other.commit()
        assert not is_no_delivery_due(url_of(sqlite_store), now=NOW), "another version"


def test_a_database_with_an_odd_name_is_looked_at(sqlite_store: Store, tmp_path: Path) -> None:
    path = sqlite_store.sqlite_path
    assert path is not None
    odd = tmp_path / "деректер #1 & more.sqlite"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(odd)) as target:
        source.backup(target)
    assert is_no_delivery_due(f"sqlite:///{odd}", now=NOW)


def test_a_feed_that_was_never_read_is_seen(sqlite_store: Store) -> None:
    url = url_of(sqlite_store)
    assert not is_a_feed_unread(url)
    with sqlite_store.write() as tx:
        for name in ("a", "b"):
            add_feed(tx, NewFeed(url=f"https://{name}.example/", name=name), now=NOW)
        tx.execute(sa.update(tables.feeds).where(tables.feeds.c.name == "a").values(last_ok_at=NOW))
    assert is_a_feed_unread(url)
    with sqlite_store.write() as tx:
        _, second = list_feeds(tx)
        set_state(tx, second.id, FeedState.PAUSED, now=NOW)
    assert not is_a_feed_unread(url)
    assert not is_a_feed_unread("postgresql+psycopg://localhost/reformwatch")
