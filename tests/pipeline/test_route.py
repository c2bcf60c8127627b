"""Pipeline, routing: a slice with the alert, the rest slice by slice, and what is left over is taken up later."""

import io
import itertools
import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.model.feed import Elsewhere, Feed, Fetched, FetchOutcome, NewFeed, Validators
from reformwatch.model.plan import PollReport
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import NewTopic
from reformwatch.pipeline.checkpoints import ROUTE_CHECKPOINTS
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import PollLimits
from reformwatch.planning.schedule import PollPolicy
from reformwatch.settings import build_settings
from reformwatch.store import Store, Tx, outbox, tables
from reformwatch.store.alerts import list_alerts
from reformwatch.store.entries import all_entries, suppressed_of
from reformwatch.store.feeds import add_feed, list_feeds
from reformwatch.store.notifications import has_unrouted
from reformwatch.store.subscribers import add_subscriber, pause
from reformwatch.store.topics import add_topic
from reformwatch.wiring.delivery import build_channels, build_deliverer, build_webhook_client
from routing_desk import BY_OPERATOR, AlertDesk, a_poller, a_router, codes, records

NAMES = ("Aliya", "Bolat", "Carmen", "Dana", "Erlan")
PAGE = "page:1"
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def desk(sqlite_store: Store) -> AlertDesk:
    return AlertDesk(sqlite_store, NAMES)


def notified(desk: AlertDesk, *alert_ids: int) -> list[str]:
    return [one.subscriber for one in records(desk.store, alert_ids)]


def waits(desk: AlertDesk) -> bool:
    with desk.store.read() as tx:
        return has_unrouted(tx)


def route_within(desk: AlertDesk, slice_size: int, *pages: str) -> tuple[list[int], int]:
    """Alerts of these pages stored and routed in one transaction: their numbers, and how many deliveries."""
    router = desk.router(slice_size)
    with desk.store.write() as tx:
        numbers = [desk.store_plan(tx, desk.plan(page)) for page in pages]
        return numbers, router.route_within(tx, numbers)


# -- within a transaction


def test_an_alert_with_few_followers_is_routed_to_the_end_in_the_transaction_that_stores_it(desk: AlertDesk) -> None:
    [number], deliveries = route_within(desk, 500, PAGE)
    assert (deliveries, notified(desk, number), waits(desk)) == (5, list(NAMES), False)


@pytest.mark.parametrize(("size", "at_once"), [(2, 2), (4, 4), (5, 5)])
def test_an_alert_with_many_followers_is_routed_for_a_slice_and_the_rest_is_left(
    desk: AlertDesk, size: int, at_once: int
) -> None:
    [number], deliveries = route_within(desk, size, PAGE)
    assert (deliveries, notified(desk, number), waits(desk)) == (at_once, list(NAMES[:at_once]), True)
    assert desk.router(size).route_all() == 5 - at_once
    assert (notified(desk, number), waits(desk)) == (list(NAMES), False)


def test_alerts_behind_one_that_is_left_wait_with_it(desk: AlertDesk) -> None:
    (first, second, third), deliveries = route_within(desk, 3, PAGE, PAGE, "page:2")
    assert (deliveries, notified(desk, first)) == (3, list(NAMES[:3]))
    assert notified(desk, second, third) == []
    assert desk.router(3).route_all() == 2 + 5
    assert codes(desk.store, [second]) == [(name, "already_notified") for name in NAMES]


def test_alerts_of_others_are_not_routed_within_and_keep_their_turn(desk: AlertDesk) -> None:
    older = desk.born(PAGE)
    [number], deliveries = route_within(desk, 500, "page:2")
    assert (deliveries, notified(desk, older, number)) == (0, [])
    assert desk.router(500).route_all() == 10
    with desk.store.write() as tx:
        assert desk.router(500).route_within(tx, []) == 0


def test_what_was_routed_within_a_transaction_that_fails_is_not_routed(desk: AlertDesk) -> None:  # trust: A04
    def fail(tx: Tx) -> None:
        number = desk.store_plan(tx, desk.plan(PAGE))
        assert desk.router(500).route_within(tx, [number]) == 5
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"), desk.store.write() as tx:
        fail(tx)
    assert (records(desk.store), waits(desk)) == ([], False)


# -- slice after slice


def test_only_what_is_sent_counts_as_a_delivery(desk: AlertDesk) -> None:
    with desk.store.write() as tx:
        pause(tx, desk.readers["Bolat"], because=BY_OPERATOR)
        pause(tx, desk.readers["Erlan"], because=BY_OPERATOR)
    desk.born(PAGE)
    assert desk.router(2).route_all() == 3
    desk.born(PAGE)
    assert desk.router(2).route_all() == 0
    assert desk.router(2).route_all() == 0
    with desk.store.read() as tx:
        assert len(outbox.list_deliveries(tx)) == 3


@pytest.mark.parametrize(("size", "slices"), [(1, 6), (2, 3), (3, 2), (4, 2), (5, 2), (6, 1), (500, 1)])
def test_whoever_watches_sees_each_slice_when_it_is_committed(desk: AlertDesk, size: int, slices: int) -> None:
    seen: list[tuple[str, int]] = []
    desk.born(PAGE)
    desk.router(size, hook=lambda step: seen.append((step, len(records(desk.store))))).route_all()
    assert seen == [(*ROUTE_CHECKPOINTS, min(5, size * i)) for i in range(1, slices + 1)]


def test_nothing_is_seen_where_nothing_waits(desk: AlertDesk) -> None:
    seen: list[str] = []
    assert desk.router(2, hook=seen.append).route_all() == 0
    assert seen == []


def test_routing_stops_between_two_slices_when_it_is_asked_to_and_goes_on_later(desk: AlertDesk) -> None:
    # trust: A15
    stop = threading.Event()
    number = desk.born(PAGE)
    assert desk.router(2, hook=lambda step: stop.set()).route_all(stop) == 2
    assert (notified(desk, number), waits(desk)) == (list(NAMES[:2]), True)
    assert desk.router(2).route_all(stop) == 0
    assert notified(desk, number) == list(NAMES[:2]), "it was asked to stop before it began"
    assert desk.router(2).route_all(threading.Event()) == 3
    assert (notified(desk, number), waits(desk)) == (list(NAMES), False)


def test_routing_that_fails_at_one_slice_keeps_those_before_it(desk: AlertDesk) -> None:  # trust: A04
    ids = iter(["msg_a", "msg_b", "msg_c"])
    number = desk.born(PAGE)
    with pytest.raises(StopIteration):
        a_router(desk.store, lambda: next(ids), slice_size=2).route_all()
    assert notified(desk, number) == list(NAMES[:2])
    assert desk.router(2).route_all() == 3


def test_what_is_made_has_the_time_of_its_slice_and_a_due_delivery(desk: AlertDesk) -> None:
    number = desk.born(PAGE)
    a_router(desk.store, desk.new_id, now=LATER).route_all()
    with desk.store.read() as tx:
        made = outbox.list_deliveries(tx)
        [alert] = list_alerts(tx, limit=9)
        [routed_at] = tx.execute(sa.select(tables.alerts.c.routed_at).where(tables.alerts.c.id == number)).scalars()
    assert {(one.created_at, one.next_attempt_at) for one in made} == {(LATER, LATER)}
    assert (alert.created_at, routed_at) == (NOW, LATER)


# -- of a poll, and before a delivery


def rss(*titles: str) -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


class House:
    """Feeds that are polled by a poller whose router has small slices, and subscribers on the console."""

    def __init__(self, store: Store, parser: ParserPool, *, slice_size: int, subscribers: int) -> None:
        self.store, self.seen, self.stop = store, list[str](), threading.Event()
        self.items: dict[str, tuple[str, ...]] = {}
        self.stops_at: str | None = None
        numbers = itertools.count()
        with store.write() as tx:
            add_topic(tx, NewTopic(slug="akims", name="Akims", queries={"any": "akim*"}), now=NOW)
            for i in range(subscribers):
                new = NewSubscriber(name=f"s{i}", channel=ChannelKind.CONSOLE, address="-", unsubscribe_token=f"s{i}")
                add_subscriber(tx, new, now=NOW)
            for name in ("a", "b"):
                add_feed(tx, NewFeed(url=f"http://{name}.example/feed", name=name), now=NOW)
        self.now = NOW
        self.poller = a_poller(
            store, self.fetch, parser, clock=lambda: self.now,
            router=a_router(store, lambda: f"msg_{next(numbers)}", slice_size=slice_size, hook=self.watch),
            limits=PollLimits(policy=PollPolicy(burst_limit=3), gap=timedelta()), hook=self.watch,
        )  # fmt: skip
        self.poll()

    def watch(self, step: str) -> None:
        self.seen.append(step)
        if step == self.stops_at:
            self.stop.set()

    def fetch(self, feed: Feed, now: datetime, after: Elsewhere | None) -> FetchOutcome:
        titles = self.items.get(feed.name, ("Old news",))
        return Fetched(
            body=rss(*titles), body_hash=repr(titles), url=feed.url, content_type=None, validators=Validators()
        )

    def poll(self, **items: tuple[str, ...]) -> PollReport:
        """A day later all feeds are read again; those that are named bring these entries."""
        self.items, self.now = items, self.now + timedelta(days=1)
        self.seen.clear()
        return self.poller.poll_due(self.stop)


def test_the_alert_of_a_poll_is_routed_with_it(sqlite_store: Store, parser: ParserPool) -> None:
    house = House(sqlite_store, parser, slice_size=500, subscribers=3)
    report = house.poll(a=("Akim of the first town",), b=("Weather",))
    assert (report.alerts, report.deliveries) == (1, 3)
    assert "slice routed" not in house.seen
    assert codes(sqlite_store) == [(f"s{i}", "instant") for i in range(3)]


def test_what_a_slice_of_a_poll_does_not_hold_is_routed_after_its_commit(
    sqlite_store: Store, parser: ParserPool
) -> None:
    house = House(sqlite_store, parser, slice_size=2, subscribers=5)
    report = house.poll(a=("Akim of the first town", "Akim of the second town"))
    assert (report.alerts, report.deliveries) == (2, 10)
    routed = [i for i, step in enumerate(house.seen) if step == "slice routed"]
    assert len(routed) == 5, "two more of the first alert, three of the second"
    assert min(routed) > house.seen.index("committed")
    assert codes(sqlite_store) == [(f"s{i}", "instant") for i in range(5)] * 2


def test_two_feeds_of_one_poll_that_bring_one_story_tell_everybody_once(
    sqlite_store: Store, parser: ParserPool
) -> None:
    # trust: E16
    title = "Akims are elected in all towns"
    house = House(sqlite_store, parser, slice_size=500, subscribers=3)
    report = house.poll(a=(title,), b=(title,))
    assert (report.alerts, report.deliveries) == (1, 3)
    with sqlite_store.read() as tx:
        told = [entry.id for entry in all_entries(tx) if entry.title == title]
        assert sorted(str(one.code) for entry in told for one in suppressed_of(tx, entry)) == ["nobody_left"]


def test_two_feeds_of_one_poll_that_bring_one_story_tell_everybody_once_in_slices_too(
    sqlite_store: Store, parser: ParserPool
) -> None:
    """The second alert is born, since most followers have not heard of the first yet; it is routed after that one."""
    # trust: E16
    title = "Akims are elected in all towns"
    house = House(sqlite_store, parser, slice_size=2, subscribers=5)
    report = house.poll(a=(title,), b=(title,))
    assert (report.alerts, report.deliveries) == (2, 5)
    everyone = [f"s{i}" for i in range(5)]
    assert codes(sqlite_store) == [(name, "instant") for name in everyone] + [
        (name, "already_notified") for name in everyone
    ]


def test_a_poll_of_many_stories_is_one_summary_for_everybody(sqlite_store: Store, parser: ParserPool) -> None:
    # trust: D19
    house = House(sqlite_store, parser, slice_size=2, subscribers=3)
    report = house.poll(a=tuple(f"Akim of the {i}th town" for i in range(4)))
    assert (report.alerts, report.deliveries) == (1, 3)
    with sqlite_store.read() as tx:
        [alert] = list_alerts(tx, limit=9)
    assert (alert.kind, alert.title, len(alert.items)) == ("summary", "4 · a", 4)


def test_what_a_poll_that_stops_leaves_is_routed_and_sent_by_the_next_run_of_deliveries(
    sqlite_store: Store, parser: ParserPool
) -> None:
    # trust: A04, A15
    house = House(sqlite_store, parser, slice_size=2, subscribers=5)
    house.stops_at = "slice routed"
    assert house.poll(a=("Akim of the first town",)).deliveries == 4
    with sqlite_store.read() as tx:
        assert has_unrouted(tx)
        assert all(feed.lease_token is None for feed in list_feeds(tx))
    settings, out = build_settings({"database": {"url": sqlite_store.url}}), io.StringIO()
    with build_webhook_client(settings) as client:
        channels = build_channels(settings, lambda: client, stdout=out)
        deliverer = build_deliverer(settings, sqlite_store, channels, owner="test", clock=lambda: house.now)
        assert deliverer.deliver_due().sent == 5
        assert deliverer.deliver_due().sent == 0
    assert [out.getvalue().count(f"because s{i} follows") for i in range(5)] == [1] * 5
    assert codes(sqlite_store) == [(f"s{i}", "instant") for i in range(5)]
