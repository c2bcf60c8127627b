"""Services: feeds that are not stored yet: added after one GET, their first poll; discovered on a web page.

Imports fetching and parsing, which :mod:`reformwatch.services.feeds` does not need.
"""

from msgspec.structs import replace

from reformwatch.documents.discovery import FeedLink, find_feeds
from reformwatch.documents.document import read_document
from reformwatch.documents.page import selector_problem
from reformwatch.documents.sitemap import sitemaps_in
from reformwatch.errors import BadInput, NotPermitted, ReformwatchError, Unreachable
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.log_lines import poll_line
from reformwatch.messages.problems import document_phrase, problem_sentence
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.model.feed import (
    Elsewhere,
    FailureKind,
    Feed,
    FeedState,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NewFeed,
    PollState,
    SourceType,
)
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.net.client import HttpClient
from reformwatch.net.conditional import fetch_feed
from reformwatch.pipeline.fetch_flow import Outcome
from reformwatch.pipeline.poll import Poller
from reformwatch.services.feeds import interval_cost, name_view
from reformwatch.services.views import FeedAddedView, FeedChoiceView, FeedLinkView
from reformwatch.store import feeds
from reformwatch.urls import host_of, safe_link


def add(client: HttpClient, poller: Poller, new: NewFeed) -> FeedAddedView | FeedChoiceView:
    """Add a feed, or the only feed of a page. Raises BadInput, Unreachable or NotPermitted where there is no feed.

    The reply of the GET is the feed's baseline: the feed is not requested again before it is due. An item selector is
    checked before any request.
    """
    if new.item_selector is not None and (problem := selector_problem(new.item_selector)) is not None:
        raise BadInput(document_phrase(problem, ENGLISH))
    url = absolute(new.url)
    fetched, parsed = _read(client, replace(new, url=url), poller)
    if isinstance(parsed, Unreadable) and new.source_type is SourceType.SITEMAP:
        sitemaps = sitemaps_in(fetched.body)
        if sitemaps:
            return FeedChoiceView(links=tuple(FeedLinkView(url=sitemap, title="") for sitemap in sitemaps))
    if isinstance(parsed, Unreadable) and new.source_type is not SourceType.FEED:
        raise BadInput(f"{url}: it answers with {document_phrase(parsed.problem, ENGLISH)}")
    if isinstance(parsed, Unreadable):
        links = find_feeds(fetched.body, url=fetched.url)
        if not links:
            raise BadInput(f"{url}: it answers with {document_phrase(parsed.problem, ENGLISH)}, and names no feed")
        if len(links) > 1:
            return FeedChoiceView(links=tuple(map(_link_view, links)))
        url = links[0].url
        fetched, parsed = _read(client, replace(new, url=url), poller)
        if isinstance(parsed, Unreadable):
            phrase = document_phrase(parsed.problem, ENGLISH)
            raise BadInput(f"{url}: the feed that the page names answers with {phrase}")
    return _store(poller, replace(new, url=fetched.moved_to or url), fetched, parsed)


def discover(client: HttpClient, poller: Poller, url: str) -> tuple[FeedLinkView, ...]:
    """The feeds that a page names; the address itself where it is a feed. Raises as :func:`add`."""
    url = absolute(url)
    fetched, parsed = _read(client, NewFeed(url=url, name=""), poller)
    if isinstance(parsed, ParsedFeed):
        return (FeedLinkView(url=url, title=parsed.title),)
    return tuple(map(_link_view, find_feeds(fetched.body, url=fetched.url)))


def _link_view(link: FeedLink) -> FeedLinkView:
    return FeedLinkView(url=link.url, title=link.title)


def absolute(url: str) -> str:
    """A typed address, with ``https://`` where it has no scheme. Raises BadInput where it is not http or https."""
    link = safe_link(url if "://" in url else f"https://{url}", base="")
    if link is None:
        raise BadInput(f"{url!r} is not an http or https address")
    return link


def _read(client: HttpClient, new: NewFeed, poller: Poller) -> tuple[Fetched, ParsedFeed | Unreadable]:
    now = poller.runtime.clock()
    feed = Feed(
        id=0,
        url=new.url,
        name="",
        kind=new.kind,
        language=None,
        state=FeedState.ACTIVE,
        site_url=None,
        pack=None,
        backfill_days=None,
        added_at=now,
        poll=PollState(next_poll_at=now),
    )
    outcome = _fetch(client, feed, poller)
    if not isinstance(outcome, Fetched):
        not_modified = FetchFailed(kind=FailureKind.STATUS, problem=Problem.of(ProblemCode.NOT_MODIFIED_UNASKED))
        failed = outcome if isinstance(outcome, FetchFailed) else not_modified
        raise _refusal(new.url, failed.kind, failed.problem)
    return outcome, read_document(
        outcome.body,
        url=outcome.url,
        content_type=outcome.content_type,
        source_type=new.source_type,
        selector=new.item_selector,
    )


def _fetch(client: HttpClient, feed: Feed, poller: Poller) -> FetchOutcome:
    """One request, and another one for each redirect to another host. Each host is leased for it, as by a poll."""
    after: Elsewhere | None = None
    while True:
        with poller.leasing_host_of(after.url if after else feed.url):
            outcome = fetch_feed(client, feed, now=poller.runtime.clock(), after=after)
        if not isinstance(outcome, Elsewhere):
            return outcome
        after = outcome


def _refusal(url: str, kind: FailureKind, problem: Problem) -> ReformwatchError:
    refusal = NotPermitted if kind is FailureKind.REFUSED_ADDRESS else Unreachable
    return refusal(f"{url}: {problem_sentence(problem, ENGLISH)}")


def _store(poller: Poller, new: NewFeed, fetched: Fetched, parsed: ParsedFeed) -> FeedAddedView:
    named = replace(new, name=new.name or parsed.title or host_of(new.url), language=new.language or parsed.language)
    now, token = poller.runtime.clock(), poller.runtime.new_token()
    with poller.store.write() as tx:
        if not feeds.add_feed(tx, named, now=now):
            raise BadInput(f"{named.url}: this feed is known already; see `reformwatch feed show {named.url}`")
        feed_id = feeds.find_feed(tx, named.url).id
        feed = feeds.claim(tx, [feed_id], token=token, now=now, lease=poller.limits.lease)[0]
        (written,) = poller.writer.apply(tx, [Outcome(feed=feed, fetched=fetched, parsed=parsed)])
        added = feeds.find_feed(tx, named.url)
    cost = interval_cost(added, usual_interval=poller.limits.policy.min_interval)
    return FeedAddedView(feed=name_view(added), summary=poll_line(feed, written.plan), cost=cost)
