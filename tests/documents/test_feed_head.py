"""What a feed document says of itself: hints, hubs, its own address, the page before it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.documents.feed import parse_feed
from reformwatch.documents.feed_head import read_head
from reformwatch.model.entry import ParsedFeed

URL = "https://wire.example/feeds/all.xml"
ITEM = "<item><title>One</title><guid>1</guid><link>https://wire.example/1</link></item>"


def rss(channel: str) -> str:
    names = 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    return f'<rss version="2.0" {names}><channel><title>W</title>{channel}{ITEM}</channel></rss>'


def atom(head: str) -> str:
    entry = '<entry><title>One</title><id>1</id><link rel="self" href="/entry"/><link rel="next" href="/no"/></entry>'
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><id>w</id>{head}{entry}</feed>'


def read(document: str) -> ParsedFeed:
    parsed = parse_feed(document.encode(), url=URL)
    assert isinstance(parsed, ParsedFeed)
    return parsed


@pytest.mark.parametrize("document", [rss, atom])
def test_hubs_and_the_document_s_own_address(document: object) -> None:
    # trust: C25
    # 102 and 103 of websub.rocks/subscriber
    prefix = "atom:" if document is rss else ""
    links = (
        f'<{prefix}link rel="hub" href="https://hub.example/?a=1&amp;b=2"/>'
        f"<{prefix}link href='/self.xml' rel='self' type='application/rss+xml' />"
        f'<{prefix}link rel="hub" href="http://second.example/"/>'
    )
    parsed = read(document(links))  # type: ignore[operator]
    assert parsed.hubs == ("https://hub.example/?a=1&b=2", "http://second.example/")
    assert parsed.self_url == "https://wire.example/self.xml"


@pytest.mark.parametrize(
    ("links", "older"),
    [
        ('<link rel="prev-archive" href="older.xml"/>', "https://wire.example/feeds/older.xml"),
        ('<link rel="next" href="?page=2"/>', "https://wire.example/feeds/all.xml?page=2"),
        ('<link rel="next" href="?page=2"/><link rel="prev-archive" href="/a"/>', "https://wire.example/a"),
        ('<link rel="prev" href="?page=0"/>', None),
        ('<link rel="prev-archive" href="javascript:alert(1)"/>', None),
        ("", None),
    ],
)
def test_the_page_before_this_one(links: str, older: str | None) -> None:
    assert read(atom(links)).archive_url == older
    assert read(rss(links.replace("<link", "<atom:link"))).archive_url == older


def test_a_json_feed_says_the_same() -> None:
    document = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "W", "items": [], "feed_url": "/f.json",'
        '"next_url": "/f.json?page=2", "hubs": [{"type": "rssCloud", "url": "https://x.example"}, "x",'
        '{"type": "WebSub", "url": "https://hub.example/"}]}'
    )
    parsed = read(document)
    assert (parsed.hubs, parsed.self_url) == (("https://hub.example/",), "https://wire.example/f.json")
    assert parsed.archive_url == "https://wire.example/f.json?page=2"


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", timedelta(hours=1)),
        ("<sy:updatePeriod> Daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", timedelta(days=7)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(hours=1)),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
        ("<sy:updateFrequency>2</sy:updateFrequency>", None),
    ],
)
def test_the_syndication_module_says_how_often(said: str, period: timedelta | None) -> None:
    # trust: C17
    assert read(rss(said)).hints.update_period == period


@given(st.text(alphabet="<>/='\" linkrehfub:sxy\n&", max_size=400))
def test_any_text_has_a_head(text: str) -> None:
    read_head(text, url=URL)


def test_a_head_of_many_links_and_no_end_is_read_in_bounded_time() -> None:
    for text in (
        "<link " * 50_000,
        "<link rel='hub' href='/x'>" * 20_000,
        "<link " + "a" * 200_000,
        "<skiphours" * 9_999,
    ):
        read_head(text, url=URL)
