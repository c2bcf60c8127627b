"""Documents: documents of every kind to a feed: what an entry says, by which key it is known, and what is refused."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import at_most_processor_s
from reformwatch.documents.feed import (
    MAX_CONTENT,
    MAX_ENTRIES,
    MAX_GUID,
    MAX_KEY,
    MAX_SUMMARY,
    MAX_TITLE,
    make_entry,
    parse_feed,
    to_text,
)
from reformwatch.model.entry import ParsedEntry, ParsedFeed, Unreadable
from reformwatch.model.feed import FeedHints
from spoken import what_came

URL = "https://courier.example/feed.xml"
AT_TEN = datetime(2022, 3, 16, 10, 0, tzinfo=UTC)


def rss(items: str, *, channel: str = "", before: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    """An RSS 2.0 document."""
    head = f"<title>The Courier</title><link>https://courier.example/</link>{channel}"
    return f'{before}<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode("utf-8", "surrogatepass")


def item(**told: str) -> str:
    """An RSS item; values are escaped, a guid is not a link."""
    marks = {"guid": ' isPermaLink="false"'}
    parts = [f"<{name}{marks.get(name, '')}>{escape(value)}</{name}>" for name, value in told.items()]
    return f"<item>{''.join(parts)}</item>"


def json_feed(*items: Any, **told: Any) -> bytes:
    """A JSON Feed 1.1."""
    given = {"version": "https://jsonfeed.org/version/1.1", "title": "The Courier", "items": list(items)} | told
    return json.dumps(given).encode()


def read(body: bytes, *, url: str = URL, content_type: str | None = None) -> ParsedFeed:
    """A document that is a feed."""
    parsed = parse_feed(body, url=url, content_type=content_type)
    assert isinstance(parsed, ParsedFeed), parsed
    return parsed


def refused(body: bytes, *, content_type: str | None = None) -> str:
    """The reason why a document is not a feed."""
    parsed = parse_feed(body, url=URL, content_type=content_type)
    assert isinstance(parsed, Unreadable), parsed
    return what_came(parsed)


def only(body: bytes) -> ParsedEntry:
    """The one entry of a document."""
    (entry,) = read(body).entries
    return entry


# --- the kinds of documents ------------------------------------------------------------------------------------------

RSS_091 = b"""<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel>
<title>The Courier</title><link>https://courier.example/</link><description>News</description><language>en-gb</language>
<item><title>A new law on mayors</title><link>https://courier.example/mayors</link>
<description>They will be elected.</description></item>
</channel></rss>"""

RSS_20 = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>The Courier</title><link>https://courier.example/</link><language>en-gb</language>
<item><title>A new law on mayors</title><link>https://courier.example/mayors</link>
<guid isPermaLink="false">tag:m-1</guid>
<description>They will be elected.</description>
<content:encoded><![CDATA[<p>They will be elected.</p><p>From <b>June</b>.</p>]]></content:encoded>
<dc:creator>A. Person</dc:creator><category>Politics</category><category>Law</category>
<pubDate>Wed, 16 Mar 2022 16:00:00 +0600</pubDate></item>
</channel></rss>"""

RDF = b"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://courier.example/"><title>The Courier</title><link>https://courier.example/</link>
<description>News</description><dc:language>en</dc:language></channel>
<item rdf:about="https://courier.example/mayors"><title>A new law on mayors</title>
<link>https://courier.example/mayors</link><description>They will be elected.</description>
<dc:creator>A. Person</dc:creator><dc:subject>Politics</dc:subject><dc:date>2022-03-16T16:00:00+06:00</dc:date></item>
</rdf:RDF>"""

ATOM = b"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>The Courier</title>
<link href="https://courier.example/"/><link rel="self" href="https://courier.example/atom.xml"/>
<id>urn:courier</id><updated>2022-03-16T10:00:00Z</updated>
<entry><title type="html">A new law on &lt;i&gt;mayors&lt;/i&gt;</title><id>tag:m-1</id>
<link rel="alternate" href="https://courier.example/mayors"/><author><name>A. Person</name></author>
<category term="politics" label="Politics"/><published>2022-03-16T10:00:00Z</published>
<updated>2022-03-17T10:00:00Z</updated><summary>They will be elected.</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>They will be elected.</p><p>From June.</p></div>
</content></entry></feed>"""

JSON_11 = json_feed(
    {
        "id": "tag:m-1",
        "url": "https://courier.example/mayors",
        "title": "A new law on mayors",
        "summary": "They will be elected.",
        "content_html": "<p>They will be elected.</p><p>From June.</p>",
        "date_published": "2022-03-16T16:00:00+06:00",
        "authors": [{"name": "A. Person"}],
        "tags": ["Politics"],
    },
    home_page_url="https://courier.example/",
    language="en-GB",
)

JSON_1 = json_feed(
    {
        "id": "tag:m-1",
        "url": "https://courier.example/mayors",
        "title": "A new law on mayors",
        "content_text": "They will be elected.",
        "date_modified": "2022-03-16T10:00:00Z",
        "author": {"name": "A. Person"},
    },
    version="https://jsonfeed.org/version/1",
    home_page_url="https://courier.example/",
    language="en",
)


@pytest.mark.parametrize(
    ("document", "kind"),
    [(RSS_091, "rss091n"), (RSS_20, "rss20"), (RDF, "rss10"), (ATOM, "atom10"), (JSON_1, "json"), (JSON_11, "json")],
    ids=["RSS 0.91", "RSS 2.0", "RDF", "Atom", "JSON Feed 1", "JSON Feed 1.1"],
)
def test_every_kind_of_document_says_the_same(document: bytes, kind: str) -> None:
    feed = read(document)
    assert feed.format[:5] == kind[:5]
    assert (feed.title, feed.site_url, feed.language) == ("The Courier", "https://courier.example/", "en")
    assert feed.dropped == 0
    (entry,) = feed.entries
    assert entry.title == "A new law on mayors"
    assert entry.url == "https://courier.example/mayors"
    assert entry.summary.startswith("They will be elected.")
    assert entry.published == (None if document is RSS_091 else AT_TEN)
    assert entry.author == ("" if document is RSS_091 else "A. Person")


@pytest.mark.parametrize("document", [RSS_20, ATOM, JSON_11], ids=["RSS 2.0", "Atom", "JSON Feed 1.1"])
def test_content_that_begins_with_the_summary_takes_its_place(document: bytes) -> None:
    (entry,) = read(document).entries
    assert entry.summary.split() == ["They", "will", "be", "elected.", "From", "June."]
    assert "\n" in entry.summary
    assert entry.content == ""
    assert entry.guid == "tag:m-1"
    assert entry.tags[0] == "Politics"


def test_content_that_says_something_else_is_kept_beside_the_summary() -> None:
    entry = only(json_feed({"id": "1", "title": "t", "summary": "In short.", "content_text": "At length."}))
    assert (entry.summary, entry.content) == ("In short.", "At length.")


def test_an_entry_without_a_title_takes_the_beginning_of_its_text() -> None:
    entry = only(rss(item(guid="1", description="They will be elected. " * 20)))
    assert entry.title.startswith("They will be elected.")
    assert len(entry.title) <= 120


def test_an_entry_that_says_nothing_is_left_out() -> None:
    assert read(rss("<item/>" + item(title=" ", author="A"))).entries == ()
    assert read(json_feed({}, {"id": ""}, {"id": None, "tags": ["a"]})).entries == ()


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("EN-gb", "en"),
        ("ru-RU", "ru"),
        ("kz", "kk"),
        ("kaz", "kk"),
        ("rus", "ru"),
        ("spa", "es"),
        ("x", None),
    ],
)
def test_the_language_of_a_feed_is_a_code_of_two_letters(tag: str, code: str | None) -> None:
    assert read(rss("", channel=f"<language>{tag}</language>")).language == code
    assert read(json_feed(language=tag)).language == code


def test_a_link_is_resolved_against_the_site() -> None:
    entry = only(rss(item(title="t", link="/mayors?utm_source=rss")))
    assert entry.url == "https://courier.example/mayors"


def test_a_link_is_resolved_against_the_base_of_an_atom_entry() -> None:
    entry = only(
        b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://courier.example/news/"><title>T</title>'
        b'<entry><id>1</id><title>t</title><link href="mayors"/></entry></feed>'
    )
    assert entry.url == "https://courier.example/news/mayors"


def test_a_guid_that_is_a_permalink_is_the_link() -> None:
    permalink = "<item><title>t</title><guid>https://courier.example/mayors</guid></item>"
    assert only(rss(permalink)).url == "https://courier.example/mayors"
    assert only(rss(item(title="t", guid="https://courier.example/mayors"))).url is None


# --- plain text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<b>a</b> <i>b</i>", "a b"),
        ("<p>a</p><p>b</p>", "a b"),
        ("a<br/>b<BR>c", "a b c"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("a<script>alert(1)</script>b", "ab"),
        ("a<style>p{}</style>b", "ab"),
        ("a<!-- hidden -->b", "ab"),
        ('<img src="x" onerror="alert(1)">a', "a"),
        ("a < b", "a < b"),
        ("5 &lt; 6", "5 < 6"),
        ("&nbsp;a&mdash;b", "\u00a0a—b"),
        ("un<b>happy</b>", "unhappy"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<svg><script>alert(1)</script></svg>x", "x"),
        ("<scr<script>ipt>alert(1)</script>x", "ipt>alert(1)x"),
    ],
)
def test_markup_becomes_plain_text(markup: str, text: str) -> None:
    # trust: D14
    assert (
        " ".join(to_text(markup).split(" \n")).strip().replace("\n\n", " ").replace("\n", " ").split() == text.split()
    )


@given(st.lists(st.sampled_from([*"<>/&;# ab", "script", "br", "p", "lt", "&lt;", "<p>", "\n"])).map("".join))
def test_any_markup_becomes_text(markup: str) -> None:
    assert isinstance(to_text(markup), str)


@pytest.mark.parametrize("nothing", [None, 5, 5.5, True, [], {}, b"bytes"])
def test_what_is_no_text_is_empty(nothing: object) -> None:
    assert to_text(nothing) == ""


# --- identity --------------------------------------------------------------------------------------------------------


def made(**told: Any) -> ParsedEntry:
    """An entry from what a document says of it."""
    nothing: dict[str, Any] = dict.fromkeys(["guid", "link", "title", "summary", "content", "author"], "")
    entry = make_entry(**(nothing | {"base": URL, "tags": (), "published": None} | told))
    assert entry is not None
    return entry


def test_an_entry_is_known_by_its_guid_then_its_page_then_its_words() -> None:
    assert made(guid="m-1", link="/a", title="t").key == "guid:m-1"
    assert made(link="https://www.courier.example/a?utm_source=x", title="t").key == "link://courier.example/a"
    assert made(title="t").key.startswith("hash:")
    assert made(title="t").key != made(title="u").key
    assert made(title="t").key != made(title="t", published=AT_TEN).key


def test_a_number_can_be_a_guid_and_a_blank_can_not() -> None:
    assert made(guid=12, title="t").key == "guid:12"
    assert made(guid="  ", title="t").guid is None
    assert made(guid=None, title="t").guid is None


def test_the_keys_of_an_entry_are_bounded_and_still_tell_entries_apart() -> None:
    long = "g" * 1500
    one, other = made(guid=long + "1", title="t"), made(guid=long + "2", title="t")
    assert one.key != other.key
    assert len(one.key) <= MAX_KEY
    assert len(one.reuse_key) <= MAX_KEY
    page = made(link="https://courier.example/" + "p" * 1500, title="t")
    assert len(page.key) <= MAX_KEY


def test_an_endless_guid_is_cut() -> None:
    entry = made(guid="g" * 100_000, title="t")
    assert entry.guid is not None
    assert len(entry.guid) <= MAX_GUID


def test_the_twin_key_is_the_page_and_the_headline() -> None:
    one = made(guid="1", link="https://courier.example/a", title="t")
    assert one.twin_key == made(guid="2", link="http://www.courier.example/a/", title="t").twin_key
    assert one.twin_key != made(guid="1", link="https://courier.example/b", title="t").twin_key
    assert one.twin_key != made(guid="1", link="https://courier.example/a", title="u").twin_key
    assert made(guid="1", title="t").twin_key == ""


def test_the_reuse_key_changes_with_the_page_and_the_headline() -> None:
    one = made(guid="1", link="https://courier.example/a", title="t")
    other = made(guid="1", link="https://courier.example/b", title="u")
    assert one.key == other.key
    assert one.reuse_key != other.reuse_key


def test_the_text_hash_changes_with_the_text_only() -> None:
    one = made(guid="1", title="t", summary="s", content="c")
    assert one.text_hash == made(guid="2", link="/a", title="t", summary="s", content="c", author="A").text_hash
    assert (
        len(
            {
                made(title=t, summary=s, content=c).text_hash
                for t, s, c in [tuple("tsc"), tuple("tsd"), tuple("tdc"), tuple("dsc")]
            }
        )
        == 4
    )
    assert made(title="a", summary="b c").text_hash != made(title="a b", summary="c").text_hash


def test_an_item_that_is_told_twice_is_one_entry() -> None:
    twice = item(title="t", guid="1", link="https://courier.example/a")
    assert len(read(rss(twice + twice)).entries) == 1


def test_items_that_share_a_guid_but_lead_elsewhere_are_told_apart() -> None:
    # trust: D18
    items = [item(title=f"Headline {i}", guid="same", link=f"https://courier.example/{i}") for i in range(3)]
    entries = read(rss("".join(items))).entries
    assert [entry.title for entry in entries] == ["Headline 0", "Headline 1", "Headline 2"]
    assert len({entry.key for entry in entries}) == 3
    again = read(rss("".join(reversed(items)))).entries
    assert {entry.key for entry in again} == {entry.key for entry in entries}


def test_an_entry_has_one_key_wherever_its_feed_is_fetched_from() -> None:
    # trust: C10, D18
    body = rss("<item><title>t</title><guid>42</guid></item>")
    (one,), (other,) = (read(body, url=url).entries for url in (URL, "https://www.courier.example/rss/all.xml"))
    assert one.key == other.key


def test_a_guid_is_compared_letter_by_letter() -> None:
    items = [item(title=f"t{guid}", guid=guid, link=f"https://courier.example/{guid}") for guid in ("a", "A")]
    assert [entry.key for entry in read(rss("".join(items))).entries] == ["guid:a", "guid:A"]


# --- encodings -------------------------------------------------------------------------------------------------------

_RUSSIAN = "Закон о выборах акимов"
_KAZAKH = "Әкімдер сайлауы туралы заң"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type", "title"),
    [
        ("utf-8", "utf-8", None, _KAZAKH),
        ("utf-8-sig", "utf-8", None, _KAZAKH),
        ("windows-1251", "windows-1251", None, _RUSSIAN),
        ("windows-1251", "windows-1251", "text/xml", _RUSSIAN),
        ("windows-1251", "windows-1251", "text/xml; charset=windows-1251", _RUSSIAN),
        ("windows-1251", "windows-1251", "text/xml; charset=us-ascii", _RUSSIAN),
        ("koi8-r", "koi8-r", None, _RUSSIAN),
        ("utf-16", "utf-16", None, _KAZAKH),
        ("utf-16-le", "utf-16", "application/xml; charset=utf-16le", _KAZAKH),
        ("utf-8", "utf-8", "text/xml; charset=us-ascii", _KAZAKH),
        ("utf-8", "utf-8", "text/xml; charset=no-such-thing", _KAZAKH),
        ("utf-8", "no-such-thing", None, _KAZAKH),
        ("utf-8", "utf-8", "text/html; charset=utf-8", _KAZAKH),
        ("utf-8", "utf-8", "text/plain", _KAZAKH),
    ],
)
def test_a_title_is_read_in_its_encoding(encoding: str, declared: str, content_type: str | None, title: str) -> None:
    # trust: D10
    text = f'<?xml version="1.0" encoding="{declared}"?>' + rss(item(title=title), before="").decode()
    assert read(text.encode(encoding), content_type=content_type).entries[0].title == title


@pytest.mark.parametrize(
    "declared", ["utf-8", "utf-16", "windows-1251", "idna", "undefined", "zlib", "utf-7", "shift_jis", "\x00"]
)
@pytest.mark.parametrize(
    "charset", [None, "utf-16", "utf-32", "idna", "undefined", "utf-7", "zlib", "rot13", "", "\x00"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "utf-16-be"])
def test_a_wrong_or_unknown_encoding_never_breaks_the_reader(encoding: str, charset: str | None, declared: str) -> None:
    # trust: D10
    text = f'<?xml version="1.0" encoding="{declared}"?>' + rss(item(title=_RUSSIAN, guid="1"), before="").decode()
    content_type = None if charset is None else f"text/xml; charset={charset}"
    parsed = parse_feed(text.encode(encoding), url=URL, content_type=content_type)
    assert isinstance(parsed, Unreadable) or len(parsed.entries) <= 1


def test_a_mark_at_the_beginning_is_believed_before_the_server() -> None:
    # trust: D10
    body = rss(item(title=_KAZAKH), before="").decode().encode("utf-8-sig")
    assert read(body, content_type="text/xml; charset=windows-1251").entries[0].title == _KAZAKH


def test_one_broken_byte_does_not_spoil_a_whole_feed() -> None:
    # trust: D10
    broken = rss(item(title=_KAZAKH) + item(title="a?b", guid="2")).replace(b"a?b", b"a\xffb")
    assert [entry.title for entry in read(broken).entries] == [_KAZAKH, "ab"]


def test_a_feed_cut_in_the_middle_of_a_letter_is_still_utf_8() -> None:
    # trust: D10, D11
    whole = rss(item(title=_KAZAKH, guid="1") + item(title="ә"))
    assert read(whole[: whole.rindex("ә".encode()) + 1]).entries[0].title == _KAZAKH


# --- dates and hints -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 16 Mar 2022 10:00:00 GMT", AT_TEN),
        ("Wed, 16 Mar 2022 16:00:00 +0600", AT_TEN),
        ("16 Mar 2022 10:00 GMT", AT_TEN),
        ("Wed, 16 Mar 22 10:00:00 GMT", AT_TEN),
        ("2022-03-16T10:00:00Z", AT_TEN),
        ("2022-03-16T16:00:00+06:00", AT_TEN),
        ("Tue, 31 Dec 2099 00:00:00 GMT", datetime(2099, 12, 31, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Sun, 01 Jan 1601 00:00:00 GMT", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_date_is_read_in_utc_and_none_where_it_is_absurd(date: str, expected: datetime | None) -> None:
    assert only(rss(item(title="t", pubDate=date))).published == expected


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Mar 2022 10:00:00 GMT"])
def test_a_date_that_cannot_be_read_is_no_date_and_no_warning(date: str) -> None:
    assert only(rss(item(title="t", pubDate=date))).published is None


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2022-03-16T10:00:00Z", AT_TEN),
        ("2022-03-16T16:00:00+06:00", AT_TEN),
        ("2022-03-16T10:00:00", AT_TEN),
        ("yesterday", None),
        ("0001-01-01T00:00:00+06:00", None),
        ("9999-12-31T23:59:59-06:00", None),
        (1647424800, None),
        (None, None),
        ([], None),
    ],
)
def test_a_date_of_a_json_feed_is_read_in_utc(date: object, expected: datetime | None) -> None:
    assert only(json_feed({"id": "1", "title": "t", "date_published": date})).published == expected


@pytest.mark.parametrize(
    ("told", "ttl"),
    [
        ("60", timedelta(hours=1)),
        (" 90 ", timedelta(minutes=90)),
        ("0", timedelta()),
        *((told, None) for told in ("-5", "1e3", "x", "", "9" * 30, "٦٠")),
    ],
)
def test_the_ttl_of_a_feed_is_a_hint(told: str, ttl: timedelta | None) -> None:
    # trust: C17
    assert read(rss("", channel=f"<ttl>{told}</ttl>")).hints.ttl == ttl


@pytest.mark.parametrize(
    ("channel", "hours", "days"),
    [
        ("<skipHours><hour>3</hour></skipHours>", {3}, set()),
        ("<skipHours><hour>0</hour><hour>1</hour><hour>24</hour></skipHours>", {0, 1}, set()),
        ("<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", set(), {5, 6}),
    ],
)
def test_skip_hours_and_skip_days_are_hints(channel: str, hours: set[int], days: set[int]) -> None:
    # trust: C17
    hints = read(rss("", channel=channel)).hints
    assert (set(hints.skip_hours), set(hints.skip_days)) == (hours, days)


@pytest.mark.parametrize(
    "channel",
    [
        "<skipHours></skipHours>",
        "<skipHours><hour>x</hour><hour>-1</hour><hour>99</hour></skipHours>",
        "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>",
        "<skipDays><day>Someday</day></skipDays>",
    ],
)
def test_hints_that_mean_never_or_nothing_are_ignored(channel: str) -> None:
    assert read(rss("", channel=channel)).hints == FeedHints()


# --- what is not a feed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b"", None, "empty"),
        (b" \r\n\t", None, "empty"),
        (b"\xef\xbb\xbf", None, "empty"),
        (b"<!doctype html><html><head><title>Sign in</title></head></html>", "text/html", "a web page"),
        (b"<!doctype html><html><head><title>Sign &amp; in</title></head></html>", None, "“Sign & in”"),
        (b"<!-- x --> <HTML><body>", None, "a web page"),
        (b"<p>Hello", "text/html; charset=utf-8", "a web page"),
        (b"Service unavailable", "text/html", "a web page"),
        (b'{"error": "no such feed"}', "application/json", "JSON, but not a JSON Feed"),
        (b'{"error": "no such feed"}', None, "no such feed"),
        (b"[]", None, "JSON, but not a JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1"', None, "broken JSON"),
        (b"{" * 100_000, None, "broken JSON"),
        (b"[" * 100_000, None, "broken JSON"),
        (b"[" + b"1" * 5_000 + b"]", None, "broken JSON"),
        (b"<?xml version='1.0'?><NewsML><NewsItem><Headline>A</Headline></NewsItem></NewsML>", None, "<NewsML>"),
        (b"<?xml version='1.0'?><urlset><url><loc>https://a.example/</loc></url></urlset>", "text/xml", "<urlset>"),
        (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", None, "<opml>"),
        (b"Just a moment...", "text/plain", "no feed but text/plain (“Just a moment...”)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png", "image/png"),
        (b"\x00" * 1000, None, "no feed"),
        (b"\xff\xfe\x00\x00", None, "no feed"),
    ],
)
def test_what_is_not_a_feed_is_unreadable_with_a_reason(body: bytes, content_type: str | None, said: str) -> None:
    # trust: D12
    assert said in refused(body, content_type=content_type)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_feed_or_unreadable_with_a_reason(body: bytes) -> None:
    parsed = parse_feed(body, url=URL)
    assert isinstance(parsed, ParsedFeed) or (what_came(parsed) and len(what_came(parsed)) < 300)


_KEYS = ["id", "url", "title", "items", "authors", "name", "tags", "content_html", "date_published", "version"]
_TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(_VALUES)
def test_a_json_feed_of_any_values_is_read_or_unreadable(value: object) -> None:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": value, "items": [value, {"id": value}, value]}
    for told in (document, document | {"items": value, "language": value, "home_page_url": value}):
        parse_feed(json.dumps(told).encode(), url=URL)


def test_a_feed_behind_many_blank_lines_is_read() -> None:
    assert only(b"\r\n" * 300 + rss(item(title="t"))).title == "t"


@pytest.mark.timeout(60)  # each comment tried in two ways takes more than a lifetime
def test_a_reply_of_comments_is_told_apart_at_once() -> None:
    # trust: D08
    assert refused(b"<!---->" * 400 + b"x")


# --- hostile documents -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">',
        '<!ENTITY a "' + "x" * 1000 + '">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a SYSTEM "http://127.0.0.1:9/a">',
        '<!ENTITY a PUBLIC "x" "http://127.0.0.1:9/a">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/a.dtd"> %a;',
        '<!ENTITY a "&#37;&#38;b;">',
    ],
    ids=["laughs", "quadratic", "file", "http", "public", "parameter", "escaped"],
)
def test_a_document_that_declares_entities_is_refused(declared: str) -> None:
    # trust: D01
    before = f'<?xml version="1.0"?><!DOCTYPE rss [{declared}]>'
    assert "entit" in refused(rss("<item><title>&a;</title></item>", before=before))


@pytest.mark.parametrize("declared", ['<!ENTITY a "ha">', '<!ENTITY a SYSTEM "file:///etc/passwd">'])
def test_a_broken_document_that_declares_entities_is_refused(declared: str) -> None:
    # trust: D01
    before = f'<?xml version="1.0"?><!DOCTYPE rss [{declared}]>'
    assert "entit" in refused(rss("<item><title>&a; & <b></title></item>", before=before))


def test_an_entity_used_a_hundred_thousand_times_is_bounded() -> None:
    # trust: D01
    before = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "{"x" * 90}">]>'
    body = rss(f"<item><title>{'&a;' * 100_000}</title></item>", before=before)
    parsed = parse_feed(body, url=URL)
    assert isinstance(parsed, Unreadable) or len(parsed.entries[0].title) <= MAX_TITLE


def test_an_external_document_type_is_not_fetched() -> None:
    # trust: D01
    before = '<?xml version="1.0"?><!DOCTYPE rss SYSTEM "file:///etc/passwd">'
    assert only(rss(item(title="t"), before=before)).title == "t"


_MANY = " ".join(f'a{i}="1"' for i in range(100_000))
_SPACES = " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(50_000))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rss(f"<item {_MANY}><title>t</title></item>"), "attributes"),
        (rss(f"<item {_MANY}><title>a & b</title></item>"), "attributes"),
        (rss(f"<oops><item {_MANY}><title>t</title></item>"), "attributes"),
        (rss(f"<item {_SPACES}><title>t</title></item>"), "attributes"),
        (rss("".join(f'<item xmlns:n{i}="urn:{i}"/>' for i in range(50_000))), "namespaces"),
        (rss("".join(f'<item xmlns:n{i}="urn:{i}"/>' for i in range(50_000)) + "<oops>"), "namespaces"),
        (rss("&" + "".join(f'<item xmlns:n{i}="urn:{i}"/>' for i in range(50_000))), "namespaces"),
        (rss("<a>" * 1_000_000), "nested deeper"),
        (rss("&" + "<a>" * 1_000_000), "nested deeper"),
        (rss("<a>" * 100_000 + "</a>" * 100_000), "nested deeper"),
        (rss("<a/>" * 400_001), "elements"),
        (rss("& <a/>" * 400_001), "elements"),
        (rss(f"<item {_MANY}><title>t</title></item>").decode().encode("utf-16"), "attributes"),
    ],
    ids=[
        "attributes", "attributes, stray &", "attributes, open tag", "namespaces on one", "namespaces",
        "namespaces, open tag", "namespaces, stray &", "deep", "deep, stray &", "deep and closed", "elements",
        "elements, stray &", "attributes, UTF-16",
    ],
)  # fmt: skip
def test_a_document_that_would_hurt_the_parser_is_refused(body: bytes, said: str) -> None:
    # trust: D02
    reason = refused(body)
    assert reason.startswith("refused: ")
    assert said in reason


@pytest.mark.parametrize("encoding", ["cp037", "utf-7"])
def test_attributes_in_an_encoding_of_other_bytes_are_refused_too(encoding: str) -> None:
    # trust: D02
    text = (
        f"<?xml version='1.0' encoding='{encoding}'?>"
        + rss(f"<item {_MANY}><title>t</title></item>", before="").decode()
    )
    body = (
        text.encode(encoding).replace(b"<", b"+ADw-").replace(b'="', b"+AD0AIg-")
        if encoding == "utf-7"
        else text.encode(encoding)
    )
    reason = refused(body, content_type=f"text/xml; charset={encoding}")
    assert reason.startswith("refused: ")
    assert encoding in reason


@pytest.mark.parametrize("opening", ["<!--", "<![CDATA["])
def test_markup_can_not_hide_behind_a_section_that_begins_in_an_attribute(opening: str) -> None:
    # trust: D02
    assert "attributes" in refused(rss(f'& <a title="{opening}"><item {_MANY}><title>t</title></item>--> ]]>'))


def test_a_document_with_the_markup_of_real_feeds_is_not_refused() -> None:
    deep = "<div>" * 100 + "x" + "</div>" * 100
    wide = " ".join(f'a{i}="1"' for i in range(100))
    assert len(read(rss(f"<item {wide}><title>t</title><x>{deep}</x></item>" * 50)).entries) == 1


def test_only_the_first_two_thousand_entries_are_read_and_the_others_counted() -> None:
    # trust: D03
    feed = read(rss("".join(item(title=f"t{i}", guid=str(i)) for i in range(3_000))))
    assert (len(feed.entries), feed.dropped) == (MAX_ENTRIES, 1_000)
    assert feed.entries[0].guid == "0"
    many = read(json_feed(*({"id": str(i)} for i in range(3_000))))
    assert (len(many.entries), many.dropped) == (MAX_ENTRIES, 1_000)


def test_an_entry_of_ten_megabytes_is_cut() -> None:
    # trust: D03
    entry = only(rss(item(title="t" * 1_000_000, description="word " * 2_000_000, author="a" * 10_000)))
    assert len(entry.title) <= MAX_TITLE
    assert len(entry.summary) <= MAX_SUMMARY
    assert len(entry.content) <= MAX_CONTENT
    assert len(entry.author) <= 200


def test_the_tags_of_an_entry_are_bounded() -> None:
    entry = only(json_feed({"id": "1", "tags": ["x" * 1_000, "", None, "y"] + ["z"] * 1_000}))
    assert len(entry.tags) <= 30
    assert max(map(len, entry.tags)) <= 80
    assert "" not in entry.tags


@pytest.mark.timeout(60)  # to look for a mail address in it takes ten minutes
def test_an_endless_author_is_left_out_unread() -> None:
    # trust: D08
    entry = only(rss(item(title="t", author="a" * 100_000 + "@" + "a." * 50_000)))
    assert (entry.title, entry.author) == ("t", "")


@pytest.mark.parametrize("end", ["<b>", "<!-- x -->", "</author>", ""])
@pytest.mark.timeout(60)
def test_an_endless_author_in_a_section_or_a_broken_feed_is_left_out_unread(end: str) -> None:
    # trust: D08
    author = f"<author><![CDATA[{'a' * 90_000}@{'a.' * 45_000}]]>{end}"
    entry = read(rss(f"<item><title>t</title><guid>1</guid>{author}</item>")).entries[0]
    assert (entry.title, entry.author) == ("t", "")


def test_a_long_row_of_authors_is_cut_at_a_word() -> None:
    names = "Asanov A.;&amp; " * 500
    entry = only(rss(f"<item><title>t</title><author>{names}</author></item>"))
    assert entry.author.startswith("Asanov A.;& Asanov A.;&")


def test_an_endless_row_of_open_tags_takes_bounded_time() -> None:
    # trust: D08
    body = rss(item(guid="1", title="<br " * 60_000, description="<p " * 80_000, author="<li " * 60_000))
    with at_most_processor_s(6):  # it needs a third of a second; where each tag looks for its end, twenty
        assert read(body).title == "The Courier"


@pytest.mark.parametrize(
    "unit", ["&amp;", "&", "<", ">", "&#", "<!--", "<![CDATA[", "<script>", "a@", "(", "=?", "]]>"]
)
def test_an_endless_row_of_anything_else_takes_bounded_time(unit: str) -> None:
    # trust: D08
    with at_most_processor_s(6):
        assert len(read(json_feed({"id": "1", "title": unit * 50_000, "content_html": unit * 50_000})).entries) == 1
        parse_feed(rss(item(guid="1", title=unit * 20_000)), url=URL)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a\x00b", "ab"),
        ("a\x07b\x1b[31m", "ab[31m"),
        ("a\u202eb", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("a\nb\r\nc", "a b c"),
        ("a" + "\u200d" * 500 + "b", "a\u200db"),
        ("a\ud800b", "ab"),
    ],
)
def test_a_title_is_stored_clean(title: str, expected: str) -> None:
    # trust: D09, D15
    assert only(json_feed({"id": "1", "title": title})).title == expected


@pytest.mark.parametrize("body", [
    rss(item(guid="1", title="a\x00b")),
    rss(item(guid="1", title="a\x07b")),
    rss("<item><guid>1</guid><title>a&#0;b</title></item>"),
    rss("<item><guid>1</guid><title>a&#x202e;b</title></item>"),
    rss("<item><guid>1</guid><title><![CDATA[a&#x202e;&#8203;b]]></title></item>"),
    rss(item(guid="1", title="a\ud800b")),
    rss(item(guid="1", title="a\u202eb")),
])  # fmt: skip
def test_a_title_in_xml_is_stored_clean(body: bytes) -> None:
    # trust: D09
    assert_clean(only(body))


@pytest.mark.parametrize("reference", ["&#xD800;", "&#55357;&#56842;", "&#x110000;", "&#" + "9" * 5_000 + ";"])
def test_a_reference_to_a_surrogate_costs_no_more_than_its_character(reference: str) -> None:
    # trust: D09, D10
    feed = read(rss(item(guid="1", title="whole") + f"<item><title>a{reference}b</title></item>"))
    assert feed.entries[0].title == "whole"
    assert_clean(feed.entries[1])


@pytest.mark.parametrize("reference", ["&#55357;&#56842;", "&#xD83D;&#xde0a;", "&#128522;", "&#00128522;"])
def test_a_character_that_is_told_in_two_halves_is_one(reference: str) -> None:
    # trust: D10
    assert only(rss(f"<item><title>a{reference}b</title></item>")).title == "a\U0001f60ab"
    assert to_text(f"<b>a{reference}b</b>") == "a\U0001f60ab"


def assert_clean(entry: ParsedEntry) -> None:
    """All the texts of an entry can be stored in both databases and shown anywhere."""
    for text in (entry.title, entry.summary, entry.content, entry.author, entry.guid or "", *entry.tags):
        text.encode()
        assert not set(text) & {chr(c) for c in [*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x202E, 0x200B, 0xFEFF]}


def test_what_is_written_in_a_json_feed_is_stored_clean() -> None:
    # trust: D09
    nasty = "a\x00\x1b\u202e\u200b\udfff\ud800\ufeffb"
    document = json_feed(
        {
            "id": nasty,
            "title": nasty,
            "summary": nasty,
            "content_text": nasty,
            "tags": [nasty],
            "authors": [{"name": nasty}],
        },
        title=nasty,
    )
    feed = read(document)
    assert_clean(feed.entries[0])
    assert feed.title == "ab"


@pytest.mark.parametrize(
    "told", [{"content_html": "<b>\ud800</b>"}, {"title": "<\ud800"}, {"url": "https://courier.example/?q=\ud800"}]
)
def test_a_lone_surrogate_anywhere_breaks_nothing(told: dict[str, str]) -> None:
    # trust: D09
    assert_clean(only(json_feed({"id": "1"} | told)))


# --- truncated documents ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [30, 100, 500, 1_000, 1_500])
def test_a_truncated_feed_keeps_the_entries_that_arrived(cut: int) -> None:
    # trust: D11
    items = [item(title=f"Headline {i}", guid=str(i), description="Some text.") for i in range(40)]
    whole = rss("".join(items))
    entries = read(whole[:-cut]).entries
    kept = whole[:-cut].count(b"</item>")
    assert kept >= 20
    assert [entry.key for entry in entries[:kept]] == [f"guid:{i}" for i in range(kept)]
    assert [entry.title for entry in entries[:kept]] == [f"Headline {i}" for i in range(kept)]
    assert [entry.text_hash for entry in entries[:kept]] == [e.text_hash for e in read(whole).entries[:kept]]


def test_a_truncated_feed_with_html_in_it_keeps_its_entries_too() -> None:
    # trust: D11
    html = "<![CDATA[" + "Some text.<br>" * 100 + "]]>"
    items = [f"<item><guid>{i}</guid><title>t{i}</title><description>{html}</description></item>" for i in range(60)]
    assert len(read(rss("".join(items))[:-200]).entries) >= 59


def test_a_truncated_json_feed_is_unreadable() -> None:
    # trust: D11
    assert "broken JSON" in refused(JSON_11[:-20])


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x"],
)
def test_a_link_that_is_no_web_address_is_dropped(link: str) -> None:
    # trust: D13
    bodies = [
        rss(item(title="t", link=link)),
        rss(f"<item><title>t</title><guid>{escape(link)}</guid></item>"),
        rss(f"<item><title>t</title><guid>{escape(link)}</guid><link>{escape(link)}</link></item>"),
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>{link}</id><title>t</title>'
        f'<link href="{link}"/></entry></feed>'.encode(),
        json_feed({"id": link, "url": link, "external_url": link, "title": "t"}),
    ]
    assert [only(body).url for body in bodies] == [None] * len(bodies)
    assert read(rss("", channel=f"<link>{escape(link)}</link>")).site_url in {None, "https://courier.example/"}
    assert read(json_feed(home_page_url=link)).site_url is None


# --- a body is never a name ------------------------------------------------------------------------------------------

_AUDIT = """
import json, sys
from reformwatch.documents.feed import parse_feed
parse_feed(b"<rss version='2.0'><channel><item><title>warm</title></item></channel></rss>", url="https://a.example/")
parse_feed(b"not a feed", url="https://a.example/")
seen = []
sys.addaudithook(lambda event, args: seen.append([event, str(args[0] if args else "")]) if event in {
    "open", "os.listdir", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "urllib.Request"} else None)
for body in json.loads(sys.stdin.read()):
    parse_feed(body.encode(), url="https://a.example/feed", content_type=None)
parsing = list(seen)
with open(sys.argv[1]) as file:  # the control: the hook does see an open
    file.read()
print(json.dumps([parsing, seen]))
"""


def test_a_body_that_is_the_name_of_a_file_or_an_address_is_not_opened(tmp_path: Path) -> None:
    # trust: D01, D26
    feed = tmp_path / "feed.xml"
    feed.write_bytes(rss(item(title="secret")))
    doctype = (
        '<?xml version="1.0"?><!DOCTYPE rss SYSTEM "{}"><rss version="2.0"><channel><title>T</title></channel></rss>'
    )
    entity = '<!DOCTYPE rss [<!ENTITY a SYSTEM "{}">]><rss version="2.0"><channel><title>&a;</title></channel></rss>'
    names = [str(feed), feed.as_uri(), "/etc/passwd", "/dev/zero", "http://127.0.0.1:9/feed", "feed.xml"]
    bodies = [*names, *(shape.format(name) for shape in (doctype, entity) for name in names)]
    bodies.append(
        rss(item(title="t", link=feed.as_uri()), channel='<a xmlns:xi="http://www.w3.org/2001/XInclude"/>').decode()
    )
    ran = subprocess.run(
        [sys.executable, "-c", _AUDIT, str(feed)],
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    parsing, everything = json.loads(ran.stdout)
    assert ["open", str(feed)] in everything
    touched = [name for _, name in parsing]
    assert not [name for name in touched if str(tmp_path) in name or name in names]
    assert {event for event, _ in parsing} <= {"open"}
    assert all(name.endswith((".py", ".pyc")) for name in touched)  # a codec loaded late, and nothing else
