"""Services, backtests: what a topic would have brought, and what a new version of it changes."""

import json
from datetime import date, timedelta

import pytest

from archive import store_entries
from conftest import NOW
from reformwatch.errors import BadInput
from reformwatch.model.topic import NewTopic
from reformwatch.services import topics
from reformwatch.services.backtest import Window, replay, score
from reformwatch.services.views import ComparisonView, ScoreView, as_json
from reformwatch.store import Store

DAY = timedelta(days=1)
AKIM, MAYOR, OTHER = "First akim elected in Kurchatov", "Mayor of a town resigns today", "Football: a late goal"


@pytest.fixture
def archive(sqlite_store: Store) -> Store:
    """Three entries of three weeks, and a topic for one of them."""
    store_entries(sqlite_store, [(AKIM, DAY), (MAYOR, 8 * DAY), (OTHER, 15 * DAY)])
    new = NewTopic(slug="akims", name="Akims", queries={"en": "akim"})
    topics.add(sqlite_store, new, burst_limit=10, now=NOW)
    return sqlite_store


def test_a_replay_tells_the_alerts_of_a_topic_by_week(archive: Store) -> None:
    view = replay(archive, "akims", changed={}, window=Window(), burst_limit=10)
    assert (view.topic, view.entries) == ("akims", 3)
    [alert], [week] = view.alerts, view.weeks
    assert [entry.title for entry in alert.entries] == [AKIM]
    assert (alert.when, alert.week) == (NOW, date(2022, 3, 7)), "the time of its poll"
    assert (week.week, week.alerts) == (date(2022, 3, 7), 1)
    assert list(as_json(view)) == ["topic", "entries", "alerts", "weeks", "silences"]


def test_a_window_is_half_open_and_goes_by_the_time_of_the_poll(archive: Store) -> None:
    for window, entries in (
        (Window(since=NOW), 3),
        (Window(until=NOW), 0),
        (Window(since=NOW - DAY, until=NOW + DAY), 3),
        (Window(since=NOW + DAY), 0),
    ):
        view = replay(archive, "akims", changed={}, window=window, burst_limit=10)
        assert (view.entries, len(view.alerts)) == (entries, 1 if entries else 0)


def test_a_new_version_is_compared_and_not_stored(archive: Store) -> None:
    view = replay(archive, "akims", changed={"en": "mayor"}, window=Window(), burst_limit=10)
    assert isinstance(view, ComparisonView)
    assert [hit.title for hit in view.gained] == [MAYOR]
    assert [hit.title for hit in view.lost] == [AKIM]
    assert len(view.changed.alerts) == 1
    assert list(as_json(view))[5:] == ["changed", "gained", "lost"]
    assert list(as_json(view.gained[0])) == ["id", "url", "title", "feed", "language", "published"]
    assert topics.find(archive, "akims").queries == {"en": "akim"}


def scored(store: Store, *rows: object) -> list[ScoreView]:
    return score(store, "akims", changed={}, rows="\n".join(map(json.dumps, rows)), where="the rows")


def test_a_score_is_told_by_language_and_for_all(archive: Store) -> None:
    right = {"title": AKIM, "language": "en", "about": ["akims"]}
    missed = {"title": MAYOR, "language": "en", "about": ["akims"]}
    left_out = {"title": AKIM, "language": "en", "about": [], "context": True}
    other = {"title": "Аким", "language": "ru", "about": []}
    found = scored(archive, right, right, missed, left_out, other)
    assert [(one.language, one.right, one.false, one.missed) for one in found] == [
        ("en", 2, 0, 1),
        ("ru", 0, 0, 0),
        ("all", 2, 0, 1),
    ]
    assert (found[0].recall, round(found[0].exact[1], 9)) == (0.6667, round(2 / 3, 9))


@pytest.mark.parametrize("row", [3, {"title": AKIM}, {"about": []}, {"title": 1, "about": []}])
def test_a_row_that_is_none_is_refused_with_its_number(archive: Store, row: object) -> None:
    with pytest.raises(BadInput, match="the rows: line 2 is no row"):
        scored(archive, {"title": AKIM, "about": []}, row)
