"""Readings end to end: a real store, real sockets, real worker processes, and a clock that is passed in.

Gaps and how they are filled, the pages of entries, sources that are no feeds, documents that a hub pushes, and what the
operator is told.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from msgspec.structs import replace

from conftest import NOW
from reformwatch.model.entry import EntryStatus
from reformwatch.model.feed import Feed, FeedState, Fetched, NewFeed, SourceType, Validators
from reformwatch.model.plan import PollReport
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.model.subscriber import ChannelKind, NewSubscriber
from reformwatch.model.topic import NewTopic
from reformwatch.model.websub import Confirmed, HubState
from reformwatch.pipeline.parsing import ParserPool
from reformwatch.pipeline.poll import Poller
from reformwatch.planning.coverage import coverage
from reformwatch.settings import HttpSettings, Settings
from reformwatch.store import Store, websub
from reformwatch.store.entries import all_entries
from reformwatch.store.feeds import add_feed, change_feed, find_feed, list_feeds, set_state
from reformwatch.store.gaps import gaps_since, readings_of
from reformwatch.store.notices import notices_since
from reformwatch.store.subscribers import add_subscriber
from reformwatch.store.topics import add_topic, find_topic
from reformwatch.wiring.polling import build_client, build_poller
from sample_feeds import changed
from servers import Asked, HttpServer, Wire, reply
from spoken import sentence

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Desk:
    """A poller on a database, with a clock that stands until it is moved."""

    store: Store
    poller: Poller
    server: HttpServer
    now: datetime = NOW
    titles: list[str] = field(default_factory=list)

    def add(self, url: str, **told: object) -> int:
        with self.store.write() as tx:
            add_feed(tx, NewFeed(**({"url": url, "name": "Wire"} | told)), now=self.now)  # type: ignore[arg-type]
            return find_feed(tx, url).id

    def poll(self, *, later: timedelta = timedelta()) -> PollReport:
        self.now += later
        return self.poller.poll_feeds([feed.id for feed in self.feeds()])

    def feeds(self) -> list[Feed]:
        with self.store.read() as tx:
            return list_feeds(tx)

    def stored(self) -> dict[str, EntryStatus]:
        with self.store.read() as tx:
            return {entry.title: entry.status for entry in all_entries(tx)}

    def contents(self) -> dict[str, str]:
        with self.store.read() as tx:
            return {entry.title: entry.content for entry in all_entries(tx)}

    def asked(self) -> list[str]:
        return [asked.target.decode() for asked in self.server.asked]


@pytest.fixture
def desk(store: Store, parser: ParserPool) -> Iterator[Desk]:
    settings = Settings(
        http=HttpSettings(allow_private=("127.0.0.1",), per_host_gap_s=0.0, contact="mailto:a@b.example")
    )
    with HttpServer() as server, build_client(settings) as client:
        made = Desk(store=store, poller=None, server=server)  # type: ignore[arg-type]  # made a line below
        made.poller = build_poller(settings, store, client, parser, owner="test", clock=lambda: made.now)
        with store.write() as tx:
            add_topic(tx, NewTopic(slug="law", name="Law", queries={"any": "law"}), now=NOW)
            reader = NewSubscriber(name="r", channel=ChannelKind.CONSOLE, address="-", unsubscribe_token="t")
            add_subscriber(tx, reader, now=NOW)
        yield made


def rss(numbers: Sequence[int], *, head: str = "", at: datetime = NOW, link: str = "http://wire.example") -> bytes:
    """A feed of numbered items, the newest first, an hour apart up to ``at``."""
    newest = max(numbers, default=0)
    items = "".join(
        f"<item><title>Item number {n} of the wire</title><guid>guid-{n}</guid><link>{link}/{n}</link>"
        f"<pubDate>{format_datetime(at - (newest - n) * HOUR)}</pubDate></item>"
        for n in sorted(numbers, reverse=True)
    )
    channel = f"<title>Wire</title><link>{link}/</link>{head}{items}"
    return f'<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel>{channel}</channel></rss>'.encode()


def ok(body: bytes, kind: str = "application/rss+xml") -> bytes:
    return reply(200, body, {"Content-Type": kind})


# -- gaps


def test_a_feed_that_turned_over_has_a_gap_and_one_that_overlaps_has_none(desk: Desk) -> None:
    feed = desk.add(desk.server.on("/f", ok(rss(range(1, 11))), ok(rss(range(5, 15))), ok(rss(range(40, 50)))))
    desk.poll()
    desk.poll(later=HOUR)
    with desk.store.read() as tx:
        assert gaps_since(tx, NOW - DAY) == []
    desk.poll(later=HOUR)
    with desk.store.read() as tx:
        [gap] = gaps_since(tx, NOW - DAY, feed_id=feed)
    assert (gap.since, gap.until, gap.recovered_at, gap.pages, gap.found) == (NOW + HOUR, NOW + 2 * HOUR, None, 0, 0)
    [after] = desk.feeds()
    assert after.poll.next_poll_at <= desk.now + 1.1 * HOUR, "the interval is as short as it may be"


def test_gaps_that_follow_one_another_are_one(desk: Desk) -> None:
    documents = [ok(rss(range(10 * n, 10 * n + 5))) for n in range(1, 5)]
    desk.add(desk.server.on("/f", *documents, ok(rss(range(40, 46)))))
    for _ in range(5):
        desk.poll(later=HOUR)
    with desk.store.read() as tx:
        gaps = gaps_since(tx, NOW - DAY)
    assert [(gap.since, gap.until) for gap in gaps] == [(NOW + HOUR, NOW + 4 * HOUR)]


def test_an_empty_document_and_a_failing_feed_make_no_gap(desk: Desk) -> None:
    first = ok(rss(range(1, 6)))
    desk.add(
        desk.server.on("/f", first, ok(rss([])), ok(rss(range(6, 9))), reply(500), reply(500), ok(rss(range(8, 12))))
    )
    for _ in range(6):
        desk.poll(later=5 * HOUR)
    with desk.store.read() as tx:
        assert gaps_since(tx, NOW - DAY) == []


def test_a_gap_is_filled_from_the_feed_s_older_pages(desk: Desk) -> None:
    def page(name: str) -> str:
        return f'<a:link rel="prev-archive" href="{desk.server.url(name)}"/>'

    newest = rss(range(40, 50), head=page("/older-1"))
    desk.server.on("/older-1", ok(rss(range(25, 42), head=page("/older-2"))))
    desk.server.on("/older-2", ok(rss(range(5, 27), head=page("/older-3"))))
    desk.add(desk.server.on("/f", ok(rss(range(1, 11))), ok(newest)))
    desk.poll()
    report = desk.poll(later=2 * DAY)
    assert desk.asked() == ["/f", "/f", "/older-1", "/older-2"], "no further back than what is known"
    assert report.new_entries == 39
    assert len(desk.stored()) == 49
    with desk.store.read() as tx:
        [gap] = gaps_since(tx, NOW - DAY)
        assert gaps_since(tx, NOW - DAY, only_open=True) == []
    assert (gap.recovered_at, gap.pages, gap.found) == (desk.now, 2, 29)


def test_older_pages_that_lead_in_a_circle_or_nowhere_leave_the_gap(desk: Desk) -> None:
    circle = f'<a:link rel="prev-archive" href="{desk.server.url("/f")}"/>'
    nowhere = f'<a:link rel="prev-archive" href="{desk.server.url("/not-there")}"/>'
    desk.add(desk.server.on("/f", *(ok(rss(n, head=h)) for n, h in ((range(5), circle), (range(9, 12), circle)))))
    desk.add(desk.server.on("/g", ok(rss(range(5))), ok(rss(range(9, 12), head=nowhere))))
    desk.poll()
    desk.poll(later=DAY)
    with desk.store.read() as tx:
        assert [(gap.recovered_at, gap.found) for gap in gaps_since(tx, NOW - DAY)] == [(None, 0), (None, 0)]
    assert desk.asked().count("/f") == 2


def test_a_gap_is_filled_from_the_news_sitemap_that_robots_txt_names(desk: Desk) -> None:
    site = desk.server.url("")
    desk.server.on(
        "/robots.txt", reply(200, f"Sitemap: {site}/sitemap.xml\nSitemap: {site}/news-sitemap.xml\n".encode())
    )
    urls = "".join(
        f"<url><loc>{site}/{n}</loc><news:news><news:title>Item number {n} of the wire</news:title>"
        f"<news:publication_date>{(NOW + DAY - (50 - n) * HOUR).isoformat()}</news:publication_date></news:news></url>"
        for n in range(3, 49)
    )
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    desk.server.on("/news-sitemap.xml", ok(f"<urlset {space}>{urls}</urlset>".encode(), "application/xml"))
    documents = (rss(range(1, 11), link=site), rss(range(40, 50), at=NOW + DAY, link=site))
    desk.add(desk.server.on("/f", *(ok(body) for body in documents)))
    desk.poll()
    desk.poll(later=DAY)
    assert desk.asked() == ["/f", "/f", "/robots.txt", "/news-sitemap.xml"]
    assert len(desk.stored()) == 49, "an entry is the same whether the feed or the sitemap names it"
    with desk.store.read() as tx:
        [gap] = gaps_since(tx, NOW - DAY)
    assert (gap.found, gap.pages) == (29, 1)
    assert gap.recovered_at is not None


def test_at_most_ten_older_pages_of_a_feed_are_asked_for(desk: Desk) -> None:
    later = NOW + 3 * DAY

    def older(page: int) -> str:
        return f'<a:link rel="prev-archive" href="{desk.server.url(f"/older-{page}")}"/>'

    for page in range(1, 14):
        entries = range(1_000 - 3 * page, 1_003 - 3 * page)
        desk.server.on(f"/older-{page}", ok(rss(entries, head=older(page + 1), at=later - 3 * page * HOUR)))
    newest = rss(range(1_000, 1_003), head=older(1), at=later)
    desk.add(desk.server.on("/f", ok(rss(range(1, 11))), ok(newest)))
    desk.poll()
    report = desk.poll(later=3 * DAY)
    assert desk.asked()[2:] == [f"/older-{page}" for page in range(1, 11)]
    assert report.new_entries == 33, "what the ten pages have is not lost"
    with desk.store.read() as tx:
        [gap] = gaps_since(tx, NOW - DAY)
    assert (gap.recovered_at, gap.pages, gap.found) == (None, 10, 30), "there may be more than was looked at"


def test_at_most_two_news_sitemaps_of_a_site_are_asked_for(desk: Desk) -> None:
    site = desk.server.url("")
    named = "".join(f"Sitemap: {site}/news-{n}.xml\n" for n in range(1, 6))
    desk.server.on("/robots.txt", reply(200, named.encode()))
    documents = (rss(range(1, 11), link=site), rss(range(40, 50), at=NOW + DAY, link=site))
    desk.add(desk.server.on("/f", *(ok(body) for body in documents)))
    desk.poll()
    desk.poll(later=DAY)
    assert desk.asked() == ["/f", "/f", "/robots.txt", "/news-1.xml", "/news-2.xml"]


def test_what_of_a_topic_s_sources_was_read(desk: Desk) -> None:
    desk.add(desk.server.on("/f", ok(rss(range(1, 6))), ok(rss(range(20, 26)))), name="holed", language="en")
    desk.add(desk.server.on("/g", ok(rss(range(1, 6)))), name="whole", language="en")
    desk.poll()
    desk.poll(later=HOUR)
    desk.now += timedelta(minutes=30)
    with desk.store.read() as tx:
        readings = readings_of(tx, find_topic(tx, "law"), since=NOW)
    view = coverage(readings, since=NOW, until=desk.now, now=desk.now)
    assert [feed.name for feed in view.whole] == ["whole"]
    assert [feed.name for feed in view.holed] == ["holed"]


# -- the pages of entries


def article(text: str) -> bytes:
    """A page as news sites make them, with an article long enough to be told from its surroundings."""
    more = " ".join(f"Sentence {n} says more about the matter, at some length and in plain words." for n in range(12))
    menu = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(9))
    story = f"<article><h1>Headline</h1><p>{text}</p><p>{more}</p></article>"
    body = f"<nav><ul>{menu}</ul></nav>{story}<footer>About</footer>"
    return f"<!doctype html><html><head><title>Page</title></head><body>{body}</body></html>".encode()


def test_the_pages_of_new_entries_are_read_matched_and_archived(desk: Desk) -> None:
    site = desk.server.url("")
    desk.server.on("/robots.txt", reply(200, b"User-agent: *\nDisallow: /6\n"))
    desk.server.on("/5", ok(article("The parliament has passed a law on village elections."), "text/html"))
    desk.server.on("/6", ok(article("Another law that nobody may read."), "text/html"))
    desk.server.on("/7", reply(503))
    bodies = (rss(range(1, 5), link=site), rss(range(1, 8), link=site))
    desk.add(desk.server.on("/f", *(ok(body) for body in bodies)), full_text=True)
    desk.poll()
    assert desk.asked() == ["/f"], "a baseline needs no pages"
    report = desk.poll(later=HOUR)
    assert desk.asked()[1:] == ["/f", "/robots.txt", "/7", "/5"], "each page once, newest first, none that is forbidden"
    contents = desk.contents()
    assert "passed a law on village elections" in contents["Item number 5 of the wire"]
    assert "Section 3" not in contents["Item number 5 of the wire"]
    assert contents["Item number 6 of the wire"] == contents["Item number 7 of the wire"] == ""
    assert report.new_entries == 3
    desk.poll(later=HOUR)
    assert desk.asked()[5:] == ["/f"], "what is known is not asked for again"
    assert {entry for entry, status in desk.stored().items() if status is EntryStatus.NEWS} == {
        f"Item number {n} of the wire" for n in (5, 6, 7)
    }


def test_thirty_pages_of_new_entries_are_asked_for_and_the_others_keep_the_feed_s_own_text(desk: Desk) -> None:
    site = desk.server.url("")
    desk.server.on("/robots.txt", reply(404))
    for n in range(2, 40):
        desk.server.on(f"/{n}", ok(article(f"The whole text of item {n}."), "text/html"))
    bodies = [rss(range(1, last + 1), link=site) for last in (1, 39)]
    told = [body.replace(b"<pubDate>", b"<description>In short.</description><pubDate>") for body in bodies]
    desk.add(desk.server.on("/f", *(ok(body) for body in told)), full_text=True)
    desk.poll()
    report = desk.poll(later=2 * DAY)
    assert desk.asked()[1:] == ["/f", "/robots.txt", *(f"/{n}" for n in range(39, 9, -1))], "the newest first"
    assert report.new_entries == 38
    contents = desk.contents()
    for n in range(2, 40):
        title = f"Item number {n} of the wire"
        assert (f"The whole text of item {n}." in contents[title]) == (n >= 10), title
    assert {contents[f"Item number {n} of the wire"] for n in range(2, 10)} == {""}
    with desk.store.read() as tx:
        assert {entry.summary for entry in all_entries(tx)} == {"In short."}


def test_robots_txt_that_can_t_be_read_forbids_and_one_that_is_not_there_allows(desk: Desk) -> None:
    site = desk.server.url("")
    desk.server.on("/robots.txt", reply(500))
    desk.server.on("/3", ok(article("A law."), "text/html"))
    desk.add(desk.server.on("/f", ok(rss([1], link=site)), ok(rss([1, 2, 3], link=site))), full_text=True)
    desk.poll()
    desk.poll(later=HOUR)
    assert desk.asked() == ["/f", "/f", "/robots.txt"]
    desk.server.on("/robots.txt", reply(404))
    desk.server.on("/f", ok(rss([1, 2, 3, 4], link=site)))
    desk.server.on("/4", ok(article("The law is signed."), "text/html"))
    desk.poll(later=2 * HOUR)
    assert desk.asked()[3:] == ["/f", "/robots.txt", "/4"]
    assert "The law is signed." in desk.contents()["Item number 4 of the wire"]


def test_full_text_is_off_unless_it_is_wanted(desk: Desk) -> None:
    site = desk.server.url("")
    feed = desk.add(desk.server.on("/f", ok(rss([1], link=site)), ok(rss([1, 2], link=site))))
    desk.poll()
    desk.poll(later=HOUR)
    assert desk.asked() == ["/f", "/f"]
    with desk.store.write() as tx:
        change_feed(tx, replace(find_feed(tx, str(feed)), full_text=True))
    assert desk.feeds()[0].full_text


# -- sources that are no feeds


def test_the_links_of_a_page_are_entries(desk: Desk) -> None:
    def page(*numbers: int) -> bytes:
        items = "".join(f'<div class="n"><a href="/p/{n}">Decree number {n} on a law</a></div>' for n in numbers)
        return ok(
            f"<html lang='en'><title>Press</title><body>{items}<a href='/x'>x</a></body></html>".encode(), "text/html"
        )

    url = desk.server.on("/press", page(1, 2), page(3, 1, 2))
    desk.add(url, source_type=SourceType.PAGE, item_selector="div.n")
    desk.poll()
    report = desk.poll(later=HOUR)
    assert (report.new_entries, report.alerts) == (1, 1)
    assert desk.stored() == {
        "Decree number 1 on a law": EntryStatus.BASELINE,
        "Decree number 2 on a law": EntryStatus.BASELINE,
        "Decree number 3 on a law": EntryStatus.NEWS,
    }


def test_a_page_on_which_the_selector_finds_nothing_any_more_fails_with_the_reason(desk: Desk) -> None:
    url = desk.server.on("/press", ok(b"<html><body><p>rebuilt</p></body></html>", "text/html"))
    desk.add(url, source_type=SourceType.PAGE, item_selector="div.n")
    desk.poll()
    [feed] = desk.feeds()
    assert feed.poll.failing_since is not None
    assert "selector" in sentence(feed.poll.problem)


# -- pushes


def pushed(body: bytes, url: str) -> Fetched:
    return Fetched(body=body, body_hash="p", url=url, content_type="application/rss+xml", validators=Validators())


def test_a_pushed_document_is_news_and_leaves_the_polls_as_they_were(desk: Desk) -> None:
    # trust: C25
    url = desk.server.on("/f", ok(rss(range(1, 6))))
    feed = desk.add(url)
    desk.poll()
    [before] = desk.feeds()
    desk.now += HOUR
    item = b"<rss version='2.0'><channel><item><title>A new law</title><guid>guid-9</guid></item></channel></rss>"
    report = desk.poller.push(feed, pushed(item, url))
    assert report is not None
    assert (report.new_entries, report.alerts) == (1, 1)
    [after] = desk.feeds()
    assert after == changed(before, last_new_at=desk.now, fingerprints=b""), (
        "validators, due time, hints are the last poll's"
    )
    again = desk.poller.push(feed, pushed(item, url))
    assert again is not None
    assert again.alerts == 0
    with desk.store.read() as tx:
        assert gaps_since(tx, NOW - DAY) == []


def test_a_push_that_can_t_be_read_changes_nothing(desk: Desk) -> None:
    # trust: C25
    url = desk.server.on("/f", ok(rss(range(1, 6))))
    feed = desk.add(url)
    desk.poll()
    [before] = desk.feeds()
    report = desk.poller.push(feed, pushed(b"<html>no feed</html>", url))
    assert report is not None
    assert (report.failed, report.polled) == (1, 0)
    assert desk.feeds() == [before]


def test_the_hub_that_a_polled_document_names_is_remembered_and_polls_become_a_safety_net(desk: Desk) -> None:
    # trust: C25
    link = '<a:link rel="hub" href="https://hub.example/"/><a:link rel="self" href="https://wire.example/f"/>'
    feed = desk.add(
        desk.server.on("/f", ok(rss(range(1, 6), head=link)), ok(rss(range(1, 8), head=link)), ok(rss([9])))
    )
    desk.poll()
    with desk.store.write() as tx:
        held = websub.find(tx, feed)
        assert held is not None
        assert (held.hub, held.topic, held.state) == ("https://hub.example/", "https://wire.example/f", HubState.WANTED)
        websub.confirm(tx, held, Confirmed(challenge="c", lease_until=NOW + 9 * DAY, renew_at=NOW + 7 * DAY))
    desk.poll(later=HOUR)
    assert desk.feeds()[0].poll.next_poll_at >= desk.now + DAY
    desk.poll(later=DAY)
    with desk.store.read() as tx:
        assert websub.find(tx, feed) is None, "the feed names no hub any more"


def test_a_push_waits_for_the_poll_that_holds_the_feed(desk: Desk) -> None:
    url = desk.server.on("/f", ok(rss(range(1, 6))))
    feed = desk.add(url)
    desk.poll()
    is_asked, release = threading.Event(), threading.Event()

    def slow(wire: Wire, _asked: Asked) -> None:
        is_asked.set()
        release.wait(60)
        wire.send(ok(rss(range(1, 7))))

    desk.server.on("/f", slow)
    polling = threading.Thread(target=desk.poll, kwargs={"later": HOUR})
    polling.start()
    assert is_asked.wait(60)
    assert desk.poller.push(feed, pushed(rss([9]), url), patience_s=0.2) is None, "held by the poll"
    timer = threading.Timer(0.3, release.set)
    timer.start()
    report = desk.poller.push(feed, pushed(rss([9]), url), patience_s=60)
    polling.join()
    assert report is not None
    assert report.new_entries == 1


def test_a_paused_feed_takes_no_push(desk: Desk) -> None:
    url = desk.server.on("/f", ok(rss(range(1, 6))))
    feed = desk.add(url)
    desk.poll()
    with desk.store.write() as tx:
        set_state(tx, feed, FeedState.PAUSED, now=desk.now)
    assert desk.poller.push(feed, pushed(rss([9]), url), patience_s=0.1) is None


# -- what the operator is told


def test_the_operator_is_told_once_when_a_feed_has_failed_for_a_day_and_once_when_it_is_back(desk: Desk) -> None:
    good = ok(rss(range(1, 6)))
    desk.add(desk.server.on("/f", good, *[reply(403)] * 6, good, good))
    for _ in range(9):
        desk.poll(later=8 * HOUR)
    with desk.store.read() as tx:
        told = [(one.kind.value, one.at) for one in notices_since(tx, NOW)]
    assert told == [("back", NOW + 64 * HOUR), ("failing", NOW + 40 * HOUR)]
    with desk.store.read() as tx:
        problem = notices_since(tx, NOW)[1].problem
    assert problem == Problem.of(ProblemCode.HTTP_STATUS, status=403)


def test_a_feed_that_is_gone_is_told_of_and_asked_no_more(desk: Desk) -> None:
    # trust: C13
    desk.add(desk.server.on("/f", ok(rss([1])), reply(410)))
    desk.poll()
    desk.poll(later=HOUR)
    desk.poll(later=HOUR)
    assert len(desk.asked()) == 2
    with desk.store.read() as tx:
        assert [one.kind.value for one in notices_since(tx, NOW)] == ["gone"]
