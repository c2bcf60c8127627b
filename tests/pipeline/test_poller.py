"""Pipeline: one feed's fault is nobody else's."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from conftest import NOW
from reformwatch.errors import TryAgain
from reformwatch.model.feed import Elsewhere, Feed, Fetched, FetchOutcome, NewFeed, NotModified, Validators
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.planning.schedule import PollPolicy
from reformwatch.store import Store
from reformwatch.store.entries import all_entries
from reformwatch.store.feeds import add_feed, list_feeds
from routing_desk import a_poller

ITEM = b"<item><title>A piece of news</title><guid>1</guid></item>"
RSS = b'<rss version="2.0"><channel><title>F</title>' + ITEM + b"</channel></rss>"


def document(feed: Feed) -> Fetched:
    return Fetched(body=RSS, body_hash="h", url=feed.url, content_type=None, validators=Validators(etag='"1"'))


def add(store: Store, count: int) -> None:
    with store.write() as tx:
        for i in range(count):
            add_feed(tx, NewFeed(url=f"http://host{i}.example/feed", name=f"feed {i}"), now=NOW)


def test_a_feed_whose_fetch_has_a_bug_is_marked_and_the_others_are_polled(
    sqlite_store: Store, parser: ParserPool
) -> None:
    # trust: F08
    def fetch(feed: Feed, now: datetime, after: Elsewhere | None) -> FetchOutcome:
        if feed.name == "feed 1":
            raise ZeroDivisionError
        return document(feed)

    add(sqlite_store, 4)
    report = a_poller(sqlite_store, fetch, parser).poll_due()
    assert (report.polled, report.failed, report.new_entries) == (4, 1, 3)
    with sqlite_store.read() as tx:
        problems = {feed.name: feed.poll.problem for feed in list_feeds(tx)}
    assert problems.pop("feed 1") == Problem.of(ProblemCode.PROGRAM_FAULT, error="ZeroDivisionError")
    assert set(problems.values()) == {None}


def test_a_feed_whose_plan_has_a_bug_undoes_only_itself(sqlite_store: Store, parser: ParserPool) -> None:
    # trust: F08
    def fetch(feed: Feed, now: datetime, after: Elsewhere | None) -> FetchOutcome:
        fetched = document(feed)
        return replace(fetched, hints=None) if feed.name == "feed 1" else fetched

    add(sqlite_store, 3)
    report = a_poller(sqlite_store, fetch, parser).poll_due()
    assert (report.polled, report.failed, report.new_entries) == (3, 1, 2)
    with sqlite_store.read() as tx:
        problems = {feed.name: feed.poll.problem for feed in list_feeds(tx)}
        assert sorted(entry.feed_name for entry in all_entries(tx)) == ["feed 0", "feed 2"]
    fault = Problem.of(ProblemCode.PROGRAM_FAULT, error="AttributeError")
    assert problems == {"feed 0": None, "feed 1": fault, "feed 2": None}


def test_an_unchanged_feed_is_not_parsed_and_due_later(sqlite_store: Store, parser: ParserPool) -> None:
    add(sqlite_store, 1)
    report = a_poller(sqlite_store, lambda feed, now, after: NotModified(), parser).poll_due()
    assert (report.polled, report.new_entries) == (1, 0)
    with sqlite_store.read() as tx:
        (feed,) = list_feeds(tx)
    assert feed.poll.next_poll_at >= NOW + PollPolicy().min_interval


def test_an_error_for_the_operator_is_not_taken_for_a_feed_s_fault(sqlite_store: Store, parser: ParserPool) -> None:
    def refuse() -> float:
        raise TryAgain("the disk is full")

    add(sqlite_store, 1)
    tools = a_poller(sqlite_store, lambda feed, now, after: document(feed), parser, random=refuse)
    with pytest.raises(TryAgain):
        tools.poll_due()
    with sqlite_store.read() as tx:
        (feed,) = list_feeds(tx)
    assert feed.poll.problem is None
    assert feed.poll.last_polled_at is None
