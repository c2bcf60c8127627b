"""Planning: the archive replayed: what would have been told, what not and why, and what a new version changes."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from conftest import NOW
from reformwatch.matching.index import compile_topic
from reformwatch.model.alert import AlertKind
from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.notification import Code
from reformwatch.planning.backtest import (
    Replay,
    Score,
    add_up,
    difference,
    find_hits,
    moment_of,
    polls_of,
    replay,
    report_terms,
    try_out,
)

TOPIC = compile_topic(1, "akims", {"en": "akim election"})


def entry(number: int, title: str, *, summary: str = "", when: datetime = NOW, feed_id: int = 1) -> Entry:
    return Entry(
        id=number, feed_id=feed_id, feed_name="Courier", feed_kind="agency", key=f"guid:{number}", guid=None,
        url=f"https://example.org/{number}", title=title, summary=summary, content="", author="", tags=(),
        language="en", published=when, first_seen=when, status=EntryStatus.NEWS, version=1, text_hash="",
    )  # fmt: skip


def test_hits_come_in_order_of_time_and_the_others_are_counted() -> None:
    later = entry(1, "Elections of akims tomorrow", when=NOW + timedelta(days=1))
    found = find_hits([later, entry(2, "An akim before the election"), entry(3, "Weather")], TOPIC)
    assert [hit.entry.id for hit in found.hits] == [2, 1]
    assert found.entries == 3
    assert found.evaluated == 2


def test_an_entry_is_news_at_its_own_date_or_when_it_was_first_seen() -> None:
    old = entry(1, "x", when=NOW - timedelta(days=3))
    assert moment_of(replace(old, first_seen=NOW)) == NOW - timedelta(days=3)
    assert moment_of(replace(old, published=NOW + timedelta(days=9), first_seen=NOW)) == NOW
    assert moment_of(replace(old, published=None, first_seen=NOW)) == NOW


def replayed(entries: list[Entry], *, burst_limit: int = 10, with_mentions: bool = False) -> Replay:
    found = find_hits(entries, TOPIC)
    return replay(polls_of(found.hits), entries=found.entries, burst_limit=burst_limit, with_mentions=with_mentions)


def sent_by(replay: Replay) -> list[list[int]]:
    """The numbers of the entries in each alert."""
    return [[hit.entry.id for hit in alert.hits] for alert in replay.alerts]


def test_a_story_is_told_once_and_a_mention_to_nobody_who_does_not_want_it() -> None:
    told = "The election of the akim of our village is on Sunday"
    entries = [
        entry(1, told),
        entry(2, told, when=NOW + timedelta(hours=2), feed_id=2),
        entry(3, "Harvest news", summary="Good weather. The akim spoke after the election."),
    ]
    quiet = replayed(entries)
    assert sent_by(quiet) == [[1]]
    assert quiet.suppressed == {Code.ONLY_MENTION: 1, Code.NOBODY_LEFT: 1}
    assert len(replayed(entries, with_mentions=True).alerts) == 2


def test_what_was_late_or_a_baseline_then_is_so_in_a_replay() -> None:
    old = replace(
        entry(1, "Elections of akims a month ago", when=NOW - timedelta(days=30)),
        first_seen=NOW,
        status=EntryStatus.LATE,
    )
    there = replace(entry(2, "Elections of akims, the first of them"), status=EntryStatus.BASELINE)
    result = replayed([old, there, entry(3, "An akim after the election")])
    assert sent_by(result) == [[3]]
    assert result.suppressed == {Code.LATE: 1, Code.BASELINE: 1}
    assert result.alerts[0].at == NOW


def test_an_alert_is_sent_at_its_poll_not_at_the_date_of_its_entry() -> None:
    dated = replace(entry(1, "Elections of akims are near"), published=NOW - timedelta(days=5))
    assert replayed([dated]).alerts[0].at == NOW


def test_what_lies_outside_the_window_is_remembered_and_not_counted() -> None:
    title = "The election of the akim is on Sunday"
    found = find_hits([entry(1, title), entry(2, title, when=NOW + timedelta(days=1), feed_id=2)], TOPIC)
    result = replay(
        polls_of(found.hits), entries=2, burst_limit=10, with_mentions=False, since=NOW + timedelta(hours=1)
    )
    assert (sent_by(result), result.suppressed) == ([], {Code.NOBODY_LEFT: 1})


@given(st.data())
def test_a_replay_sends_what_a_poll_with_a_store_would_have_sent(data: st.DataObject) -> None:
    """The replay's own memory of stories against the rule of each: one page or headline, once within three days."""
    count = data.draw(st.integers(1, 8))
    hours = sorted(data.draw(st.lists(st.integers(0, 200), min_size=count, max_size=count)))
    pages = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    entries = [
        replace(
            entry(i, f"Akim number {i} wins the election", when=NOW + timedelta(hours=hour), feed_id=i),
            url=f"https://example.org/page{page}",
        )
        for i, (hour, page) in enumerate(zip(hours, pages, strict=True))
    ]
    first_of_each = [[i] for i, page in enumerate(pages) if page not in pages[:i]]
    assert sent_by(replayed(entries)) == first_of_each


def test_the_same_headline_after_a_week_is_another_story() -> None:
    title = "The election of the akim is on Sunday"
    assert len(replayed([entry(1, title), entry(2, title, when=NOW + timedelta(days=8))]).alerts) == 2


@pytest.mark.parametrize(("count", "alerts"), [(10, 10), (11, 1)])
def test_a_burst_of_one_poll_is_one_summary(count: int, alerts: int) -> None:
    result = replayed([entry(i, f"Akim number {i} wins the election in a village") for i in range(count)])
    assert len(result.alerts) == alerts
    assert sum(len(alert.hits) for alert in result.alerts) == count
    assert (result.alerts[0].kind is AlertKind.SUMMARY) is (alerts == 1)


def test_polls_minutes_apart_are_no_burst() -> None:
    entries = [
        entry(i, f"Akim number {i} wins the election in a village", when=NOW + timedelta(minutes=i)) for i in range(11)
    ]
    assert len(replayed(entries).alerts) == 11


def test_a_week_begins_on_monday() -> None:
    (alert,) = replayed([entry(1, "Akim election", when=NOW)]).alerts
    assert alert.week == date(2022, 3, 7)


def test_a_new_version_gains_and_loses_by_what_is_about() -> None:
    entries = [entry(1, "Akim election"), entry(2, "Mayor election"), entry(3, "x", summary="Rain. Akim election.")]
    other = compile_topic(1, "akims", {"en": "mayor election"})
    changed = difference(find_hits(entries, TOPIC).hits, find_hits(entries, other).hits)
    assert [hit.entry.id for hit in changed.gained] == [2]
    assert [hit.entry.id for hit in changed.lost] == [1]


def test_a_trial_counts_what_the_last_days_would_have_brought() -> None:
    entries = [entry(i, f"Akim number {i} wins the election", when=NOW - timedelta(days=10 * i)) for i in range(6)]
    trial = try_out(find_hits(entries, TOPIC).hits, now=NOW, days=30, burst_limit=10)
    assert trial.about == 4
    assert trial.mentions == 0
    assert trial.alerts_a_day == pytest.approx(4 / 30)
    assert [hit.entry.id for hit in trial.examples] == [0, 1, 2]


def test_a_trial_counts_a_baseline_as_news_of_its_own_date() -> None:
    there = [
        replace(
            entry(i, f"Akim number {i} wins the election", when=NOW - timedelta(days=i)), status=EntryStatus.BASELINE
        )
        for i in range(6)
    ]
    assert try_out(find_hits(there, TOPIC).hits, now=NOW, days=30, burst_limit=10).alerts_a_day == pytest.approx(6 / 30)


def test_terms_that_never_occur_and_the_one_in_all_of_them_are_named() -> None:
    topic = compile_topic(1, "akims", {"en": "akim (election OR vote OR plebiscite) NOT mayor"})
    entries = [entry(i, f"Akim {i}: " + ("election" if i % 2 else "vote")) for i in range(6)]
    report = report_terms(topic, find_hits(entries, topic).hits)
    assert report.idle == ("plebiscite",)
    assert report.workhorse == "akim"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Score()),
        ([(True, True), (True, False), (False, True), (False, False)], Score(right=1, false=1, missed=1)),
    ],
)
def test_a_score_counts_right_false_and_missed(verdicts: list[tuple[bool, bool]], expected: Score) -> None:
    assert add_up(verdicts) == expected


def test_precision_recall_and_f1_follow_their_definitions() -> None:
    score = Score(right=3, false=1, missed=3)
    assert (score.precision, score.recall) == (0.75, 0.5)
    assert score.f1 == pytest.approx(0.6)
    assert (Score().precision, Score().recall) == (1.0, 1.0)
