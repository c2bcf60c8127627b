"""Store, the outbox: claimed by one process at a time, settled by whoever holds the lease, kept under one id."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.alert import (
    AlertKind,
    ClaimedDelivery,
    Delivered,
    Delivery,
    GiveUp,
    NewAlert,
    RetryAt,
    Settlement,
)
from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.entry import EntryStatus, ParsedEntry
from reformwatch.model.feed import NewFeed, PollState
from reformwatch.model.notification import AlertTopic
from reformwatch.model.plan import NewEntry, PollPlan
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode, SubscriberState
from reformwatch.model.topic import Evidence, Match, NewTopic, Strength
from reformwatch.store import Store, Tx, alerts, feeds, outbox, tables
from reformwatch.store.notifications import notifications_of
from reformwatch.store.status import outbox_state
from reformwatch.store.subscribers import add_subscriber, find_subscriber, pause, remove_subscriber, resume
from reformwatch.store.topics import add_topic, remove_topic
from routing_desk import BY_OPERATOR, Routed, a_router, apply_and_route

LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
OURS = "a:1"
BY_READER = Pause(code=PauseCode.UNSUBSCRIBED)
CLOSED_410 = Pause(code=PauseCode.REFUSED, detail="answered 410")
#: Each subscriber follows one topic.
FOLLOWED = {"Aliya": "akims", "Bolat": "assets", "Carmen": "dams"}


def given_up(reason: str = "answered 500") -> GiveUp:
    return GiveUp(closed=Closed.GIVEN_UP, reason=reason)


@dataclass
class Desk:
    """Subscribers, and alerts that wait for them."""

    store: Store
    topics: dict[str, int]
    readers: dict[str, int]
    feed_id: int
    number: "count[int]"

    def tell(self, *names: str, count: int = 1) -> None:
        """So many alerts, each of a story of its own, that these subscribers follow and no others."""
        slugs = [FOLLOWED[name] for name in names]
        stories = [self.story(next(self.number), slugs) for _ in range(count)]
        self.poll(tuple(stories), tuple(self.alert(place, slugs) for place in range(count)))

    def story(self, number: int, slugs: Sequence[str]) -> NewEntry:
        """An entry that matches these topics."""
        entry = self.entry(number)
        matches = tuple(
            Match(
                topic_id=self.topics[slug],
                slug=slug,
                language="en",
                strength=Strength.ABOUT,
                evidence=(Evidence(field="title", start=0, end=4, word="Akim", term=slug, how="prefix"),),
            )
            for slug in slugs
        )
        return NewEntry(entry=entry, status=EntryStatus.NEWS, matches=matches, story_keys=(f"page:{entry.key}",))

    def alert(self, place: int, slugs: Sequence[str]) -> NewAlert:
        """The alert of an entry."""
        topics = tuple(AlertTopic(topic_id=self.topics[slug], strength=Strength.ABOUT) for slug in slugs)
        return NewAlert(kind=AlertKind.STORY, headline=f"News {place}", entries=(place,), topics=topics)

    @staticmethod
    def entry(number: int) -> ParsedEntry:
        return ParsedEntry(
            key=f"guid:{number}",
            reuse_key="",
            twin_key="",
            guid=None,
            url=None,
            title=f"Akim {number}",
            summary="",
            content="",
            author="",
            tags=(),
            published=None,
            text_hash="h",
        )

    def poll(
        self,
        new: tuple[NewEntry, ...],
        born: tuple[NewAlert, ...] = (),
        *,
        new_message_id: Callable[[], str] | None = None,
    ) -> Routed:
        """Store and route what a poll brought."""
        after = PollState(next_poll_at=NOW, last_polled_at=NOW, last_ok_at=NOW, last_new_at=NOW)
        router = a_router(self.store, new_message_id or (lambda: f"msg_{next(self.number)}"))
        with self.store.write() as tx:
            feeds.claim(tx, [self.feed_id], token="poll:1", now=NOW, lease=LEASE)
            plan = PollPlan(feed_id=self.feed_id, lease_token="poll:1", after=after, entries=new, alerts=born)
            return apply_and_route(tx, plan, router)

    def pause(self, name: str, why: Pause) -> int:
        """How many deliveries that closed."""
        with self.store.write() as tx:
            return pause(tx, self.readers[name], because=why)

    def claim(
        self, token: str = OURS, *, at: timedelta = timedelta(), limit: int = 1_000, per_subscriber: int = 1_000
    ) -> list[ClaimedDelivery]:
        with self.store.write() as tx:
            return outbox.claim_due(
                tx, token=token, now=NOW + at, lease=LEASE, limit=limit, per_subscriber=per_subscriber
            )

    def claim_one(self, token: str = OURS, *, at: timedelta = timedelta()) -> ClaimedDelivery:
        [one] = self.claim(token, at=at)
        return one

    def settle(self, one: ClaimedDelivery, settlement: Settlement, *, at: timedelta = timedelta()) -> bool:
        with self.store.write() as tx:
            return outbox.settle(tx, one, settlement, now=NOW + at)

    def row(self, delivery_id: int) -> Delivery:
        with self.store.read() as tx:
            return outbox.find_delivery(tx, delivery_id)

    def history(self, delivery_id: int) -> list[tuple[str, str]]:
        with self.store.read() as tx:
            return [(a.outcome, a.detail) for a in outbox.attempts_of(tx, delivery_id)]


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_in(store)


def desk_in(store: Store) -> Desk:
    with store.write() as tx:
        topics = {
            slug: add_topic(tx, NewTopic(slug=slug, name=slug.title(), queries={"en": slug}), now=NOW).id
            for slug in FOLLOWED.values()
        }
        readers = {name: new_reader(tx, name) for name in FOLLOWED}
        feeds.add_feed(tx, NewFeed(url="https://a.example/rss", name="a"), now=NOW)
        feed_id = feeds.find_feed(tx, "a").id
    return Desk(store=store, topics=topics, readers=readers, feed_id=feed_id, number=count(1))


def new_reader(tx: Tx, name: str) -> int:
    new = NewSubscriber(
        name=name,
        channel=ChannelKind.WEBHOOK,
        address=f"https://{name}.example/",
        secret="whsec_c2VjcmV0",
        topics=(FOLLOWED[name],),
        unsubscribe_token=name,
    )
    return add_subscriber(tx, new, now=NOW).id


# -- claims


def test_a_claimed_delivery_has_all_that_is_needed_to_send_it(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert (one.token, one.attempts, one.created_at) == ("a:1", 1, NOW)
    assert (one.subscriber.name, one.subscriber.secret) == ("Aliya", "whsec_c2VjcmV0")
    [alert] = one.alerts
    assert (alert.headline, alert.kind, [topic.slug for topic in alert.topics]) == ("News 0", "story", ["akims"])
    [item] = alert.items
    assert item.entry.title == "Akim 1"
    assert [e.word for match in item.matches for e in match.evidence] == ["Akim"]


def test_a_delivery_carries_only_the_part_of_an_alert_that_its_subscriber_follows(desk: Desk) -> None:
    """Of one entry about two topics, and of two entries about one topic each."""
    both = ["akims", "assets"]
    desk.poll((desk.story(1, both),), (desk.alert(0, both),))
    apart = (desk.story(2, ["akims"]), desk.story(3, ["assets"]))
    desk.poll(apart, (replace(desk.alert(0, both), entries=(0, 1)),))
    seen = {}
    for one in desk.claim():
        [alert] = one.alerts
        titles = [item.entry.title for item in alert.items]
        slugs = {match.slug for item in alert.items for match in item.matches}
        assert [topic.slug for topic in alert.topics] == list(slugs) == [FOLLOWED[one.subscriber.name]]
        seen[one.subscriber.name, alert.id] = titles
    assert seen == {
        ("Aliya", 1): ["Akim 1"], ("Bolat", 1): ["Akim 1"], ("Aliya", 2): ["Akim 2"], ("Bolat", 2): ["Akim 3"],
    }  # fmt: skip


def test_a_delivery_may_carry_several_alerts_and_the_oldest_comes_first(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat", count=3)
    with desk.store.write() as tx:
        c = tables.notifications.c
        first = sa.select(sa.func.min(c.delivery_id)).where(c.subscriber_id == desk.readers["Aliya"]).scalar_subquery()
        theirs = c.subscriber_id == desk.readers["Aliya"]
        tx.execute(sa.update(tables.notifications).where(theirs).values(delivery_id=first))
        born = [alert.id for alert in alerts.list_alerts(tx, limit=9)]
    carried = {one.id: one for one in desk.claim() if one.subscriber.name == "Aliya"}
    one = carried[min(carried)]
    assert [alert.id for alert in one.alerts] == sorted(born)
    assert {topic.slug for alert in one.alerts for topic in alert.topics} == {"akims"}
    with desk.store.read() as tx:
        assert outbox.find_delivery(tx, one.id).alert_ids == tuple(sorted(born))
        [carrying] = {d.id for d in outbox.list_deliveries(tx, alert_ids=born) if d.subscriber == "Aliya"}
    assert carrying == one.id


def test_two_tokens_never_hold_the_same_delivery(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat", count=5)
    first, second = desk.claim("a:1", limit=6), desk.claim("b:1", limit=100)
    assert (len(first), len(second)) == (6, 4)
    assert not {one.id for one in first} & {one.id for one in second}
    assert desk.claim("c:1") == []


def test_threads_that_claim_at_the_same_time_get_each_delivery_once(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat", "Carmen", count=20)
    start, got = threading.Barrier(4), Counter[int]()
    lock = threading.Lock()

    def work(token: str) -> None:
        start.wait(60)
        while claimed := desk.claim(token, limit=4):
            for one in claimed:
                assert desk.settle(one, Delivered())
            with lock:
                got.update(one.id for one in claimed)

    threads = [threading.Thread(target=work, args=(f"t{i}:1",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    got.update(one.id for one in desk.claim("late:1"))  # what SKIP LOCKED left to a later round
    assert len(got) == 60
    assert set(got.values()) == {1}


def test_what_another_transaction_is_claiming_is_passed_over_not_waited_for(postgres_store: Store) -> None:
    desk = desk_in(postgres_store)
    desk.tell("Aliya", count=4)
    other = Store(postgres_store.url)
    with postgres_store.write() as mine, other.write() as theirs:
        first = outbox.claim_due(mine, token="a:1", now=NOW, lease=LEASE, limit=2)
        second = outbox.claim_due(theirs, token="b:1", now=NOW, lease=LEASE, limit=4)
    other.close()
    assert sorted(one.id for one in first + second) == sorted(one.id for one in deliveries_of(desk))
    assert len(first) == len(second) == 2


def test_a_lease_ends_and_the_delivery_is_free_again_its_attempt_counted(desk: Desk) -> None:
    desk.tell("Aliya")
    first = desk.claim_one("a:1")
    assert desk.claim("b:1", at=LEASE - SECOND) == []
    second = desk.claim_one("b:1", at=LEASE)
    assert (second.id, second.message_id, second.attempts) == (first.id, first.message_id, 2)


def test_no_subscriber_gets_more_than_a_share_and_none_that_is_left_out_anything(desk: Desk) -> None:
    # trust: B10
    desk.tell("Aliya", count=6)
    desk.tell("Bolat", count=1)
    claimed = desk.claim(per_subscriber=2)
    assert Counter(one.subscriber.name for one in claimed) == {"Aliya": 2, "Bolat": 1}
    with desk.store.write() as tx:
        desk_rest = outbox.claim_due(tx, token="b:1", now=NOW, lease=LEASE, limit=99, excluding=[desk.readers["Aliya"]])
    assert desk_rest == []
    assert len(desk.claim("c:1", per_subscriber=3)) == 3


def test_where_there_is_little_room_subscribers_take_turns(desk: Desk) -> None:
    desk.tell("Aliya", count=9)
    desk.tell("Bolat", count=1)
    assert {one.subscriber.name for one in desk.claim(limit=2)} == {"Aliya", "Bolat"}


def test_what_is_not_due_is_not_claimed(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    desk.settle(one, RetryAt(at=NOW + timedelta(hours=1), reason="500"))
    assert desk.claim("b:1", at=timedelta(hours=1) - SECOND) == []
    assert desk.claim_one("b:1", at=timedelta(hours=1)).attempts == 2


# -- settling


def test_what_was_sent_is_never_claimed_again(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert desk.settle(one, Delivered(detail="answered 204"), at=SECOND)
    row = desk.row(one.id)
    assert (row.state, row.sent_at, row.attempts, row.next_attempt_at) == (DeliveryState.SENT, NOW + SECOND, 1, None)
    assert desk.history(one.id) == [("sent", "answered 204")]
    assert desk.claim("b:1", at=timedelta(days=30)) == []


def test_a_retry_keeps_the_message_id_and_the_reason(desk: Desk) -> None:  # trust: A03
    desk.tell("Aliya")
    one = desk.claim_one()
    assert desk.settle(one, RetryAt(at=NOW + SECOND, reason="answered 500: \U0001f4a5 қате"))
    row = desk.row(one.id)
    assert (row.state, row.last_error) == (DeliveryState.PENDING, "answered 500: \U0001f4a5 қате")
    again = desk.claim_one("b:1", at=SECOND)
    assert (again.message_id, again.attempts, again.alerts) == (one.message_id, 2, one.alerts)
    assert desk.settle(again, Delivered())
    assert [outcome for outcome, _ in desk.history(one.id)] == ["retry", "sent"]


def test_a_dead_letter_is_listed_and_not_claimed(desk: Desk) -> None:  # trust: B03
    desk.tell("Aliya", "Bolat")
    claimed = {one.subscriber.name: one for one in desk.claim()}
    desk.settle(claimed["Aliya"], given_up("answered 503"))
    desk.settle(claimed["Bolat"], Delivered())
    with desk.store.read() as tx:
        [dead] = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
        state = outbox_state(tx)
        assert find_subscriber(tx, "Aliya").state is SubscriberState.ACTIVE
    assert (dead.subscriber, dead.closed, dead.last_error) == ("Aliya", Closed.GIVEN_UP, "answered 503")
    assert desk.row(claimed["Bolat"].id).closed is None
    assert (state.pending, state.sent, state.dead) == (0, 1, 1)
    assert desk.claim("b:1", at=timedelta(days=30)) == []


@pytest.mark.parametrize("closed", [Closed.GIVEN_UP, Closed.REJECTED, Closed.ADDRESS_DEAD])
def test_a_delivery_that_is_given_up_keeps_why_and_what_was_answered(desk: Desk, closed: Closed) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert desk.settle(one, GiveUp(closed=closed, reason="answered 410: \U0001f4a5 қате"))
    row = desk.row(one.id)
    assert (row.state, row.closed, row.last_error) == (DeliveryState.DEAD, closed, "answered 410: \U0001f4a5 қате")
    assert (row.next_attempt_at, row.sent_at) == (None, None)
    with desk.store.read() as tx:
        is_paused = find_subscriber(tx, "Aliya").state is SubscriberState.PAUSED
    assert is_paused is (closed is Closed.ADDRESS_DEAD)


@pytest.mark.parametrize(
    "late", [Delivered(), RetryAt(at=NOW, reason="late"), GiveUp(closed=Closed.ADDRESS_DEAD, reason="late")]
)
def test_a_stale_token_settles_nothing(desk: Desk, late: Settlement) -> None:  # trust: A05
    desk.tell("Aliya")
    stale = desk.claim_one("a:1")
    fresh = desk.claim_one("b:1", at=LEASE)
    assert desk.settle(fresh, Delivered(detail="by b"), at=LEASE)
    before = desk.row(stale.id)
    assert not desk.settle(stale, late, at=LEASE)
    assert desk.row(stale.id) == before
    assert desk.history(stale.id) == [("sent", "by b")]
    with desk.store.read() as tx:
        assert find_subscriber(tx, "Aliya").state is SubscriberState.ACTIVE


def test_a_stale_token_settles_nothing_while_the_other_is_still_at_work(desk: Desk) -> None:  # trust: A05
    desk.tell("Aliya")
    stale = desk.claim_one("a:1")
    fresh = desk.claim_one("b:1", at=LEASE)
    assert not desk.settle(stale, given_up("late"), at=LEASE)
    assert desk.row(stale.id).state is DeliveryState.PENDING
    assert desk.settle(fresh, Delivered(), at=LEASE)
    assert desk.row(stale.id).state is DeliveryState.SENT


def test_a_settlement_is_made_once(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert desk.settle(one, Delivered())
    assert not desk.settle(one, given_up("again"))
    assert desk.row(one.id).state is DeliveryState.SENT
    assert len(desk.history(one.id)) == 1


# -- giving back


def test_what_was_not_tried_is_given_back_and_not_counted(desk: Desk) -> None:  # trust: A15
    desk.tell("Aliya")
    one = desk.claim_one("a:1")
    with desk.store.write() as tx:
        outbox.release(tx, [one])
    assert desk.history(one.id) == []
    assert desk.claim_one("b:1").attempts == 1


def test_a_stale_token_gives_nothing_back(desk: Desk) -> None:  # trust: A05
    desk.tell("Aliya")
    stale = desk.claim_one("a:1")
    fresh = desk.claim_one("b:1", at=LEASE)
    with desk.store.write() as tx:
        outbox.release(tx, [stale])
    assert desk.claim("c:1", at=LEASE) == []
    assert desk.settle(fresh, Delivered(), at=LEASE)


def test_what_a_dead_daemon_held_is_taken_up_again_under_the_same_id(desk: Desk) -> None:  # trust: A03
    desk.tell("Aliya", "Bolat")
    claimed = {one.subscriber.name: one for one in desk.claim("daemon:1")}
    with desk.store.write() as tx:
        assert outbox.release_all_of(tx, "daemo") == 0
        assert outbox.release_all_of(tx, "daemon") == 2
    again = {one.subscriber.name: one for one in desk.claim("daemon:2")}
    assert {name: one.message_id for name, one in again.items()} == {n: o.message_id for n, o in claimed.items()}
    assert {one.attempts for one in again.values()} == {2}, "the attempt may have been made, so it counts"


# -- pausing


def test_a_pause_closes_the_queue_of_that_subscriber_only(desk: Desk) -> None:  # trust: B05
    desk.tell("Aliya", "Bolat", count=3)
    assert desk.pause("Aliya", CLOSED_410) == 3
    assert {one.subscriber.name for one in desk.claim()} == {"Bolat"}
    with desk.store.read() as tx:
        dead = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
    assert {(one.subscriber, one.closed) for one in dead} == {("Aliya", Closed.SUBSCRIBER_PAUSED)}
    assert {(one.last_error, one.next_attempt_at) for one in dead} == {(None, None)}, "nothing was ever answered"
    assert len(dead) == 3


def test_a_dead_address_pauses_its_subscriber_and_closes_the_rest_of_the_queue(desk: Desk) -> None:
    # trust: B05
    desk.tell("Aliya", count=3)
    first, second, third = desk.claim()
    desk.settle(second, Delivered())
    with desk.store.write() as tx:
        outbox.release(tx, [third])
    assert desk.settle(first, GiveUp(closed=Closed.ADDRESS_DEAD, reason="answered 410"))
    with desk.store.read() as tx:
        aliya = find_subscriber(tx, "Aliya")
    assert (aliya.state, aliya.pause) == (SubscriberState.PAUSED, CLOSED_410)
    rows = [desk.row(one.id) for one in (first, second, third)]
    assert [row.state for row in rows] == ["dead", "sent", "dead"]
    assert [row.closed for row in rows] == [Closed.ADDRESS_DEAD, None, Closed.SUBSCRIBER_PAUSED]
    assert desk.claim("b:1") == []


def test_what_was_sent_while_its_subscriber_was_paused_is_known_as_sent(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    desk.pause("Aliya", BY_READER)
    assert desk.settle(one, Delivered())
    row = desk.row(one.id)
    assert (row.state, row.closed) == (DeliveryState.SENT, None), "it arrived after all"


def test_what_failed_while_its_subscriber_was_paused_is_not_tried_again(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    desk.pause("Aliya", BY_READER)
    desk.settle(one, RetryAt(at=NOW + SECOND, reason="500"))
    assert desk.claim("b:1", at=timedelta(days=1)) == []
    assert desk.row(one.id).state is DeliveryState.DEAD


def test_what_a_pause_closed_stays_closed_under_a_late_answer_and_its_attempt_is_on_record(desk: Desk) -> None:
    # trust: E03
    desk.tell("Aliya")
    one = desk.claim_one()
    desk.pause("Aliya", BY_READER)
    assert desk.settle(one, RetryAt(at=NOW + SECOND, reason="answered 500"))
    row = desk.row(one.id)
    assert (row.state, row.next_attempt_at, row.last_error) == (DeliveryState.DEAD, None, "answered 500")
    assert row.closed is Closed.SUBSCRIBER_PAUSED
    assert desk.history(one.id) == [("retry", "answered 500")]
    with desk.store.write() as tx:
        resume(tx, desk.readers["Aliya"])
    assert desk.claim("b:1", at=timedelta(days=1)) == [], "a resumption sends nothing of the past by itself"
    with desk.store.write() as tx:
        assert outbox.dead_letters(tx) == [one.id]
        outbox.retry(tx, one.id, now=NOW)
    assert desk.claim_one("b:2").message_id == one.message_id


# -- dead letters


def test_a_dead_letter_is_made_due_again_under_its_old_id_and_the_record_says_by_whom(desk: Desk) -> None:
    # trust: B03, B18
    desk.tell("Aliya")
    one = desk.claim_one()
    desk.settle(one, given_up("given up"))
    with desk.store.write() as tx:
        again = outbox.retry(tx, one.id, now=NOW + SECOND)
    assert (again.state, again.message_id, again.attempts) == (DeliveryState.PENDING, one.message_id, 0)
    assert (again.closed, again.last_error) == (None, "given up")
    assert desk.history(one.id) == [("dead", "given up"), ("requeued", "by the operator")]
    claimed = desk.claim_one("b:1", at=SECOND)
    assert (claimed.message_id, claimed.attempts) == (one.message_id, 1)
    assert desk.settle(claimed, Delivered(), at=SECOND)


@pytest.mark.parametrize("state", ["pending", "sent"])
def test_only_a_dead_letter_can_be_retried(desk: Desk, state: str) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    if state == "sent":
        desk.settle(one, Delivered())
    before = desk.row(one.id), desk.history(one.id)
    with desk.store.write() as tx, pytest.raises(BadInput, match=f"it is {state}"):
        outbox.retry(tx, one.id, now=NOW)
    assert (desk.row(one.id), desk.history(one.id)) == before


def test_letters_that_a_pause_closed_can_be_sent_after_a_resumption(desk: Desk) -> None:  # trust: B09
    desk.tell("Aliya")
    desk.pause("Aliya", CLOSED_410)
    with desk.store.write() as tx:
        resume(tx, desk.readers["Aliya"])
        [dead] = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
        outbox.retry(tx, dead.id, now=NOW)
    assert desk.claim_one().id == dead.id


def test_a_retry_sends_nothing_to_a_subscriber_who_is_still_paused(desk: Desk) -> None:  # trust: E03
    desk.tell("Aliya")
    desk.pause("Aliya", BY_READER)
    with desk.store.read() as tx:
        [dead] = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
    try:
        with desk.store.write() as tx:
            outbox.retry(tx, dead.id, now=NOW)
    except BadInput:
        pass
    assert desk.claim() == []


def test_a_retry_for_a_paused_subscriber_is_refused_and_says_what_to_do(desk: Desk) -> None:  # trust: E03
    desk.tell("Aliya", "Bolat")
    for one in desk.claim():
        desk.settle(one, given_up("given up"))
    desk.pause("Aliya", BY_OPERATOR)
    dead = {delivery.subscriber: delivery.id for delivery in deliveries_of(desk)}
    with desk.store.write() as tx, pytest.raises(BadInput, match="Aliya is paused; resume"):
        outbox.retry(tx, dead["Aliya"], now=NOW)
    assert desk.row(dead["Aliya"]).state is DeliveryState.DEAD
    assert desk.history(dead["Aliya"]) == [("dead", "given up")]
    with desk.store.write() as tx:
        assert outbox.dead_letters(tx) == [dead["Bolat"]]
        resume(tx, desk.readers["Aliya"])
        assert outbox.dead_letters(tx) == sorted(dead.values())


def deliveries_of(desk: Desk) -> list[Delivery]:
    with desk.store.read() as tx:
        return outbox.list_deliveries(tx)


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    with desk.store.write() as tx:
        for asked in (
            lambda: outbox.find_delivery(tx, 4711),
            lambda: outbox.retry(tx, 4711, now=NOW),
            lambda: alerts.find_alert(tx, 4711),
        ):
            with pytest.raises(NotFound, match="4711"):
                asked()
        assert outbox.attempts_of(tx, 4711) == []
        assert alerts.list_alerts(tx, limit=5) == []
        assert alerts.alerts_by_id(tx, []) == {}
        assert outbox.list_deliveries(tx, alert_ids=[]) == []


# -- one delivery for one match


def test_the_same_match_enqueued_twice_is_one_delivery(desk: Desk) -> None:  # trust: B17
    """The entry comes again (another feed's, a re-import): its story is known, its subscriber has heard of it."""
    first = desk.story(1, ["akims"])
    assert desk.poll((first,), (desk.alert(0, ["akims"]),)).deliveries == 1
    again = replace(first, entry=replace(first.entry, key="guid:changed"))
    assert desk.poll((again,), (desk.alert(0, ["akims"]),)).deliveries == 0
    assert len(desk.claim()) == 1


def test_the_same_entry_twice_in_a_feed_is_refused_by_the_database(desk: Desk) -> None:  # trust: B17
    new = NewEntry(entry=desk.entry(1), status=EntryStatus.NEWS)
    desk.poll((new,))
    with pytest.raises(sa.exc.IntegrityError):
        desk.poll((new,))
    with desk.store.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.entries)).scalar_one() == 1


def test_two_deliveries_never_share_an_id(desk: Desk) -> None:
    def poll(number: int) -> None:
        desk.poll((desk.story(number, ["akims"]),), (desk.alert(0, ["akims"]),), new_message_id=lambda: "msg_same")

    poll(1)
    with pytest.raises(sa.exc.IntegrityError):
        poll(2)
    assert [one.message_id for one in deliveries_of(desk)] == ["msg_same"]


# -- what is removed


def test_a_removed_subscriber_takes_their_deliveries_along(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat")
    one = next(c for c in desk.claim() if c.subscriber.name == "Aliya")
    with desk.store.write() as tx:
        remove_subscriber(tx, desk.readers["Aliya"])
    assert not desk.settle(one, Delivered())
    with desk.store.read() as tx:
        assert [d.subscriber for d in outbox.list_deliveries(tx)] == ["Bolat"]
        [alert] = alerts.list_alerts(tx, limit=9)
        assert [one.subscriber for one in notifications_of(tx, [alert.id])] == ["Bolat"]


def test_an_alert_whose_topic_was_removed_can_still_be_claimed(desk: Desk) -> None:
    desk.tell("Aliya")
    with desk.store.write() as tx:
        remove_topic(tx, desk.topics["akims"], now=NOW)
    [alert] = desk.claim_one().alerts
    assert alert.topics == ()
    assert [item.entry.title for item in alert.items] == ["Akim 1"]


def test_alerts_and_deliveries_are_listed_newest_first(desk: Desk) -> None:
    desk.tell("Aliya", count=3)
    with desk.store.read() as tx:
        newest, deliveries = alerts.list_alerts(tx, limit=2), outbox.list_deliveries(tx, limit=2)
        assert [a.id for a in newest] == sorted((a.id for a in alerts.list_alerts(tx, limit=9)), reverse=True)[:2]
        assert [d.id for d in deliveries] == sorted((d.id for d in outbox.list_deliveries(tx)), reverse=True)[:2]
        assert [d.id for d in outbox.list_deliveries(tx, alert_ids=[newest[0].id])] == [deliveries[0].id]
        [entry] = [item.entry for item in newest[0].items]
        assert [a.id for a in alerts.alerts_of_entry(tx, entry.id)] == [newest[0].id]
        assert alerts.find_alert(tx, newest[0].id) == newest[0]


def test_all_alerts_of_a_story_are_found_by_any_of_its_entries(desk: Desk) -> None:
    first = desk.story(1, ["akims"])
    desk.poll((first,), (desk.alert(0, ["akims"]),))
    again = replace(first, entry=replace(first.entry, key="guid:again"))
    desk.poll((again, desk.story(2, ["akims"])), (desk.alert(0, ["akims"]), desk.alert(1, ["akims"])))
    with desk.store.read() as tx:
        oldest, later, other = sorted(alerts.list_alerts(tx, limit=9), key=lambda alert: alert.id)
        of_entry = {a.id: alerts.alerts_of_story_of(tx, a.items[0].entry.id) for a in (oldest, later, other)}
    assert of_entry == {oldest.id: [oldest.id, later.id], later.id: [oldest.id, later.id], other.id: [other.id]}
