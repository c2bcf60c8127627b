"""Store, feeds: added once, found, claimed with a lease by one process only, released."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from msgspec.structs import asdict

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.feed import Feed, FeedAddress, FeedKind, FeedState, NewFeed
from reformwatch.store import Store, Tx, feeds, hosts, tables

LEASE = timedelta(minutes=5)
OURS = "a:1"


def add(store: Store, *new: NewFeed) -> list[Feed]:
    with store.write() as tx:
        for one in new:
            assert feeds.add_feed(tx, one, now=NOW)
        return [feeds.find_feed(tx, one.url) for one in new]


def some(count: int, *, host: str = "example.org") -> list[NewFeed]:
    return [NewFeed(url=f"https://{host}/{i}.xml", name=f"{host} {i}") for i in range(count)]


def test_a_feed_is_due_at_once_and_comes_back_as_it_was_given(store: Store) -> None:
    new = NewFeed(
        url="https://egemen.kz/rss?бет=1",
        name="Егемен Қазақстан 🗞 שלום",
        kind=FeedKind.OFFICIAL,
        language="kk",
        site_url="https://egemen.kz/",
        pack="kazakhstan",
        backfill_days=3,
    )
    [feed] = add(store, new)
    assert {name: getattr(feed, name) for name in asdict(new)} == asdict(new)
    assert (feed.state, feed.added_at, feed.poll.next_poll_at) == (FeedState.ACTIVE, NOW, NOW)
    assert not feed.has_baseline


def test_an_address_is_added_once_and_the_first_stays(store: Store) -> None:
    add(store, NewFeed(url="https://example.org/a", name="first"))
    with store.write() as tx:
        assert not feeds.add_feed(tx, NewFeed(url="https://example.org/a", name="second"), now=NOW)
        assert [feed.name for feed in feeds.list_feeds(tx)] == ["first"]


def test_feeds_are_listed_by_name_whatever_its_case(store: Store) -> None:
    add(store, *(NewFeed(url=f"https://example.org/{name}", name=name) for name in ("b", "A", "C")))
    with store.read() as tx:
        assert [feed.name for feed in feeds.list_feeds(tx)] == ["A", "b", "C"]


@pytest.mark.parametrize("which", ["1", "https://example.org/a", "Tengrinews", "tengrinews", "TENGRINEWS"])
def test_a_feed_is_found_by_number_address_or_name(store: Store, which: str) -> None:
    [feed] = add(store, NewFeed(url="https://example.org/a", name="Tengrinews"))
    with store.read() as tx:
        assert feeds.find_feed(tx, which) == feed


@pytest.mark.parametrize("which", ["Егемен Қазақстан", "егемен қазақстан"])
def test_a_feed_with_a_cyrillic_name_is_found_by_it_as_it_is_written(sqlite_store: Store, which: str) -> None:
    [feed] = add(sqlite_store, NewFeed(url="https://example.org/a", name=which))
    with sqlite_store.read() as tx:
        assert feeds.find_feed(tx, which) == feed


@pytest.mark.parametrize("which", ["Егемен Қазақстан", "егемен қазақстан", "ЕГЕМЕН ҚАЗАҚСТАН", "егемен Қазақстан"])
def test_a_feed_with_a_cyrillic_name_is_found_whatever_its_case(store: Store, which: str) -> None:
    [feed] = add(store, NewFeed(url="https://example.org/a", name="Егемен Қазақстан"))
    with store.read() as tx:
        assert feeds.find_feed(tx, which) == feed


def test_a_name_that_is_a_number_is_found_where_no_feed_has_that_number(store: Store) -> None:
    [feed] = add(store, NewFeed(url="https://example.org/a", name="24"))
    with store.read() as tx:
        assert feeds.find_feed(tx, "24") == feed


@pytest.mark.parametrize("which", ["", "999999", "9" * 40, "https://example.org/none", "nobody", "' OR 1=1 --"])
def test_a_feed_that_is_not_there_is_not_found(store: Store, which: str) -> None:
    add(store, *some(1))
    with store.read() as tx, pytest.raises(NotFound) as missing:
        feeds.find_feed(tx, which)
    assert missing.value.exit_code == 66
    assert "feed list" in str(missing.value)


def test_a_name_that_two_feeds_bear_is_refused(store: Store) -> None:
    add(store, NewFeed(url="https://example.org/a", name="News"), NewFeed(url="https://example.org/b", name="news"))
    with store.read() as tx, pytest.raises(BadInput, match="2 feeds bear this name"):
        feeds.find_feed(tx, "NEWS")


def test_a_removed_feed_is_gone(store: Store) -> None:
    first, second = add(store, *some(2))
    with store.write() as tx:
        feeds.remove_feed(tx, first.id)
    with store.read() as tx:
        assert [feed.id for feed in feeds.list_feeds(tx)] == [second.id]


def test_a_paused_feed_is_not_claimed_and_a_resumed_one_is_due_at_once(store: Store) -> None:
    [feed] = add(store, *some(1))
    later = NOW + timedelta(hours=1)
    with store.write() as tx:
        feeds.set_state(tx, feed.id, FeedState.PAUSED, now=NOW)
        assert claim_due(tx) == []
        assert feeds.claim(tx, [feed.id], token="a:1", now=NOW, lease=LEASE) == []
        feeds.set_state(tx, feed.id, FeedState.ACTIVE, now=later)
        resumed = feeds.find_feed(tx, str(feed.id))
    assert (resumed.state, resumed.poll.next_poll_at, resumed.poll.failures, resumed.poll.problem) == (
        FeedState.ACTIVE,
        later,
        0,
        None,
    )


def test_only_feeds_that_are_polled_can_be_asked(store: Store) -> None:
    paused, gone, first, second = add(store, *some(4))
    with store.write() as tx:
        feeds.set_state(tx, paused.id, FeedState.PAUSED, now=NOW)
        feeds.set_state(tx, gone.id, FeedState.GONE, now=NOW)
        tx.execute(sa.update(tables.feeds).where(tables.feeds.c.id == second.id).values(last_polled_at=NOW))
        found = feeds.list_addresses(tx)
    assert found == [
        FeedAddress(id=first.id, url=first.url, last_polled_at=None),
        FeedAddress(id=second.id, url=second.url, last_polled_at=NOW),
    ]


# -- claims


def claim_due(
    tx: Tx,
    *,
    token: str = OURS,
    at: timedelta = timedelta(),
    limit: int = 1_000,
    per_host: int = 1_000,
    excluding: tuple[str, ...] = (),
) -> list[Feed]:
    return feeds.claim_due(
        tx, token=token, now=NOW + at, lease=LEASE, limit=limit, per_host=per_host, excluding=excluding
    )


def test_a_claimed_feed_is_nobody_else_s_until_its_lease_ends(store: Store) -> None:
    [feed] = add(store, *some(1))
    with store.write() as tx:
        [mine] = claim_due(tx, token="a:1")
        assert (mine.id, mine.lease_token) == (feed.id, "a:1")
        assert claim_due(tx, token="b:1", at=LEASE - timedelta(seconds=1)) == []
        [theirs] = claim_due(tx, token="b:1", at=LEASE)
    assert theirs.lease_token == "b:1"


def test_a_feed_that_is_not_due_is_claimed_only_by_name(store: Store) -> None:
    [feed] = add(store, *some(1))
    early = timedelta(minutes=-1)
    with store.write() as tx:
        assert claim_due(tx, at=early) == []
        assert [f.id for f in feeds.claim(tx, [feed.id], token="a:1", now=NOW + early, lease=LEASE)] == [feed.id]
        assert feeds.claim(tx, [feed.id], token="b:1", now=NOW, lease=LEASE) == []


def test_hosts_take_turns_and_none_gets_more_than_its_share(store: Store) -> None:
    add(store, *some(5, host="one.example"), *some(2, host="two.example"), *some(1, host="three.example"))
    with store.write() as tx:
        claimed = claim_due(tx, per_host=2, limit=4)
        hosts = [feed.name.split()[0] for feed in claimed]
        assert set(hosts) == {"one.example", "two.example", "three.example"}
        assert (len(hosts), max(map(hosts.count, hosts))) == (4, 2)
        rest = claim_due(tx, per_host=2, excluding=("one.example",))
        assert {feed.name.split()[0] for feed in rest} <= {"two.example"}, "a host left out was claimed"


def test_ports_are_hosts_of_their_own(store: Store) -> None:
    add(store, NewFeed(url="https://h.example:8001/a", name="a"), NewFeed(url="https://h.example:8002/a", name="b"))
    with store.write() as tx:
        assert len(claim_due(tx, per_host=1)) == 2


def test_threads_that_claim_at_the_same_time_never_get_the_same_feed(store: Store) -> None:
    add(store, *(NewFeed(url=f"https://host{i}.example/", name=f"{i}") for i in range(60)))
    start = threading.Barrier(4)
    got: dict[str, list[int]] = {}

    def claim(token: str) -> None:
        mine: list[int] = []
        start.wait(60)
        while True:
            with store.write() as tx:
                claimed = claim_due(tx, token=token, limit=3)
            if not claimed:
                break
            mine += [feed.id for feed in claimed]
        got[token] = mine

    threads = [threading.Thread(target=claim, args=(f"t{i}:1",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    claimed = [feed_id for mine in got.values() for feed_id in mine]
    assert len(got) == 4
    assert len(claimed) == len(set(claimed))
    with store.write() as tx:  # SKIP LOCKED may leave some to a later round, never to two at once
        left = claim_due(tx, token="late:1")
    assert len(claimed) + len(left) == 60


def test_only_the_holder_gives_a_lease_back(store: Store) -> None:
    [feed] = add(store, *some(1))
    with store.write() as tx:
        claim_due(tx, token="a:1")
        feeds.release(tx, [feed.id], token="b:1")
        assert claim_due(tx, token="b:1") == []
        feeds.release(tx, [feed.id], token="a:1")
        hosts.release(tx, {"example.org": None}, token="a:1")
        assert len(claim_due(tx, token="b:1")) == 1


def test_what_a_dead_daemon_held_is_given_back_and_nothing_of_others(store: Store) -> None:
    one, two, three = add(store, *some(3))
    with store.write() as tx:
        feeds.claim(tx, [one.id], token="daemon:1", now=NOW, lease=LEASE)
        feeds.claim(tx, [two.id], token="daemon:2", now=NOW, lease=LEASE)
        feeds.claim(tx, [three.id], token="daemonX:1", now=NOW, lease=LEASE)
        assert feeds.release_all_of(tx, "daemon", next_after=lambda _: NOW) == 2
        assert {feed.id for feed in claim_due(tx, token="new:1")} == {one.id, two.id}


def test_an_owner_s_name_is_no_pattern(store: Store) -> None:
    add(store, *some(1))
    with store.write() as tx:
        claim_due(tx, token="daemon.host.1:x")
        assert feeds.release_all_of(tx, "daemon%", next_after=lambda _: NOW) == 0
        assert feeds.release_all_of(tx, "daemon_host_1", next_after=lambda _: NOW) == 0
        assert feeds.release_all_of(tx, "daemon.host.1", next_after=lambda _: NOW) == 1


def test_feeds_in_turns_are_one_of_each_host_then_the_next_of_each(store: Store) -> None:
    urls = [f"https://{host}.example/{n}" for host in ("a", "b") for n in range(3)] + ["https://c.example/"]
    with store.write() as tx:
        for url in urls:
            feeds.add_feed(tx, NewFeed(url=url, name=url), now=NOW)
        by_id = {feed.id: feed.url for feed in feeds.list_feeds(tx)}
        asked = [by_id[feed_id] for feed_id in feeds.in_turns(tx, [*by_id, 4711])]
    assert asked == [urls[0], urls[3], urls[6], urls[1], urls[4], urls[2], urls[5]]
