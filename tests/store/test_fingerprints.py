"""Marks of a feed's last document: they save questions to the archive and change no answer."""

from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from conftest import NOW, examples
from reformwatch.documents.feed import distinct, make_entry
from reformwatch.matching.index import TopicIndex
from reformwatch.messages.log_lines import poll_line
from reformwatch.model.entry import ParsedEntry, ParsedFeed
from reformwatch.model.feed import Fetched, NewFeed, Validators
from reformwatch.planning.fingerprints import fingerprints_of, is_any_known, without_known
from reformwatch.planning.poll_plan import Reply, plan_reply
from reformwatch.planning.schedule import PollPolicy
from reformwatch.planning.stories import stories_of
from reformwatch.store import Store, feeds, plans, tables

LEASE = timedelta(minutes=5)
Item = tuple[int, int, int, int]  # guid, page, title, text
NUMBERS = count(1)


def entry(item: Item) -> ParsedEntry:
    guid, page, title, text = item
    made = make_entry(
        guid=f"g{guid}",
        link=f"https://courier.example/{page}",
        base="",
        title=f"Title number {title} of all",
        summary=f"Text {text}.",
        content="",
        author="",
        tags=(),
        published=None,
    )
    assert made is not None
    return made


class Desk:
    """One feed that is polled with its fingerprints, or without any."""

    def __init__(self, store: Store, *, has_fingerprints: bool) -> None:
        self.store, self.has_fingerprints = store, has_fingerprints
        url = f"https://courier.example/{next(NUMBERS)}"
        with store.write() as tx:
            feeds.add_feed(tx, NewFeed(url=url, name="The Courier"), now=NOW)
            self.feed_id = feeds.find_feed(tx, url).id

    def poll(self, document: list[Item], *, is_pushed: bool = False) -> str:
        """What the poll's line in the log says."""
        parsed = ParsedFeed(
            format="rss20", title="", site_url=None, language="en", entries=distinct(map(entry, document))
        )
        fetched = Fetched(body=b"", body_hash="h", url="u", content_type=None, validators=Validators())
        with self.store.write() as tx:
            if not self.has_fingerprints:
                tx.execute(sa.update(tables.feeds).where(tables.feeds.c.id == self.feed_id).values(fingerprints=None))
            [feed] = feeds.claim(tx, [self.feed_id], token="t:1", now=NOW, lease=LEASE)
            asked = without_known(parsed.entries, feed.poll.fingerprints)
            snapshot = plans.snapshot(tx, feed, asked, now=NOW, stories_of=stories_of)
            reply = Reply(fetched=fetched, parsed=parsed, is_pushed=is_pushed)
            plan = plan_reply(snapshot, reply, TopicIndex(), policy=PollPolicy(), now=NOW, jitter=0.5)
            assert plans.apply(tx, plan, now=NOW) is not None
            return poll_line(feed, plan)

    def stored(self) -> list[tuple[object, ...]]:
        names = ("key", "twin_key", "url", "title", "summary", "version", "text_hash")
        wanted = sa.select(*(tables.entries.c[name] for name in names))
        with self.store.read() as tx:
            return [tuple(row) for row in tx.execute(wanted.where(tables.entries.c.feed_id == self.feed_id))]


ITEMS = st.tuples(*(st.integers(0, most) for most in (3, 3, 3, 1)))
DOCUMENTS = st.lists(ITEMS, max_size=4, unique_by=(lambda item: item[0], lambda item: item[1]))


@examples(60, suppressed=[HealthCheck.function_scoped_fixture])  # each example has its own feeds
@given(polls=st.lists(st.tuples(DOCUMENTS, st.booleans()), min_size=2, max_size=6))
@example(polls=[([(0, 0, 0, 0)], False), ([(0, 1, 0, 1), (1, 0, 0, 0)], False), ([(1, 0, 0, 0)], False)])
def test_a_feed_with_fingerprints_is_read_as_one_without(
    sqlite_store: Store, polls: list[tuple[list[Item], bool]]
) -> None:
    with_them, without = Desk(sqlite_store, has_fingerprints=True), Desk(sqlite_store, has_fingerprints=False)
    for number, (document, is_pushed) in enumerate(polls):
        told = [desk.poll(document, is_pushed=is_pushed and number > 0) for desk in (with_them, without)]
        assert told[0] == told[1]
        assert with_them.stored() == without.stored()


def test_two_entries_of_one_page_do_not_edit_one_another_at_every_poll(store: Store) -> None:
    desk = Desk(store, has_fingerprints=True)
    desk.poll([(1, 1, 1, 0)])
    assert desk.poll([(1, 1, 1, 0), (2, 1, 1, 1)]) == "2 entries, 0 new, 1 edited"
    assert [desk.poll([(1, 1, 1, 0), (2, 1, 1, 1)]) for _ in range(3)] == ["2 entries, 0 new"] * 3


def test_what_a_hub_pushed_is_asked_for_at_the_next_poll(store: Store) -> None:
    desk = Desk(store, has_fingerprints=True)
    desk.poll([(1, 1, 1, 0)])
    assert desk.poll([(1, 1, 1, 1)], is_pushed=True) == "1 entry, 0 new, 1 edited"
    assert desk.poll([(1, 1, 1, 0)]) == "1 entry, 0 new, 1 edited", "the feed says something else again"


def test_entries_are_told_by_their_marks() -> None:
    old, new = entry((1, 1, 1, 0)), entry((2, 2, 2, 0))
    fingerprints = fingerprints_of([old])
    assert without_known([new, old], fingerprints) == [new]
    assert without_known([new, old], None) == without_known([new, old], b"") == [new, old]
    assert is_any_known([new, old], fingerprints)
    assert not is_any_known([new], fingerprints)
    assert not is_any_known([old], None)


@pytest.mark.parametrize("item", [(2, 1, 1, 0), (1, 2, 1, 0), (1, 1, 2, 0), (1, 1, 1, 1)])
def test_a_mark_is_of_guid_page_title_and_text(item: Item) -> None:
    assert fingerprints_of([entry(item)]) != fingerprints_of([entry((1, 1, 1, 0))])
