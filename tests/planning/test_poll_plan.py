"""Planning: the decision of one poll, by tables: what is new, what is told, to whom, and why the rest is not."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reformwatch.documents.feed import distinct, make_entry
from reformwatch.matching.index import CompiledTopic, TopicIndex, compile_topic
from reformwatch.model.alert import AlertKind
from reformwatch.model.entry import KnownEntry, ParsedEntry, ParsedFeed, Standing, Unreadable
from reformwatch.model.feed import (
    FailureKind,
    Feed,
    FeedHints,
    FeedKind,
    FeedState,
    Fetched,
    FetchFailed,
    NotModified,
    ServerHints,
    Validators,
)
from reformwatch.model.plan import AlertDraft, NewEntry, PollPlan, Recipient, Silence, Snapshot
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.planning.alerts import plan_alerts, standing_of
from reformwatch.planning.poll_plan import Reply, plan_failure, plan_reply, plan_unchanged, plan_unreadable, sort_out
from reformwatch.planning.schedule import PollPolicy
from reformwatch.planning.stories import stories_of
from sample_feeds import make_feed

NOW = datetime(2022, 3, 16, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = PollPolicy()
OLD_VALIDATORS = Validators(etag='"old"', last_modified="yesterday")
NEW_VALIDATORS = Validators(etag='W/"new"')

LAW = compile_topic(1, "law", {"en": "law"})
VOTE = compile_topic(2, "vote", {"en": "vote"})
TOPICS = (LAW, VOTE)


def feed(**told: Any) -> Feed:
    """A feed that was read well before."""
    usual: dict[str, Any] = {
        "id": 5,
        "url": "https://courier.example/feed.xml",
        "name": "The Courier",
        "kind": FeedKind.INDEPENDENT,
        "language": "en",
        "state": FeedState.ACTIVE,
        "site_url": None,
        "pack": None,
        "backfill_days": None,
        "added_at": NOW - 30 * DAY,
        "next_poll_at": NOW,
        "last_ok_at": NOW - HOUR,
        "last_new_at": NOW - DAY,
        "validators": OLD_VALIDATORS,
        "body_hash": "old",
        "lease_token": "lease",
    }
    return make_feed(**(usual | told))


def entry(number: int = 1, **told: Any) -> ParsedEntry:
    """An entry; each number another page and headline."""
    usual: dict[str, Any] = {
        "guid": f"g{number}",
        "link": f"https://courier.example/{number}",
        "base": "https://courier.example/",
        "title": f"Headline number {number} on a law",
        "summary": "Text.",
        "content": "",
        "author": "",
        "tags": (),
        "published": NOW - HOUR,
    }
    made = make_entry(**(usual | told))
    assert made is not None
    return made


def known(one: ParsedEntry, *, id: int = 100, **told: Any) -> KnownEntry:  # noqa: A002 - as in KnownEntry
    """An entry as the store remembers it."""
    usual: dict[str, Any] = {
        "id": id,
        "key": one.key,
        "twin_key": one.twin_key,
        "url": one.url,
        "title": one.title,
        "text_hash": one.text_hash,
        "version": 1,
    }
    return KnownEntry(**(usual | told))


def subscriber(number: int = 1, **told: Any) -> Subscriber:
    """A subscriber to all topics."""
    usual: dict[str, Any] = {
        "id": number,
        "name": f"reader-{number}",
        "channel": ChannelKind.EMAIL,
        "address": f"reader-{number}@example.org",
        "secret": None,
        "language": "en",
        "timezone": "UTC",
        "state": SubscriberState.ACTIVE,
        "paused_because": None,
        "topic_ids": None,
        "unsubscribe_token": f"token-{number}",
        "created_at": NOW,
    }
    return Subscriber(**(usual | told))


def reply(*entries: ParsedEntry, **told: Any) -> Reply:
    """A 200 reply that was read as these entries."""
    fetched = Fetched(
        body=b"",
        body_hash="new",
        url="https://courier.example/feed.xml",
        content_type=None,
        validators=NEW_VALIDATORS,
        hints=told.pop("hints", ServerHints()),
        moved_to=told.pop("moved_to", None),
    )
    usual: dict[str, Any] = {"format": "rss20", "title": "Title", "site_url": None, "language": None}
    return Reply(fetched=fetched, parsed=ParsedFeed(**(usual | {"entries": entries} | told)))


def plan(
    *entries: ParsedEntry,
    snapshot: Snapshot | None = None,
    topics: Sequence[CompiledTopic] = TOPICS,
    policy: PollPolicy = POLICY,
    **told: Any,
) -> PollPlan:
    """The plan of a reply with these entries; one subscriber follows everything."""
    before = snapshot or Snapshot(feed=feed(), subscribers=(subscriber(),))
    return plan_reply(before, reply(*entries, **told), TopicIndex.of(topics), policy=policy, now=NOW, jitter=0.0)


def reasons(planned: NewEntry) -> list[str]:
    """Why an entry was not told."""
    return [silence.reason for silence in planned.silences]


# --- the feed's own row ----------------------------------------------------------------------------------------------


def test_a_reply_leaves_the_feed_well_and_its_validators_new() -> None:
    # trust: C03
    failing = feed(failures=3, failing_since=NOW - DAY, problem="answered 500", unchanged=9)
    made = plan(entry(), snapshot=Snapshot(feed=failing), moved_to="https://courier.example/new.xml")
    assert (made.feed_id, made.lease_token) == (5, "lease")
    after = made.after
    assert (after.failures, after.failing_since, after.problem, after.unchanged) == (0, None, None, 0)
    assert (after.last_polled_at, after.last_ok_at, after.last_new_at) == (NOW, NOW, NOW)
    assert (after.validators, after.body_hash) == (NEW_VALIDATORS, "new")
    assert made.facts.moved_to == "https://courier.example/new.xml"
    assert after.next_poll_at == NOW + HOUR
    assert not made.is_gone


def test_a_reply_without_news_counts_as_unchanged() -> None:
    one = entry()
    snapshot = Snapshot(feed=feed(unchanged=4), known={one.key: known(one)})
    after = plan(one, snapshot=snapshot).after
    assert (after.unchanged, after.last_new_at, after.last_ok_at) == (5, NOW - DAY, NOW)
    assert after.validators == NEW_VALIDATORS


@pytest.mark.parametrize(
    ("name", "title", "language", "told_language", "expected"),
    [
        ("Mine", "Title", "en", "ru", ("Mine", "en")),
        ("", "Title", None, "ru", ("Title", "ru")),
        ("", "", None, None, (None, None)),
    ],
)
def test_what_the_operator_called_a_feed_stays(
    name: str, title: str, language: str | None, told_language: str | None, expected: tuple[str | None, str | None]
) -> None:
    snapshot = Snapshot(feed=feed(name=name, language=language))
    facts = plan(snapshot=snapshot, title=title, language=told_language).facts
    assert (facts.name, facts.language) == expected


def test_a_replys_hints_set_the_next_poll() -> None:
    # trust: C05, C17
    assert plan(entry(), hints=ServerHints(max_age=2 * DAY)).after.next_poll_at == NOW + 2 * DAY
    assert plan(entry(), hints=ServerHints()).after.next_poll_at == NOW + HOUR
    hinted = Reply(fetched=reply().fetched, parsed=replace(reply().parsed, hints=FeedHints(ttl=5 * HOUR)))
    made = plan_reply(Snapshot(feed=feed()), hinted, TopicIndex.of(TOPICS), policy=POLICY, now=NOW, jitter=0.0)
    assert made.after.next_poll_at == NOW + 5 * HOUR


def test_a_304_keeps_what_was_known_and_is_good_news() -> None:
    # trust: C04
    outcome = NotModified(hints=ServerHints(max_age=3 * HOUR))
    failing = feed(failures=2, failing_since=NOW - DAY, problem="answered 500", unchanged=2)
    made = plan_unchanged(failing, outcome, policy=POLICY, now=NOW, jitter=0.0)
    after = made.after
    assert (after.validators, after.body_hash) == (OLD_VALIDATORS, "old")
    assert (after.unchanged, after.failures, after.failing_since, after.problem) == (3, 0, None, None)
    assert (after.last_ok_at, after.last_new_at, after.next_poll_at) == (NOW, NOW - DAY, NOW + 3 * HOUR)
    assert (made.entries, made.alerts, made.summary) == ((), (), "nothing new")


def test_a_304_may_bring_new_validators() -> None:
    # trust: C04
    made = plan_unchanged(feed(), NotModified(validators=NEW_VALIDATORS), policy=POLICY, now=NOW, jitter=0.0)
    assert made.after.validators == NEW_VALIDATORS


def failed(kind: FailureKind = FailureKind.STATUS, **told: Any) -> PollPlan:
    """The plan of a poll that brought nothing."""
    outcome = FetchFailed(kind=kind, reason="answered 500", status=told.pop("status", 500))
    return plan_failure(feed(**told), outcome, policy=POLICY, now=NOW, jitter=0.0)


def test_a_failure_keeps_the_validators_and_says_what_is_wrong() -> None:
    # trust: C07, C13
    made = failed(unchanged=7)
    after = made.after
    assert (after.validators, after.body_hash) == (OLD_VALIDATORS, "old")
    assert (after.failures, after.failing_since, after.problem) == (1, NOW, "answered 500")
    assert (after.last_ok_at, after.last_polled_at, after.unchanged) == (NOW - HOUR, NOW, 7)
    assert not made.is_gone


def test_a_failure_that_lasts_keeps_the_day_it_began() -> None:
    after = failed(failures=4, failing_since=NOW - 3 * DAY).after
    assert (after.failures, after.failing_since) == (5, NOW - 3 * DAY)
    assert after.next_poll_at == NOW + 4 * HOUR, "a fault of the server does not punish the feed"


@pytest.mark.parametrize("kind", FailureKind)
def test_only_a_feed_that_is_gone_is_polled_no_more(kind: FailureKind) -> None:
    # trust: C13
    assert failed(kind).is_gone is (kind is FailureKind.GONE)


def test_a_reply_that_is_no_feed_is_a_failure_and_its_validators_are_not_stored() -> None:
    # trust: C11, D12
    fetched = replace(reply().fetched, moved_to="https://parked.example/")
    unreadable = Unreadable(reason="a web page, not a feed")
    made = plan_unreadable(feed(), fetched, unreadable, policy=POLICY, now=NOW, jitter=0.0)
    assert (made.after.validators, made.after.body_hash, made.facts.moved_to) == (OLD_VALIDATORS, "old", None)
    assert made.after.problem == "answers with a web page, not a feed"
    assert made.after.failures == 1
    assert (made.entries, made.alerts) == ((), ())


# --- what is new -----------------------------------------------------------------------------------------------------


def sorted_out(*entries: ParsedEntry, stored: Sequence[ParsedEntry] = ()) -> tuple[list[str], list[tuple[int, str]]]:
    """Keys of the new entries; ids and keys of the edited ones. Stored entries have the ids 100, 101 ..."""
    remembered = [known(one, id=100 + i) for i, one in enumerate(stored)]
    snapshot = Snapshot(
        feed=feed(),
        known={one.key: one for one in remembered},
        twins={one.twin_key: one for one in remembered if one.twin_key},
    )
    new, edits = sort_out(entries, snapshot)
    return [one.key for one in new], [(edit.known.id, edit.entry.title) for edit in edits]


def test_an_entry_that_was_never_seen_is_new_and_the_oldest_comes_first() -> None:
    assert sorted_out(entry(3), entry(2), entry(1)) == (["guid:g1", "guid:g2", "guid:g3"], [])


def test_an_entry_that_is_known_is_nothing() -> None:
    assert sorted_out(entry(1), entry(2), stored=[entry(1), entry(2)]) == ([], [])


def test_an_entry_whose_text_changed_is_an_edit() -> None:
    # trust: D20
    changed = entry(1, title="Another headline on a law", summary="Other text.")
    assert sorted_out(changed, stored=[entry(1)]) == ([], [(100, "Another headline on a law")])
    assert sorted_out(entry(1, summary="Other text."), stored=[entry(1)])[1] == [(100, entry(1).title)]


def test_an_entry_whose_date_or_author_changed_is_nothing() -> None:
    # trust: D18
    assert sorted_out(entry(1, published=NOW, author="B"), stored=[entry(1)]) == ([], [])


def test_a_guid_that_is_used_again_for_another_page_is_a_new_entry() -> None:
    # trust: D18
    reused = entry(2, guid="g1")
    assert sorted_out(reused, stored=[entry(1)]) == ([reused.reuse_key], [])


def test_a_guid_that_was_used_again_is_known_the_next_time() -> None:
    # trust: D18
    reused = entry(2, guid="g1")
    assert sorted_out(reused, stored=[entry(1), replace(reused, key=reused.reuse_key)]) == ([], [])


@pytest.mark.parametrize(
    "told",
    [
        {"link": "https://courier.example/moved"},
        {"title": "Another headline on a law"},
        {"link": "https://courier.example/1?utm_source=x", "title": "Another headline on a law"},
        {"link": None, "title": "Another headline on a law"},
        {"link": "https://courier.example/", "title": "Another headline on a law"},
    ],
)
def test_a_guid_whose_page_or_headline_stays_is_the_same_entry(told: dict[str, Any]) -> None:
    new, _ = sorted_out(entry(1, **told), stored=[entry(1)])
    assert new == []


def test_a_guid_that_changes_at_every_poll_is_the_same_entry() -> None:
    # trust: D18
    assert sorted_out(entry(1, guid="another"), stored=[entry(1)]) == ([], [])
    new, edits = sorted_out(entry(1, guid="another", summary="Other text."), stored=[entry(1)])
    assert (new, edits) == ([], [(100, entry(1).title)])


def test_without_a_link_a_new_guid_is_a_new_entry() -> None:
    assert sorted_out(entry(1, guid="another", link=None), stored=[entry(1, link=None)])[0] == ["guid:another"]


def test_items_that_share_a_guid_are_known_again_alone_and_together() -> None:
    # trust: D18
    pair = distinct([entry(1, guid="same"), entry(2, guid="same")])
    assert sorted_out(*pair, stored=pair) == ([], [])
    (alone,) = distinct([entry(2, guid="same")])
    assert sorted_out(alone, stored=pair) == ([], [])


# --- standing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "has_baseline", "backfill_days", "standing"),
    [
        (NOW - HOUR, True, None, Standing.NEWS),
        (None, True, None, Standing.NEWS),
        (NOW + 365 * DAY, True, None, Standing.NEWS),
        (NOW - 7 * DAY, True, None, Standing.NEWS),
        (NOW - 7 * DAY - timedelta(seconds=1), True, None, Standing.LATE),
        (datetime(1971, 1, 1, tzinfo=UTC), True, None, Standing.LATE),
        (NOW - 8 * DAY, True, 30, Standing.LATE),
        (NOW - HOUR, False, None, Standing.BASELINE),
        (NOW - HOUR, False, 0, Standing.BASELINE),
        (None, False, None, Standing.BASELINE),
        (None, False, 30, Standing.BASELINE),
        (NOW - 2 * DAY, False, 3, Standing.NEWS),
        (NOW - 3 * DAY, False, 3, Standing.NEWS),
        (NOW - 4 * DAY, False, 3, Standing.BASELINE),
        (NOW - 20 * DAY, False, 30, Standing.NEWS),
    ],
)
def test_an_entry_stands_like_this(
    published: datetime | None, has_baseline: bool, backfill_days: int | None, standing: Standing
) -> None:
    held = feed(last_ok_at=NOW - DAY if has_baseline else None, backfill_days=backfill_days)
    found, reason = standing_of(entry(published=published), held, late_after=7 * DAY, now=NOW)
    assert found is standing
    assert bool(reason) == (standing is not Standing.NEWS)


def test_the_first_good_poll_tells_nobody_of_anything() -> None:
    # trust: D19
    snapshot = Snapshot(feed=feed(last_ok_at=None), subscribers=(subscriber(),))
    made = plan(*(entry(i) for i in range(50)), snapshot=snapshot)
    assert {one.standing for one in made.entries} == {Standing.BASELINE}
    assert made.alerts == ()
    assert "baseline" in made.summary
    assert made.after.last_ok_at == NOW


def test_backfill_tells_of_the_newest_entries_of_a_new_feed() -> None:
    snapshot = Snapshot(feed=feed(last_ok_at=None, backfill_days=3), subscribers=(subscriber(),))
    made = plan(entry(2), entry(1, published=NOW - 10 * DAY), snapshot=snapshot)
    assert [one.standing for one in made.entries] == [Standing.BASELINE, Standing.NEWS]
    assert [draft.entries for draft in made.alerts] == [(1,)]


def test_a_late_entry_that_matches_is_stored_with_the_reason_of_its_silence() -> None:
    # trust: G15
    made = plan(entry(1, published=datetime(2022, 1, 5, tzinfo=UTC)))
    (late,) = made.entries
    assert made.alerts == ()
    assert reasons(late) == ["late: dated 05 January 2022, first seen 16 March 2022"]
    assert [match.slug for match in late.matches] == ["law"]
    assert late.story_keys == ()


def test_a_late_entry_that_matches_nothing_needs_no_reason() -> None:
    made = plan(entry(1, title="Weather", published=NOW - 30 * DAY))
    assert (made.entries[0].standing, reasons(made.entries[0])) == (Standing.LATE, [])


@pytest.mark.parametrize("published", [None, NOW + 80 * 365 * DAY, NOW])
def test_an_undated_entry_and_one_from_the_future_count_as_seen_now(published: datetime | None) -> None:
    # trust: D18
    assert len(plan(entry(1, published=published)).alerts) == 1


# --- what is told ----------------------------------------------------------------------------------------------------


def test_an_entry_that_matches_is_told_to_who_follows_its_topic() -> None:
    snapshot = Snapshot(
        feed=feed(),
        subscribers=(subscriber(1), subscriber(2, topic_ids=frozenset({1})), subscriber(3, topic_ids=frozenset({2}))),
    )
    made = plan(entry(1), snapshot=snapshot)
    assert made.alerts == (
        AlertDraft(
            kind=AlertKind.STORY,
            headline="Headline number 1 on a law",
            entries=(0,),
            topic_ids=(1,),
            recipients=(Recipient(subscriber_id=1, topic_ids=(1,)), Recipient(subscriber_id=2, topic_ids=(1,))),
        ),
    )
    assert made.entries[0].silences == ()
    assert made.entries[0].story_keys == stories_of(made.entries[0].entry) != ()
    assert made.summary == "1 entry, 1 new, 1 matching, 1 alert"


def test_an_entry_that_matches_nothing_is_stored_and_makes_no_story() -> None:
    made = plan(entry(1, title="Weather in the steppe today"))
    assert (made.alerts, made.entries[0].matches, made.entries[0].story_keys) == ((), (), ())
    assert reasons(made.entries[0]) == []


def test_two_topics_of_one_entry_are_one_delivery() -> None:
    # trust: B17
    made = plan(entry(1, title="A law on the vote of mayors"))
    (draft,) = made.alerts
    assert draft.topic_ids == (1, 2)
    assert draft.recipients == (Recipient(subscriber_id=1, topic_ids=(1, 2)),)


def test_each_recipient_is_told_for_their_own_topics_only() -> None:
    snapshot = Snapshot(
        feed=feed(),
        subscribers=(subscriber(1, topic_ids=frozenset({2, 9})), subscriber(2, topic_ids=frozenset({1}))),
    )
    (draft,) = plan(entry(1, title="A law on the vote of mayors"), snapshot=snapshot).alerts
    assert draft.recipients == (
        Recipient(subscriber_id=1, topic_ids=(2,)),
        Recipient(subscriber_id=2, topic_ids=(1,)),
    )


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
    made = plan(entry(2, **told), entry(1))
    (draft,) = made.alerts
    assert draft.entries == (0, 1)
    assert draft.headline == entry(1).title


def test_two_stories_are_two_alerts() -> None:
    assert [draft.entries for draft in plan(entry(2), entry(1)).alerts] == [(0,), (1,)]


def test_an_entry_of_a_known_story_joins_another_of_it() -> None:
    one, other = entry(1), entry(2)
    stories = {stories_of(one)[0]: 7, stories_of(other)[1]: 7}
    snapshot = Snapshot(feed=feed(), stories=stories, subscribers=(subscriber(),))
    assert [draft.entries for draft in plan(other, one, snapshot=snapshot).alerts] == [(0, 1)]


def test_an_entry_that_links_two_others_makes_all_three_one_story() -> None:
    # trust: E16
    page = entry(1)
    headline = entry(2)
    both = entry(3, link="https://courier.example/1", title=headline.title)
    made = plan(both, headline, page)  # oldest last: page, headline, both
    assert [draft.entries for draft in made.alerts] == [(0, 1, 2)]


def test_who_has_heard_of_a_story_is_not_told_again() -> None:
    # trust: B17, E16
    one = entry(1)
    snapshot = Snapshot(
        feed=feed(),
        stories={stories_of(one)[0]: 7},
        told={7: frozenset({1})},
        subscribers=(subscriber(1), subscriber(2)),
    )
    made = plan(one, snapshot=snapshot)
    (draft,) = made.alerts
    assert draft.recipients == (Recipient(subscriber_id=2, topic_ids=(1,)),)
    heard = Silence(reason="reader-1 has already heard of this story", subscriber_id=1)
    assert made.entries[0].silences == (heard,)


def test_when_all_have_heard_of_a_story_there_is_no_alert() -> None:
    one = entry(1)
    told = {7: frozenset({1, 2})}
    for key in stories_of(one):
        snapshot = Snapshot(feed=feed(), stories={key: 7}, told=told, subscribers=(subscriber(1), subscriber(2)))
        made = plan(one, snapshot=snapshot)
        assert made.alerts == ()
        assert reasons(made.entries[0]) == [f"reader-{i} has already heard of this story" for i in (1, 2)]


def test_a_story_that_nobody_was_told_of_is_told() -> None:
    one = entry(1)
    snapshot = Snapshot(
        feed=feed(), stories={stories_of(one)[0]: 7}, told={8: frozenset({1})}, subscribers=(subscriber(),)
    )
    assert len(plan(one, snapshot=snapshot).alerts) == 1


@pytest.mark.parametrize(
    ("subscribers", "expected"),
    [
        ((), ["no subscriber follows its topics"]),
        ((subscriber(1, topic_ids=frozenset({2})),), ["no subscriber follows its topics"]),
        ((subscriber(1, topic_ids=frozenset()),), ["no subscriber follows its topics"]),
        ((subscriber(1, state=SubscriberState.PAUSED),), ["reader-1 is paused"]),
        (
            (subscriber(1, state=SubscriberState.PAUSED), subscriber(2, topic_ids=frozenset({2}))),
            ["reader-1 is paused"],
        ),
    ],
)
def test_an_entry_that_nobody_hears_of_says_why(subscribers: tuple[Subscriber, ...], expected: list[str]) -> None:
    # trust: G15
    made = plan(entry(1), snapshot=Snapshot(feed=feed(), subscribers=subscribers))
    assert made.alerts == ()
    assert reasons(made.entries[0]) == expected
    assert made.entries[0].story_keys


def test_a_paused_subscriber_does_not_keep_another_from_hearing() -> None:
    snapshot = Snapshot(feed=feed(), subscribers=(subscriber(1, state=SubscriberState.PAUSED), subscriber(2)))
    made = plan(entry(1), snapshot=snapshot)
    assert [recipient.subscriber_id for recipient in made.alerts[0].recipients] == [2]
    assert made.entries[0].silences == (Silence(reason="reader-1 is paused", subscriber_id=1),)


def test_an_edit_is_a_new_version_and_never_an_alert() -> None:
    # trust: D20
    snapshot = Snapshot(feed=feed(), known={"guid:g1": known(entry(1))}, subscribers=(subscriber(),))
    made = plan(entry(1, summary="A vote, too."), snapshot=snapshot)
    assert (made.alerts, made.entries) == ((), ())
    assert [edit.known.id for edit in made.edits] == [100]
    assert "1 edited" in made.summary


def test_an_edit_has_the_matches_of_its_new_text() -> None:
    # trust: D20
    before = Snapshot(feed=feed(), known={"guid:g1": known(entry(1))}, subscribers=(subscriber(),))
    (edit,) = plan(entry(1, summary="A vote, too."), snapshot=before).edits
    assert [(match.slug, match.evidence[0].word) for match in edit.matches] == [("law", "law"), ("vote", "vote")]
    (edit,) = plan(entry(1, title="Weather"), snapshot=before).edits
    assert edit.matches == ()


@pytest.mark.parametrize(("declared", "told", "expected"), [("en", "ru", "en"), (None, "ru", "ru"), (None, None, None)])
def test_a_new_entry_bears_the_language_that_is_declared(
    declared: str | None, told: str | None, expected: str | None
) -> None:
    made = plan(entry(1, title="Law", summary=""), snapshot=Snapshot(feed=feed(language=declared)), language=told)
    assert [one.language for one in made.entries] == [expected]


MENTION = {"title": "Weather", "summary": "Sun, says the office. A law was passed."}


def test_who_wants_what_is_about_a_topic_hears_of_no_mention_and_the_reason_is_kept() -> None:
    # trust: G15
    readers = (subscriber(1), subscriber(2, wants_mentions=True), subscriber(3, state=SubscriberState.PAUSED))
    made = plan(entry(1, **MENTION), snapshot=Snapshot(feed=feed(), subscribers=readers))
    (draft,) = made.alerts
    assert draft.recipients == (Recipient(subscriber_id=2, topic_ids=(1,)),)
    assert made.entries[0].silences == (
        Silence(reason="it only mentions the topic, and reader-1 wants what is about it", subscriber_id=1),
        Silence(reason="reader-3 is paused", subscriber_id=3),
    )


def test_a_story_of_which_one_entry_is_about_a_topic_is_told_though_another_mentions_it() -> None:
    same = {"link": "https://courier.example/1"}
    made = plan(entry(1, **MENTION | same), entry(2, **same))
    assert [draft.entries for draft in made.alerts] == [(0, 1)]
    assert all(one.silences == () for one in made.entries)


def test_an_entry_about_one_topic_that_mentions_another_is_told_to_who_follows_the_first_only() -> None:
    readers = (subscriber(1, topic_ids=frozenset({1})), subscriber(2, topic_ids=frozenset({2})), subscriber(3))
    made = plan(entry(1, summary="It is read. Then comes a vote."), snapshot=Snapshot(feed=feed(), subscribers=readers))
    (draft,) = made.alerts
    assert [(one.subscriber_id, one.topic_ids) for one in draft.recipients] == [(1, (1,)), (3, (1, 2))]
    assert reasons(made.entries[0]) == ["it only mentions the topic, and reader-2 wants what is about it"]


def test_as_many_stories_as_the_limit_are_told_one_by_one_and_one_more_is_a_burst() -> None:
    made = plan(*(entry(i) for i in range(10)), policy=PollPolicy(burst_limit=10))
    assert [draft.kind for draft in made.alerts] == [AlertKind.STORY] * 10
    made = plan(*(entry(i) for i in range(11)), policy=PollPolicy(burst_limit=10))
    assert [draft.kind for draft in made.alerts] == [AlertKind.BURST]


def test_more_stories_than_the_limit_are_one_summary() -> None:
    # trust: D18, D19
    readers = (subscriber(1), subscriber(2, topic_ids=frozenset({2})), subscriber(3, state=SubscriberState.PAUSED))
    entries = [entry(i) for i in range(11)] + [entry(20, title="The vote of twenty mayors")]
    made = plan(*entries, snapshot=Snapshot(feed=feed(), subscribers=readers), policy=PollPolicy(burst_limit=10))
    (draft,) = made.alerts
    assert draft.kind is AlertKind.BURST
    assert sorted(draft.entries) == list(range(12))
    assert draft.headline == "12 · The Courier"
    assert set(draft.topic_ids) == {1, 2}
    assert {r.subscriber_id: set(r.topic_ids) for r in draft.recipients} == {1: {1, 2}, 2: {2}}


def test_five_thousand_new_items_are_one_summary() -> None:
    # trust: D19
    made = plan(*(entry(i) for i in range(5_000)))
    assert [draft.kind for draft in made.alerts] == [AlertKind.BURST]
    assert len(made.entries) == 5_000
    assert made.summary == "5000 entries, 5000 new, 5000 matching, 1 alert"


def test_what_was_left_out_is_said_in_the_summary() -> None:
    # trust: D03
    assert "7 beyond the limit left out" in plan(entry(), dropped=7).summary


# --- plan_alerts on its own ------------------------------------------------------------------------------------------


def test_entries_that_are_no_news_or_match_nothing_make_no_alert() -> None:
    snapshot = Snapshot(feed=feed(), subscribers=(subscriber(),))
    entries = [NewEntry(entry=entry(i), standing=standing) for i, standing in enumerate(Standing)]
    assert plan_alerts(entries, snapshot, burst_limit=10) == (tuple(entries), ())


def test_a_plan_of_nothing_is_nothing() -> None:
    assert plan_alerts([], Snapshot(feed=feed()), burst_limit=10) == ((), ())


def test_silences_met_before_are_kept() -> None:
    planned = plan(entry(1)).entries[0]
    before = replace(planned, silences=(Silence(reason="before"),))
    ((after,), _) = plan_alerts([before], Snapshot(feed=feed()), burst_limit=10)
    assert reasons(after) == ["before", "no subscriber follows its topics"]


def test_the_same_reply_again_brings_nothing() -> None:
    # trust: B17, D11
    first = plan(*(entry(i) for i in range(5)))
    stored: Mapping[str, KnownEntry] = {one.entry.key: known(one.entry) for one in first.entries}
    again = plan(
        *(entry(i) for i in range(3)), snapshot=Snapshot(feed=feed(), known=stored, subscribers=(subscriber(),))
    )
    assert (again.entries, again.edits, again.alerts) == ((), (), ())
