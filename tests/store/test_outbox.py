"""Store, the outbox: claimed by one process at a time, settled by whoever holds the lease, kept under one id."""

import threading
from collections import Counter
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
    RetryAt,
    Settlement,
)
from reformwatch.model.delivery import DeliveryState
from reformwatch.model.entry import ParsedEntry, Standing
from reformwatch.model.feed import NewFeed, PollState
from reformwatch.model.plan import AlertDraft, NewEntry, PollPlan, Recipient
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, SubscriberState
from reformwatch.model.topic import Evidence, Match, NewTopic, Strength
from reformwatch.store import Store, Tx, feeds, outbox, plans, tables
from reformwatch.store.status import outbox_state
from reformwatch.store.subscribers import add_subscriber, find_subscriber, pause, remove_subscriber, resume
from reformwatch.store.topics import add_topic, remove_topic

LEASE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
OURS = "a:1"


@dataclass
class Desk:
    """Subscribers, and alerts that wait for them."""

    store: Store
    topics: dict[str, int]
    readers: dict[str, int]
    feed_id: int
    number: "count[int]"

    def tell(self, *names: str, alerts: int = 1, topics: tuple[str, ...] = ("akims",)) -> None:
        """So many alerts, each with a story of its own, to each of these subscribers."""
        topic_ids = tuple(self.topics[slug] for slug in topics)
        to = tuple(Recipient(subscriber_id=self.readers[name], topic_ids=topic_ids[:1]) for name in names)
        new, drafts = [], []
        for place in range(alerts):
            entry = self.entry(next(self.number))
            matches = tuple(
                Match(
                    topic_id=self.topics[slug],
                    slug=slug,
                    language="en",
                    strength=Strength.ABOUT,
                    evidence=(Evidence(field="title", start=0, end=4, word="Akim", term=slug, how="prefix"),),
                )
                for slug in topics
            )
            new.append(
                NewEntry(entry=entry, standing=Standing.NEWS, matches=matches, story_keys=(f"page:{entry.key}",))
            )
            drafts.append(
                AlertDraft(
                    kind=AlertKind.STORY, headline=entry.title, entries=(place,), topic_ids=topic_ids, recipients=to
                )
            )
        self.apply(tuple(new), tuple(drafts))

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

    def apply(self, new: tuple[NewEntry, ...], drafts: tuple[AlertDraft, ...]) -> plans.Applied:
        after = PollState(next_poll_at=NOW, last_polled_at=NOW, last_ok_at=NOW, last_new_at=NOW)
        with self.store.write() as tx:
            feeds.claim(tx, [self.feed_id], token="poll:1", now=NOW, lease=LEASE)
            plan = PollPlan(feed_id=self.feed_id, lease_token="poll:1", after=after, entries=new, alerts=drafts)
            return plans.apply(tx, plan, now=NOW, new_message_id=lambda: f"msg_{next(self.number)}")

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
    with store.write() as tx:
        topics = {
            slug: add_topic(tx, NewTopic(slug=slug, name=slug.title(), queries={"en": slug}), now=NOW).id
            for slug in ("akims", "assets")
        }
        readers = {name: new_reader(tx, name) for name in ("Aliya", "Bolat", "Carmen")}
        feeds.add_feed(tx, NewFeed(url="https://a.example/rss", name="a"), now=NOW)
        feed_id = feeds.find_feed(tx, "a").id
    return Desk(store=store, topics=topics, readers=readers, feed_id=feed_id, number=count(1))


def new_reader(tx: Tx, name: str) -> int:
    new = NewSubscriber(
        name=name,
        channel=ChannelKind.WEBHOOK,
        address=f"https://{name}.example/",
        secret="whsec_c2VjcmV0",
        unsubscribe_token=name,
    )
    return add_subscriber(tx, new, now=NOW).id


# -- claims


def test_a_claimed_delivery_has_all_that_is_needed_to_send_it(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert (one.token, one.attempts, one.created_at) == ("a:1", 1, NOW)
    assert (one.subscriber.name, one.subscriber.secret) == ("Aliya", "whsec_c2VjcmV0")
    assert [topic.slug for topic in one.alert.topics] == ["akims"]
    [item] = one.alert.items
    assert item.entry.title == one.alert.headline
    assert [e.word for match in item.matches for e in match.evidence] == ["Akim"]


def test_a_delivery_shows_only_the_topics_that_its_subscriber_follows(desk: Desk) -> None:
    desk.tell("Aliya", topics=("akims", "assets"))
    one = desk.claim_one()
    assert [topic.slug for topic in one.alert.topics] == ["akims"]
    assert [match.slug for item in one.alert.items for match in item.matches] == ["akims"]


def test_two_tokens_never_hold_the_same_delivery(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat", alerts=5)
    first, second = desk.claim("a:1", limit=6), desk.claim("b:1", limit=100)
    assert (len(first), len(second)) == (6, 4)
    assert not {one.id for one in first} & {one.id for one in second}
    assert desk.claim("c:1") == []


def test_threads_that_claim_at_the_same_time_get_each_delivery_once(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat", "Carmen", alerts=20)
    start, got = threading.Barrier(4), Counter[int]()
    lock = threading.Lock()

    def work(token: str) -> None:
        start.wait(20)
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
    with postgres_store.write() as tx:
        reader = new_reader(tx, "Aliya")
        aliya = find_subscriber(tx, "Aliya")
        numbers = [outbox.queue_test(tx, aliya, message_id=f"m{i}", headline="t", now=NOW) for i in range(4)]
    assert reader == aliya.id
    other = Store(postgres_store.url)
    with postgres_store.write() as mine, other.write() as theirs:
        first = outbox.claim_due(mine, token="a:1", now=NOW, lease=LEASE, limit=2)
        second = outbox.claim_due(theirs, token="b:1", now=NOW, lease=LEASE, limit=4)
    other.close()
    assert sorted(one.id for one in first + second) == numbers
    assert len(first) == len(second) == 2


def test_a_lease_ends_and_the_delivery_is_free_again_its_attempt_counted(desk: Desk) -> None:
    desk.tell("Aliya")
    first = desk.claim_one("a:1")
    assert desk.claim("b:1", at=LEASE - SECOND) == []
    second = desk.claim_one("b:1", at=LEASE)
    assert (second.id, second.message_id, second.attempts) == (first.id, first.message_id, 2)


def test_no_subscriber_gets_more_than_a_share_and_none_that_is_left_out_anything(desk: Desk) -> None:
    # trust: B10
    desk.tell("Aliya", alerts=6)
    desk.tell("Bolat", alerts=1)
    claimed = desk.claim(per_subscriber=2)
    assert Counter(one.subscriber.name for one in claimed) == {"Aliya": 2, "Bolat": 1}
    with desk.store.write() as tx:
        desk_rest = outbox.claim_due(tx, token="b:1", now=NOW, lease=LEASE, limit=99, excluding=[desk.readers["Aliya"]])
    assert desk_rest == []
    assert len(desk.claim("c:1", per_subscriber=3)) == 3


def test_where_there_is_little_room_subscribers_take_turns(desk: Desk) -> None:
    desk.tell("Aliya", alerts=9)
    desk.tell("Bolat", alerts=1)
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
    assert (again.message_id, again.attempts, again.alert.id) == (one.message_id, 2, one.alert.id)
    assert desk.settle(again, Delivered())
    assert [outcome for outcome, _ in desk.history(one.id)] == ["retry", "sent"]


def test_a_dead_letter_is_listed_and_not_claimed(desk: Desk) -> None:  # trust: B03
    desk.tell("Aliya", "Bolat")
    claimed = {one.subscriber.name: one for one in desk.claim()}
    desk.settle(claimed["Aliya"], GiveUp(reason="given up after 10 attempts"))
    desk.settle(claimed["Bolat"], Delivered())
    with desk.store.read() as tx:
        [dead] = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
        state = outbox_state(tx)
        assert find_subscriber(tx, "Aliya").state is SubscriberState.ACTIVE
    assert (dead.subscriber, dead.last_error) == ("Aliya", "given up after 10 attempts")
    assert (state.pending, state.sent, state.dead) == (0, 1, 1)
    assert desk.claim("b:1", at=timedelta(days=30)) == []


@pytest.mark.parametrize(
    "late", [Delivered(), RetryAt(at=NOW, reason="late"), GiveUp(reason="late", pauses_subscriber=True)]
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
    assert not desk.settle(stale, GiveUp(reason="late"), at=LEASE)
    assert desk.row(stale.id).state is DeliveryState.PENDING
    assert desk.settle(fresh, Delivered(), at=LEASE)
    assert desk.row(stale.id).state is DeliveryState.SENT


def test_a_settlement_is_made_once(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    assert desk.settle(one, Delivered())
    assert not desk.settle(one, GiveUp(reason="again"))
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
    desk.tell("Aliya", "Bolat", alerts=3)
    with desk.store.write() as tx:
        assert pause(tx, desk.readers["Aliya"], because="answered 410") == 3
    assert {one.subscriber.name for one in desk.claim()} == {"Bolat"}
    with desk.store.read() as tx:
        dead = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
    assert {(one.subscriber, one.last_error) for one in dead} == {("Aliya", "subscriber paused: answered 410")}
    assert len(dead) == 3


def test_a_dead_address_pauses_its_subscriber_and_closes_the_rest_of_the_queue(desk: Desk) -> None:
    # trust: B05
    desk.tell("Aliya", alerts=3)
    first, second, third = desk.claim()
    desk.settle(second, Delivered())
    with desk.store.write() as tx:
        outbox.release(tx, [third])
    assert desk.settle(first, GiveUp(reason="answered 410", pauses_subscriber=True))
    with desk.store.read() as tx:
        aliya = find_subscriber(tx, "Aliya")
    assert (aliya.state, aliya.paused_because) == (SubscriberState.PAUSED, "answered 410")
    assert [desk.row(one.id).state for one in (first, second, third)] == ["dead", "sent", "dead"]
    assert desk.claim("b:1") == []


def test_what_was_sent_while_its_subscriber_was_paused_is_known_as_sent(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="unsubscribed")
    assert desk.settle(one, Delivered())
    assert desk.row(one.id).state is DeliveryState.SENT


def test_what_failed_while_its_subscriber_was_paused_is_not_tried_again(desk: Desk) -> None:
    desk.tell("Aliya")
    one = desk.claim_one()
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="unsubscribed")
    desk.settle(one, RetryAt(at=NOW + SECOND, reason="500"))
    assert desk.claim("b:1", at=timedelta(days=1)) == []
    assert desk.row(one.id).state is DeliveryState.DEAD


def test_what_a_pause_closed_stays_closed_under_a_late_answer_and_its_attempt_is_on_record(desk: Desk) -> None:
    # trust: E03
    desk.tell("Aliya")
    one = desk.claim_one()
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="unsubscribed")
    assert desk.settle(one, RetryAt(at=NOW + SECOND, reason="answered 500"))
    row = desk.row(one.id)
    assert (row.state, row.next_attempt_at, row.last_error) == (DeliveryState.DEAD, None, "answered 500")
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
    desk.settle(one, GiveUp(reason="given up"))
    with desk.store.write() as tx:
        again = outbox.retry(tx, one.id, now=NOW + SECOND)
    assert (again.state, again.message_id, again.attempts) == (DeliveryState.PENDING, one.message_id, 0)
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
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="answered 410")
        resume(tx, desk.readers["Aliya"])
        [dead] = outbox.list_deliveries(tx, state=DeliveryState.DEAD)
        outbox.retry(tx, dead.id, now=NOW)
    assert desk.claim_one().id == dead.id


def test_a_retry_sends_nothing_to_a_subscriber_who_is_still_paused(desk: Desk) -> None:  # trust: E03
    desk.tell("Aliya")
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="unsubscribed by the reader")
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
        desk.settle(one, GiveUp(reason="given up"))
    with desk.store.write() as tx:
        pause(tx, desk.readers["Aliya"], because="unsubscribed by the reader")
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
            lambda: outbox.find_alert(tx, 4711),
        ):
            with pytest.raises(NotFound, match="4711"):
                asked()
        assert outbox.attempts_of(tx, 4711) == []
        assert outbox.list_alerts(tx, limit=5) == []
        assert outbox.list_deliveries(tx, alert_ids=[]) == []


# -- one delivery for one match


def test_the_same_match_enqueued_twice_is_one_delivery(desk: Desk) -> None:  # trust: B17
    """The entry comes again (another feed's, a re-import): its story is known, its subscriber has heard of it."""
    topic = desk.topics["akims"]
    match = Match(topic_id=topic, slug="akims", language="en", strength=Strength.ABOUT, evidence=())
    first = NewEntry(entry=desk.entry(1), standing=Standing.NEWS, matches=(match,), story_keys=("page:x",))
    draft = AlertDraft(
        kind=AlertKind.STORY,
        headline="h",
        entries=(0,),
        topic_ids=(topic,),
        recipients=(Recipient(subscriber_id=desk.readers["Aliya"], topic_ids=(topic,)),),
    )
    assert desk.apply((first,), (draft,)).deliveries == 1
    again = replace(first, entry=replace(first.entry, key="guid:changed"))
    assert desk.apply((again,), (draft,)).deliveries == 0
    assert len(desk.claim()) == 1


def test_the_same_entry_twice_in_a_feed_is_refused_by_the_database(desk: Desk) -> None:  # trust: B17
    new = NewEntry(entry=desk.entry(1), standing=Standing.NEWS)
    desk.apply((new,), ())
    with pytest.raises(sa.exc.IntegrityError):
        desk.apply((new,), ())
    with desk.store.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.entries)).scalar_one() == 1


def test_two_deliveries_never_share_an_id(desk: Desk) -> None:
    with desk.store.write() as tx:
        aliya = find_subscriber(tx, "Aliya")
        outbox.queue_test(tx, aliya, message_id="msg_same", headline="t", now=NOW)
    with pytest.raises(sa.exc.IntegrityError), desk.store.write() as tx:
        outbox.queue_test(tx, aliya, message_id="msg_same", headline="t", now=NOW)


def test_a_test_message_is_a_delivery_without_topics(desk: Desk) -> None:
    with desk.store.write() as tx:
        aliya = find_subscriber(tx, "Aliya")
        number = outbox.queue_test(tx, aliya, message_id="msg_t", headline="Test", now=NOW)
    one = desk.claim_one()
    assert (one.id, one.message_id, one.alert.kind) == (number, "msg_t", AlertKind.TEST)
    assert (one.alert.topics, one.alert.items, one.alert.headline) == ((), (), "Test")


# -- what is removed


def test_a_removed_subscriber_takes_their_deliveries_along(desk: Desk) -> None:
    desk.tell("Aliya", "Bolat")
    one = next(c for c in desk.claim() if c.subscriber.name == "Aliya")
    with desk.store.write() as tx:
        remove_subscriber(tx, desk.readers["Aliya"])
    assert not desk.settle(one, Delivered())
    with desk.store.read() as tx:
        assert [d.subscriber for d in outbox.list_deliveries(tx)] == ["Bolat"]
        assert len(outbox.list_alerts(tx, limit=9)) == 1


def test_an_alert_whose_topic_was_removed_can_still_be_claimed(desk: Desk) -> None:
    desk.tell("Aliya")
    with desk.store.write() as tx:
        remove_topic(tx, desk.topics["akims"], now=NOW)
    one = desk.claim_one()
    assert one.alert.topics == ()
    assert [item.entry.title for item in one.alert.items] == [one.alert.headline]


def test_alerts_and_deliveries_are_listed_newest_first(desk: Desk) -> None:
    desk.tell("Aliya", alerts=3)
    with desk.store.read() as tx:
        alerts, deliveries = outbox.list_alerts(tx, limit=2), outbox.list_deliveries(tx, limit=2)
        assert [a.id for a in alerts] == sorted((a.id for a in outbox.list_alerts(tx, limit=9)), reverse=True)[:2]
        assert [d.id for d in deliveries] == sorted((d.id for d in outbox.list_deliveries(tx)), reverse=True)[:2]
        [entry] = [item.entry for item in alerts[0].items]
        assert [a.id for a in outbox.alerts_of_entry(tx, entry.id)] == [alerts[0].id]
        assert outbox.find_alert(tx, alerts[0].id) == alerts[0]
