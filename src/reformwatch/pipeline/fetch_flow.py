"""Pipeline: the fetch flow of one feed: a sequence of requests, jobs of the parser, and queries of the store.

A flow is a generator. It yields the step that it needs next (:class:`Request`, :class:`Job`, :class:`Query`), gets the
step's result, and returns an :class:`Outcome`. The driver (:mod:`reformwatch.pipeline.fetch_driver`) has the threads,
the worker processes and the politeness between two requests to a host; so a feed's own document, its older pages after
a gap, and the pages of its entries are all requested under the same rules.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Generic, TypeVar

from msgspec.structs import replace

from reformwatch.documents.document import read_article, read_document
from reformwatch.documents.robots import Robots, read_robots, robots_url
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.feed import (
    Elsewhere,
    FailureKind,
    Feed,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NotModified,
    SourceType,
)
from reformwatch.model.plan import Snapshot
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.value import Value
from reformwatch.planning.fingerprints import is_any_known, without_known
from reformwatch.planning.poll_plan import has_turned_over, reaches_back, sort_out, unlisted
from reformwatch.planning.stories import stories_of
from reformwatch.store import Tx, feeds, plans
from reformwatch.urls import origin_of

#: At most so many older pages of a feed are read to fill a gap, and so many news sitemaps.
MAX_OLDER_PAGES: Final = 10
_MAX_SITEMAPS: Final = 2
#: At most so many pages of one poll's new entries are asked for; the others keep the feed's own text.
MAX_ENTRY_PAGES: Final = 30
#: The name that robots.txt may speak to.
AGENT: Final = "reformwatch"
_ROBOTS_KEPT: Final = timedelta(days=1)
_ROBOTS_KEPT_UNREACHED: Final = timedelta(hours=1)
_MANY_HOSTS: Final = 10_000

#: The redirect that led here, if one did, comes last.
FeedFetcher = Callable[[Feed, datetime, Elsewhere | None], FetchOutcome | Elsewhere]
PageFetcher = Callable[[str, Elsewhere | None], Fetched | FetchFailed | Elsewhere]

T = TypeVar("T")


def no_pages(url: str, _after: Elsewhere | None) -> Fetched | FetchFailed:
    """The default fetcher of pages: each fails."""
    return FetchFailed(kind=FailureKind.CONNECT, problem=Problem.of(ProblemCode.NOT_FETCHED, url=url))


class Fetchers(Value, frozen=True, kw_only=True):
    """What requests feeds, on condition, and pages that belong to them."""

    feed: FeedFetcher
    page: PageFetcher = no_pages


@dataclass(frozen=True, kw_only=True)
class Request(Generic[T]):
    """A request: ``send`` makes it, in a thread, and has its result. ``gap``: what the host asks for between two."""

    url: str
    send: Callable[[], T]
    gap: timedelta | None = None

    def __iter__(self) -> Generator["Step", Any, T]:
        result: T = yield self
        return result


@dataclass(frozen=True, kw_only=True)
class Job(Generic[T]):
    """A function that runs in a worker process; the result is an :class:`Unreadable` where the document is at fault."""

    function: Callable[..., T]
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Generator["Step", Any, T | Unreadable]:
        result: T | Unreadable = yield self
        return result


@dataclass(frozen=True, kw_only=True)
class Query(Generic[T]):
    """A question to the store, in a read transaction."""

    run: Callable[[Tx], T]

    def __iter__(self) -> Generator["Step", Any, T]:
        result: T = yield self
        return result


class Outcome(Value, frozen=True, kw_only=True):
    """What came of one feed: a fetch's outcome, or a reply with what the parser made of it.

    ``older`` are entries of the ``pages`` before it, read since the feed had turned over.
    """

    feed: Feed
    fetched: FetchOutcome
    parsed: ParsedFeed | Unreadable | None = None
    older: tuple[ParsedEntry, ...] = ()
    pages: int = 0
    is_pushed: bool = False
    took_ms: int = 0


Step = Request[Any] | Job[Any] | Query[Any]
FetchFlow = Generator[Step, Any, Outcome]
#: A part of a flow, by what it returns.
Part = Generator[Step, Any, T]


class FetchFlows:
    """Makes flows. Keeps for a day what hosts allow (robots.txt); used by one thread at a time."""

    def __init__(self, fetchers: Fetchers, clock: Callable[[], datetime]) -> None:
        self._fetchers, self._clock = fetchers, clock
        self._robots: dict[str, tuple[Robots, datetime]] = {}

    def poll(self, feed: Feed) -> FetchFlow:
        """Request a feed, and what else its reply makes necessary."""
        fetched = yield from Request(url=feed.url, send=lambda: self._fetchers.feed(feed, self._clock(), None))
        while isinstance(fetched, Elsewhere):  # another host: a request of its own
            if fetched.is_permanent and (yield from Query(run=partial(feeds.is_read_well, url=fetched.url))):
                return Outcome(feed=feed, fetched=NotModified(moved_to=fetched.url))  # that feed is polled already
            send = partial(self._fetchers.feed, feed, self._clock(), fetched)
            fetched = yield from Request(url=fetched.url, send=send)
        if not isinstance(fetched, Fetched):
            return Outcome(feed=feed, fetched=fetched)
        return (yield from self.take(feed, fetched))

    def take(self, feed: Feed, fetched: Fetched, *, is_pushed: bool = False) -> FetchFlow:
        """Parse a document that was fetched or pushed. A feed's first is its baseline: nothing more is requested."""
        parsed = yield from _parse_job(feed, fetched)
        outcome = Outcome(feed=feed, fetched=fetched, parsed=parsed, is_pushed=is_pushed)
        if not isinstance(parsed, ParsedFeed) or not feed.has_baseline:
            return outcome
        if not is_pushed:
            older, pages = yield from self._older(feed, parsed)
            outcome = replace(outcome, older=tuple(older), pages=pages)
        if feed.full_text:
            texts = yield from self._texts(feed, [*parsed.entries, *outcome.older])
            outcome = replace(outcome, parsed=_with_texts(parsed, texts), older=_each_with(outcome.older, texts))
        return outcome

    def _older(self, feed: Feed, parsed: ParsedFeed) -> Part[tuple[list[ParsedEntry], int]]:
        """The entries of archive pages, else of a news sitemap, where the feed has turned over since the last poll."""
        may_have = has_turned_over(feed, parsed.entries, knows_any=False)
        if not may_have or (yield from _knows_any(feed, parsed.entries)):
            return [], 0
        older, pages, is_filled = yield from self._archive(feed, parsed)
        if not is_filled and feed.source_type is not SourceType.SITEMAP:
            entries, sitemaps = yield from self._sitemaps(feed, parsed)
            older, pages = [*older, *entries], pages + sitemaps
        return older, pages

    def _archive(self, feed: Feed, parsed: ParsedFeed) -> Part[tuple[list[ParsedEntry], int, bool]]:
        """Back through the pages of an archived or paged feed (RFC 5005) until something is known."""
        older: list[ParsedEntry] = []
        seen = {feed.url}
        url, pages, is_filled = parsed.archive_url, 0, False
        while url and url not in seen and pages < MAX_OLDER_PAGES and not is_filled:
            seen.add(url)
            fetched = yield from self._page(url)
            document = (yield from _parse_job(feed, fetched)) if isinstance(fetched, Fetched) else None
            if not isinstance(document, ParsedFeed):
                break
            pages += 1
            older += document.entries
            fresh = unlisted(document.entries, parsed.entries)
            knows_any = bool(fresh) and (yield from _knows_any(feed, fresh))
            is_filled = reaches_back(fresh, feed, knows_any=knows_any)
            url = document.archive_url
        return older, pages, is_filled

    def _sitemaps(self, feed: Feed, parsed: ParsedFeed) -> Part[tuple[list[ParsedEntry], int]]:
        """The entries of the site's news sitemaps, as robots.txt names them, dated since the last poll."""
        robots = yield from self._robots_of(feed.site_url or parsed.site_url or feed.url)
        entries: list[ParsedEntry] = []
        sitemaps = 0
        for url in [url for url in robots.sitemaps if "news" in url.lower()][:_MAX_SITEMAPS]:
            fetched = yield from self._page(url, robots)
            if not isinstance(fetched, Fetched):
                continue
            named = {"url": fetched.url, "source_type": SourceType.SITEMAP}
            document = yield from Job(function=read_document, arguments=(fetched.body,), named=named)
            if isinstance(document, ParsedFeed):
                sitemaps += 1
                entries += document.entries
        return entries, sitemaps

    def _texts(self, feed: Feed, entries: Sequence[ParsedEntry]) -> Part[dict[str, str]]:
        """The text of the pages of new and edited entries, by address; a page that fails is left out."""
        snapshot = yield from Query(run=partial(_snapshot, feed=feed, entries=entries, now=self._clock()))
        new, edits = sort_out(entries, snapshot)
        wanted = [*reversed(new), *(edit.entry for edit in edits)]
        texts: dict[str, str] = {}
        for url in dict.fromkeys(entry.url for entry in wanted[:MAX_ENTRY_PAGES] if entry.url):
            robots = yield from self._robots_of(url)
            if not robots.allows(url, AGENT):
                continue
            fetched = yield from self._page(url, robots)
            if isinstance(fetched, Fetched):
                named = {"url": fetched.url, "content_type": fetched.content_type}
                text = yield from Job(function=read_article, arguments=(fetched.body,), named=named)
                if isinstance(text, str) and text:
                    texts[url] = text
        return texts

    def _robots_of(self, url: str) -> Part[Robots]:
        """What the host of a page allows."""
        origin = origin_of(url)
        known = self._robots.get(origin)
        if known is not None and known[1] > self._clock():
            return known[0]
        fetched = yield from self._page(robots_url(url))
        status = 200 if isinstance(fetched, Fetched) else fetched.status
        robots = read_robots(status, fetched.body if isinstance(fetched, Fetched) else b"")
        is_answer = status is not None and status < 500
        kept = _ROBOTS_KEPT if is_answer else _ROBOTS_KEPT_UNREACHED
        if len(self._robots) > _MANY_HOSTS:
            self._robots.clear()
        self._robots[origin] = (robots, self._clock() + kept)
        return robots

    def _page(self, url: str, robots: Robots | None = None) -> Part[Fetched | FetchFailed]:
        """A page, through redirects to other hosts."""
        gap = robots.delay(AGENT) if robots else None
        fetched = yield from Request(url=url, send=partial(self._fetchers.page, url, None), gap=gap)
        while isinstance(fetched, Elsewhere):
            send = partial(self._fetchers.page, url, fetched)
            fetched = yield from Request(url=fetched.url, send=send, gap=gap)
        return fetched


def _parse_job(feed: Feed, fetched: Fetched) -> Job[ParsedFeed | Unreadable]:
    named = {"url": fetched.url, "content_type": fetched.content_type}
    named |= {"source_type": feed.source_type, "selector": feed.item_selector}
    return Job(function=read_document, arguments=(fetched.body,), named=named)


def _knows_any(feed: Feed, entries: Sequence[ParsedEntry]) -> Part[bool]:
    if is_any_known(entries, feed.poll.fingerprints):
        return True
    return (yield from Query(run=partial(plans.knows_any, feed_id=feed.id, entries=entries)))


def _snapshot(tx: Tx, *, feed: Feed, entries: Sequence[ParsedEntry], now: datetime) -> Snapshot:
    return plans.snapshot(tx, feed, without_known(entries, feed.poll.fingerprints), now=now, stories_of=stories_of)


def _with_texts(parsed: ParsedFeed, texts: Mapping[str, str]) -> ParsedFeed:
    return replace(parsed, entries=_each_with(parsed.entries, texts))


def _each_with(entries: Iterable[ParsedEntry], texts: Mapping[str, str]) -> tuple[ParsedEntry, ...]:
    """Entries with their page's text as content. Their hash stays that of the feed's own text, which tells edits."""
    return tuple(
        replace(entry, content=texts[entry.url]) if entry.url and entry.url in texts else entry for entry in entries
    )
