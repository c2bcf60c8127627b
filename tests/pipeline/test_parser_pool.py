"""Parsing in processes that can be killed: whatever a document does to one, the others are read."""

import os
import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from house import until
from parser_deeds import parse_as_told, parse_under_watch
from reformwatch.documents.document import read_document
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import Fetched, Validators
from reformwatch.pipeline.parsing import Parsed, ParserPool
from spoken import what_came

PATIENCE_S = 200.0
#: For documents that never end; all others have as long as a busy machine may need.
LIMIT_S = 3.0
CHILDREN = Path("/proc/self/task")


def a_reply(body: bytes, *, url: str = "http://feed.example/rss", content_type: str | None = "text/xml") -> Fetched:
    return Fetched(body=body, body_hash="", url=url, content_type=content_type, validators=Validators())


class Desk:
    """A pool, and what came of each document."""

    def __init__(self, pool: ParserPool) -> None:
        self.pool = pool
        self.outcomes: queue.Queue[tuple[bytes, Parsed | None]] = queue.Queue()

    def submit(self, *bodies: bytes) -> None:
        for body in bodies:
            self.pool.submit(a_reply(body), partial(self._note, body))

    def _note(self, body: bytes, parsed: Parsed | None) -> None:
        self.outcomes.put((body, parsed))

    def read(self, *bodies: bytes) -> dict[bytes, Parsed | None]:
        """The outcomes of different documents, whichever comes first."""
        self.submit(*bodies)
        return dict(self.outcomes.get(timeout=PATIENCE_S) for _ in bodies)

    def reason(self, body: bytes) -> str:
        outcome = self.read(body)[body]
        assert isinstance(outcome, Unreadable)
        return what_came(outcome)

    def who(self) -> int:
        """The process that reads."""
        outcome = self.read(b"who")[b"who"]
        assert isinstance(outcome, ParsedFeed)
        return int(outcome.title)


def is_gone(process: int) -> bool:
    """Whether there is no such process any more; for a moment after its end there is, until its parent has noticed."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def desk() -> Iterator[Desk]:
    """One worker, so that a document's neighbours need the one that it has hurt."""
    with ParserPool(workers=1, time_limit_s=PATIENCE_S, parse=parse_as_told) as pool:
        yield Desk(pool)


@pytest.fixture
def hasty_desk() -> Iterator[Desk]:
    """The same with a time limit that a test can wait for."""
    with ParserPool(workers=1, time_limit_s=LIMIT_S, parse=parse_as_told) as pool:
        yield Desk(pool)


def is_title(outcome: Parsed | None, title: str) -> bool:
    return isinstance(outcome, ParsedFeed) and outcome.title == title


def test_a_document_is_read_in_another_process_with_its_address_and_type(desk: Desk) -> None:
    # trust: D07
    outcome = desk.read(b"hello")[b"hello"]
    assert isinstance(outcome, ParsedFeed)
    assert (outcome.title, outcome.site_url, outcome.language) == ("hello", "http://feed.example/rss", "text/xml")
    assert desk.who() != os.getpid()


SAYS_ALL = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Вести</title>
<link>https://courier.example/</link><language>kk</language><ttl>90</ttl>
<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://courier.example/rss"/>
<atom:link rel="prev-archive" href="https://courier.example/2"/>
<item><title>Әкім сайлауы 🗳</title><guid>1</guid><category>a</category><author>А</author>
<pubDate>Wed, 16 Mar 2022 10:00:00 +0600</pubDate>
<description>&lt;p&gt;Мәтін&lt;/p&gt; &amp;#xD800;</description></item>
<item><link>https://courier.example/2</link></item></channel></rss>"""


HALVES = r"""{"version": "https://jsonfeed.org/version/1.1", "title": "a\ud800b", "language": "k\udc00k", "items":
[{"id": "g\ud83d", "url": "https://courier.example/\udfff", "title": "t\ud800", "content_text": "c\udbff",
"tags": ["\ud800x"], "authors": [{"name": "n\udc01"}]}], "hubs": [{"type": "WebSub", "url": "https://h.example/\ud800"}]}"""


def test_halves_of_characters_do_not_stop_a_feed_on_its_way() -> None:
    body = HALVES.encode()
    with ParserPool(workers=1) as pool:
        there = Desk(pool).read(body)[body]
    assert isinstance(there, ParsedFeed)
    assert there == read_document(body, url="http://feed.example/rss", content_type="text/xml")
    [entry] = there.entries
    assert (there.title, entry.title, entry.content or entry.summary, entry.author) == ("ab", "t", "c", "n")


def test_what_was_read_comes_here_as_it_was_read_there() -> None:
    body = SAYS_ALL.encode()
    with ParserPool(workers=1) as pool:
        there = Desk(pool).read(body)[body]
    here = read_document(body, url="http://feed.example/rss", content_type="text/xml")
    assert isinstance(here, ParsedFeed)
    assert there == here
    assert (len(here.entries), here.hints.ttl, here.hubs, here.archive_url) == (
        2,
        timedelta(minutes=90),
        ("https://hub.example/",),
        "https://courier.example/2",
    )
    assert isinstance(there, ParsedFeed)
    assert there.entries[0].published == datetime(2022, 3, 16, 4, tzinfo=UTC)
    assert isinstance(there.hints.skip_hours, frozenset)


@pytest.mark.parametrize("deed", [b"hang", b"spin"])
def test_a_worker_that_hangs_is_killed_at_the_time_limit(hasty_desk: Desk, deed: bytes) -> None:
    # trust: D07
    before = hasty_desk.who()
    assert hasty_desk.reason(deed) == f"a document that takes more than {LIMIT_S:g} s to read"
    assert hasty_desk.who() != before
    until(lambda: is_gone(before), what="the worker is gone")


@pytest.mark.parametrize("deed", [b"die", b"segfault", b"exit"])
def test_a_worker_that_dies_is_replaced(desk: Desk, deed: bytes) -> None:
    # trust: D07
    before = desk.who()
    assert desk.reason(deed) == "a document that makes the parser die"
    assert desk.who() != before


def test_a_memory_hog_is_refused() -> None:
    # trust: D07
    with ParserPool(workers=1, time_limit_s=180, parse=parse_as_told) as pool:
        desk = Desk(pool)
        assert desk.reason(b"hog") == "a document that needs too much memory to read"
        assert is_title(desk.read(b"next")[b"next"], "next")


def test_a_bug_of_the_parser_is_one_documents_trouble(desk: Desk) -> None:
    before = desk.who()
    assert desk.reason(b"raise") == "a document that can't be read (LookupError)"
    assert desk.who() == before


def test_the_others_are_read_whatever_one_document_does() -> None:
    # trust: D07
    bad = {b"hang", b"die", b"raise", b"segfault"}
    good = {f"feed {number}".encode() for number in range(40)}
    with ParserPool(workers=2, time_limit_s=LIMIT_S, parse=parse_as_told) as pool:
        mixed = [body for pair in zip(sorted(good)[:4], sorted(bad), strict=True) for body in pair]
        outcomes = Desk(pool).read(*mixed, *sorted(good)[4:])
    assert {body for body, outcome in outcomes.items() if isinstance(outcome, Unreadable)} == bad
    assert all(is_title(outcomes[body], body.decode()) for body in good)


def test_waiting_for_a_worker_does_not_count_as_reading() -> None:
    # trust: D07
    with ParserPool(workers=1, time_limit_s=LIMIT_S, parse=parse_as_told) as pool:
        outcomes = Desk(pool).read(b"hang", b"one", b"two")
    assert is_title(outcomes[b"one"], "one")
    assert is_title(outcomes[b"two"], "two")


def test_no_process_starts_before_the_first_document_and_none_is_left_after_the_last() -> None:
    pool = ParserPool(workers=1, parse=parse_as_told)
    pool.close()
    desk = Desk(pool)
    worker = desk.who()
    pool.close()
    pool.close()
    until(lambda: is_gone(worker), what="the worker is gone")


def test_closing_ends_a_document_that_is_being_read_and_tells_of_it() -> None:
    # trust: A15
    pool = ParserPool(workers=1, time_limit_s=600, parse=parse_as_told)
    desk = Desk(pool)
    desk.who()
    desk.submit(b"hang", b"never begun")
    pool.close()
    outcomes = dict(desk.outcomes.get(timeout=PATIENCE_S) for _ in range(2))  # they come with the closing, or never
    assert outcomes == {b"hang": None, b"never begun": None}  # no fault of theirs: they are given back


def test_each_document_is_answered_once_when_the_pool_is_closed_amid_them() -> None:
    # trust: A15
    pool = ParserPool(workers=2, time_limit_s=600, parse=parse_as_told)
    desk = Desk(pool)
    desk.who()
    bodies = [f"feed {number}".encode() for number in range(200)]
    desk.submit(*bodies)
    pool.close()
    outcomes = [desk.outcomes.get(timeout=PATIENCE_S) for _ in bodies]
    assert sorted(body for body, _ in outcomes) == sorted(bodies)
    assert all(parsed is None or is_title(parsed, body.decode()) for body, parsed in outcomes)
    assert desk.outcomes.empty()


def test_the_programs_own_parser_reads_a_feed_there() -> None:
    item = b"<item><guid>1</guid><title>One</title></item>"
    feed = b"<rss version='2.0'><channel><title>Wire</title>" + item + b"</channel></rss>"
    with ParserPool(workers=1) as pool:
        outcome = Desk(pool).read(feed)[feed]
    assert isinstance(outcome, ParsedFeed)
    assert (outcome.title, [entry.title for entry in outcome.entries]) == ("Wire", ["One"])


@pytest.mark.parametrize(
    "body",
    [
        b"/etc/passwd",
        b"/dev/zero",
        b"/etc/hostname\n",
        b"file:///etc/passwd",
        b"http://127.0.0.1:1/feed.xml",
        b"-",
        b"feed:https://example.org/",
        b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss version='2.0'><channel>&x;</channel></rss>",
        b"<?xml version='1.0'?><!DOCTYPE rss SYSTEM 'http://127.0.0.1:1/x.dtd'><rss version='2.0'><channel/></rss>",
    ],
)
def test_a_document_that_is_a_path_or_an_address_opens_nothing(body: bytes) -> None:
    # trust: D26, D01
    with ParserPool(workers=1, parse=parse_under_watch) as pool:
        reason = Desk(pool).reason(body)
    assert reason.startswith("touched []: ")
    assert "root:" not in reason


def test_the_watch_itself_sees_what_is_opened() -> None:
    # trust: D26
    with ParserPool(workers=1, parse=parse_under_watch) as pool:
        assert Desk(pool).reason(b"open a file, please").startswith("touched [\"open '/dev/null'\"]: ")
