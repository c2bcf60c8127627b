"""Documents: a web page as a feed: which items, which of their links, what they say, and what is told instead."""

from datetime import UTC, datetime

import pytest
from cssselect import HTMLTranslator
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from reformwatch.documents import page as page_module
from reformwatch.documents.feed import MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE
from reformwatch.documents.html import MAX_ELEMENTS
from reformwatch.documents.page import MAX_SELECTOR, parse_page, selector_problem
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import document_phrase
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from spoken import what_came

URL = "https://akimat.example/news/"


def page(body: str, *, head: str = "<title>News of the akimat</title>", attributes: str = 'lang="kk"') -> bytes:
    """A web page."""
    return f"<!doctype html><html {attributes}><head>{head}</head><body>{body}</body></html>".encode()


def read(body: bytes, *, selector: str = "article", content_type: str | None = None) -> ParsedFeed:
    """A page on which the selector finds something."""
    parsed = parse_page(body, url=URL, selector=selector, content_type=content_type)
    assert isinstance(parsed, ParsedFeed), parsed
    return parsed


def only(body: str, *, selector: str = "article") -> ParsedEntry:
    """The only entry of a page."""
    [entry] = read(page(body), selector=selector).entries
    return entry


def refused(body: bytes, *, selector: str = "article", content_type: str | None = None) -> str:
    """Why a page is not read."""
    parsed = parse_page(body, url=URL, selector=selector, content_type=content_type)
    assert isinstance(parsed, Unreadable), parsed
    return what_came(parsed)


# -- items


def test_a_usual_item_has_link_title_summary_and_time() -> None:
    entry = only(
        """<article><a href="/politics">Politics</a><time datetime="2022-03-16T10:00+05:00">today</time>
        <h3><a href="akims?utm_source=front">Akims &amp; voters</a></h3>
        <p>The law <b>passed</b>.</p><p>More to come.</p>
        <script>track()</script></article>"""
    )
    assert (entry.url, entry.title) == ("https://akimat.example/news/akims", "Akims & voters")
    assert entry.summary == "Politics\nThe law passed.\nMore to come."
    assert entry.published == datetime(2022, 3, 16, 5, 0, tzinfo=UTC)
    assert (entry.guid, entry.key) == (None, "link://akimat.example/news/akims")


@pytest.mark.parametrize(
    ("item", "link", "title"),
    [
        ('<article><a href="/a">Akims</a> and voters</article>', "/a", "Akims"),
        ('<article><a href="/a"><h2>Akims</h2><p>Text</p></a></article>', "/a", "Akims"),
        ('<a href="/a"><article><h2>Akims</h2></article></a>', "/a", "Akims"),
        ('<article><a href="/pic"><img></a><a href="/a">Akims</a></article>', "/a", "Akims"),
        ('<article><a href="/pic"><img></a> Akims</article>', "/pic", "Akims"),
        (
            '<article><a href="#top">Up</a><a href="javascript:share()">Share</a><a href="/a">Akims</a></article>',
            "/a",
            "Akims",
        ),
        (
            '<article><a href="https://akimat.example/news/#c">2 comments</a><a href="/a">Akims</a></article>',
            "/a",
            "Akims",
        ),
        ('<article><a href="">Empty</a><a>None</a><a href="/a">Akims</a></article>', "/a", "Akims"),
        ('<article><h2> </h2><a href="/a">Akims</a></article>', "/a", "Akims"),
        ("<article>Akims</article>", None, "Akims"),
    ],
)
def test_the_link_is_the_one_that_the_item_is_about(item: str, link: str | None, title: str) -> None:
    entry = only(item)
    assert (entry.url, entry.title) == (f"https://akimat.example{link}" if link else None, title)


def test_an_item_may_be_the_link_itself() -> None:
    feed = read(page('<ul><li><a class=n href="/1">First</a><li><a class=n href="/2">Second</a></ul>'), selector="a.n")
    assert [(entry.url, entry.title, entry.summary) for entry in feed.entries] == [
        ("https://akimat.example/1", "First", ""),
        ("https://akimat.example/2", "Second", ""),
    ]


def test_a_page_that_two_items_lead_to_is_one_entry_with_a_title() -> None:
    feed = read(
        page('<a href="/1"><img></a><a href="/1">First</a><a href="/2">Second</a><a href="/1">More</a>'), selector="a"
    )
    assert [entry.title for entry in feed.entries] == ["First", "Second"]


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ('<time datetime="2022-03-16">16 наурыз</time>', datetime(2022, 3, 16, tzinfo=UTC)),
        ('<meta itemprop="datePublished" content="2022-03-16T10:00Z">', datetime(2022, 3, 16, 10, tzinfo=UTC)),
        ('<time datetime="soon"></time><time datetime="2022-03-16"></time>', datetime(2022, 3, 16, tzinfo=UTC)),
        ("<time>16 марта 2022</time>", None),
        ("<span>hace dos días</span>", None),
    ],
)
def test_a_time_is_read_where_it_is_meant_for_machines_and_never_guessed(told: str, time: datetime | None) -> None:
    assert only(f'<article><a href="/a">Akims</a>{told}</article>').published == time


def test_text_is_text_and_bounded() -> None:
    entry = only(
        f'<article><h2>A &lt;b&gt; tag {"x" * 2_000}</h2><a href="/a">l</a><p>&lt;script&gt; {"y " * 20_000}</article>'
    )
    assert entry.title.startswith("A <b> tag xxx")
    assert len(entry.title) == MAX_TITLE
    assert entry.summary.startswith("l\n<script> y y")
    assert len(entry.summary) <= MAX_SUMMARY


def test_of_too_many_items_the_first_are_kept() -> None:
    feed = read(page("".join(f'<a href="/{number}">{number}</a>' for number in range(MAX_ENTRIES + 7))), selector="a")
    assert (len(feed.entries), feed.dropped) == (MAX_ENTRIES, 7)


# -- the page


def test_what_the_page_says_of_itself() -> None:
    head = """<base href="https://cdn.example/x/"><title> News
    of the akimat</title><link rel="hub" href="https://hub.example/"><link rel="HUB alternate" href="/hub">
    <link rel=self href="">
    <link rel="self" href="https://akimat.example/topic"><link rel=hub href="javascript:x">"""
    feed = read(page('<article><a href="1">Akims</a></article>', head=head, attributes="lang=kk-KZ"))
    assert (feed.format, feed.title, feed.language, feed.site_url) == ("page", "News of the akimat", "kk", URL)
    assert feed.entries[0].url == "https://cdn.example/x/1"
    assert feed.hubs == ("https://hub.example/", "https://cdn.example/hub")
    assert feed.self_url == "https://akimat.example/topic"


@pytest.mark.parametrize(
    ("head", "encoding", "content_type"),
    [
        ('<meta charset="windows-1251">', "cp1251", "text/html"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251", None),
        ('<meta charset="utf-8">', "cp1251", "text/html; charset=windows-1251"),
        ('<meta charset="windows-1251">', "utf-8", "text/html; charset=utf-8"),
        ("", "utf-8", None),
        ("", "utf-16", None),
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_or_its_server_says(
    head: str, encoding: str, content_type: str | None
) -> None:
    body = page('<article><a href="/1">Выборы акимов</a></article>', head=head).decode().encode(encoding)
    assert read(body, content_type=content_type).entries[0].title == "Выборы акимов"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (page("<p>x</p>"), "the selector finds nothing on this page (\u201cNews of the akimat\u201d): article"),
        (page("<article> </article>" * 3), "the selector finds 3 items without link or text on this page"),
        (b"", "an empty reply, not a web page"),
        (b'{"items": []}', "no web page but application/json"),
        (b"<!-- nothing -->", "a web page, but without markup"),
        (page("<div>" * 300), "refused: elements nested deeper than 250"),
        (page("<br>" * (MAX_ELEMENTS + 1)), "refused: more than 20,000 elements"),
        (page(f"<p {' '.join(f'a{n}' for n in range(100_000))}>"), "refused: an element <p> with 100,000 attributes"),
        (
            page(f"<p {' '.join(f'a{n}=' + chr(39) + '<>' + chr(39) for n in range(9_000))}>"),
            "refused: an element <p> with 9,000",
        ),
        (b"x" * 10_000_001, "refused: a page of 10,000,001 characters"),
    ],
)
def test_what_is_not_read_is_called_what_it_is(body: bytes, reason: str) -> None:
    kind = "application/json" if body.startswith(b"{") else "text/html"
    assert refused(body, content_type=kind).startswith(reason)


# -- selectors


@pytest.mark.parametrize(
    "selector",
    [
        "", " ", "a[", "div >", "$x", "//div", "a::text", "svg|a", "a:unknown", ":not(" * 90, "x" * (MAX_SELECTOR + 1),
        "a\x00[",
    ],
)  # fmt: skip
def test_what_is_no_selector_is_told_in_one_line(selector: str) -> None:
    problem = selector_problem(selector)
    assert problem is not None
    told = document_phrase(problem, ENGLISH)
    assert told.startswith("selector ")
    assert len(told) < 300
    assert "\n" not in told
    assert refused(page(""), selector=selector) == told


SELECTORS = (
    "a",
    "*",
    "li a",
    "ul > li",
    "li + li",
    "li ~ li",
    "h2 ~ ul li",
    "div p + p",
    "ul li:nth-child(2) a",
    "li:last-child",
    "div *",
    "p:not(.x)",
    "div:has(a)",
    ".x .y",
    ".x > .y ~ p",
    "a, p",
    "#i a",
    "li:first-of-type + li",
    "div > * + *",
    "[class~=x] a",
    ":is(h2, p) a",
)


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_selector_is_one(selector: str) -> None:
    assert selector_problem(selector) is None


NODES = st.recursive(
    st.sampled_from(["<a href=/x>l</a>", "<p class=x>t</p>", "<h2 id=i>h</h2>", "<p></p>"]),
    lambda inner: st.builds(
        lambda tag, some: f"<{tag}>{''.join(some)}</{tag.split()[0]}>",
        st.sampled_from(["div", "ul", "li", "div class='x y'", "span class=y"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@given(NODES)
def test_a_selector_finds_what_cssselect_finds(markup: str) -> None:
    root = html.document_fromstring(f"<body>{markup}</body>")
    for selector in SELECTORS:
        theirs = etree.XPath(HTMLTranslator().css_to_xpath(selector))(root)
        assert page_module._compiled(selector)(root) == theirs, selector


# -- anything at all

BITS = st.sampled_from(
    [
        "<html lang=",
        "<body>",
        "<article>",
        "</article>",
        "<a href='",
        "<a href=/x>",
        "'>",
        "<h1>",
        "<time datetime=2022>",
        "<base href=x:>",
        "<!--",
        "-->",
        "<script>",
        "<table>",
        "<td>",
        "<svg>",
        "<select>",
        "&#xD800;",
        "&",
        "\x00",
        "<title>",
        "<meta charset=utf-7>",
        "<p a='",
    ]
)


def _joined(bits: list[str]) -> bytes:
    return "".join(bits).encode("utf-8", "replace")


ANYTHING = st.binary(max_size=300) | st.lists(BITS | st.text(max_size=8), max_size=40).map(_joined)


@given(ANYTHING, st.sampled_from(["a", "*", "article", "body > * ~ *"]))
def test_no_page_breaks_the_reader(body: bytes, selector: str) -> None:
    parsed = parse_page(body, url=URL, selector=selector)
    if isinstance(parsed, Unreadable):
        assert 0 < len(what_came(parsed)) < 300
    else:
        assert parsed.entries
        assert len({entry.key for entry in parsed.entries}) == len(parsed.entries)


@given(
    st.text(max_size=40),
    st.lists(st.sampled_from([*"a*.#[]=\"'():>+~, ", "not", "nth-child", "has", "x"])).map("".join),
)
def test_no_selector_does_more_than_to_be_refused(text: str, composed: str) -> None:
    for selector in (text, composed):
        parse_page(page("<a href=/x>y</a>"), url=URL, selector=selector)
