"""Planning: the decision of one poll, by tables: the feed's own row, what is new, what was edited, what is an alert."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from reformwatch.documents.feed import distinct
from reformwatch.matching.index import TopicIndex
from reformwatch.messages.log_lines import poll_line
from reformwatch.model.alert import AlertKind, NewAlert
from reformwatch.model.entry import EntryStatus, KnownEntry, ParsedEntry, Unreadable
from reformwatch.model.feed import FailureKind, FeedHints, FetchFailed, NotModified, ServerHints
from reformwatch.model.notification import AlertTopic, Code, Suppressed
from reformwatch.model.plan import PollPlan, Snapshot
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.topic import Strength
from reformwatch.planning.poll_plan import Reply, plan_failure, plan_reply, plan_unchanged, plan_unreadable, sort_out
from reformwatch.planning.stories import stories_of
from sample_polls import (
    DAY,
    HOUR,
    NEW_VALIDATORS,
    NOW,
    OLD_VALIDATORS,
    POLICY,
    TOPICS,
    entry,
    feed,
    known,
    plan,
    reply,
)

# --- the feed's own row ----------------------------------------------------------------------------------------------

PROBLEM = Problem.of(ProblemCode.HTTP_STATUS, status=500)


def test_a_reply_leaves_the_feed_well_and_its_validators_new() -> None:
    # trust: C03
    failing = feed(failures=3, failing_since=NOW - DAY, problem=PROBLEM, unchanged=9)
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
    failing = feed(failures=2, failing_since=NOW - DAY, problem=PROBLEM, unchanged=2)
    made = plan_unchanged(failing, outcome, policy=POLICY, now=NOW, jitter=0.0)
    after = made.after
    assert (after.validators, after.body_hash) == (OLD_VALIDATORS, "old")
    assert (after.unchanged, after.failures, after.failing_since, after.problem) == (3, 0, None, None)
    assert (after.last_ok_at, after.last_new_at, after.next_poll_at) == (NOW, NOW - DAY, NOW + 3 * HOUR)
    assert (made.entries, made.alerts, made.listed) == ((), (), None)


def test_a_304_may_bring_new_validators() -> None:
    # trust: C04
    made = plan_unchanged(feed(), NotModified(validators=NEW_VALIDATORS), policy=POLICY, now=NOW, jitter=0.0)
    assert made.after.validators == NEW_VALIDATORS


def failed(kind: FailureKind = FailureKind.STATUS, **told: Any) -> PollPlan:
    """The plan of a poll that brought nothing."""
    outcome = FetchFailed(kind=kind, problem=PROBLEM, status=told.pop("status", 500))
    return plan_failure(feed(**told), outcome, policy=POLICY, now=NOW, jitter=0.0)


def test_a_failure_keeps_the_validators_and_says_what_is_wrong() -> None:
    # trust: C07, C13
    made = failed(unchanged=7)
    after = made.after
    assert (after.validators, after.body_hash) == (OLD_VALIDATORS, "old")
    assert (after.failures, after.failing_since, after.problem) == (1, NOW, PROBLEM)
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
    unreadable = Unreadable(problem=Problem.of(ProblemCode.NOT_A_FEED_WEB_PAGE))
    made = plan_unreadable(feed(), fetched, unreadable, policy=POLICY, now=NOW, jitter=0.0)
    assert (made.after.validators, made.after.body_hash, made.facts.moved_to) == (OLD_VALIDATORS, "old", None)
    assert made.after.problem == made.problem == unreadable.problem
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


# --- what is an alert -------------------------------------------------------------------------------------------------


def test_the_first_good_poll_tells_nobody_of_anything() -> None:
    # trust: D19
    snapshot = Snapshot(feed=feed(last_ok_at=None))
    made = plan(*(entry(i) for i in range(50)), snapshot=snapshot)
    assert {one.status for one in made.entries} == {EntryStatus.BASELINE}
    assert made.alerts == ()
    assert made.after.last_ok_at == NOW


def test_backfill_tells_of_the_newest_entries_of_a_new_feed() -> None:
    made = plan(
        entry(2), entry(1, published=NOW - 10 * DAY), snapshot=Snapshot(feed=feed(last_ok_at=None, backfill_days=3))
    )
    assert [one.status for one in made.entries] == [EntryStatus.BASELINE, EntryStatus.NEWS]
    assert [alert.entries for alert in made.alerts] == [(1,)]


def test_a_late_entry_that_matches_is_stored_with_the_code_of_why_it_is_no_alert() -> None:
    # trust: G15
    made = plan(entry(1, published=datetime(2022, 1, 5, tzinfo=UTC)))
    (late,) = made.entries
    assert made.alerts == ()
    assert late.suppressed == (Suppressed(code=Code.LATE),)
    assert [match.slug for match in late.matches] == ["law"]
    assert late.story_keys == ()


def test_a_late_entry_that_matches_nothing_needs_no_code() -> None:
    made = plan(entry(1, title="Weather", published=NOW - 30 * DAY))
    assert (made.entries[0].status, made.entries[0].suppressed) == (EntryStatus.LATE, ())


@pytest.mark.parametrize("published", [None, NOW + 80 * 365 * DAY, NOW])
def test_an_undated_entry_and_one_from_the_future_count_as_seen_now(published: datetime | None) -> None:
    # trust: D18
    assert len(plan(entry(1, published=published)).alerts) == 1


def test_an_entry_that_matches_is_an_alert_and_bears_the_names_of_its_story() -> None:
    made = plan(entry(1))
    assert made.alerts == (
        NewAlert(
            kind=AlertKind.STORY,
            headline="Headline number 1 on a law",
            entries=(0,),
            topics=(AlertTopic(topic_id=1, strength=Strength.ABOUT),),
        ),
    )
    assert made.entries[0].suppressed == ()
    assert made.entries[0].story_keys == stories_of(made.entries[0].entry) != ()
    assert poll_line(feed(), made) == "1 entry, 1 new, 1 matching, 1 alert"


def test_an_entry_that_matches_nothing_is_stored_and_makes_no_story() -> None:
    made = plan(entry(1, title="Weather in the steppe today"))
    assert (made.alerts, made.entries[0].matches, made.entries[0].story_keys) == ((), (), ())
    assert made.entries[0].suppressed == ()


def test_an_edit_is_a_new_version_and_never_an_alert() -> None:
    # trust: D20
    snapshot = Snapshot(feed=feed(), known={"guid:g1": known(entry(1))})
    made = plan(entry(1, summary="A vote, too."), snapshot=snapshot)
    assert (made.alerts, made.entries) == ((), ())
    assert [edit.known.id for edit in made.edits] == [100]


def test_an_edit_has_the_matches_of_its_new_text() -> None:
    # trust: D20
    before = Snapshot(feed=feed(), known={"guid:g1": known(entry(1))})
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


def test_five_thousand_new_items_are_one_summary() -> None:
    # trust: D19
    made = plan(*(entry(i) for i in range(5_000)))
    assert [alert.kind for alert in made.alerts] == [AlertKind.SUMMARY]
    assert len(made.entries) == 5_000
    assert poll_line(feed(), made) == "5000 entries, 5000 new, 5000 matching, 1 alert"


def test_what_was_left_out_is_counted() -> None:
    # trust: D03
    made = plan(entry(), dropped=7)
    assert (made.listed, made.dropped) == (1, 7)


def test_the_same_reply_again_brings_nothing() -> None:
    # trust: B17, D11
    first = plan(*(entry(i) for i in range(5)))
    stored: Mapping[str, KnownEntry] = {one.entry.key: known(one.entry) for one in first.entries}
    again = plan(*(entry(i) for i in range(3)), snapshot=Snapshot(feed=feed(), known=stored))
    assert (again.entries, again.edits, again.alerts) == ((), (), ())
