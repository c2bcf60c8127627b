"""Services, feeds: what each use case promises to whoever calls it, over a real database."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from conftest import NOW
from reformwatch.errors import BadInput, NotFound
from reformwatch.model.feed import FeedKind, FeedState, NewFeed, SourceType
from reformwatch.services import feeds
from reformwatch.services.views import FeedChangedView
from reformwatch.store import Store, websub
from reformwatch.store import feeds as stored
from reformwatch.store import tables as t

HOUR = timedelta(hours=1)
NEWS, OWN = "http://news.example/rss", "http://own.example/rss"


def add(store: Store, *new: NewFeed) -> None:
    with store.write() as tx:
        for one in new:
            assert stored.add_feed(tx, one, now=NOW)


def test_a_feed_is_found_by_number_address_or_name(sqlite_store: Store) -> None:
    add(sqlite_store, NewFeed(url=NEWS, name="News"))
    assert {feeds.find(sqlite_store, which).url for which in ("1", NEWS, "news")} == {NEWS}
    with pytest.raises(NotFound):
        feeds.find(sqlite_store, "2")


def test_a_feed_that_is_removed_leaves_its_hub_first(store: Store) -> None:
    """What is to be unsubscribed from is remembered when the feed itself is gone."""
    add(store, NewFeed(url=NEWS, name="News"))
    with store.write() as tx:
        hub = "https://hub.example/"
        websub.note_hub(tx, 1, hub, NEWS, now=NOW, new_token=lambda: "token", new_secret=lambda: "secret")
        websub.claim_due(tx, now=NOW, patience=HOUR, limit=5)  # it was asked, so it may push
    feeds.remove(store, "News", now=NOW)
    with store.read() as tx:
        assert stored.list_feeds(tx) == []
        assert [(parting.hub, parting.topic) for parting in websub.list_partings(tx)] == [(hub, NEWS)]


def test_several_feeds_are_paused_or_none(sqlite_store: Store) -> None:
    add(sqlite_store, NewFeed(url=NEWS, name="News"), NewFeed(url=OWN, name="Own"))
    with pytest.raises(NotFound):
        feeds.pause(sqlite_store, ["News", "Nobody"], now=NOW)
    assert {view.state for view in feeds.list_feeds(sqlite_store, now=NOW)} == {FeedState.ACTIVE}
    assert [view.name for view in feeds.pause(sqlite_store, ["Own", "News"], now=NOW)] == ["Own", "News"]
    assert {view.state for view in feeds.list_feeds(sqlite_store, now=NOW)} == {FeedState.PAUSED}


# -- polls by hand


@pytest.fixture
def asked_a_minute_ago(sqlite_store: Store) -> Store:
    """Two feeds that were asked a minute ago, and one that is paused."""
    add(sqlite_store, NewFeed(url=NEWS, name="News"), NewFeed(url=OWN, name="Own"), NewFeed(url="http://p/", name="P"))
    feeds.pause(sqlite_store, ["P"], now=NOW)
    with sqlite_store.write() as tx:
        tx.execute(sa.update(t.feeds).values(last_polled_at=NOW - timedelta(minutes=1)))
    return sqlite_store


def asked(store: Store, *which: str, later: timedelta = timedelta(), forced: bool = False) -> tuple[Sequence[int], int]:
    is_own = "own.example".__eq__
    view = feeds.feeds_to_poll(store, which, is_own_host=is_own, now=NOW + later, is_forced=forced)
    assert view.least_gap == timedelta(minutes=5)
    return view.feed_ids, view.asked_lately


def test_only_a_host_of_the_operator_s_own_may_be_asked_again_at_once(asked_a_minute_ago: Store) -> None:
    # trust: C27
    assert asked(asked_a_minute_ago) == ((2,), 1)
    assert asked(asked_a_minute_ago, "News") == ((), 1)


def test_after_five_minutes_every_feed_may_be_asked(asked_a_minute_ago: Store) -> None:
    # trust: C27
    assert asked(asked_a_minute_ago, later=timedelta(minutes=3, seconds=59)) == ((2,), 1)
    assert asked(asked_a_minute_ago, later=timedelta(minutes=4, seconds=1)) == ((1, 2), 0)


def test_who_forces_a_poll_learns_how_many_were_asked_lately(asked_a_minute_ago: Store) -> None:
    # trust: C27
    assert asked(asked_a_minute_ago, "Own", "News", forced=True) == ((2, 1), 1)


def test_a_paused_feed_is_not_asked_although_it_is_named(asked_a_minute_ago: Store) -> None:
    assert asked(asked_a_minute_ago, "P", forced=True) == ((), 0)


# -- edits


def edit(store: Store, changes: feeds.FeedEdit) -> FeedChangedView:
    return feeds.edit(store, "1", changes, usual_interval=HOUR, now=NOW)


def test_an_edit_changes_what_it_names_and_nothing_else(sqlite_store: Store) -> None:
    add(sqlite_store, NewFeed(url=NEWS, name="News", language="ru", interval=2 * HOUR))
    before = feeds.show(sqlite_store, "1", now=NOW)
    edit(sqlite_store, feeds.FeedEdit(kind=FeedKind.OFFICIAL))
    after = feeds.show(sqlite_store, "1", now=NOW)
    changed = {name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)}
    assert changed == {"kind"}


def test_an_interval_of_its_own_says_what_it_costs_and_none_costs_nothing(sqlite_store: Store) -> None:
    add(sqlite_store, NewFeed(url=NEWS, name="News"))
    with sqlite_store.write() as tx:
        tx.execute(sa.update(t.feeds).values(max_age=HOUR))
    cost = edit(sqlite_store, feeds.FeedEdit(interval=HOUR / 2)).cost
    assert cost is not None
    assert (cost.requests_a_day, cost.usual_a_day, cost.server_wish) == (48, 24, HOUR)
    assert edit(sqlite_store, feeds.FeedEdit(interval=None)).cost is None


def test_a_selector_is_for_pages_only_and_is_checked_before_it_is_stored(sqlite_store: Store) -> None:
    page = NewFeed(url=OWN, name="Page", source_type=SourceType.PAGE, item_selector="li")
    add(sqlite_store, NewFeed(url=NEWS, name="News"), page)
    with pytest.raises(BadInput, match="goes with a page"):
        feeds.edit(sqlite_store, "News", feeds.FeedEdit(item_selector="li"), usual_interval=HOUR, now=NOW)
    with pytest.raises(BadInput):
        feeds.edit(sqlite_store, "Page", feeds.FeedEdit(item_selector="li[["), usual_interval=HOUR, now=NOW)
    assert feeds.show(sqlite_store, "Page", now=NOW).item == "li"


# -- lists of feeds


def test_an_exported_list_can_be_imported_and_adds_nothing_the_second_time(sqlite_store: Store) -> None:
    add(sqlite_store, NewFeed(url=NEWS, name="News", kind=FeedKind.AGENCY, language="kk"))
    exported = feeds.export_opml(sqlite_store)
    assert exported.feeds == 1
    feeds.remove(sqlite_store, "News", now=NOW)
    first, second = (feeds.import_opml(sqlite_store, exported.text, now=NOW) for _ in range(2))
    assert (first.added, first.known, second.added, second.known) == (1, 0, 0, 1)
    [view] = feeds.list_feeds(sqlite_store, now=NOW)
    assert (view.url, view.name, view.kind, view.language) == (NEWS, "News", FeedKind.AGENCY, "kk")
