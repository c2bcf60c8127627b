"""Store, hosts: leased by one process at a time, at rest after a request, free when a lease ends or its owner died."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.model.feed import Feed, NewFeed
from reformwatch.store import Store, Tx, feeds, hosts, tables

LEASE = timedelta(minutes=5)
GAP = timedelta(seconds=2)
HOST = "one.example"
OURS, THEIRS = "a:1", "b:1"


def claim(tx: Tx, *origins: str, token: str = OURS, at: timedelta = timedelta()) -> frozenset[str]:
    return hosts.claim(tx, origins or (HOST,), token=token, now=NOW + at, lease=LEASE)


def closed(tx: Tx, *, token: str, at: timedelta = timedelta()) -> set[str]:
    return set(tx.execute(hosts.closed(token=token, now=NOW + at)).scalars())


def row(tx: Tx, origin: str = HOST) -> tuple[str | None, datetime | None, datetime | None]:
    table = tables.hosts
    found = tx.execute(sa.select(table).where(table.c.origin == origin)).one()
    return found.lease_token, found.lease_until, found.rest_until


def add(tx: Tx, *urls: str) -> None:
    for url in urls:
        assert feeds.add_feed(tx, NewFeed(url=url, name=url), now=NOW)


def claim_due(tx: Tx, *, token: str = OURS, at: timedelta = timedelta()) -> list[Feed]:
    return feeds.claim_due(tx, token=token, now=NOW + at, lease=LEASE, limit=100, per_host=100)


# -- leases


def test_a_host_is_nobody_else_s_until_its_lease_ends(store: Store) -> None:  # trust: H03
    with store.write() as tx:
        assert claim(tx) == {HOST}
        assert claim(tx, token=THEIRS, at=LEASE - timedelta(seconds=1)) == set()
        assert (closed(tx, token=OURS), closed(tx, token=THEIRS)) == (set(), {HOST})
        assert closed(tx, token=THEIRS, at=LEASE) == set()
        assert claim(tx, token=THEIRS, at=LEASE) == {HOST}
        assert claim(tx, at=LEASE) == set()


def test_the_holder_extends_its_lease_by_a_claim(store: Store) -> None:
    half = LEASE / 2
    with store.write() as tx:
        claim(tx)
        assert claim(tx, at=half) == {HOST}
        assert row(tx) == (OURS, NOW + half + LEASE, None)
        assert claim(tx, token=THEIRS, at=LEASE) == set()


def test_of_many_hosts_those_are_leased_that_are_free(store: Store) -> None:
    with store.write() as tx:
        claim(tx, "b.example", token=THEIRS)
        claim(tx, "c.example")
        assert claim(tx, "d.example", "c.example", "b.example", "a.example") == {"a.example", "c.example", "d.example"}
        assert hosts.claim(tx, [], token=OURS, now=NOW, lease=LEASE) == set()


def test_processes_that_claim_at_the_same_moment_never_get_the_same_host(store: Store) -> None:  # trust: H03
    names = [f"{number}.example" for number in range(40)]
    start = threading.Barrier(4)
    got: dict[str, frozenset[str]] = {}

    def work(token: str, wanted: list[str]) -> None:
        start.wait(10)
        with store.write() as tx:
            got[token] = hosts.claim(tx, wanted, token=token, now=NOW, lease=LEASE)

    threads = [threading.Thread(target=work, args=(f"t{i}:1", names[:: (-1) ** i])) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 4
    assert sorted(name for mine in got.values() for name in mine) == sorted(names)


# -- rests


def test_a_host_given_back_rests_for_everybody_and_then_is_free(store: Store) -> None:  # trust: C09
    with store.write() as tx:
        claim(tx)
        hosts.release(tx, {HOST: NOW + GAP}, token=OURS)
        assert closed(tx, token=OURS) == closed(tx, token=THEIRS) == {HOST}
        early = GAP - timedelta(milliseconds=1)
        assert claim(tx, at=early) == claim(tx, token=THEIRS, at=early) == set()
        assert claim(tx, token=THEIRS, at=GAP) == {HOST}


def test_a_host_that_was_not_asked_is_free_at_once(store: Store) -> None:
    with store.write() as tx:
        claim(tx)
        hosts.release(tx, {HOST: None}, token=OURS)
        assert claim(tx, token=THEIRS) == {HOST}


def test_a_stale_token_gives_nothing_back(store: Store) -> None:  # trust: H01
    with store.write() as tx:
        claim(tx)
        claim(tx, token=THEIRS, at=LEASE)
        hosts.release(tx, {HOST: NOW + LEASE + GAP}, token=OURS)
        assert row(tx) == (THEIRS, NOW + 2 * LEASE, None)


def test_hosts_of_a_dead_owner_are_given_back_and_rest_and_nothing_of_others(store: Store) -> None:  # trust: C08
    with store.write() as tx:
        for number, token in enumerate(("daemon:1", "daemon:2", "daemonX:1", "cli:1")):
            claim(tx, f"{number}.example", token=token)
        assert hosts.release_all_of(tx, "daemon", rest_until=NOW + GAP) == 2
        assert hosts.release_all_of(tx, "daemon%", rest_until=NOW + GAP) == 0
        names = [f"{number}.example" for number in range(4)]
        assert claim(tx, *names) == set()
        assert claim(tx, *names, at=GAP) == {"0.example", "1.example"}


def test_rows_of_idle_hosts_are_deleted_and_no_others(store: Store) -> None:
    with store.write() as tx:
        claim(tx, "leased.example", "rests.example", "idle.example", "rested.example")
        rests = {"rests.example": NOW + GAP, "rested.example": NOW, "idle.example": None}
        hosts.release(tx, rests, token=OURS)
        assert hosts.remove_idle(tx, now=NOW) == 2
        left = set(tx.execute(sa.select(tables.hosts.c.origin)).scalars())
        assert left == {"leased.example", "rests.example"}
        assert hosts.remove_idle(tx, now=NOW + LEASE) == 2


# -- feeds and their hosts


def test_a_claim_of_feeds_leases_their_hosts_and_leaves_out_those_of_others(store: Store) -> None:  # trust: H03
    with store.write() as tx:
        add(tx, "https://one.example/a", "https://one.example/b", "https://two.example/a")
        claim(tx, token=THEIRS)
        assert [feed.url for feed in claim_due(tx)] == ["https://two.example/a"]
        assert row(tx, "two.example")[0] == OURS
        hosts.release(tx, {HOST: NOW + GAP}, token=THEIRS)
        assert claim_due(tx) == []
        assert [feed.url for feed in claim_due(tx, at=GAP)] == ["https://one.example/a", "https://one.example/b"]
        assert row(tx)[0] == OURS


def test_feeds_whose_host_goes_to_another_process_in_the_same_moment_are_given_back(postgres_store: Store) -> None:
    with postgres_store.write() as tx:
        add(tx, "https://one.example/a", "https://two.example/a")
    got: list[list[str]] = []

    def work() -> None:
        with postgres_store.write() as tx:
            got.append([feed.url for feed in claim_due(tx)])

    thread = threading.Thread(target=work)
    with postgres_store.write() as other:
        claim(other, token=THEIRS)  # not yet to be seen by the claim, which waits for it to be decided
        thread.start()
        wait_for_a_lock(postgres_store)
    thread.join(30)
    assert got == [["https://two.example/a"]]
    with postgres_store.write() as tx:
        hosts.release(tx, {HOST: None}, token=THEIRS)
        assert [feed.url for feed in claim_due(tx)] == ["https://one.example/a"], "its feed was not given back"


def wait_for_a_lock(store: Store) -> None:
    """Until a transaction of this database waits for another one."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(3_000):
        with store.read() as tx:
            if tx.exec_driver_sql(question).scalar():
                return
        threading.Event().wait(0.01)
    pytest.fail("no transaction waited for another one")


@pytest.mark.parametrize(
    ("holder", "rest", "expected"),
    [
        (None, None, NOW),
        (OURS, None, NOW),
        (THEIRS, None, None),
        (None, NOW + GAP, NOW + GAP),
        (None, NOW - GAP, NOW),
    ],
)
def test_a_due_feed_can_be_claimed_when_its_host_has_rested_unless_others_hold_it(
    store: Store, holder: str | None, rest: datetime | None, expected: datetime | None
) -> None:
    with store.write() as tx:
        add(tx, "https://one.example/a")
        if rest is not None:
            claim(tx, at=-LEASE)
            hosts.release(tx, {HOST: rest}, token=OURS)
        if holder is not None:
            claim(tx, token=holder)
        assert feeds.next_claim_at(tx, token=OURS, now=NOW) == expected
        assert feeds.next_claim_at(tx, token=OURS, now=NOW, due_by=NOW - GAP) is None


def test_the_first_host_that_has_rested_is_the_next_to_be_claimed(store: Store) -> None:
    with store.write() as tx:
        add(tx, "https://one.example/a", "https://two.example/a", "https://three.example/a")
        claim(tx, "one.example", "two.example")
        claim(tx, "three.example", token=THEIRS)
        hosts.release(tx, {"one.example": NOW + 3 * GAP, "two.example": NOW + GAP}, token=OURS)
        assert feeds.next_claim_at(tx, token=OURS, now=NOW) == NOW + GAP
