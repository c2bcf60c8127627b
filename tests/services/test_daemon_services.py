"""Services, daemons: what a dead one held is taken up, and hubs know whether anybody listens."""

from datetime import timedelta

from conftest import NOW
from reformwatch.model.feed import NewFeed
from reformwatch.model.websub import Confirmed, HubState
from reformwatch.services import daemons
from reformwatch.services.status import status
from reformwatch.store import Store, feeds, hosts, websub

HOUR = timedelta(hours=1)
GAP = timedelta(seconds=2)
URL = "https://news.example/rss"


def test_only_what_a_daemon_of_this_name_held_is_taken_up(store: Store) -> None:
    with store.write() as tx:
        for name in ("one", "other"):
            feeds.add_feed(tx, NewFeed(url=f"https://{name}.example/rss", name=name), now=NOW)
        feeds.claim(tx, [1], token="daemon:1", now=NOW, lease=HOUR)
        feeds.claim(tx, [2], token="daemon2:1", now=NOW, lease=HOUR)
        hosts.claim(tx, ["one.example"], token="daemon:1", now=NOW, lease=HOUR)
    assert daemons.release_leases(store, "daemon", gap=GAP, now=NOW) == 1
    with store.read() as tx:
        assert {feed.name: feed.lease_token for feed in feeds.list_feeds(tx)} == {"one": None, "other": "daemon2:1"}
    assert daemons.release_leases(store, "daemon", gap=GAP, now=NOW) == 0
    with store.write() as tx:  # its host rests first
        assert hosts.claim(tx, ["one.example"], token="new:1", now=NOW, lease=HOUR) == set()
        assert hosts.claim(tx, ["one.example"], token="new:1", now=NOW + GAP, lease=HOUR) == {"one.example"}


def test_a_daemon_that_ended_is_not_shown_any_more(store: Store) -> None:
    given = {"host": "host", "pid": 7, "version": "1", "started_at": NOW, "now": NOW}
    for _ in range(2):
        daemons.beat(store, name="one", **given)  # type: ignore[arg-type]  # one mapping for two calls
    assert [daemon.pid for daemon in status(store, now=NOW).daemons] == [7]
    daemons.forget(store, "one")
    view = status(store, now=NOW)
    assert (view.running, view.last_daemon) == (False, None)


def with_a_hub_that_pushes(store: Store) -> None:
    with store.write() as tx:
        feeds.add_feed(tx, NewFeed(url=URL, name="News"), now=NOW)
        hub = "https://hub.example/"
        websub.note_hub(tx, 1, hub, URL, now=NOW, new_token=lambda: "token", new_secret=lambda: "secret")
        [claimed] = websub.claim_due(tx, now=NOW, patience=HOUR, limit=5)
        websub.confirm(tx, claimed, Confirmed(challenge="c", lease_until=NOW + 24 * HOUR, renew_at=NOW + 12 * HOUR))


def hub_states(store: Store) -> dict[HubState, int]:
    return dict(status(store, now=NOW).hubs)


def test_another_callback_address_ends_the_subscriptions_under_the_old_one(store: Store) -> None:
    with_a_hub_that_pushes(store)
    assert daemons.set_callback(store, "https://old.example/websub", floor=HOUR, now=NOW) == 1
    assert hub_states(store) == {HubState.ACTIVE: 1}
    daemons.set_callback(store, "https://new.example/websub", floor=HOUR, now=NOW)
    assert hub_states(store) == {HubState.WANTED: 1}


def test_a_daemon_without_pages_speaks_for_itself_on_sqlite_only(store: Store) -> None:
    """On PostgreSQL another daemon may have pages, and its subscriptions go on."""
    with_a_hub_that_pushes(store)
    daemons.set_callback(store, "https://old.example/websub", floor=HOUR, now=NOW)
    daemons.set_callback(store, None, floor=HOUR, now=NOW)
    daemons.clear_callback(store, now=NOW)
    expected = HubState.WANTED if store.sqlite_path else HubState.ACTIVE
    assert hub_states(store) == {expected: 1}
