"""Documents: lists of feeds and topics from outside: packs (TOML), OPML, and the feeds that a web page names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import at_most_processor_s
from reformwatch.documents.discovery import find_feeds
from reformwatch.documents.limits import RefusedMarkup
from reformwatch.documents.opml import MAX_BYTES, read_opml, write_opml
from reformwatch.errors import BadInput, QueryError, ReformwatchError
from reformwatch.matching.query import parse_query
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.problems import document_phrase
from reformwatch.model.feed import Feed, FeedKind, FeedState, PollState
from reformwatch.model.problem import ProblemCode
from reformwatch.model.topic import NewTopic, Topic, TopicKind, TopicState
from reformwatch.services.pack_files import check_queries, fingerprint, read_pack, write_pack

NOW = datetime(2022, 3, 16, 10, 0, tzinfo=UTC)


def feed(number: int = 1, **told: Any) -> Feed:
    usual: dict[str, Any] = {
        "id": number,
        "url": f"https://courier.example/{number}.xml",
        "name": f"Courier {number}",
        "kind": FeedKind.AGENCY,
        "language": "kk",
        "state": FeedState.ACTIVE,
        "site_url": "https://courier.example/",
        "pack": None,
        "backfill_days": None,
        "added_at": NOW,
        "poll": PollState(next_poll_at=NOW),
    }
    return Feed(**(usual | told))


def topic(**told: Any) -> Topic:
    usual: dict[str, Any] = {
        "id": 1,
        "slug": "mayors",
        "name": "Mayors",
        "kind": TopicKind.LAW,
        "description": "Who elects them.",
        "names": {"ru": "Акимы"},
        "queries": {"en": "mayor*", "ru": '"выборы акимов"~3'},
        "state": TopicState.ACTIVE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Topic(**(usual | told))


# --- packs -----------------------------------------------------------------------------------------------------------

PACK = """
[pack]
slug = "steppe"
name = "The steppe"
version = 3
description = "A pack."

[[feeds]]
name = "Courier"
url = "https://courier.example/feed.xml"
language = "kk"
kind = "official"
site_url = "https://courier.example/"

[[feeds]]
url = "http://post.example/rss"

[[topics]]
slug = "mayors"
name = "Mayors"
kind = "law"
description = "Who elects them."
names = { ru = "Акимы" }
[topics.queries]
en = '''
mayor*
  OR "city head"
'''
any = "~Tokayev"
"""


def test_a_pack_is_read() -> None:
    pack = read_pack(PACK, source="steppe.toml")
    assert (pack.slug, pack.name, pack.version, pack.description) == ("steppe", "The steppe", 3, "A pack.")
    first, second = pack.feeds
    assert (first.url, first.name, first.language) == ("https://courier.example/feed.xml", "Courier", "kk")
    assert (first.kind, first.site_url, first.pack) == (FeedKind.OFFICIAL, "https://courier.example/", "steppe")
    assert (second.name, second.kind, second.language) == ("", FeedKind.INDEPENDENT, None)
    (one,) = pack.topics
    assert (one.slug, one.name, one.kind, one.pack) == ("mayors", "Mayors", TopicKind.LAW, "steppe")
    assert one.names == {"ru": "Акимы"}
    assert one.queries == {"en": 'mayor* OR "city head"', "any": "~Tokayev"}


def test_the_least_pack_has_a_slug() -> None:
    pack = read_pack('[pack]\nslug = "a-1"', source="a.toml")
    assert (pack.name, pack.version, pack.feeds, pack.topics) == ("a-1", 1, (), ())


HEAD = '[pack]\nslug = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slug = x\n", ["a.toml", "TOML", "line 1"]),
        ("", ["a.toml", "[pack]", "slug"]),
        ("pack = 1", ["[pack]"]),
        ('[pack]\nslug = "A B"', ["slug"]),
        ('[pack]\nslug = "a_b"', ["slug"]),
        ('[pack]\nslug = "-a"', ["slug"]),
        (HEAD + "[extra]", ["'extra'", "feeds, pack, topics"]),
        (HEAD + '[[feeds]]\nname = "N"', ["feed 'N'", "url"]),
        (HEAD + '[[feeds]]\nurl = "ftp://courier.example/"', ["url", "https://"]),
        (HEAD + '[[feeds]]\nurl = "javascript:alert(1)"', ["url", "https://"]),
        (HEAD + '[[feeds]]\nurl = "https://a.example/"\nkidn = "official"', ["'kidn'", "https://a.example/"]),
        (HEAD + '[[feeds]]\nurl = "https://a.example/"\nkind = "offical"', ["'offical'", "official"]),
        (HEAD + '[[topics]]\nname = "N"', ["topic ''", "slug"]),
        (HEAD + '[[topics]]\nslug = "a b"', ["topic 'a b'", "slug"]),
        (HEAD + '[[topics]]\nslug = "b"', ["topic 'b'", "at least one query"]),
        (HEAD + '[[topics]]\nslug = "b"\nkind = "laws"\nqueries = { en = "x" }', ["'laws'", "custom"]),
        (HEAD + '[[topics]]\nslug = "b"\nquery = "x"', ["'query'"]),
        (HEAD + '[[topics]]\nslug = "b"\nqueries = { de = "x" }', ["'de'", "topic 'b'", "any"]),
        (HEAD + '[[topics]]\nslug = "b"\nqueries = { en = "(x" }', ["topic 'b'", "en", "character 3"]),
        (HEAD + '[[topics]]\nslug = "b"\nqueries = { en = "" }', ["topic 'b'", "empty"]),
    ],
)
def test_a_pack_that_cannot_be_used_says_where_and_why(text: str, said: list[str]) -> None:
    # trust: D22
    with pytest.raises(BadInput) as refused:
        read_pack(text, source="a.toml")
    message = str(refused.value)
    assert all(part in message for part in said), message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        'feeds = "x"\n' + HEAD,
        "topics = 5\n" + HEAD,
        "feeds = [1]\n" + HEAD,
        HEAD + 'version = "x"',
        HEAD + '[[feeds]]\nurl = "https://a.example/"\nsite_url = 5',
        HEAD + '[[topics]]\nslug = "b"\nqueries = "x"',
        HEAD + '[[topics]]\nslug = "b"\nnames = "x"\nqueries = { en = "x" }',
    ],
)
def test_a_value_of_the_wrong_type_in_a_pack_is_bad_input(text: str) -> None:
    # trust: D22
    with pytest.raises(BadInput):
        read_pack(text, source="a.toml")


@pytest.mark.parametrize("text", [HEAD + "vresion = 2", HEAD + '[[feeds]]\nurl = "https://a.example/"\nlanguage = 5'])
def test_what_a_pack_does_not_know_is_bad_input_everywhere(text: str) -> None:
    # trust: D22
    with pytest.raises(BadInput):
        read_pack(text, source="a.toml")


def test_a_pack_that_is_written_is_read_again() -> None:
    # trust: G09
    feeds = [feed(1), feed(2, language=None, name='Quotes "«» \\ and\nlines')]
    topics = [topic(), topic(slug="law", names={}, description="", queries={"any": "a\\b \"c d\" OR 'e'"})]
    pack = read_pack(write_pack(slug="out", name="Out", feeds=feeds, topics=topics), source="out")
    assert [(one.url, one.name, one.kind, one.language) for one in pack.feeds] == [
        (one.url, one.name, one.kind, one.language) for one in feeds
    ]
    assert [fingerprint(one) for one in pack.topics] == [fingerprint(one) for one in topics]


@pytest.mark.parametrize(
    "told",
    [
        {"name": "Other"},
        {"names": {"ru": "Другое"}},
        {"kind": TopicKind.ADDRESS},
        {"description": "Other."},
        {"queries": {"en": "mayor*"}},
        {"queries": {"en": "mayor*", "ru": '"выборы акимов"~4'}},
    ],
)
def test_a_fingerprint_changes_with_what_a_topic_says(told: Mapping[str, Any]) -> None:
    assert fingerprint(topic(**told)) != fingerprint(topic())


def test_a_fingerprint_does_not_change_with_what_the_store_adds() -> None:
    stored = topic(id=9, state=TopicState.PAUSED, pack="p", queries={"ru": '"выборы акимов"~3', "en": "mayor*"})
    fresh = NewTopic(
        slug="mayors", name="Mayors", kind=TopicKind.LAW, description="Who elects them.", names={"ru": "Акимы"},
        queries={"en": "mayor*", "ru": '"выборы акимов"~3'},
    )  # fmt: skip
    assert fingerprint(stored) == fingerprint(fresh) == fingerprint(topic())


def test_queries_are_put_on_one_line_and_keep_their_order() -> None:
    checked = check_queries({"kk": "әкім*\n  OR  мэрия*", "en": "  mayor  "}, where="topic 'a'")
    assert list(checked.items()) == [("kk", "әкім* OR мэрия*"), ("en", "mayor")]
    with pytest.raises(QueryError) as refused:
        check_queries({"en": "mayor )"}, where="topic 'a'")
    assert refused.value.position == 6


def test_the_starter_pack_is_read_and_every_query_of_it_can_be_parsed() -> None:
    text = Path(__file__).parents[2].joinpath("src/reformwatch/packs/kazakhstan.toml").read_text("utf-8")
    pack = read_pack(text, source="kazakhstan")
    assert pack.slug == "kazakhstan"
    assert len(pack.feeds) >= 10
    assert len(pack.topics) >= 6
    assert len({one.url for one in pack.feeds}) == len(pack.feeds)
    assert len({one.slug for one in pack.topics}) == len(pack.topics)
    for one in pack.topics:
        for query in one.queries.values():
            parse_query(query)


# --- OPML ------------------------------------------------------------------------------------------------------------


def opml(body: str, *, before: str = '<?xml version="1.0"?>') -> bytes:
    return f'{before}<opml version="2.0"><head><title>T</title></head><body>{body}</body></opml>'.encode()


def test_the_feeds_of_a_list_are_read_each_once() -> None:
    found = read_opml(
        opml(
            '<outline text="Folder"><outline type="rss" text="A" title="Courier" xmlUrl="https://courier.example/feed"'
            ' htmlUrl="https://courier.example/" language="kk" category="official"/></outline>'
            '<outline TEXT="Post" XMLURL="http://post.example/rss"/>'
            '<outline text="Again" xmlUrl="https://courier.example/feed"/>'
            '<outline text="No feed" htmlUrl="https://nowhere.example/"/>'
        )
    )
    assert [(one.url, one.name) for one in found] == [
        ("https://courier.example/feed", "Courier"),
        ("http://post.example/rss", "Post"),
    ]
    assert (found[0].site_url, found[0].language, found[0].kind) == ("https://courier.example/", "kk", "official")
    assert (found[1].site_url, found[1].language, found[1].kind) == (None, None, None)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "data:text/xml,x", "/feed", "", "feed:x"])
def test_an_outline_that_names_no_web_address_is_left_out(url: str) -> None:
    # trust: D13, D21
    assert read_opml(opml(f'<outline text="A" xmlUrl="{url}" htmlUrl="{url}"/>')) == ()
    (one,) = read_opml(opml(f'<outline text="A" xmlUrl="https://a.example/" htmlUrl="{url}"/>'))
    assert one.site_url is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not well-formed"),
        (b"not xml", "not well-formed"),
        (b"<opml><body>", "not well-formed"),
        (b"<rss version='2.0'/>", "<rss>, not <opml>"),
        (b"x" * (MAX_BYTES + 1), "at most 10,000,000"),
        (opml("<outline>" * 100_000 + "</outline>" * 100_000), "nested deeper"),
        (opml("<outline>" * 100_000), "nested deeper"),
        (opml("&a;", before='<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'), "entity"),
        (opml("&a;", before='<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "entity"),
        (opml("<outline " + " ".join(f'a{i}="1"' for i in range(100_000)) + "/>"), "attributes"),
        (opml("".join(f'<outline xmlUrl="https://a.example/{i}"/>' for i in range(20_001))), "more than 20,000"),
    ],
    ids=["empty", "text", "open", "RSS", "large", "deep", "deep and open", "laughs", "XXE", "attributes", "many"],
)
def test_a_list_that_cannot_be_used_is_refused_in_one_line(body: bytes, said: str) -> None:
    # trust: D01, D02, D03, D21
    with pytest.raises((BadInput, RefusedMarkup)) as refused:
        read_opml(body)
    why = refused.value
    told = document_phrase(why.problem, ENGLISH) if isinstance(why, RefusedMarkup) else str(why)
    assert said in told
    assert told.startswith(("OPML: ", "refused: "))
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "utf-7", "no-such-thing", "undefined", "idna"])
def test_a_list_in_an_encoding_that_cannot_be_read_is_bad_input_or_read(encoding: str) -> None:
    # trust: D10, D21
    body = opml('<outline xmlUrl="https://a.example/"/>', before=f'<?xml version="1.0" encoding="{encoding}"?>')
    try:
        assert len(read_opml(body)) == 1
    except BadInput as refused:
        assert str(refused).startswith("OPML: ")  # noqa: PT017 - both ends are right
    except RefusedMarkup as refused:
        assert refused.problem.code is ProblemCode.MARKUP_REFUSED_ENCODING  # noqa: PT017 - this end, too


@given(st.binary(max_size=200) | st.text(alphabet="<>opml/ \"'=&;xU!-[]?", max_size=80).map(str.encode))
def test_any_bytes_are_a_list_or_bad_input(body: bytes) -> None:
    # trust: D21
    try:
        read_opml(body)
    except (ReformwatchError, RefusedMarkup) as refused:
        assert isinstance(refused, BadInput | RefusedMarkup)  # noqa: PT017 - both ends are right


def test_a_list_that_is_written_is_read_again() -> None:
    # trust: G09
    nasty = feed(2, name="<b>&\"'", url="https://courier.example/?a=1&b=2", language=None, site_url=None)
    written = write_opml([feed(1), nasty], title="Feeds & more")
    root = ElementTree.fromstring(written)  # noqa: S314 - our own
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Feeds & more")
    assert all(outline.get("text") and outline.get("type") == "rss" for outline in root.iter("outline"))
    assert [(one.url, one.name, one.site_url, one.language, one.kind) for one in read_opml(written)] == [
        (one.url, one.name, one.site_url, one.language, one.kind.value) for one in (feed(1), nasty)
    ]


def test_the_shared_lists_are_read_or_refused_with_the_place(shared: Path) -> None:
    lists = sorted((shared / "data/opml").glob("*.opml"))
    assert lists
    read = 0
    for path in lists:
        try:
            found = read_opml(path.read_bytes())
        except BadInput as refused:
            assert "line" in str(refused)  # noqa: PT017 - both ends are right
            continue
        read += 1
        assert found, path.name
        assert all(one.url.startswith("http") for one in found)
    assert read > 0


def test_a_list_with_a_bare_ampersand_is_read() -> None:
    # trust: G09
    (one,) = read_opml(opml('<outline text="Law & order" xmlUrl="https://a.example/?a=1&b=2"/>'))
    assert (one.name, one.url) == ("Law & order", "https://a.example/?a=1&b=2")


# --- feeds of a page -------------------------------------------------------------------------------------------------

PAGE = "https://courier.example/news/index.html"


def names(html: str) -> list[str]:
    return [link.url for link in find_feeds(html.encode(), url=PAGE)]


def test_the_feeds_that_a_page_declares_are_found_with_their_titles() -> None:
    found = find_feeds(
        b'<html><head><link rel="alternate" type="application/rss+xml" title=" News \n feed" href="/rss.xml">'
        b'<LINK REL="Alternate home" TYPE="application/atom+xml; charset=utf-8" HREF="atom.xml">'
        b'<link rel="alternate" type="application/feed+json" href="https://feeds.example/courier.json"></head>',
        url=PAGE,
    )
    assert [(link.url, link.title, link.is_declared) for link in found] == [
        ("https://courier.example/rss.xml", "News feed", True),
        ("https://courier.example/news/atom.xml", "", True),
        ("https://feeds.example/courier.json", "", True),
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("<p>no feeds", []),
        ('<link rel="alternate" hreflang="ru" href="/ru/">', []),
        ('<link rel="stylesheet" type="application/rss+xml" href="/a">', []),
        ('<link rel="alternate" type="text/html" href="/rss">', []),
        ('<a href="/rss">RSS</a>', ["https://courier.example/rss"]),
        ('<a href="/feed/">Feed</a>', ["https://courier.example/feed/"]),
        ('<a href="https://courier.example/atom.xml">A</a>', ["https://courier.example/atom.xml"]),
        ('<a href="/news.rss">A</a>', ["https://courier.example/news.rss"]),
        ('<a href="/?feed=rss2">A</a><a href="/progress">B</a><a href="/feedback">C</a>', []),
        ('<a href="/rss">A</a><a href="/rss">B</a>', ["https://courier.example/rss"]),
        # declared ones take the place of those that only look like it
        (
            '<a href="/rss">A</a><link rel="alternate" type="application/rss+xml" href="/b">',
            ["https://courier.example/b"],
        ),
        # comments come last
        (
            "".join(
                f'<link rel="alternate" type="application/rss+xml" href="{at}">' for at in ("/comments/feed", "/feed")
            ),
            ["https://courier.example/feed", "https://courier.example/comments/feed"],
        ),
        ('<base href="https://other.example/x/"><a href="rss">A</a>', ["https://other.example/x/rss"]),
        ('<base href="javascript:x"><a href="rss">A</a>', ["https://courier.example/news/rss"]),
        ('<!-- <a href="/rss"> -->', []),
        ('<script>"<a href=/rss>"</script>', []),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">', []),
        ('<link rel="alternate" type="application/rss+xml">', []),
        ('<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">', []),
    ],
)
def test_a_page_names_these_feeds(html: str, expected: list[str]) -> None:
    assert names(html) == expected


def test_a_page_of_many_feeds_gives_a_bounded_choice() -> None:
    assert len(names("".join(f'<a href="/{i}/rss">x</a>' for i in range(500)))) == 20


def test_a_page_is_read_in_its_encoding() -> None:
    html = '<link rel="alternate" type="application/rss+xml" href="/rss" title="Новости">'
    (link,) = find_feeds(html.encode("windows-1251"), url=PAGE, encoding="windows-1251")
    assert link.title == "Новости"
    (link,) = find_feeds(html.encode(), url=PAGE, encoding="no-such-thing")
    assert link.title == "Новости"


@pytest.mark.parametrize("unit", ["<", "<a ", "<a href='", "<!--", "<!", "&", "<link rel=alternate ", "</", "\x00"])
def test_a_nasty_page_is_read_in_bounded_time(unit: str) -> None:
    # trust: D08
    with at_most_processor_s(6):
        assert names(unit * 20_000) == []


@given(st.lists(st.sampled_from([*"<>/!-&;='\" ", "a href=", "link", "rss", "--", "?"]), max_size=40).map("".join))
def test_any_page_gives_feeds_with_web_addresses(html: str) -> None:
    assert all(url.startswith("http") for url in names(html))


def test_a_page_with_an_unknown_marked_section_is_read() -> None:
    names('<![bogus[ x ]]><a href="/rss">A</a>')


@pytest.mark.parametrize("encoding", ["idna", "undefined", "utf\x00"])
def test_a_page_in_a_useless_encoding_is_read_as_utf_8(encoding: str) -> None:
    # trust: D10
    assert len(find_feeds(b'<a href="/rss">A</a>', url=PAGE, encoding=encoding)) == 1
