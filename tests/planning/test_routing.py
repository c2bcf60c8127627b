"""Planning: who hears of an alert, by tables: each code of a decision, and which of several holds."""

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.model.alert import AlertForRouting, AlertKind
from reformwatch.model.notification import AlertTopic, Code, Decision, Notification
from reformwatch.model.subscriber import Subscriber, SubscriberState
from reformwatch.model.topic import Strength
from reformwatch.planning.routing import route
from sample_polls import entry, plan, subscriber

PAUSED = SubscriberState.PAUSED
STORY = frozenset({7})


def alert(
    *about: int, mentions: Collection[int] = (), stories: frozenset[int] = STORY, kind: AlertKind = AlertKind.STORY
) -> AlertForRouting:
    """An alert about some topics that mentions others."""
    topics = [AlertTopic(topic_id=topic_id, strength=Strength.ABOUT) for topic_id in about]
    topics += [AlertTopic(topic_id=topic_id, strength=Strength.MENTION) for topic_id in mentions]
    return AlertForRouting(id=1, kind=kind, topics=tuple(topics), stories=stories)


def following(*topic_ids: int) -> dict[str, frozenset[int]]:
    return {"topic_ids": frozenset(topic_ids)}


def routed(
    one: AlertForRouting, *subscribers: Subscriber, heard: dict[int, set[int]] | None = None
) -> dict[int, tuple[Code, tuple[int, ...]]]:
    """Code and topics, by subscriber; only ``instant`` is sent."""
    found = route(one, subscribers, heard or {})
    assert [(n.decision is Decision.SEND, n.is_sent) for n in found] == [(n.code is Code.INSTANT,) * 2 for n in found]
    assert {n.decision for n in found} <= {Decision.SEND, Decision.SUPPRESS}
    return {n.subscriber_id: (n.code, n.topic_ids) for n in found}


def code_for(told: dict[str, Any], *, heard: bool = False, is_mention: bool = False) -> Code:
    """The code for one follower."""
    one = alert(mentions=(1,)) if is_mention else alert(1)
    (code, _), *_ = routed(one, subscriber(1, **told), heard={7: {1}} if heard else {}).values()
    return code


def test_a_follower_who_is_to_be_told_is_told_at_once() -> None:
    assert route(alert(1), [subscriber(3)], {}) == (
        Notification(subscriber_id=3, decision=Decision.SEND, code=Code.INSTANT, topic_ids=(1,)),
    )


@pytest.mark.parametrize(
    ("told", "heard", "is_mention", "code"),
    [
        ({}, False, False, Code.INSTANT),
        ({"wants_mentions": True}, False, False, Code.INSTANT),
        ({"wants_mentions": True}, False, True, Code.INSTANT),
        ({}, False, True, Code.ONLY_MENTION),
        ({}, True, False, Code.ALREADY_NOTIFIED),
        ({"wants_mentions": True}, True, True, Code.ALREADY_NOTIFIED),
        ({}, True, True, Code.ALREADY_NOTIFIED),
        ({"state": PAUSED}, False, False, Code.PAUSED),
        ({"state": PAUSED}, True, False, Code.PAUSED),
        ({"state": PAUSED}, False, True, Code.PAUSED),
        ({"state": PAUSED}, True, True, Code.PAUSED),
    ],
)
def test_paused_stands_before_already_notified_and_that_before_only_mention(
    told: dict[str, Any], heard: bool, is_mention: bool, code: Code
) -> None:
    # trust: B17, E16, G15
    assert code_for(told, heard=heard, is_mention=is_mention) is code


def test_only_codes_about_one_subscriber_come_from_routing() -> None:
    about_an_entry = {Code.BASELINE, Code.LATE, Code.EDITED, Code.NO_FOLLOWER, Code.NOBODY_LEFT}
    told: tuple[dict[str, Any], ...] = ({}, {"wants_mentions": True}, {"state": PAUSED})
    seen = {code_for(one, heard=h, is_mention=m) for one in told for h in (False, True) for m in (False, True)}
    assert seen == set(Code) - about_an_entry


# --- topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("followed", "theirs"),
    [
        (None, (1, 2)),
        (frozenset({1, 2}), (1, 2)),
        (frozenset({2, 9}), (2,)),
        (frozenset({1}), (1,)),
        (frozenset({9}), None),
        (frozenset(), None),
    ],
)
def test_a_notification_is_about_the_topics_that_its_subscriber_follows_and_none_is_made_without_any(
    followed: frozenset[int] | None, theirs: tuple[int, ...] | None
) -> None:
    # trust: B17
    found = routed(alert(1, 2), subscriber(1, topic_ids=followed))
    assert found == ({} if theirs is None else {1: (Code.INSTANT, theirs)}), "two topics are one notification"


def test_topics_keep_the_order_of_the_alert() -> None:
    assert routed(alert(5, 2, mentions=(9, 1)), subscriber(1)) == {1: (Code.INSTANT, (5, 2, 9, 1))}


@pytest.mark.parametrize("state", SubscriberState)
def test_an_alert_without_a_follower_or_without_topics_notifies_nobody(state: SubscriberState) -> None:
    assert routed(alert(1), subscriber(1, state=state, **following(2))) == {}
    assert routed(alert(1)) == {}
    assert routed(alert(), subscriber(1, state=state)) == {}, "its topics were removed meanwhile"


def test_a_paused_subscriber_does_not_keep_another_from_hearing() -> None:
    assert routed(alert(1), subscriber(1, state=PAUSED), subscriber(2)) == {
        1: (Code.PAUSED, (1,)),
        2: (Code.INSTANT, (1,)),
    }


def test_an_alert_about_one_topic_that_mentions_another_is_for_who_follows_the_first() -> None:
    # trust: G15
    readers = (
        subscriber(1, **following(1)), subscriber(2, **following(2)), subscriber(3),
        subscriber(4, wants_mentions=True, **following(2)),
    )  # fmt: skip
    assert routed(alert(1, mentions=(2,)), *readers) == {
        1: (Code.INSTANT, (1,)),
        2: (Code.ONLY_MENTION, (2,)),
        3: (Code.INSTANT, (1, 2)),
        4: (Code.INSTANT, (2,)),
    }


# --- who has heard of what -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "stories", "heard_of", "code"),
    [
        (AlertKind.STORY, {7}, set(), Code.INSTANT),
        (AlertKind.STORY, {7}, {7}, Code.ALREADY_NOTIFIED),
        (AlertKind.STORY, {7}, {8}, Code.INSTANT),
        (AlertKind.STORY, {7, 8}, {8}, Code.ALREADY_NOTIFIED),
        (AlertKind.STORY, {7, 8}, {7, 8}, Code.ALREADY_NOTIFIED),
        (AlertKind.STORY, set(), {7}, Code.INSTANT),
        (AlertKind.SUMMARY, {7, 8}, set(), Code.INSTANT),
        (AlertKind.SUMMARY, {7, 8}, {7}, Code.INSTANT),
        (AlertKind.SUMMARY, {7, 8}, {8, 9}, Code.INSTANT),
        (AlertKind.SUMMARY, {7, 8}, {7, 8}, Code.ALREADY_NOTIFIED),
        (AlertKind.SUMMARY, {7, 8}, {7, 8, 9}, Code.ALREADY_NOTIFIED),
        (AlertKind.SUMMARY, set(), {7}, Code.INSTANT),
    ],
)
def test_a_story_was_heard_if_any_of_its_was_and_a_summary_only_if_all_of_its_were(
    kind: AlertKind, stories: set[int], heard_of: set[int], code: Code
) -> None:
    # trust: E16
    one = alert(1, stories=frozenset(stories), kind=kind)
    heard = {story: {1} for story in heard_of}
    assert routed(one, subscriber(1), subscriber(2), heard=heard) == {1: (code, (1,)), 2: (Code.INSTANT, (1,))}


# --- in slices -------------------------------------------------------------------------------------------------------

_SUBSCRIBERS = st.lists(
    st.builds(
        lambda state, followed, wants: {"state": state, "topic_ids": followed, "wants_mentions": wants},
        st.sampled_from(SubscriberState),
        st.none() | st.frozensets(st.integers(1, 3)),
        st.booleans(),
    ),
    max_size=8,
)


@given(_SUBSCRIBERS, st.sets(st.integers(1, 8)), st.integers(1, 4))
def test_slices_of_subscribers_are_routed_as_all_at_once(
    told: list[dict[str, Any]], heard: set[int], size: int
) -> None:
    subscribers = [subscriber(i, **one) for i, one in enumerate(told, 1)]
    one, notified = alert(1, mentions=(2,)), {7: heard}
    slices = [subscribers[i : i + size] for i in range(0, len(subscribers), size)]
    apart = [notification for some in reversed(slices) for notification in route(one, some, notified)]
    assert sorted(apart, key=lambda n: n.subscriber_id) == list(route(one, subscribers, notified))


# --- of a poll -------------------------------------------------------------------------------------------------------


def heard_of(told: dict[str, str], *subscribers: Subscriber) -> dict[int, Code]:
    """Who hears of the alert of one entry, and who does not and why."""
    (born,) = plan(entry(1, **told)).alerts
    one = AlertForRouting(id=1, kind=born.kind, topics=born.topics, stories=STORY)
    return {number: code for number, (code, _) in routed(one, *subscribers).items()}


def test_who_wants_what_is_about_a_topic_hears_of_no_mention() -> None:
    # trust: G15
    readers = (subscriber(1), subscriber(2, wants_mentions=True), subscriber(3, state=PAUSED))
    mention = {"title": "Weather", "summary": "Sun, says the office. A law was passed."}
    assert heard_of(mention, *readers) == {1: Code.ONLY_MENTION, 2: Code.INSTANT, 3: Code.PAUSED}
    assert heard_of({}, *readers) == {1: Code.INSTANT, 2: Code.INSTANT, 3: Code.PAUSED}


def test_a_summary_is_for_each_follower_of_one_of_its_stories() -> None:
    # trust: D18, D19
    entries = [entry(i) for i in range(11)] + [entry(20, title="The vote of twenty mayors")]
    (born,) = plan(*entries).alerts
    assert born.kind is AlertKind.SUMMARY
    one = AlertForRouting(id=1, kind=born.kind, topics=born.topics, stories=frozenset(range(12)))
    readers = (subscriber(1), subscriber(2, **following(2)), subscriber(3, state=PAUSED), subscriber(4, **following(9)))
    found = routed(one, *readers)
    assert {number: (code, set(topics)) for number, (code, topics) in found.items()} == {
        1: (Code.INSTANT, {1, 2}),
        2: (Code.INSTANT, {2}),
        3: (Code.PAUSED, {1, 2}),
    }
