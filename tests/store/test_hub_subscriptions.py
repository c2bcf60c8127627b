"""Store, WebSub: a hub is noted once, asked by one process at a time, left when it is not wanted any more."""

import itertools
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from conftest import NOW
from reformwatch.model.feed import Feed, FeedState, NewFeed
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.websub import Confirmed, Denied, HubState, HubSubscription
from reformwatch.store import Store, Tx, feeds, websub
from reformwatch.store import tables as t

HUB, OTHER, TOPIC = "https://hub.example/", "https://other.example/", "https://news.example/feed"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PATIENCE = timedelta(minutes=10)


class Desk:
    """A database with a feed that was polled a moment ago and is due tomorrow."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers = itertools.count(1)
        self.feed = self.add("https://news.example/feed")

    def add(self, url: str) -> int:
        with self.store.write() as tx:
            feeds.add_feed(tx, NewFeed(url=url, name="News"), now=NOW + DAY)
            return feeds.find_feed(tx, url).id

    def token(self) -> str:
        return f"token{next(self._numbers)}"

    def note(self, hub: str | None = HUB, topic: str | None = TOPIC, *, feed: int | None = None) -> bool:
        with self.store.write() as tx:
            return websub.note_hub(
                tx, feed or self.feed, hub, topic, now=NOW, new_token=self.token, new_secret=lambda: "s" * 64
            )

    def claim(self, now: datetime = NOW, limit: int = 5) -> list[HubSubscription]:
        with self.store.write() as tx:
            return websub.claim_due(tx, now=now, patience=PATIENCE, limit=limit)

    def follow(self, now: datetime = NOW) -> list[HubSubscription]:
        with self.store.write() as tx:
            return websub.follow_feeds(tx, now=now, new_token=self.token, new_secret=lambda: "n" * 64)

    def activate(self, *, until: datetime = NOW + 10 * DAY) -> HubSubscription:
        self.note()
        [claimed] = self.claim()
        with self.store.write() as tx:
            websub.confirm(tx, claimed, Confirmed(challenge="c", lease_until=until, renew_at=NOW + 8 * DAY))
        return self.held()

    def held(self) -> HubSubscription:
        found = self.find()
        assert found is not None
        return found

    def find(self) -> HubSubscription | None:
        with self.store.read() as tx:
            return websub.find(tx, self.feed)

    def read_feed(self) -> Feed:
        with self.store.read() as tx:
            return feeds.find_feed(tx, str(self.feed))

    def set_state(self, state: FeedState) -> None:
        with self.store.write() as tx:
            feeds.set_state(tx, self.feed, state, now=NOW)

    def has_work(self, now: datetime = NOW) -> bool:
        with self.store.read() as tx:
            return websub.has_work(tx, now)


TROUBLE = Problem.of(ProblemCode.HUB_STATUS, host="hub.example", status=500)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def parting_tokens(tx: Tx) -> list[str]:
    return [parting.token for parting in websub.list_partings(tx)]


# --- noting -----------------------------------------------------------------------------------------------------------


def test_a_hub_is_noted_once_and_noting_it_again_changes_nothing(desk: Desk) -> None:
    assert desk.note()
    first = desk.held()
    assert (first.hub, first.topic, first.state, first.token) == (HUB, TOPIC, HubState.WANTED, "token1")
    assert (first.feed_name, first.next_act_at, first.attempts) == ("News", NOW, 0)
    assert not desk.note()
    assert desk.held() == first


def test_a_feed_that_names_no_hub_has_no_subscription(desk: Desk) -> None:
    assert not desk.note(None, None)
    assert desk.find() is None
    assert not desk.has_work()


def test_an_active_subscription_stays_as_it_is_when_its_hub_is_noted_again(desk: Desk) -> None:
    active = desk.activate()
    assert not desk.note()
    assert desk.held() == active


@pytest.mark.parametrize(("hub", "topic"), [(OTHER, TOPIC), (HUB, "https://news.example/new")])
def test_another_hub_or_topic_begins_anew_under_a_token_of_its_own(desk: Desk, hub: str, topic: str) -> None:
    old = desk.activate()
    assert desk.note(hub, topic)
    new = desk.held()
    assert (new.hub, new.topic, new.state, new.lease_until) == (hub, topic, HubState.WANTED, None)
    assert new.token != old.token
    with desk.store.read() as tx:
        [parting] = websub.list_partings(tx)
        assert (parting.hub, parting.topic, parting.token) == (old.hub, old.topic, old.token)
        assert websub.find_by_token(tx, old.token) is None
        assert websub.find_parting(tx, old.token) == parting


def test_a_feed_that_names_its_hub_no_more_leaves_it_and_is_polled_as_ever(desk: Desk) -> None:
    old = desk.activate()
    assert desk.note(None, None)
    assert desk.find() is None
    assert desk.read_feed().poll.next_poll_at == NOW
    with desk.store.read() as tx:
        assert parting_tokens(tx) == [old.token]


def test_a_hub_that_was_never_asked_need_not_let_go(desk: Desk) -> None:
    desk.note()
    desk.note(None, None)
    with desk.store.read() as tx:
        assert websub.list_partings(tx) == []


def test_a_removed_feed_leaves_word_for_its_hub(desk: Desk) -> None:
    old = desk.activate()
    with desk.store.write() as tx:
        assert websub.leave(tx, desk.feed, now=NOW)
        feeds.remove_feed(tx, desk.feed)
        assert not websub.leave(tx, desk.feed, now=NOW)
    with desk.store.read() as tx:
        assert websub.find(tx, desk.feed) is None
        assert parting_tokens(tx) == [old.token]


# --- claiming ---------------------------------------------------------------------------------------------------------


def test_what_is_claimed_is_pending_and_nobody_elses_for_a_while(desk: Desk) -> None:
    desk.note()
    [claimed] = desk.claim()
    assert (claimed.state, claimed.attempts) == (HubState.PENDING, 1)
    assert desk.claim() == []
    assert not desk.has_work()
    [again] = desk.claim(NOW + PATIENCE)
    assert again.attempts == 2


def test_only_so_many_are_claimed_at_a_time(desk: Desk) -> None:
    for i in range(4):
        desk.note(feed=desk.add(f"https://news.example/{i}"))
    assert len(desk.claim(limit=3)) == 3
    assert len(desk.claim(limit=3)) == 1


def test_an_active_subscription_stays_active_while_it_is_renewed(desk: Desk) -> None:
    desk.activate()
    [renewed] = desk.claim(NOW + 8 * DAY)
    assert (renewed.state, renewed.attempts) == (HubState.ACTIVE, 1)
    assert renewed.is_active(NOW + 9 * DAY)


def test_what_became_of_a_request_does_not_overwrite_what_the_hub_said_meanwhile(desk: Desk) -> None:
    desk.note()
    [claimed] = desk.claim()
    with desk.store.write() as tx:
        websub.note_asked(tx, claimed, problem=TROUBLE, next_act_at=NOW + HOUR)
    assert (desk.held().problem, desk.held().next_act_at) == (TROUBLE, NOW + HOUR)
    with desk.store.write() as tx:
        confirmed = Confirmed(challenge="c", lease_until=NOW + 10 * DAY, renew_at=NOW + 8 * DAY)
        websub.confirm(tx, claimed, confirmed)
        websub.note_asked(tx, claimed, problem=TROUBLE, next_act_at=NOW)
    assert (desk.held().problem, desk.held().next_act_at) == (None, NOW + 8 * DAY)


# --- active or not ----------------------------------------------------------------------------------------------------


def test_a_subscription_is_active_until_its_lease_ends(desk: Desk) -> None:
    desk.activate(until=NOW + DAY)
    with desk.store.read() as tx:
        assert websub.is_active(tx, desk.feed, NOW)
        assert websub.active_among(tx, [desk.feed, 999], NOW) == {desk.feed}
        assert not websub.is_active(tx, desk.feed, NOW + DAY)
        assert websub.count_by_state(tx) == {HubState.ACTIVE: 1}


@pytest.mark.parametrize("state", ["wanted", "pending", "refused"])
def test_without_the_hubs_word_nothing_is_active(desk: Desk, state: str) -> None:
    desk.note()
    if state != "wanted":
        [claimed] = desk.claim()
        if state == "refused":
            with desk.store.write() as tx:
                websub.deny(tx, claimed, Denied(reason="", again_at=NOW + DAY), now=NOW)
    assert desk.held().state.value == state
    with desk.store.read() as tx:
        assert not websub.is_active(tx, desk.feed, NOW)


def test_a_feed_whose_lease_has_ended_is_polled_as_ever_and_its_hub_asked_on(desk: Desk) -> None:
    desk.activate(until=NOW + 9 * DAY)
    later = NOW + 9 * DAY
    with desk.store.write() as tx:
        websub.poll_soon(tx, [desk.feed], now=NOW)  # due tomorrow is the past by then
    assert desk.has_work(later)
    assert [one.feed_id for one in desk.follow(later)] == [desk.feed]
    held = desk.held()
    assert (held.state, held.lease_until, held.problem) == (
        HubState.PENDING, None, Problem.of(ProblemCode.HUB_LEASE_ENDED),
    )  # fmt: skip
    assert desk.follow(later) == []
    assert [one.feed_id for one in desk.claim(later)] == [desk.feed]


def test_the_end_of_a_lease_makes_a_feed_due_that_would_be_polled_much_later(desk: Desk) -> None:
    desk.activate(until=NOW + HOUR)
    desk.follow(NOW + HOUR)
    assert desk.read_feed().poll.next_poll_at == NOW + HOUR


def test_a_refusal_makes_the_feed_due(desk: Desk) -> None:
    active = desk.activate()
    with desk.store.write() as tx:
        websub.deny(tx, active, Denied(reason="not here", again_at=NOW + 7 * DAY), now=NOW)
    held = desk.held()
    assert (held.state, held.problem, held.next_act_at) == (
        HubState.REFUSED, Problem.of(ProblemCode.HUB_REFUSED, reason="not here"), NOW + 7 * DAY,
    )  # fmt: skip
    assert desk.read_feed().poll.next_poll_at == NOW


# --- feeds that are not polled ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.GONE])
def test_a_feed_that_is_not_polled_wants_no_pushes_until_it_is_polled_again(desk: Desk, state: FeedState) -> None:
    old = desk.activate()
    desk.set_state(state)
    assert desk.has_work()
    desk.follow()
    off = desk.held()
    assert (off.state, off.lease_until, off.next_act_at) == (HubState.OFF, None, None)
    assert off.token != old.token
    assert off.secret != old.secret
    with desk.store.read() as tx:
        assert parting_tokens(tx) == [old.token]
    assert desk.claim() == []
    desk.set_state(FeedState.ACTIVE)
    assert desk.has_work()
    desk.follow()
    assert [one.token for one in desk.claim()] == [off.token]


# --- dead hubs, and a daemon that was away ----------------------------------------------------------------------------


def test_a_hub_that_misses_news_twice_in_a_row_is_taken_for_dead(desk: Desk) -> None:
    desk.activate()
    with desk.store.write() as tx:
        assert not websub.note_missed(tx, desk.feed, now=NOW, again_at=NOW + DAY)
        websub.note_push(tx, desk.feed, now=NOW)
        assert not websub.note_missed(tx, desk.feed, now=NOW, again_at=NOW + DAY)
        assert websub.is_active(tx, desk.feed, NOW)
        assert websub.note_missed(tx, desk.feed, now=NOW, again_at=NOW + DAY)
        assert not websub.is_active(tx, desk.feed, NOW)
        assert not websub.note_missed(tx, desk.feed, now=NOW, again_at=NOW + DAY)
    held = desk.held()
    assert (held.state, held.next_act_at, held.pushed_at) == (HubState.PENDING, NOW + DAY, NOW)
    assert held.problem == Problem.of(ProblemCode.HUB_SILENT)


@pytest.mark.parametrize(
    ("polled_at", "due_at"),
    [(None, NOW), (NOW - 2 * HOUR, NOW), (NOW - HOUR / 2, NOW + HOUR)],
    ids=["never", "long ago", "lately"],
)
def test_at_a_start_feeds_with_hubs_are_polled_for_what_was_missed_but_not_too_often(
    desk: Desk, polled_at: datetime | None, due_at: datetime
) -> None:
    desk.activate()
    with desk.store.write() as tx:
        tx.execute(sa.update(t.feeds).values(last_polled_at=polled_at))
        assert websub.catch_up(tx, now=NOW, floor=HOUR) == 1
        assert websub.catch_up(tx, now=NOW, floor=HOUR) == 0
    assert desk.read_feed().poll.next_poll_at == due_at


def test_a_feed_that_fails_keeps_its_distance(desk: Desk) -> None:
    desk.activate()
    with desk.store.write() as tx:
        tx.execute(sa.update(t.feeds).values(failing_since=NOW))
        assert websub.catch_up(tx, now=NOW, floor=HOUR) == 0
        websub.poll_soon(tx, [desk.feed], now=NOW)
    assert desk.read_feed().poll.next_poll_at == NOW + DAY


def test_at_a_start_feeds_without_hubs_are_left_alone(desk: Desk) -> None:
    desk.note()
    with desk.store.write() as tx:
        assert websub.catch_up(tx, now=NOW, floor=HOUR) == 0
    assert desk.read_feed().poll.next_poll_at == NOW + DAY


def test_an_address_that_changed_ends_all_subscriptions(desk: Desk) -> None:
    with desk.store.write() as tx:
        assert websub.note_callback(tx, "", now=NOW) == 0
        assert websub.note_callback(tx, "https://we.example/websub", now=NOW) == 0
    desk.activate()
    with desk.store.write() as tx:
        assert websub.note_callback(tx, "https://we.example/websub", now=NOW) == 0
        assert websub.is_active(tx, desk.feed, NOW)
        assert websub.note_callback(tx, "", now=NOW) == 1
        assert not websub.is_active(tx, desk.feed, NOW)
    held = desk.held()
    assert (held.state, held.lease_until, held.next_act_at) == (HubState.WANTED, None, NOW)
    assert desk.read_feed().poll.next_poll_at == NOW


# --- partings ---------------------------------------------------------------------------------------------------------


def test_a_parting_is_changed_by_one_process_only_and_forgotten_in_the_end(desk: Desk) -> None:
    desk.activate()
    desk.note(None, None)
    with desk.store.write() as tx:
        [before] = websub.list_partings(tx)
        after = replace(before, attempts=1, next_act_at=NOW + HOUR)
        assert websub.change_parting(tx, before, after)
        assert not websub.change_parting(tx, before, after)
        assert websub.list_partings(tx) == [after]
    assert not desk.has_work()
    assert desk.has_work(NOW + HOUR)
    with desk.store.write() as tx:
        websub.end_partings(tx, [after])
        assert websub.list_partings(tx) == []
