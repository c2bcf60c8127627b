"""Documents: sitemaps as feeds: what an entry says, what is told instead, and what is refused."""

import gzip
import time
import zlib
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.documents.dates import language_of_tag, w3c_time
from reformwatch.documents.feed import MAX_ENTRIES, MAX_TITLE
from reformwatch.documents.sitemap import MAX_INFLATED, parse_sitemap, sitemaps_in
from reformwatch.model.entry import ParsedFeed, Unreadable
from reformwatch.planning.stories import stories_of
from spoken import what_came

URL = "https://courier.example/sitemap-news.xml"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
#: Language, title, part of the address, a keyword.
NEWS = [
    ("kk", "Аудан әкімдерін халық сайлайды", "audan-akimderi", "сайлау"),
    ("ru", "Акимов районов изберут жители", "akimov-rajonov", "выборы"),
    ("en", "District akims will be elected by residents", "district-akims", "elections"),
    ("es", "Los vecinos elegirán a los alcaldes de distrito", "alcaldes-de-distrito", "elecciones"),
]


def urlset(*urls: str, before: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> bytes:
    """A sitemap of these ``<url>`` elements."""
    return f"{before}<urlset {SPACES}>{''.join(urls)}</urlset>".encode()


def page(link: str, *, lastmod: str = "", more: str = "") -> str:
    """An address of a plain sitemap."""
    dated = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>{escape(link)}</loc>{dated}{more}</url>"


def news(
    link: str, title: str, *, language: str = "en", date: str = "2022-03-16T10:00:00+05:00", keywords: str = ""
) -> str:
    """An address of a news sitemap."""
    name = f"<news:name>The Courier</news:name><news:language>{language}</news:language>"
    told = f"<news:publication_date>{date}</news:publication_date><news:title>{escape(title)}</news:title>"
    return page(
        link,
        more=f"<news:news><news:publication>{name}</news:publication>{told}<news:keywords>{keywords}</news:keywords></news:news>",
    )


def read(body: bytes, *, content_type: str | None = None) -> ParsedFeed:
    """A document that is a sitemap."""
    parsed = parse_sitemap(body, url=URL, content_type=content_type)
    assert isinstance(parsed, ParsedFeed), parsed
    return parsed


def refused(body: bytes, *, content_type: str | None = None) -> str:
    """The reason why a document is no sitemap."""
    parsed = parse_sitemap(body, url=URL, content_type=content_type)
    assert isinstance(parsed, Unreadable), parsed
    return what_came(parsed)


# -- news sitemaps


def test_a_news_sitemap_in_four_languages() -> None:
    feed = read(
        urlset(
            *(
                news(f"https://courier.example/{slug}", title, language=code, keywords=f"{word}, {code}")
                for code, title, slug, word in NEWS
            )
        )
    )
    assert (feed.format, feed.title, feed.site_url) == ("news-sitemap", "The Courier", "https://courier.example/")
    assert feed.language is None  # four of them
    for entry, (code, title, slug, word) in zip(feed.entries, NEWS, strict=True):
        assert (entry.title, entry.language, entry.tags) == (title, code, (word, code))
        assert entry.url == f"https://courier.example/{slug}"
        assert entry.key == f"link://courier.example/{slug}"
        assert entry.published == datetime(2022, 3, 16, 5, 0, tzinfo=UTC)
        assert len(stories_of(entry)) == 2


def test_a_sitemap_in_one_language_says_so() -> None:
    assert (
        read(
            urlset(news("https://a.example/1", "A", language="kz"), news("https://a.example/2", "B", language="kk-KZ"))
        ).language
        == "kk"
    )


def test_the_title_of_an_image_is_not_the_page_s() -> None:
    image = (
        "<image:image><image:loc>https://a.example/i.jpg</image:loc><image:title>A picture</image:title></image:image>"
    )
    [entry] = read(urlset(page("https://a.example/akims-to-be-elected", more=image))).entries
    assert entry.title == "Akims to be elected"


def test_titles_are_plain_bounded_text() -> None:
    titles = [
        "Tariffs &amp; taxes",
        "<![CDATA[Akims & voters]]>",
        "<b>Bold</b> words",
        "x" * 5_000,
        "a\u202eb",
        "Broken &#55357;&#56842;",
    ]
    marked = urlset(
        *(news(f"https://a.example/{number}", "TITLE").replace("TITLE", title) for number, title in enumerate(titles))
    )
    found = [entry.title for entry in read(marked).entries]
    assert found[:3] == ["Tariffs & taxes", "Akims & voters", found[2]]
    assert (len(found[3]), found[4], found[5]) == (MAX_TITLE, "ab", "Broken 😊")


@pytest.mark.parametrize("prefix", ['xmlns:n="https://www.google.com/schemas/sitemap-news/0.9/"', ""])
def test_a_namespace_that_is_misspelt_or_not_declared_is_forgiven(prefix: str) -> None:
    told = "<n:news><n:publication_date>2022-03-16</n:publication_date><n:title>Akims &nbsp; voters</n:title></n:news>"
    body = f"<urlset {prefix}><url><loc>https://a.example/x?a=1&b=2</loc>{told}</url></urlset>".encode()
    [entry] = read(body).entries
    assert (entry.title, entry.url) == ("Akims voters", "https://a.example/x?a=1&b=2")
    assert entry.published == datetime(2022, 3, 16, tzinfo=UTC)


# -- plain ones


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("https://a.example/2022/03/akims-to-be-elected-481516.html", "Akims to be elected"),
        ("https://a.example/ru/vybory_akimov-n4815162/", "Vybory akimov"),
        ("https://a.example/kk/%D0%B0%D0%BA%D1%96%D0%BC-%D1%81%D0%B0%D0%B9%D0%BB%D0%B0%D1%83%D1%8B", "Акім сайлауы"),
        ("https://a.example/news/akims-to-be-elected/4815162", "Akims to be elected"),
        ("https://a.example/economy/inflation", "Inflation"),
        ("https://a.example/news/covid19-in-2022", "Covid19 in 2022"),
        ("https://a.example/news/4815162", "a.example/news/4815162"),
        (
            "https://a.example/n/123e4567-e89b-12d3-a456-426614174000",
            "a.example/n/123e4567-e89b-12d3-a456-426614174000",
        ),
        ("https://a.example/article.php?id=42", "Article"),
        ("https://a.example/?id=42", "a.example/?id=42"),
        ("https://a.example/a%3Cscript%3Ealert-of-the-day", "A<script>alert of the day"),
    ],
)
def test_a_page_without_a_title_is_called_by_what_can_be_read_in_its_address(link: str, title: str) -> None:
    [entry] = read(urlset(page(link))).entries
    assert entry.title == title


def test_newest_first_and_undated_last_in_their_order() -> None:
    dates = ["", "2022", "2022-03-16", "", "2022-03-16T00:00:01Z", "2021-12", "soon"]
    feed = read(urlset(*(page(f"https://a.example/{number}", lastmod=date) for number, date in enumerate(dates))))
    assert [(entry.url or "")[-1] for entry in feed.entries] == ["4", "2", "1", "5", "0", "3", "6"]


def test_of_too_many_the_newest_are_kept() -> None:
    urls = [
        page(f"https://a.example/{number}", lastmod=f"20{number % 100:02}-01-01") for number in range(MAX_ENTRIES + 500)
    ]
    feed = read(urlset(*urls))
    assert (len(feed.entries), feed.dropped) == (MAX_ENTRIES, 500)
    assert min(entry.published.year for entry in feed.entries if entry.published) == 2020


def test_a_page_that_is_named_twice_is_one_entry_with_the_key_it_always_has() -> None:
    alone = read(urlset(news("https://a.example/1", "Corrected")))
    twice = read(
        urlset(news("https://a.example/1", "Corrected"), news("https://www.a.example/1/?utm_source=x", "First"))
    )
    assert [entry.key for entry in twice.entries] == [entry.key for entry in alone.entries]


def test_links_lead_to_the_web_only() -> None:
    feed = read(
        urlset(*map(page, ["javascript:alert(1)", "file:///etc/passwd", " https://a.example/x ", "/relative", ""]))
    )
    assert [entry.url for entry in feed.entries] == ["https://a.example/x", "https://courier.example/relative"]


def test_an_empty_sitemap_is_a_quiet_one() -> None:
    assert read(urlset()).entries == ()


# -- other forms


def test_a_compressed_sitemap() -> None:
    body = gzip.compress(urlset(page("https://a.example/akims-to-be-elected")))
    assert len(read(body, content_type="application/gzip").entries) == 1
    assert "ends too early" in refused(body[:-20])
    assert "broken" in refused(b"\x1f\x8bnonsense")


def test_what_inflates_without_end_is_refused() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    assert len(bomb) < 400_000
    assert f"{MAX_INFLATED:,}" in refused(bomb)


def test_a_text_sitemap() -> None:
    feed = read(
        b"\xef\xbb\xbfhttps://a.example/akims-to-be-elected\r\n\r\nhttps://a.example/2\r\n", content_type="text/plain"
    )
    assert (feed.format, [entry.title for entry in feed.entries]) == (
        "text-sitemap",
        ["Akims to be elected", "a.example/2"],
    )


def test_a_sitemap_in_another_encoding() -> None:
    before = '<?xml version="1.0" encoding="windows-1251"?>'
    body = urlset(news("https://a.example/1", NEWS[1][1]), before=before).decode()
    assert read(body.encode("cp1251")).entries[0].title == NEWS[1][1]
    assert read(body.replace("windows-1251", "utf-16").encode("utf-16")).entries[0].title == NEWS[1][1]


def index(*links: str) -> bytes:
    """An index of sitemaps."""
    sitemaps = "".join(f"<sitemap><loc>{link}</loc></sitemap>" for link in links)
    return f"<sitemapindex {SPACES}>{sitemaps}</sitemapindex>".encode()


def test_an_index_is_told_with_its_sitemaps_those_for_news_first() -> None:
    links = [f"https://a.example/pages-{number}.xml" for number in range(11)] + ["https://a.example/news.xml"]
    reason = refused(index(*links))
    assert reason.startswith(
        "an index of 12 sitemaps; add the one that is meant: https://a.example/news.xml, https://a.example/pages-0.xml"
    )
    assert reason.endswith(" more")
    assert len(reason) < 300
    assert sitemaps_in(gzip.compress(index(*links))) == (links[-1], *links[:-1])
    assert (
        refused(index("https://a.example/1.xml"))
        == "an index of 1 sitemap; add the one that is meant: https://a.example/1.xml"
    )
    assert refused(index("javascript:x")) == "an index without sitemaps"
    assert len(refused(index(*(f"https://a.example/{'x' * 1_900}{number}" for number in range(9))))) < 300


def test_other_documents_hold_no_sitemaps() -> None:
    for body in (
        b"",
        b"\x1f\x8b",
        urlset(),
        b"<rss/>",
        b"<html>",
        b"<!DOCTYPE x><sitemapindex/>",
        b"https://a.example/",
    ):
        assert sitemaps_in(body) == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty reply, not a sitemap"),
        (b"<rss version='2.0'><channel/></rss>", "a feed, not a sitemap; it can be added as one"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "a feed, not a sitemap; it can be added as one"),
        (b"<!doctype html><title>Front page</title>", "a web page, not a sitemap (\u201cFront page\u201d)"),
        (b"<html><body>Just a moment</body></html>", "a web page, not a sitemap"),
        (b"<other/>", "an XML document <other>, not a sitemap"),
        (b'{"a": 1}', 'no sitemap but text (\u201c{"a": 1}\u201d)'),
        (b"Forbidden", "no sitemap but text (\u201cForbidden\u201d)"),
        (b"<!DOCTYPE urlset><urlset/>", "refused: a sitemap with a document type"),
        (b"<" * 1_000, "no sitemap but text"),
        (b"<a>" * 100_000, "refused: elements nested deeper than 200"),
    ],
)
def test_what_is_no_sitemap_is_called_what_it_is(body: bytes, reason: str) -> None:
    assert refused(body).startswith(reason)


def test_entities_are_not_declared_and_not_resolved() -> None:
    bomb = '<!DOCTYPE u [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    assert "document type" in refused(urlset(page("https://a.example/&b;"), before=bomb))
    file = '<!DOCTYPE u [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert "document type" in refused(urlset(page("https://a.example/&f;"), before=file))


@pytest.mark.slow
def test_fifty_thousand_addresses_are_read_in_a_few_seconds() -> None:
    more = "<changefreq>daily</changefreq><priority>0.5</priority>"
    urls = (
        page(
            f"https://a.example/news/the-akims-of-the-region-of-many-words-{number}",
            lastmod=f"2022-03-{number % 28 + 1:02}T10:00:00+05:00",
            more=more,
        )
        for number in range(50_000)
    )
    body = urlset(*urls)
    assert len(body) > 9_000_000
    for one in (body, body.replace(b"many-words", b"many&words")):
        start = time.process_time()
        feed = read(one)
        assert time.process_time() - start < 8
        assert (len(feed.entries), feed.dropped) == (MAX_ENTRIES, 48_000)


# -- times and languages


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2022", datetime(2022, 1, 1, tzinfo=UTC)),
        ("2022-03", datetime(2022, 3, 1, tzinfo=UTC)),
        ("2022-03-16", datetime(2022, 3, 16, tzinfo=UTC)),
        ("2022-03-16T10", datetime(2022, 3, 16, 10, tzinfo=UTC)),
        ("2022-03-16T10:30Z", datetime(2022, 3, 16, 10, 30, tzinfo=UTC)),
        ("2022-03-16T10:30+06:00", datetime(2022, 3, 16, 4, 30, tzinfo=UTC)),
        (" 2022-03-16t10:30:15z ", datetime(2022, 3, 16, 10, 30, 15, tzinfo=UTC)),
        ("2022-03-16 10:30:15 +0600", datetime(2022, 3, 16, 4, 30, 15, tzinfo=UTC)),
        ("2022-03-16T10:30:15.25+06:00", datetime(2022, 3, 16, 4, 30, 15, 250_000, tzinfo=UTC)),
        ("2022-03-16T10:30:15.1234567Z", datetime(2022, 3, 16, 10, 30, 15, 123_456, tzinfo=UTC)),
        *[
            (text, None)
            for text in (
                "",
                "soon",
                "2022-13",
                "2022-02-30",
                "16.03.2022",
                "0001-01-01",
                "9999-12-31",
                "2022-03-16T25:00",
                "٢٠٢٢",
                "2022-03-16T10:30+99:00",
                "1" * 10_000,
            )
        ],
        (None, None),
    ],
)
def test_a_time_of_any_precision_is_the_earliest_that_it_can_mean(text: str | None, time: datetime | None) -> None:
    assert w3c_time(text) == time


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("kk", "kk"),
        ("kk-KZ", "kk"),
        ("kz", "kk"),
        ("RUS", "ru"),
        ("zh-cn", "zh"),
        ("en_US", "en"),
        ("russian", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_told_by_its_short_code(tag: str | None, code: str | None) -> None:
    assert language_of_tag(tag) == code


# -- anything at all

BITS = st.sampled_from(
    [
        "<urlset>",
        "</urlset>",
        "<url>",
        "</url>",
        "<loc>https://a.example/",
        "</loc>",
        "<lastmod>2022",
        "</lastmod>",
        "<news:news>",
        "<news:title>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&",
        "&#0;",
        "&#xD800;",
        "\x00",
        "<?x?>",
        "'",
        '"',
        "<sitemapindex>",
        "<sitemap>",
        "https://a.example/b\n",
    ]
)


def _joined(bits: list[str]) -> bytes:
    return "".join(bits).encode("utf-8", "replace")


ANYTHING = st.binary(max_size=300) | st.lists(BITS | st.text(max_size=8), max_size=40).map(_joined)


@given(ANYTHING)
def test_no_document_breaks_the_reader(body: bytes) -> None:
    for one in (body, b"<urlset>" + body, gzip.compress(body)):
        parsed = parse_sitemap(one, url=URL)
        if isinstance(parsed, Unreadable):
            assert 0 < len(what_came(parsed)) < 300
        assert all(link.startswith("http") for link in sitemaps_in(one))


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_times(text: str) -> None:
    language_of_tag(text)
    found = w3c_time(text)
    assert found is None or 1970 <= found.year < 2200
