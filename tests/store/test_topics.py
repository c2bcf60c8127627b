"""Store, topics: their queries in order, their version, and what goes with them when they are removed."""

from datetime import timedelta

import pytest
from msgspec.structs import asdict, replace

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import NewTopic, TopicKind, TopicState
from reformwatch.store import Store
from reformwatch.store.subscribers import add_subscriber, list_subscribers
from reformwatch.store.topics import (
    add_topic,
    change_topic,
    find_topic,
    list_topics,
    pack_hash_of,
    remove_topic,
    topics_version,
)

AKIMS = NewTopic(
    slug="mayoral-elections",
    name="Mayoral elections 🗳",
    kind=TopicKind.LAW,
    description="Bill, readings, signature; әкімдерді сайлау",
    names={"ru": "Выборы акимов", "kk": "Әкімдерді сайлау"},
    queries={"ru": "аким* NEAR/5 выбор*", "en": "akim AND elect*", "kk": "әкім* сайла*", "any": "#akim"},
    pack="kazakhstan",
)


def test_a_topic_comes_back_as_it_was_given_its_queries_in_order(store: Store) -> None:
    with store.write() as tx:
        added = add_topic(tx, AKIMS, now=NOW, pack_hash="f00")
    with store.read() as tx:
        found = find_topic(tx, "mayoral-elections")
        assert list_topics(tx) == [found]
        assert pack_hash_of(tx, "mayoral-elections") == "f00"
    assert found == added
    assert {name: getattr(found, name) for name in asdict(AKIMS)} == asdict(AKIMS)
    assert list(found.queries) == ["ru", "en", "kk", "any"]
    assert (found.state, found.created_at, found.updated_at) == (TopicState.ACTIVE, NOW, NOW)
    assert found.name_in("kk") == "Әкімдерді сайлау"
    assert found.name_in("es") == "Mayoral elections 🗳"


def test_topics_are_listed_by_slug_and_paused_ones_only_where_all_are_asked_for(store: Store) -> None:
    with store.write() as tx:
        for slug in ("b", "a", "c"):
            add_topic(tx, replace(AKIMS, slug=slug), now=NOW)
        change_topic(tx, replace(find_topic(tx, "a"), state=TopicState.PAUSED), now=NOW)
    with store.read() as tx:
        assert [topic.slug for topic in list_topics(tx)] == ["a", "b", "c"]
        assert [topic.slug for topic in list_topics(tx, only_active=True)] == ["b", "c"]
        assert all(topic.queries == AKIMS.queries for topic in list_topics(tx))


def test_a_slug_is_taken_once(store: Store) -> None:
    with store.write() as tx:
        add_topic(tx, AKIMS, now=NOW)
    with pytest.raises(BadInput, match="there is one already"), store.write() as tx:
        add_topic(tx, replace(AKIMS, name="other"), now=NOW)
    with store.read() as tx:
        assert [topic.name for topic in list_topics(tx)] == [AKIMS.name]


def test_a_topic_that_is_not_there_is_not_found(store: Store) -> None:
    with store.read() as tx, pytest.raises(NotFound, match="topic list"):
        find_topic(tx, "none")
    with store.read() as tx:
        assert pack_hash_of(tx, "none") is None


def test_a_change_replaces_the_queries_and_keeps_the_rest(store: Store) -> None:
    later = NOW + timedelta(days=1)
    with store.write() as tx:
        first = add_topic(tx, AKIMS, now=NOW, pack_hash="f00")
        change_topic(tx, replace(first, queries={"es": "alcalde*", "en": "mayor*"}, kind=TopicKind.CUSTOM), now=later)
    with store.read() as tx:
        found = find_topic(tx, AKIMS.slug)
        assert pack_hash_of(tx, AKIMS.slug) == "f00", "an edit by hand must not look like the pack's own"
    assert list(found.queries.items()) == [("es", "alcalde*"), ("en", "mayor*")]
    assert (found.kind, found.created_at, found.updated_at) == (TopicKind.CUSTOM, NOW, later)
    assert (found.id, found.names, found.description) == (first.id, AKIMS.names, AKIMS.description)


def test_a_change_by_a_pack_stores_its_fingerprint(store: Store) -> None:
    with store.write() as tx:
        change_topic(tx, add_topic(tx, AKIMS, now=NOW, pack_hash="old"), now=NOW, pack_hash="new")
        assert pack_hash_of(tx, AKIMS.slug) == "new"


def test_the_version_changes_with_every_change_even_at_the_same_moment(store: Store) -> None:
    versions = []
    with store.write() as tx:
        versions.append(topics_version(tx))
        topic = add_topic(tx, AKIMS, now=NOW)
        versions.append(topics_version(tx))
        topic = change_topic(tx, replace(topic, state=TopicState.PAUSED), now=NOW)
        versions.append(topics_version(tx))
        change_topic(tx, replace(topic, state=TopicState.ACTIVE), now=NOW)
        versions.append(topics_version(tx))
        remove_topic(tx, topic.id, now=NOW)
        versions.append(topics_version(tx))
        assert topics_version(tx) == versions[-1], "reading is no change"
    assert len(set(versions)) == 5


def test_a_change_that_is_rolled_back_leaves_the_version(store: Store) -> None:
    with store.write() as tx:
        add_topic(tx, AKIMS, now=NOW)
        before = topics_version(tx)

    def fail() -> None:
        with store.write() as tx:
            add_topic(tx, replace(AKIMS, slug="other"), now=NOW)
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        fail()
    with store.read() as tx:
        assert topics_version(tx) == before


def test_a_removed_topic_takes_its_subscriptions_along_but_not_the_subscriber(store: Store) -> None:
    with store.write() as tx:
        gone = add_topic(tx, AKIMS, now=NOW)
        kept = add_topic(tx, replace(AKIMS, slug="kept"), now=NOW)
        new = NewSubscriber(
            name="Aliya", channel=ChannelKind.CONSOLE, address="-", topics=(gone.slug, "kept"), unsubscribe_token="u"
        )
        add_subscriber(tx, new, now=NOW)
        remove_topic(tx, gone.id, now=NOW)
    with store.read() as tx:
        assert [topic.slug for topic in list_topics(tx)] == ["kept"]
        assert [one.topic_ids for one in list_subscribers(tx)] == [frozenset({kept.id})]


def test_a_subscriber_whose_only_topic_is_removed_does_not_follow_all_topics_then(store: Store) -> None:
    with store.write() as tx:
        gone = add_topic(tx, AKIMS, now=NOW)
        new = NewSubscriber(
            name="Aliya", channel=ChannelKind.CONSOLE, address="-", topics=(gone.slug,), unsubscribe_token="u"
        )
        add_subscriber(tx, new, now=NOW)
        remove_topic(tx, gone.id, now=NOW)
        [aliya] = list_subscribers(tx)
    assert aliya.topic_ids == frozenset()
    assert not aliya.follows(1)
