"""Services, topics: nothing that nobody could read is stored, and what a trial shows is said before that."""

from datetime import timedelta

import pytest

from archive import store_entries
from conftest import NOW
from reformwatch.errors import BadInput, NotFound, QueryError
from reformwatch.model.topic import NewTopic, TopicState
from reformwatch.services import topics
from reformwatch.services.views import TopicView, TrialView
from reformwatch.store import Store

DAY = timedelta(days=1)
VILLAGES = {"en": "village"}


@pytest.fixture
def noisy(sqlite_store: Store) -> Store:
    """An archive with 25 different news of villages a day, for 30 days."""
    store_entries(sqlite_store, [(f"News of village {n} here", DAY * n / 25) for n in range(740)])
    return sqlite_store


def add(store: Store, trials: list[TrialView], *, queries: dict[str, str], forced: bool = False) -> TopicView:
    new = NewTopic(slug="", name="Ауыл  әкімдері", queries=queries)
    return topics.add(store, new, burst_limit=10, now=NOW, is_forced=forced, on_trial=trials.append)


def test_a_noisy_topic_is_refused_after_its_trial_was_shown_and_nothing_is_stored(noisy: Store) -> None:
    trials: list[TrialView] = []
    with pytest.raises(BadInput, match=r"alerts a day, more than 20; .*; nothing was stored"):
        add(noisy, trials, queries=VILLAGES)
    assert topics.list_topics(noisy) == []
    [trial] = trials
    assert (trial.entries, trial.is_common, trial.workhorse) == (740, True, "village")
    assert [window.days for window in trial.windows] == [30, 90]


def test_a_noisy_topic_is_stored_when_it_is_forced(noisy: Store) -> None:
    trials: list[TrialView] = []
    added = add(noisy, trials, queries=VILLAGES, forced=True)
    assert (added.slug, added.name) == ("auyl-akimderi", "Ауыл әкімдері")
    assert len(trials) == 1
    assert topics.find(noisy, added.slug) == added


def test_a_slug_that_is_taken_is_refused_before_the_archive_is_read(noisy: Store) -> None:
    trials: list[TrialView] = []
    add(noisy, trials, queries={"en": "akim"})
    with pytest.raises(BadInput, match="there is one already"):
        add(noisy, trials, queries={"en": "akim"})
    assert len(trials) == 1


def test_an_edit_that_makes_a_topic_noisy_is_refused_and_one_of_its_name_tries_nothing(noisy: Store) -> None:
    trials: list[TrialView] = []
    slug = add(noisy, trials, queries={"en": "akim", "ru": "аким"}).slug

    def edit(changes: topics.TopicEdit) -> TopicView:
        return topics.edit(noisy, slug, changes, burst_limit=10, now=NOW, on_trial=trials.append)

    with pytest.raises(BadInput, match="alerts a day"):
        edit(topics.TopicEdit(queries=VILLAGES))
    with pytest.raises(QueryError):
        edit(topics.TopicEdit(queries={"en": "akim AND"}))
    with pytest.raises(BadInput, match="no query in this language"):
        edit(topics.TopicEdit(dropped=["kk"]))
    assert topics.find(noisy, slug).queries == {"en": "akim", "ru": "аким"}
    assert len(trials) == 2
    assert edit(topics.TopicEdit(name="Akims", description="")).name == "Akims"
    assert len(trials) == 2
    assert edit(topics.TopicEdit(dropped=["en"])).queries == {"ru": "аким"}


def test_an_empty_archive_says_nothing_against_a_topic(sqlite_store: Store) -> None:
    trials: list[TrialView] = []
    add(sqlite_store, trials, queries=VILLAGES)
    assert [(trial.entries, trial.is_common, trial.idle) for trial in trials] == [(0, False, ())]


def test_a_topic_is_paused_resumed_and_removed_by_its_slug(sqlite_store: Store) -> None:
    slug = add(sqlite_store, [], queries=VILLAGES).slug
    assert topics.pause(sqlite_store, slug, now=NOW).state is TopicState.PAUSED
    assert topics.resume(sqlite_store, slug, now=NOW).state is TopicState.ACTIVE
    topics.remove(sqlite_store, slug, now=NOW)
    for missing in (topics.find, topics.find_matches):
        with pytest.raises(NotFound):
            missing(sqlite_store, slug)


def test_work_on_the_archive_shows_how_many_entries_it_passes(noisy: Store) -> None:
    slug = add(noisy, [], queries=VILLAGES, forced=True).slug
    passed: list[int] = []

    def track(items, total):  # type: ignore[no-untyped-def]  # a generic callable has no short name
        passed.append(total)
        return items

    view = topics.find_matches(noisy, slug, since=NOW, track=track)
    assert (len(view.matches), passed) == (740, [740])
    assert view.matches[0].archived.id == view.matches[0].entry.id
