"""Store, notifications: an alert held against each follower once, in slices, whoever dies or leaves between two."""

import threading
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from conftest import NOW
from reformwatch.model.alert import AlertKind
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.notification import AlertTopic, Code, Decision, Notification, NotificationRecord
from reformwatch.model.topic import Strength
from reformwatch.planning.routing import route
from reformwatch.store import Store, notifications, outbox, tables
from reformwatch.store.subscribers import list_subscribers, pause, remove_subscriber, resume
from reformwatch.store.topics import remove_topic
from routing_desk import BY_OPERATOR, AlertDesk, a_router, codes, records

NAMES = ("Aliya", "Bolat", "Carmen", "Dana", "Erlan")
PAGE, OTHER = "page:1", "page:2"


class Desk(AlertDesk):
    """The desk, with a look at what routing wrote."""

    def route_slice(self, size: int) -> int | None:
        """The next slice, in a transaction of its own; the number of its alert, None where all are routed."""
        with self.store.write() as tx:
            alert = notifications.oldest_unrouted(tx)
            if alert is None:
                return None
            some = notifications.followers(tx, alert, limit=size)
            notified = notifications.notified_of(tx, alert.stories, [one.id for one in some])
            decided = route(alert, some, notified)
            notifications.add_notifications(tx, alert, decided, now=NOW, new_message_id=self.new_id)
            if len(some) < size:
                notifications.end_routing(tx, alert.id, now=NOW)
            return alert.id

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that routing writes, without the ids of deliveries and messages."""
        n, d, ledger, a = tables.notifications.c, tables.deliveries.c, tables.notified.c, tables.alerts.c
        wanted = {
            "notifications": sa.select(
                n.alert_id, n.subscriber_id, n.decision, n.code, n.topic_ids, n.created_at, n.delivery_id.is_(None)
            ),
            "deliveries": sa.select(
                n.alert_id, d.subscriber_id, d.state, d.attempts, d.next_attempt_at, d.created_at
            ).join_from(tables.deliveries, tables.notifications, n.delivery_id == d.id),
            "notified": sa.select(ledger.story_id, ledger.subscriber_id, ledger.at),
            "alerts": sa.select(a.id, a.routed_at),
        }
        with self.store.read() as tx:
            return {name: sorted((tuple(row) for row in tx.execute(q)), key=repr) for name, q in wanted.items()}

    def ledger(self) -> set[tuple[str, int]]:
        """Who was notified of which story."""
        names = {number: name for name, number in self.readers.items()}
        with self.store.read() as tx:
            stories = tx.execute(sa.select(tables.stories.c.id)).scalars().all()
            notified = notifications.notified_of(tx, stories)
        return {(names[reader], story) for story, readers in notified.items() for reader in readers}


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_in(store)


def desk_in(store: Store) -> Desk:
    return Desk(store, NAMES)


# -- slices


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_slices_in_transactions_of_their_own_write_the_same_rows_as_one_slice(desk: Desk, size: int) -> None:
    with desk.store.write() as tx:
        pause(tx, desk.readers["Bolat"], because=BY_OPERATOR)
    desk.born(PAGE)
    assert desk.router(500).route_all() == 4
    in_one = desk.rows()
    with desk.store.write() as tx:
        for table in (tables.notifications, tables.deliveries, tables.notified):
            tx.execute(sa.delete(table))
        tx.execute(sa.update(tables.alerts).values(routed_at=None))
    assert desk.router(size).route_all() == 4
    assert desk.rows() == in_one


def test_each_slice_takes_the_next_followers_and_the_last_one_ends_the_routing(desk: Desk) -> None:
    number = desk.born(PAGE)
    seen = []
    while desk.route_slice(2) is not None:
        with desk.store.read() as tx:
            seen.append(([one.subscriber for one in records(desk.store, [number])], notifications.has_unrouted(tx)))
    assert seen == [(list(NAMES[:2]), True), (list(NAMES[:4]), True), (list(NAMES), False)]


def test_where_the_last_slice_is_full_an_empty_one_ends_the_routing(desk: Desk) -> None:
    desk.born(PAGE)
    assert [desk.route_slice(5) for _ in range(3)] == [1, 1, None]
    assert len(records(desk.store)) == 5


def test_what_has_stopped_between_two_slices_goes_on_after_the_last_subscriber_who_was_notified(desk: Desk) -> None:
    # trust: A04
    number = desk.born(PAGE)
    desk.route_slice(2)
    with desk.store.read() as tx:
        alert = notifications.oldest_unrouted(tx)
        assert alert is not None
        assert (alert.id, alert.after) == (number, desk.readers["Bolat"])
        assert [one.name for one in notifications.followers(tx, alert, limit=2)] == ["Carmen", "Dana"]
    assert desk.router(500).route_all() == 3
    assert codes(desk.store) == [(name, "instant") for name in NAMES]


def test_a_slice_that_is_rolled_back_is_made_again(desk: Desk) -> None:  # trust: A04
    desk.born(PAGE)
    desk.route_slice(2)
    before = desk.rows()
    left = iter(["msg_a"])
    with pytest.raises(StopIteration):
        a_router(desk.store, lambda: next(left), slice_size=2).route_all()
    assert desk.rows() == before
    assert desk.router(2).route_all() == 3


def test_to_route_again_changes_nothing(desk: Desk) -> None:
    number = desk.born(PAGE)
    desk.router(2).route_all()
    before = desk.rows()
    assert desk.router(2).route_all() == 0
    with desk.store.write() as tx:
        assert desk.router(2).route_within(tx, [number]) == 0
    assert desk.rows() == before


def test_a_slice_that_is_written_again_is_refused_by_the_database(desk: Desk) -> None:
    desk.born(PAGE)
    with desk.store.read() as tx:
        alert = notifications.oldest_unrouted(tx)
    assert alert is not None
    one = Notification(subscriber_id=desk.readers["Aliya"], decision=Decision.SEND, code=Code.INSTANT, topic_ids=(1,))
    with desk.store.write() as tx:
        assert notifications.add_notifications(tx, alert, [one], now=NOW, new_message_id=desk.new_id) == 1
    before = desk.rows()
    with pytest.raises(sa.exc.IntegrityError), desk.store.write() as tx:
        notifications.add_notifications(tx, alert, [one], now=NOW, new_message_id=desk.new_id)
    assert desk.rows() == before


# -- who comes and goes between two slices


@pytest.mark.parametrize("gone", ["Aliya", "Bolat", "Carmen", "Erlan"])
def test_a_subscriber_who_is_removed_between_two_slices_is_notified_no_more_and_nobody_else_left_out(
    desk: Desk, gone: str
) -> None:
    desk.born(PAGE)
    desk.route_slice(2)
    with desk.store.write() as tx:
        remove_subscriber(tx, desk.readers[gone])
    desk.router(2).route_all()
    stayed = [name for name in NAMES if name != gone]
    assert codes(desk.store) == [(name, "instant") for name in stayed]
    with desk.store.read() as tx:
        assert sorted(one.subscriber for one in outbox.list_deliveries(tx)) == stayed


def test_all_who_were_notified_are_removed_between_two_slices_and_the_rest_is_notified_once(desk: Desk) -> None:
    desk.born(PAGE)
    desk.route_slice(2)
    with desk.store.write() as tx:
        for name in NAMES[:2]:
            remove_subscriber(tx, desk.readers[name])
    desk.router(2).route_all()
    assert codes(desk.store) == [(name, "instant") for name in NAMES[2:]]


def test_who_is_paused_between_two_slices_is_met_by_the_second_as_paused(desk: Desk) -> None:
    desk.born(PAGE)
    desk.route_slice(2)
    with desk.store.write() as tx:
        for name in ("Aliya", "Carmen"):
            pause(tx, desk.readers[name], because=BY_OPERATOR)
    desk.router(2).route_all()
    assert dict(codes(desk.store)) == dict.fromkeys(NAMES, "instant") | {"Carmen": "paused"}
    with desk.store.read() as tx:
        states = {one.subscriber: one.state for one in outbox.list_deliveries(tx)}
    assert states["Aliya"] is DeliveryState.DEAD, "the pause closed what was under way"


def test_who_is_added_between_two_slices_is_notified_too(desk: Desk) -> None:
    desk.born(PAGE)
    desk.route_slice(2)
    desk.add("Farida", "akims")
    desk.router(2).route_all()
    assert [name for name, _ in codes(desk.store)] == [*NAMES, "Farida"]


@pytest.mark.parametrize("size", [1, 2, 5, 500])
def test_an_alert_whose_topic_was_removed_before_it_was_routed_notifies_nobody_and_is_done(
    desk: Desk, size: int
) -> None:
    """Also where a slice of subscribers follows all topics: none of them follows one of no topics."""
    desk.born(PAGE)
    later = desk.born(OTHER, slugs=("dams",))
    with desk.store.write() as tx:
        remove_topic(tx, desk.topics["akims"], now=NOW)
    desk.router(size).route_all()
    with desk.store.read() as tx:
        assert not notifications.has_unrouted(tx)
    assert {one.alert_id for one in records(desk.store)} == {later}


# -- followers


def test_followers_are_those_of_one_of_the_topics_by_number(desk: Desk) -> None:
    of_dams, of_both = desk.add("Farida", "dams"), desk.add("Gaukhar", "dams", "akims")
    desk.born(PAGE)
    with desk.store.read() as tx:
        alert = notifications.oldest_unrouted(tx)
        assert alert is not None
        everyone = list(desk.readers.values())
        assert [one.id for one in notifications.followers(tx, alert, limit=99)] == [*everyone, of_both]
        about_both = replace(
            alert, topics=tuple(AlertTopic(topic_id=i, strength=Strength.MENTION) for i in desk.topics.values())
        )
        found = [one.id for one in notifications.followers(tx, about_both, limit=99)]
        assert found == [*everyone, of_dams, of_both], "each once, though one follows both"
        rest = replace(about_both, after=of_dams)
        assert [one.id for one in notifications.followers(tx, rest, limit=99)] == [of_both]
        by_id = {one.id: one for one in list_subscribers(tx)}
        assert notifications.followers(tx, rest, limit=99) == [by_id[of_both]]


def test_an_alert_is_routed_by_the_topics_and_stories_it_was_stored_with(desk: Desk) -> None:
    number = desk.born(PAGE, OTHER, PAGE, slugs=("dams", "akims"), kind=AlertKind.SUMMARY)
    with desk.store.read() as tx:
        alert = notifications.oldest_unrouted(tx)
        stories = set(tx.execute(sa.select(tables.stories.c.id)).scalars())
    assert alert is not None
    assert (alert.id, alert.kind, alert.after) == (number, AlertKind.SUMMARY, 0)
    assert [topic.topic_id for topic in alert.topics] == [desk.topics["dams"], desk.topics["akims"]]
    assert alert.stories == stories
    assert len(stories) == 2


# -- what waits


def test_an_alert_waits_until_it_is_routed(desk: Desk) -> None:
    def waits() -> bool:
        with desk.store.read() as tx:
            return notifications.has_unrouted(tx)

    assert not waits()
    desk.born(PAGE)
    assert waits()
    desk.route_slice(2)
    assert waits(), "two of its followers are left out so far"
    desk.router(2).route_all()
    assert not waits()


def test_the_oldest_alert_is_routed_first(desk: Desk) -> None:
    numbers = [desk.born(f"page:{i}") for i in range(3)]
    order = []
    while (routed := desk.route_slice(3)) is not None:
        order.append(routed)
    assert order == [number for number in numbers for _ in range(2)]


def test_an_alert_that_waits_keeps_a_later_one_of_the_same_story_from_being_sent_first(desk: Desk) -> None:
    # trust: E16
    first = desk.born(PAGE)
    desk.route_slice(2)
    later = desk.born(PAGE)
    other = desk.born(OTHER)
    with desk.store.write() as tx:
        assert desk.router(500).route_within(tx, [later, other]) == 0
    assert {one.alert_id for one in records(desk.store)} == {first}
    assert desk.router(2).route_all() == 3 + 5
    assert codes(desk.store, [first]) == [(name, "instant") for name in NAMES]
    assert codes(desk.store, [later]) == [(name, "already_notified") for name in NAMES]
    assert codes(desk.store, [other]) == [(name, "instant") for name in NAMES]


def test_who_could_not_be_told_by_the_first_alert_of_a_story_is_told_by_a_later_one(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, desk.readers["Dana"], because=BY_OPERATOR)
    desk.born(PAGE)
    desk.router(2).route_all()
    with desk.store.write() as tx:
        resume(tx, desk.readers["Dana"])
    later = desk.born(PAGE)
    assert desk.router(2).route_all() == 1
    assert dict(codes(desk.store, [later])) == dict.fromkeys(NAMES, "already_notified") | {"Dana": "instant"}


# -- the ledger


def test_the_ledger_has_each_story_of_what_was_sent_and_nothing_of_what_was_not(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, desk.readers["Bolat"], because=BY_OPERATOR)
    desk.born(PAGE, OTHER, kind=AlertKind.SUMMARY)
    desk.router(2).route_all()
    with desk.store.read() as tx:
        one, other = tx.execute(sa.select(tables.stories.c.id).order_by(tables.stories.c.id)).scalars()
    assert desk.ledger() == {(name, story) for name in NAMES if name != "Bolat" for story in (one, other)}


def test_a_story_that_is_heard_of_again_in_a_summary_stays_in_the_ledger_as_it_was(desk: Desk) -> None:
    desk.born(PAGE)
    desk.router(2).route_all()
    first = desk.rows()["notified"]
    desk.born(PAGE, OTHER, kind=AlertKind.SUMMARY)
    assert a_router(desk.store, desk.new_id, now=NOW + timedelta(days=1)).route_all() == 5
    assert len(desk.rows()["notified"]) == 10
    assert [row for row in desk.rows()["notified"] if row[2] == NOW] == first


def test_the_ledger_is_asked_about_some_subscribers_or_about_all(desk: Desk) -> None:
    desk.born(PAGE)
    desk.router(2).route_all()
    readers = list(desk.readers.values())
    with desk.store.read() as tx:
        [story] = tx.execute(sa.select(tables.stories.c.id)).scalars()
        assert notifications.notified_of(tx, [story, 4711]) == {story: frozenset(readers)}
        assert notifications.notified_of(tx, [story], readers[1:3]) == {story: frozenset(readers[1:3])}
        assert notifications.notified_of(tx, [story], []) == {}
        assert notifications.notified_of(tx, []) == {}


# -- read again


def test_notifications_are_read_by_alert_and_name_each_with_what_became_of_it(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, desk.readers["Carmen"], because=BY_OPERATOR)
    desk.add("aAron", "akims")
    first, second = desk.born(PAGE), desk.born(PAGE)
    desk.router(2).route_all()
    with desk.store.read() as tx:
        of_first = {one.subscriber: one for one in outbox.list_deliveries(tx, alert_ids=[first])}
        assert outbox.list_deliveries(tx, alert_ids=[second]) == []
        [claimed] = [one.id for one in of_first.values() if one.subscriber == "Dana"]
    with desk.store.write() as tx:
        tx.execute(
            sa.update(tables.deliveries).where(tables.deliveries.c.id == claimed).values(state=DeliveryState.SENT.value)
        )
    found = records(desk.store, [second, first])
    assert [(one.alert_id, one.subscriber) for one in found] == [
        (number, name) for number in (first, second) for name in ("aAron", *NAMES)
    ]
    by_name = {one.subscriber: one for one in found if one.alert_id == first}
    assert by_name["Dana"] == NotificationRecord(
        alert_id=first, subscriber="Dana", decision=Decision.SEND, code=Code.INSTANT, delivery_id=claimed,
        state=DeliveryState.SENT,
    )  # fmt: skip
    assert by_name["aAron"].state is DeliveryState.PENDING
    assert by_name["Carmen"] == NotificationRecord(
        alert_id=first, subscriber="Carmen", decision=Decision.SUPPRESS, code=Code.PAUSED
    )
    with desk.store.read() as tx:
        assert notifications.notifications_of(tx, []) == []


def test_a_removed_topic_or_entry_of_an_alert_leaves_its_notifications(desk: Desk) -> None:
    number = desk.born(PAGE)
    desk.router(2).route_all()
    with desk.store.write() as tx:
        remove_topic(tx, desk.topics["akims"], now=NOW)
        tx.execute(sa.delete(tables.entries))
    assert codes(desk.store, [number]) == [(name, "instant") for name in NAMES]


# -- several processes


@pytest.mark.parametrize("size", [1, 2, 500])
def test_processes_that_route_at_the_same_time_notify_everybody_once(store: Store, size: int) -> None:
    """Two daemons on PostgreSQL, or a daemon and a command."""
    desk = desk_in(store)
    for i in range(4):
        desk.born(f"page:{i}", f"page:{i + 1}")
    start, stores = threading.Barrier(3), [Store(store.url) for _ in range(3)]
    made: list[int] = []

    def work(one: Store, name: str) -> None:
        numbers = count()
        start.wait(20)
        made.append(a_router(one, lambda: f"{name}_{next(numbers)}", slice_size=size).route_all())

    threads = [threading.Thread(target=work, args=(one, f"m{i}")) for i, one in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one in stores:
        one.close()
    assert not any(thread.is_alive() for thread in threads)
    with store.read() as tx:
        assert not notifications.has_unrouted(tx)
        assert len(outbox.list_deliveries(tx)) == sum(made)
    assert len(records(store)) == 4 * len(NAMES)
    assert sum(made) == 2 * len(NAMES), "of alerts that share a story every other one"
