"""Store, subscribers: whom they are, what they follow, and that a paused one is told nothing."""

import pytest
from msgspec.structs import asdict, replace

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode, Subscriber, SubscriberState
from reformwatch.model.topic import NewTopic
from reformwatch.store import Store
from reformwatch.store import subscribers as people
from reformwatch.store.topics import add_topic

ALIYA = NewSubscriber(
    name="Aliya 🇰🇿",
    channel=ChannelKind.WEBHOOK,
    address="https://hooks.example.org/a?b=c",
    secret="whsec_c2VjcmV0",
    language="kk",
    timezone="Asia/Almaty",
    unsubscribe_token="token-of-aliya",
)


def add(store: Store, new: NewSubscriber = ALIYA) -> Subscriber:
    with store.write() as tx:
        return people.add_subscriber(tx, new, now=NOW)


def test_a_subscriber_comes_back_as_given_and_follows_all_topics(store: Store) -> None:
    added = add(store)
    with store.read() as tx:
        found = people.find_subscriber(tx, "Aliya 🇰🇿")
    assert found == added
    given = {name: value for name, value in asdict(ALIYA).items() if name != "topics"}
    assert {name: getattr(found, name) for name in given} == given
    assert (found.state, found.pause, found.created_at) == (SubscriberState.ACTIVE, None, NOW)
    assert found.topic_ids is None
    assert found.follows(4711)


def test_a_subscriber_s_secret_and_token_are_not_in_their_repr(store: Store) -> None:  # trust: B20
    shown = repr(add(store))
    assert "whsec_" not in shown
    assert "token-of-aliya" not in shown


def test_a_subscriber_follows_the_topics_they_named_and_no_others(store: Store) -> None:
    with store.write() as tx:
        ids = [add_topic(tx, NewTopic(slug=slug, name=slug), now=NOW).id for slug in ("a", "b", "c")]
    one = add(store, replace(ALIYA, topics=("a", "c")))
    assert one.topic_ids == frozenset({ids[0], ids[2]})
    assert [one.follows(i) for i in ids] == [True, False, True]


def test_a_topic_that_is_not_there_leaves_no_subscriber_behind(store: Store) -> None:
    with pytest.raises(NotFound, match="'none'"):
        add(store, replace(ALIYA, topics=("none",)))
    with store.read() as tx:
        assert not people.has_any(tx)


@pytest.mark.parametrize("name", ["Aliya", "aliya", "ALIYA"])
def test_a_name_is_taken_once_whatever_its_case(store: Store, name: str) -> None:
    add(store, replace(ALIYA, name="Aliya"))
    with pytest.raises(BadInput, match="another name"):
        add(store, replace(ALIYA, name=name, unsubscribe_token="other"))


def test_a_subscriber_with_a_kazakh_name_is_found_by_it(sqlite_store: Store) -> None:
    added = add(sqlite_store, replace(ALIYA, name="Әлия"))
    with sqlite_store.read() as tx:
        assert people.find_subscriber(tx, "Әлия") == added


def test_a_kazakh_name_is_taken_once_too(sqlite_store: Store) -> None:
    add(sqlite_store, replace(ALIYA, name="Әлия"))
    with pytest.raises(BadInput, match="another name"):
        add(sqlite_store, replace(ALIYA, name="Әлия", unsubscribe_token="other"))


@pytest.mark.parametrize("name", ["Әлия", "әлия", "ӘЛИЯ"])
def test_a_kazakh_name_is_one_name_whatever_its_case(store: Store, name: str) -> None:
    added = add(store, replace(ALIYA, name="Әлия"))
    with store.read() as tx:
        assert people.find_subscriber(tx, name) == added
    with pytest.raises(BadInput, match="another name"):
        add(store, replace(ALIYA, name=name, unsubscribe_token="other"))


@pytest.mark.parametrize("wants", [True, False])
def test_whether_mentions_are_wanted_is_kept(store: Store, wants: bool) -> None:
    added = add(store, replace(ALIYA, wants_mentions=wants))
    with store.read() as tx:
        assert people.find_subscriber(tx, ALIYA.name).wants_mentions is added.wants_mentions is wants


def test_a_subscriber_who_is_not_there_is_not_found(store: Store) -> None:
    with store.read() as tx:
        with pytest.raises(NotFound, match="subscriber list"):
            people.find_subscriber(tx, "nobody")
        assert people.find_by_unsubscribe_token(tx, "nothing") is None


def test_an_unsubscribe_token_names_its_subscriber_and_only_as_a_whole(store: Store) -> None:
    added = add(store)
    with store.read() as tx:
        assert people.find_by_unsubscribe_token(tx, "token-of-aliya") == added
        assert people.find_by_unsubscribe_token(tx, "token-of-aliy") is None
        assert people.find_by_unsubscribe_token(tx, "TOKEN-OF-ALIYA") is None
        assert people.find_by_unsubscribe_token(tx, "token-of-aliy%") is None


@pytest.mark.parametrize(
    "why",
    [
        Pause(code=PauseCode.OPERATOR),
        Pause(code=PauseCode.UNSUBSCRIBED),
        Pause(code=PauseCode.REFUSED, detail="the mail server answered 550 5.1.1 такого адреса нет"),
    ],
)
def test_a_pause_has_its_reason_and_a_resumption_forgets_it(store: Store, why: Pause) -> None:
    added = add(store)
    with store.write() as tx:
        assert people.pause(tx, added.id, because=why) == 0
        paused = people.find_subscriber(tx, added.name)
        people.resume(tx, added.id)
        resumed = people.find_subscriber(tx, added.name)
    assert (paused.state, paused.pause) == (SubscriberState.PAUSED, why)
    assert resumed == added


def test_the_reason_of_a_second_pause_takes_the_place_of_the_first(store: Store) -> None:
    added = add(store)
    with store.write() as tx:
        people.pause(tx, added.id, because=Pause(code=PauseCode.REFUSED, detail="answered 410"))
        people.pause(tx, added.id, because=Pause(code=PauseCode.OPERATOR))
        assert people.find_subscriber(tx, added.name).pause == Pause(code=PauseCode.OPERATOR, detail="")


def test_subscribers_are_listed_by_name_or_those_that_are_asked_for(store: Store) -> None:
    ids = {name: add(store, replace(ALIYA, name=name, unsubscribe_token=name)).id for name in ("b", "A", "c")}
    with store.read() as tx:
        assert [one.name for one in people.list_subscribers(tx)] == ["A", "b", "c"]
        assert [one.name for one in people.list_subscribers(tx, [ids["c"], ids["A"]])] == ["A", "c"]
        assert people.list_subscribers(tx, []) == []


def test_a_removed_subscriber_is_gone_with_their_subscriptions(store: Store) -> None:
    with store.write() as tx:
        add_topic(tx, NewTopic(slug="a", name="a"), now=NOW)
    one = add(store, replace(ALIYA, topics=("a",)))
    with store.write() as tx:
        people.remove_subscriber(tx, one.id)
        assert not people.has_any(tx)
    again = add(store, ALIYA)
    assert again.topic_ids is None


def test_followed_topics_are_those_of_active_subscribers_none_where_one_follows_all(store: Store) -> None:
    with store.write() as tx:
        ids = {slug: add_topic(tx, NewTopic(slug=slug, name=slug), now=NOW).id for slug in ("a", "b", "c")}
        assert people.followed_topics(tx) == frozenset()
        people.add_subscriber(tx, replace(ALIYA, name="one", topics=("a",), unsubscribe_token="1"), now=NOW)
        two = people.add_subscriber(tx, replace(ALIYA, name="two", topics=("a", "b"), unsubscribe_token="2"), now=NOW)
        assert people.followed_topics(tx) == frozenset({ids["a"], ids["b"]})
        people.pause(tx, two.id, because=Pause(code=PauseCode.OPERATOR))
        assert people.followed_topics(tx) == frozenset({ids["a"]})
        people.add_subscriber(tx, replace(ALIYA, name="all", unsubscribe_token="3"), now=NOW)
        assert people.followed_topics(tx) is None
