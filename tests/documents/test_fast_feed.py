"""Documents: the fast reader says what feedparser says, or nothing, on real and made-up documents."""

import warnings
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from feedparser.api import StrictFeedParser
from feedparser.datetimes.rfc822 import months
from hypothesis import example, given
from hypothesis import strategies as st

from reformwatch.documents import limits as guard
from reformwatch.documents.fast_feed import read_fast
from reformwatch.documents.feed import parse_feed, parse_thoroughly
from reformwatch.documents.feedparser_names import PREFIXES, RULED
from reformwatch.model.entry import ParsedFeed

URL = "https://courier.example/feed.xml"
SHARES = 4
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "own": "https://courier.example/ns",
}
DECLARED = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMESPACES.items())

pytestmark = pytest.mark.filterwarnings(
    "ignore:To avoid breaking existing software while fixing issue 310:DeprecationWarning"
)


def rss(inside: str, *, root: str = f'<rss version="2.0"{DECLARED}>') -> str:
    """An RSS document with this in its channel."""
    return f"{root}<channel><title>The Courier</title><link>https://courier.example/</link>{inside}</channel></rss>"


def atom(inside: str, *, root: str = f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED}>') -> str:
    """An Atom document with this in its feed."""
    return f'{root}<title>The Courier</title><link href="https://courier.example/"/>{inside}</feed>'


def both_say_the_same(body: bytes) -> bool:
    """Whether the fast reader read the document. Fails where feedparser reads it in another way."""
    by_both = parse_feed(body, url=URL)
    assert by_both == parse_thoroughly(body, url=URL)
    return isinstance(by_both, ParsedFeed) and read_fast(body.decode("utf-8", "replace")) is not None


# --- real documents --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_document_is_read_as_feedparser_reads_it(shared: Path, share: int) -> None:
    # trust: D01, D02, D08, D10
    folders = [shared / "data" / name for name in ("feeds_captured", "feeds_reconstructed", "hostile")]
    mine = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())[share::SHARES]
    assert len(mine) > 1_000
    for path in mine:
        body = path.read_bytes()
        try:
            assert parse_feed(body, url=URL) == parse_thoroughly(body, url=URL)
        except Exception as broken:
            broken.add_note(f"document: {path.relative_to(shared)}")
            raise


@pytest.mark.slow
def test_most_captured_feeds_take_the_quick_way(shared: Path) -> None:
    folders = [shared / "data" / name for name in ("feeds_captured", "feeds_reconstructed")]
    paths = [path for folder in folders for path in sorted(folder.glob("*.xml")) if "NewsML" not in path.name]
    ways = Counter(both_say_the_same(path.read_bytes()) for path in paths)
    assert ways[True] >= 0.9 * len(paths), ways


# --- made-up documents -----------------------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(
        [
            *"aZ 9<>&;#:/.,@()'\"-_=\n\t",
            "ы",
            "ң",
            "é",
            "Ã",
            "©",
            "\u00a0",
            "\u2028",
            "😀",
            "\u200b",
            "&amp;",
            "\u0092",
            "&#146;",
            "&#x92;",
            "&#xe9;",
        ]
    ),
    max_size=12,
).map("".join)
PHRASES = st.one_of(
    WORDS,
    st.sampled_from(
        [
            "",
            " ",
            "A title",
            "Выборы акимов",
            "<b>bold</b> &amp; plain",
            "<p>One.</p>\n<p>Two.</p>",
            "a &lt; b",
            "it&#39;s",
            "https://courier.example/a?x=1&y=2",
            "/mayors",
            "//cdn.courier.example/a",
            "https://courier.example",
            "mailto:a@b.example",
            "a@b.example (A. Person)",
            "A. Person <a@b.example>",
            "A. Person",
            "one, two,,three",
            "Ã<![CDATA[©]]>",
            "Ð¿ÑÑ",
            "naïve café",
            "&nbsp;x",
        ]
    ),
)
DATES = st.one_of(
    PHRASES,
    st.datetimes().map(lambda at: at.isoformat()),
    st.datetimes().map(lambda at: f"{at:%a, %d %b %Y %H:%M:%S} +0600"),
    st.sampled_from(
        [
            "Wed, 16 Mar 2022 10:00:00 GMT",
            "Wed, 16 Mar 2022 10:00 EST",
            "16 Mar 22 10:00:00 +06:00",
            "2022-03-16",
            "2022-03-16T10:00:00Z",
            "2022-03-16T10:00:00.123+06:00",
            "2022-03-16 10:00:00",
            "20220316",
            "Mar 16, 2022",
            "16.03.2022 10:00",
            "0000-00-00T00:00:00Z",
            "Wed Mar 16 10:00:00 2022",
            "T",
            "2022",
            "Wed, 2022/03/16 10:00:00 EDT",
            "Wed, 2022/33/16 10:00:00 EDT",
            "now",
        ]
    ),
)


def dressed(text: str, dress: str) -> str:
    """A text in markup: escaped, in a section, in references, with a comment inside, with blanks around."""
    if not text.isprintable() and dress == "raw":
        dress = "escaped"
    cdata = text.replace("]]>", "")
    return {
        "escaped": escape(text),
        "twice": escape(escape(text)),
        "cdata": f"<![CDATA[{cdata}]]>",
        "both": f" {escape(text)}\n<![CDATA[ {cdata} ]]> ",
        "references": "".join(f"&#{ord(c)};" if ord(c) > 31 else escape(c) for c in text),
        "comment": f"<!-- {escape(text).replace('-', '')} -->{escape(text)}<?php no ?>",
        "blanks": f"\n\t {escape(text)} \u00a0\n",
        "raw": text,
    }[dress]


DRESSES = st.sampled_from(
    ["escaped", "escaped", "twice", "cdata", "cdata", "both", "references", "comment", "blanks", "raw"]
)


@st.composite
def element(draw: st.DrawFn, names: tuple[str, ...], *, texts: st.SearchStrategy[str], attributes: str = "") -> str:
    """An element of one of these names, with some of the attributes (``name=value`` and blanks between) or none."""
    name = draw(st.sampled_from(names))
    some = draw(st.lists(st.sampled_from(attributes.split()), max_size=3, unique=True)) if attributes else []
    pairs = {pair.partition("=")[0]: pair.partition("=")[2] for pair in some}
    told = "".join(f" {key}={quoteattr(value)}" for key, value in pairs.items())
    text = dressed(draw(texts), draw(DRESSES))
    return f"<{name}{told}>{text}</{name}>" if text or draw(st.booleans()) else f"<{name}{told}/>"


#: Some of these are not the fast reader's; it has to notice.
TYPES = "type=text type=html type=HTML type=text/plain mode=escaped own:x=y xml:lang=es type=xhtml mode=base64"
LINKS = (
    "href=/a href=https://courier.example/b?x=1&amp;y=2 href= rel=alternate rel=self rel=Hub rel=prev-archive "
    "type=text/html type=application/pdf url=/c uri=/d hreflang=kk own:href=/e"
)
ELEMENTS = (
    element(("title", "title", "dc:title", "media:title"), texts=PHRASES, attributes=TYPES),
    element(("link", "link", "atom:link"), texts=PHRASES, attributes=LINKS),
    element(
        ("description", "summary", "media:description", "itunes:summary", "dc:description", "abstract", "tagline"),
        texts=PHRASES,
        attributes=TYPES,
    ),
    element(("content", "content:encoded"), texts=PHRASES, attributes=f"{TYPES} src=/x"),
    element(
        ("pubDate", "published", "updated", "dc:date", "issued", "dcterms:created", "lastBuildDate", "modified"),
        texts=DATES,
    ),
    element(("guid", "id"), texts=PHRASES, attributes="isPermaLink=false isPermaLink=true isPermaLink=no"),
    element(("author", "dc:creator", "managingEditor", "itunes:author", "webMaster", "dc:contributor"), texts=PHRASES),
    element(
        ("category", "dc:subject", "media:category", "media:keywords", "itunes:keywords", "keywords"),
        texts=PHRASES,
        attributes="term=a term= domain=x scheme=y label=L",
    ),
    element(("language", "dc:language", "ttl", "sy:updatePeriod"), texts=PHRASES, attributes="a=b"),
    element(
        ("source", "comments", "image", "rights", "generator", "enclosure"),
        texts=PHRASES,
        attributes="url=/f type=text",
    ),
    element(
        ("own:what", "slash:comments", "what", "media:credit", "date", "logo"), texts=PHRASES, attributes="a=b own:c=d"
    ),
)


@st.composite
def spoken(draw: st.DrawFn) -> str:
    """An element that has text inside."""
    return draw(draw(st.sampled_from(ELEMENTS)))


@st.composite
def person(draw: st.DrawFn) -> str:
    """An author or contributor with parts."""
    name = draw(st.sampled_from(["author", "author", "contributor", "atom:author"]))
    part = element(("name", "name", "email", "uri", "own:image", "url"), texts=PHRASES, attributes="rel=x")
    return f"<{name}>{''.join(draw(st.lists(part, max_size=3)))}</{name}>"


@st.composite
def group(draw: st.DrawFn) -> str:
    """Something with elements inside."""
    name = draw(st.sampled_from(["media:group", "media:content", "image", "own:group", "item", "source"]))
    told = draw(st.sampled_from(["", ' url="/g"']))
    return f"<{name}{told}>{''.join(draw(st.lists(spoken(), max_size=3)))}</{name}>"


@st.composite
def said(draw: st.DrawFn) -> str:
    """What a feed or an entry says."""
    kinds = draw(st.lists(st.sampled_from([spoken] * 12 + [person, person, group]), max_size=7))
    return "\n".join(draw(kind()) for kind in kinds)


ROOTS = st.sampled_from(
    [
        f'<rss version="2.0"{DECLARED}>',
        f'<rss version="2.0"{DECLARED} xml:lang="ru_KZ">',
        f'<rss version="0.91"{DECLARED}>',
        f"<rss{DECLARED} lang='kk'>",
        f'<rss xmlns="http://backend.userland.com/RSS2" version="2.0"{DECLARED}>',
        f'<rss xmlns="http://purl.org/rss/1.0/" version="2.0"{DECLARED}>',
    ]
)
FEEDS = st.sampled_from(
    [
        f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED}>',
        f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED} xml:lang="es-MX">',
        f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED} xml:base="https://courier.example/news/">',
        f'<feed version="0.3" xmlns="http://purl.org/atom/ns#"{DECLARED}>',
        f"<feed{DECLARED}>",
    ]
)


@given(root=ROOTS, head=said(), items=st.lists(said(), max_size=3), tail=said())
def test_any_rss_is_read_as_feedparser_reads_it(root: str, head: str, items: list[str], tail: str) -> None:
    entries = "".join(f"<item>{inside}</item>" for inside in items)
    both_say_the_same(f"{root}<channel>{head}{entries}{tail}</channel></rss>".encode("utf-8", "replace"))


@given(root=FEEDS, head=said(), items=st.lists(said(), max_size=3))
def test_any_atom_is_read_as_feedparser_reads_it(root: str, head: str, items: list[str]) -> None:
    entries = "".join(f"<entry>{inside}</entry>" for inside in items)
    both_say_the_same(f"{root}{head}{entries}</feed>".encode("utf-8", "replace"))


@given(head=said(), items=st.lists(said(), max_size=3))
def test_any_rdf_is_read_as_feedparser_reads_it(head: str, items: list[str]) -> None:
    entries = "".join(f'<item rdf:about="/{i}">{inside}</item>' for i, inside in enumerate(items))
    root = (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"{DECLARED}>'
    )
    both_say_the_same(f"{root}<channel>{head}</channel>{entries}</rdf:RDF>".encode("utf-8", "replace"))


# --- what it knows ---------------------------------------------------------------------------------------------------

IN_AN_ENTRY = {
    "a guid that is the link": "<guid>https://courier.example/1</guid>",
    "a guid beside an empty link": "<link/><guid>https://courier.example/1</guid><title>t</title>",
    "two titles": "<title>a</title><title>b</title>",
    "a film's title before the entry's": "<media:group><media:title>a</media:title></media:group><title>b</title>",
    "a film's title alone": "<media:content url='x'><media:title>a</media:title></media:content>",
    "an empty title before a full one": "<title/><dc:title>b</dc:title>",
    "two descriptions": "<description>a</description><media:description>b</media:description>",
    "content before the summary": "<content:encoded>a</content:encoded><description>b</description>",
    "two authors": "<dc:creator>A</dc:creator><dc:creator>B</dc:creator>",
    "an author's parts": "<author><name>A</name><email>a@b.example</email></author>",
    "two authors with parts": "<author><name>A</name></author><author><email>b</email></author>",
    "an author's picture": "<author><name>A</name><own:image src='x'/></author>",
    "the last date is no date": "<pubDate>Wed, 16 Mar 2022 10:00:00 GMT</pubDate><pubDate/>",
    "dates to a part of a second": "<published>2022-03-16T10:00:00.123+05:00</published>",
    "dates whose zone has another name": "<pubDate>Wed, 16 Mar 2022 10:00:00 UTC</pubDate>",
    "a category twice": "<category domain='d'>a</category><category>a</category><category>a</category>",
    "UTF-8 taken for Latin-1": "<title>Ã©lection</title>",
    "a link with an entity too many": "<link>/a?b=1&amp;amp;c;=2</link>",
    "comments in texts": "<title>a<!-- b -->c<?d e?>f</title><author><name>A<!-- b -->B</name></author>"
    "<guid><!-- -->g<![CDATA[<]]></guid>",
    "an unknown element in an author": "<author>a<own:b c='d'>e<own:f g='h'/>i</own:b>j<name>A</name>k</author>"
    "<title>t</title>",
    "texts around elements": "a<own:b>c<title>d</title>e</own:b>f",
    "a namespace that nobody knows": "<site xmlns='com-wordpress:feed-additions:1'>1</site>",
}
IN_A_FEED = {
    "a picture with a title": "<image><title>a</title><link>/i</link><url>/u</url></image><title>b</title>",
    "hours to skip": "<skipHours><hour>1</hour><hour>2</hour></skipHours><ttl>60</ttl>",
}
KNOWN = IN_A_FEED | {name: f"<item>{inside}</item>" for name, inside in IN_AN_ENTRY.items()}


@pytest.mark.parametrize("inside", KNOWN.values(), ids=KNOWN)
def test_what_is_known_is_read_fast(inside: str) -> None:
    assert both_say_the_same(rss(inside).encode())


VERSIONS = {
    "RDF whose namespace comes late": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel '
    'xmlns="http://purl.org/rss/1.0/"><title>t</title></channel><item xmlns="http://www.w3.org/2005/Atom"/></rdf:RDF>',
    "RSS that knows Atom": f'<rss version="0.92" xmlns:a="http://www.w3.org/2005/Atom"{DECLARED}><channel/></rss>',
    "Atom that knows RDF inside": atom('<entry xmlns:r="http://purl.org/rss/1.0/"><title>t</title></entry>'),
}


@pytest.mark.parametrize("document", VERSIONS.values(), ids=VERSIONS)
def test_the_version_is_the_one_that_feedparser_sees(document: str) -> None:
    assert both_say_the_same(document.encode())


UNKNOWN = {
    "RSS and RDF at once": '<rss version="2.0"><channel xmlns:r="http://purl.org/rss/1.0/"><title>t</title></channel></rss>',
    "Atom of no namespace with one inside": '<feed><entry xmlns="http://www.w3.org/2005/Atom"><id>t</id></entry></feed>',
    "an address that looks like ElementTree's": rss('<own:a xmlns:x="urn:{x}" x:b="c"/>'),
    "markup that is not well-formed": rss("<item><title>a</item>"),
    "an entity of HTML": rss("<item><title>a&nbsp;b</title></item>"),
    "a document type": "<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss("<item><title>&a;</title></item>"),
    "a document type in a comment": "<!--\n<!DOCTYPE netscape>\n-->" + rss(""),
    "a web page": "<html><body><p>t</p></body></html>",
    "another vocabulary": "<NewsML><NewsItem/></NewsML>",
    "a base": atom('<entry xml:base="/x/"><title>t</title></entry>'),
    "a base of any namespace": rss('<item own:base="/x/"><title>t</title></item>'),
    "elements in a title": rss("<item><title>a <b>b</b></title></item>"),
    "XHTML": atom('<entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a</div></content></entry>'),
    "base64": atom('<entry><title mode="base64">YQ==</title></entry>'),
    "a type of file": atom('<entry><content type="application/pdf">YQ==</content></entry>'),
    "an item in an item": rss("<item><item><title>t</title></item></item>"),
    "an Atom source": atom("<entry><source><title>t</title></source></entry>"),
    "a search box": rss("<textInput><title>t</title></textInput>"),
    "a second author after a mail address": rss(
        "<item><author>a@b.example (A)</author><author><name>B</name></author></item>"
    ),
    "a prefix with two meanings": rss('<item xmlns:dc="urn:x"><dc:creator>A</dc:creator></item>'),
    "letters of Windows-1252": rss("<item><title>it\u0092s</title></item>"),
    "letters of Windows-1252 as references": rss("<item><title>it&#146;s</title></item>"),
    "letters of Windows-1252 as references in hexadecimal": rss("<item><title>it&#x0092;s</title></item>"),
    "too many slashes": rss("<item><link>http:////courier.example/</link></item>"),
    "a date that breaks feedparser": rss("<item><pubDate>Wed, 2022/33/16 10:00:00 EDT</pubDate></item>"),
    "a date without a time": rss("<item><dc:date>2022-03-16</dc:date></item>"),
    "a date of a zone by its name": rss("<item><pubDate>Wed, 16 Mar 2022 10:00:00 EST</pubDate></item>"),
    "a name of feedparser's own": rss("<item><authors>A</authors><title>t</title></item>"),
    "an author without end": rss(f"<item><author>{'a ' * guard.MAX_AUTHOR_CHARACTERS}</author></item>"),
}


@pytest.mark.parametrize("document", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_left_to_feedparser(document: str) -> None:
    assert read_fast(document) is None
    assert not both_say_the_same(document.encode())


HURTING = {
    "depth": rss("<own:a>" * guard.MAX_DEPTH + "</own:a>" * guard.MAX_DEPTH),
    "elements": rss("<own:a/>" * guard.MAX_ELEMENTS),
    "attributes": rss("<own:a" + "".join(f' a{i}=""' for i in range(guard.MAX_ATTRIBUTES + 1)) + "/>"),
    "namespaces": rss("".join(f'<own:a xmlns:n{i}="urn:{i}"/>' for i in range(guard.MAX_NAMESPACES + 1))),
    "namespaces that are none": rss("".join(f'<own:a xmlns{i}=""/>' for i in range(guard.MAX_NAMESPACES + 1))),
    "tags": rss("<item>" + "".join(f"<category>{i}</category>" for i in range(1_000)) + "</item>"),
}


@pytest.mark.parametrize("document", HURTING.values(), ids=HURTING)
def test_the_quick_reader_takes_nothing_that_the_guard_refuses(document: str) -> None:
    # trust: D01, D02
    assert read_fast(document) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_feed(document.encode(), url=URL) == parse_thoroughly(document.encode(), url=URL)


def test_the_names_that_feedparser_knows_are_those_written_down() -> None:
    methods = {name for name in dir(StrictFeedParser) if name.startswith(("_start_", "_end_"))}
    assert {name.split("_", 2)[2] for name in methods} == RULED
    assert {uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items() if uri} == PREFIXES


# --- dates -----------------------------------------------------------------------------------------------------------

ZONES = st.tuples(st.sampled_from("+-"), st.integers(0, 26), st.sampled_from([0, 30, 45, 59, 60])).map(
    lambda zone: "{}{:02}:{:02}".format(*zone)
)
NUMBERS = st.tuples(*(st.integers(0, most) for most in (13, 32, 24, 60, 61)))
WEEKDAYS = st.sampled_from(["", "Mon, ", "Sat, "])


@given(
    year=st.integers(1890, 2110),
    numbers=NUMBERS,
    zone=st.just("Z") | ZONES,
    fraction=st.sampled_from(["", ".5", ".999", ".123456789"]),
    weekday=WEEKDAYS,
    utc=st.sampled_from(["GMT", "UTC", "UT", "Z"]),
    is_mail=st.booleans(),
)
def test_a_usual_date_is_the_one_that_feedparser_reads(
    year: int, numbers: tuple[int, ...], zone: str, fraction: str, weekday: str, utc: str, is_mail: bool
) -> None:
    month, day, hour, minute, second = numbers
    date = f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    if is_mail:
        name = (*months, "jan", "dec")[month - 1].title()
        shown_zone = utc if zone == "Z" else zone.replace(":", "", bool(fraction))
        date = f"{weekday}{day} {name} {year} {hour:02}:{minute:02}:{second:02} {shown_zone}"
    both_say_the_same(rss(f"<item><title>t</title><pubDate>{date}</pubDate></item>").encode())


# --- what it need not look at ----------------------------------------------------------------------------------------

PIECES = ["<author>", "</author>", "<dc:creator a='b'>", "<x>", "<![CDATA[", "]]>", "<!--", "-->", "a ", "b" * 1_500]


@given(st.lists(st.sampled_from(PIECES), max_size=9))
@example(["<author>", "a ", "</author>", "<author>", PIECES[-1], PIECES[-1], "</author>"])
@example(["<author>", PIECES[-1], "<!--", "-->", PIECES[-1], "</author>"])
@example(["<author>", "<author>", PIECES[-1], PIECES[-1]])
def test_an_endless_author_is_seen_where_one_would_be_cut(pieces: list[str]) -> None:  # trust: D08
    document = "".join(pieces)
    assert guard.has_endless_author(document) == (guard.without_endless_authors(document) != document)
