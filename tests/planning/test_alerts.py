"""Planning: what is worth an alert, by tables: what is news, what is one story, and why the rest brings no alert."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reformwatch.model.alert import AlertKind, Burst, NewAlert
from reformwatch.model.entry import EntryStatus, ParsedEntry
from reformwatch.model.notification import AlertTopic, Code, Suppressed
from reformwatch.model.plan import NewEntry, PollPlan, Snapshot
from reformwatch.model.subscriber import Subscriber, SubscriberState
from reformwatch.model.topic import Strength
from reformwatch.planning.alerts import plan_alerts, status_of, suppress
from reformwatch.planning.schedule import PollPolicy
from reformwatch.planning.stories import stories_of
from sample_polls import DAY, HOUR, NOW, entry, feed, plan, subscriber

PAUSED = SubscriberState.PAUSED
#: An entry that only mentions the first topic, and one about the first that mentions the second.
MENTION = {"title": "Weather", "summary": "Sun, says the office. A law was passed."}
LAW_THEN_VOTE = {"summary": "It is read. Then comes a vote."}


def about(*topic_ids: int) -> tuple[AlertTopic, ...]:
    return tuple(AlertTopic(topic_id=topic_id, strength=Strength.ABOUT) for topic_id in topic_ids)


def mention(topic_id: int) -> AlertTopic:
    return AlertTopic(topic_id=topic_id, strength=Strength.MENTION)


def following(*topic_ids: int) -> dict[str, frozenset[int]]:
    return {"topic_ids": frozenset(topic_ids)}


def knowing(
    *entries: ParsedEntry,
    subscribers: tuple[Subscriber, ...] = (),
    notified: Mapping[int, Collection[int]] | None = None,
) -> Snapshot:
    """What the store knows where each entry's page is that of a story: of story 7 the first, of story 8 the second."""
    stories = {stories_of(one)[0]: 7 + i for i, one in enumerate(entries)}
    heard = {story: frozenset(ids) for story, ids in (notified or {}).items()}
    return Snapshot(feed=feed(), stories=stories, notified=heard, subscribers=subscribers)


def places(made: PollPlan) -> list[tuple[int, ...]]:
    """The entries of each alert."""
    return [alert.entries for alert in made.alerts]


def codes(planned: NewEntry) -> list[Code]:
    """Why an entry brings no alert; these codes are about everybody."""
    assert all(one.subscriber_id is None for one in planned.suppressed)
    return [one.code for one in planned.suppressed]


# --- status --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "has_baseline", "backfill_days", "status", "code"),
    [
        (NOW - HOUR, True, None, EntryStatus.NEWS, None),
        (None, True, None, EntryStatus.NEWS, None),
        (NOW + 365 * DAY, True, None, EntryStatus.NEWS, None),
        (NOW - 7 * DAY, True, None, EntryStatus.NEWS, None),
        (NOW - 7 * DAY - timedelta(seconds=1), True, None, EntryStatus.LATE, Code.LATE),
        (datetime(1971, 1, 1, tzinfo=UTC), True, None, EntryStatus.LATE, Code.LATE),
        (NOW - 8 * DAY, True, 30, EntryStatus.LATE, Code.LATE),
        (NOW - HOUR, False, None, EntryStatus.BASELINE, Code.BASELINE),
        (NOW - HOUR, False, 0, EntryStatus.BASELINE, Code.BASELINE),
        (None, False, None, EntryStatus.BASELINE, Code.BASELINE),
        (None, False, 30, EntryStatus.BASELINE, Code.BASELINE),
        (NOW - 2 * DAY, False, 3, EntryStatus.NEWS, None),
        (NOW - 3 * DAY, False, 3, EntryStatus.NEWS, None),
        (NOW - 4 * DAY, False, 3, EntryStatus.BASELINE, Code.BASELINE),
        (NOW - 20 * DAY, False, 30, EntryStatus.NEWS, None),
    ],
)
def test_an_entry_stands_like_this(
    published: datetime | None, has_baseline: bool, backfill_days: int | None, status: EntryStatus, code: Code | None
) -> None:
    held = feed(last_ok_at=NOW - DAY if has_baseline else None, backfill_days=backfill_days)
    assert status_of(entry(published=published), held, late_after=7 * DAY, now=NOW) == (status, code)


# --- a new story -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subscribers",
    [
        (),
        (subscriber(1, **following(2)),),
        (subscriber(1, **following()),),
        (subscriber(1, state=PAUSED),),
        (subscriber(1), subscriber(2)),
    ],
    ids=["nobody", "of another topic", "of no topic", "paused", "two"],
)
@pytest.mark.parametrize("told", [{}, MENTION], ids=["about", "mention"])
def test_a_new_story_is_an_alert_whoever_follows_it(subscribers: tuple[Subscriber, ...], told: dict[str, str]) -> None:
    made = plan(entry(1, **told), snapshot=Snapshot(feed=feed(), subscribers=subscribers))
    assert places(made) == [(0,)]
    assert codes(made.entries[0]) == []


@pytest.mark.parametrize(
    ("told", "topics"),
    [
        ({}, about(1)),
        ({"title": "A law on the vote of mayors"}, about(1, 2)),
        (MENTION, (mention(1),)),
        (LAW_THEN_VOTE, (*about(1), mention(2))),
    ],
)
def test_an_alert_has_each_topic_of_its_entry_with_its_strength(
    told: dict[str, str], topics: tuple[AlertTopic, ...]
) -> None:
    (alert,) = plan(entry(1, **told)).alerts
    assert alert.topics == topics


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_story_of_which_one_entry_is_about_a_topic_is_about_it_though_another_mentions_it(
    order: tuple[int, int],
) -> None:
    same = {"link": "https://courier.example/1"}
    by_number = {1: entry(1, **MENTION | same), 2: entry(2, **same)}
    (alert,) = plan(*(by_number[number] for number in order)).alerts
    assert (alert.entries, alert.topics) == ((0, 1), about(1))


@pytest.mark.parametrize(
    "told",
    [
        {"link": "https://courier.example/1?utm_source=x", "title": "Quite another headline on a law"},
        {"title": "HEADLINE number 1: on a law!"},
    ],
    ids=["same page", "same headline"],
)
def test_the_same_story_twice_in_one_reply_is_one_alert(told: dict[str, Any]) -> None:
    # trust: E16
    (alert,) = plan(entry(2, **told), entry(1)).alerts
    assert (alert.entries, alert.headline) == ((0, 1), entry(1).title)


def test_two_stories_are_two_alerts() -> None:
    assert places(plan(entry(2), entry(1))) == [(0,), (1,)]


def test_an_entry_that_links_two_others_makes_all_three_one_story() -> None:
    # trust: E16
    page = entry(1)
    headline = entry(2)
    both = entry(3, link="https://courier.example/1", title=headline.title)
    assert places(plan(both, headline, page)) == [(0, 1, 2)]  # oldest last: page, headline, both


def test_an_entry_of_a_known_story_joins_another_of_it() -> None:
    one, other = entry(1), entry(2)
    stories = {stories_of(one)[0]: 7, stories_of(other)[1]: 7}
    snapshot = Snapshot(feed=feed(), stories=stories, subscribers=(subscriber(),))
    assert places(plan(other, one, snapshot=snapshot)) == [(0, 1)]


# --- a known story ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subscribers", "notified", "code"),
    [
        ((subscriber(1),), (), None),
        ((subscriber(1), subscriber(2)), (1,), None),
        ((subscriber(1), subscriber(2, state=PAUSED)), (2,), None),
        ((subscriber(1),), (9,), None),
        ((), (), Code.NO_FOLLOWER),
        ((), (1,), Code.NO_FOLLOWER),
        ((subscriber(1, **following(2)),), (), Code.NO_FOLLOWER),
        ((subscriber(1, **following()),), (), Code.NO_FOLLOWER),
        ((subscriber(1),), (1,), Code.NOBODY_LEFT),
        ((subscriber(1), subscriber(2)), (1, 2), Code.NOBODY_LEFT),
        ((subscriber(1, state=PAUSED),), (), Code.NOBODY_LEFT),
        ((subscriber(1, state=PAUSED), subscriber(2, **following(2))), (), Code.NOBODY_LEFT),
        ((subscriber(1), subscriber(2, state=PAUSED)), (1,), Code.NOBODY_LEFT),
    ],
)
def test_a_known_story_is_an_alert_only_where_a_follower_has_yet_to_hear_of_it(
    subscribers: tuple[Subscriber, ...], notified: tuple[int, ...], code: Code | None
) -> None:
    # trust: B17, E16, G15
    one = entry(1)
    made = plan(one, snapshot=knowing(one, subscribers=subscribers, notified={7: notified}))
    assert places(made) == ([(0,)] if code is None else [])
    assert codes(made.entries[0]) == ([] if code is None else [code])
    assert made.entries[0].story_keys, "it is one more entry of its story all the same"


@pytest.mark.parametrize(("wants_mentions", "code"), [(True, None), (False, Code.NOBODY_LEFT)])
def test_a_known_story_that_only_mentions_a_topic_is_for_who_wants_mentions(
    wants_mentions: bool, code: Code | None
) -> None:
    one = entry(1, **MENTION)
    made = plan(one, snapshot=knowing(one, subscribers=(subscriber(1, wants_mentions=wants_mentions),)))
    assert codes(made.entries[0]) == ([] if code is None else [code])
    assert bool(made.alerts) is (code is None)


@pytest.mark.parametrize("key", [0, 1], ids=["page", "headline"])
def test_a_story_is_known_by_its_page_or_by_its_headline(key: int) -> None:
    one = entry(1)
    snapshot = Snapshot(
        feed=feed(), stories={stories_of(one)[key]: 7}, notified={7: frozenset({1})}, subscribers=(subscriber(1),)
    )
    assert codes(plan(one, snapshot=snapshot).entries[0]) == [Code.NOBODY_LEFT]


def test_a_story_that_somebody_heard_of_is_not_another_one() -> None:
    one = entry(1)
    snapshot = knowing(one, subscribers=(subscriber(),), notified={8: {1}})
    assert places(plan(one, snapshot=snapshot)) == [(0,)]


def test_each_entry_of_a_story_that_brings_no_alert_has_the_code() -> None:
    one, other = entry(1), entry(2, link="https://courier.example/1")
    made = plan(other, one, snapshot=knowing(one, subscribers=(subscriber(1),), notified={7: {1}}))
    assert [codes(planned) for planned in made.entries] == [[Code.NOBODY_LEFT]] * 2
    assert made.alerts == ()


def test_a_new_story_beside_a_known_one_is_an_alert_alone() -> None:
    one, other = entry(1), entry(2)
    made = plan(other, one, snapshot=knowing(one, subscribers=(subscriber(1),), notified={7: {1}}))
    assert places(made) == [(1,)]
    assert [codes(planned) for planned in made.entries] == [[Code.NOBODY_LEFT], []]


def test_an_entry_that_joins_two_known_stories_is_heard_by_who_heard_of_either() -> None:
    """Page and headline are those of two stories: whoever knows one of them knows it."""
    one = entry(1)
    stories = dict(zip(stories_of(one), (7, 8), strict=True))

    def planned(notified: Mapping[int, frozenset[int]]) -> PollPlan:
        two = (subscriber(1), subscriber(2))
        return plan(one, snapshot=Snapshot(feed=feed(), stories=stories, notified=notified, subscribers=two))

    assert codes(planned({7: frozenset({1}), 8: frozenset({2})}).entries[0]) == [Code.NOBODY_LEFT]
    assert places(planned({7: frozenset({1})})) == [(0,)]


# --- a summary -------------------------------------------------------------------------------------------------------


def test_as_many_stories_as_the_limit_are_alerts_and_one_more_is_a_summary() -> None:
    policy = PollPolicy(burst_limit=10)
    made = plan(*(entry(i) for i in range(10)), policy=policy)
    assert [alert.kind for alert in made.alerts] == [AlertKind.STORY] * 10
    made = plan(*(entry(i) for i in range(11)), policy=policy)
    assert [alert.kind for alert in made.alerts] == [AlertKind.SUMMARY]


def test_more_stories_than_the_limit_are_one_summary_of_all_their_topics() -> None:
    # trust: D18, D19
    entries = [entry(i) for i in range(11)] + [entry(20, title="The vote of twenty mayors"), entry(21, **MENTION)]
    (alert,) = plan(*entries, policy=PollPolicy(burst_limit=10)).alerts
    assert (alert.kind, alert.headline) == (AlertKind.SUMMARY, "")
    assert alert.burst == Burst(feed="The Courier", stories=13)
    assert sorted(alert.entries) == list(range(13))
    assert set(alert.topics) == set(about(1, 2)), "about a topic where one of its stories is"


def test_a_summary_that_only_mentions_a_topic_says_so() -> None:
    entries = [entry(i, **LAW_THEN_VOTE) for i in range(3)]
    (alert,) = plan(*entries, policy=PollPolicy(burst_limit=2)).alerts
    assert alert.topics == (*about(1), mention(2))


def test_stories_that_nobody_follows_do_not_make_a_summary_of_those_that_somebody_does() -> None:
    entries = [entry(i) for i in range(10)] + [entry(20, title="The vote of twenty mayors")]
    snapshot = Snapshot(feed=feed(), followed=frozenset({2}))
    made = plan(*entries, snapshot=snapshot, policy=PollPolicy(burst_limit=10))
    assert [alert.kind for alert in made.alerts] == [AlertKind.STORY] * 11
    many = [entry(i) for i in range(11)] + [entry(20, title="The vote of twenty mayors")]
    made = plan(*many, snapshot=snapshot, policy=PollPolicy(burst_limit=10))
    assert sorted(alert.kind for alert in made.alerts) == [AlertKind.STORY, AlertKind.SUMMARY], "each kind apart"
    [followed] = [alert for alert in made.alerts if alert.kind is AlertKind.STORY]
    assert [topic.topic_id for topic in followed.topics] == [2]


def test_stories_that_bring_no_alert_do_not_count_for_a_summary() -> None:
    heard = [entry(i) for i in range(3)]
    snapshot = knowing(*heard, subscribers=(subscriber(1),), notified={7: {1}, 8: {1}, 9: {1}})
    made = plan(entry(4), entry(3), *heard, snapshot=snapshot, policy=PollPolicy(burst_limit=2))
    assert [alert.kind for alert in made.alerts] == [AlertKind.STORY] * 2
    assert sorted(codes(planned) for planned in made.entries) == [[], [], *[[Code.NOBODY_LEFT]] * 3]


@given(st.lists(st.integers(0, 4), max_size=9), st.integers(1, 4))
def test_every_entry_that_is_news_and_matches_is_in_one_alert_or_has_a_code(pages: list[int], limit: int) -> None:
    entries = [entry(i, link=f"https://courier.example/{page}") for i, page in enumerate(pages)]
    snapshot = knowing(entry(0), entry(1), subscribers=(subscriber(1),), notified={7: {1}})
    made = plan(*entries, snapshot=snapshot, policy=PollPolicy(burst_limit=limit))
    in_alerts = sorted(place for alert in made.alerts for place in alert.entries)
    assert in_alerts == [place for place, planned in enumerate(made.entries) if not planned.suppressed]
    assert len(made.alerts) <= limit


# --- plan_alerts on its own ------------------------------------------------------------------------------------------


def test_entries_that_are_no_news_or_match_nothing_make_no_alert() -> None:
    snapshot = Snapshot(feed=feed(), subscribers=(subscriber(),))
    entries = [NewEntry(entry=entry(i), status=status) for i, status in enumerate(EntryStatus)]
    assert plan_alerts(entries, snapshot, burst_limit=10) == (tuple(entries), ())


def test_a_plan_of_nothing_is_nothing() -> None:
    assert plan_alerts([], Snapshot(feed=feed()), burst_limit=10) == ((), ())


def test_codes_given_before_are_kept() -> None:
    one = entry(1)
    before = suppress(plan(one).entries[0], Code.EDITED)
    ((after,), born) = plan_alerts([before], knowing(one), burst_limit=10)
    assert after == replace(before, suppressed=(Suppressed(code=Code.EDITED), Suppressed(code=Code.NO_FOLLOWER)))
    assert born == ()


def test_a_summary_takes_the_place_of_the_alerts_it_sums_up() -> None:
    stories = [plan(entry(i)).entries[0] for i in range(3)]
    planned, born = plan_alerts(stories, Snapshot(feed=feed()), burst_limit=2)
    summary = NewAlert(
        kind=AlertKind.SUMMARY,
        headline="",
        entries=(0, 1, 2),
        topics=about(1),
        burst=Burst(feed="The Courier", stories=3),
    )
    assert (planned, born) == (tuple(stories), (summary,))
