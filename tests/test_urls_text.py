"""Ground: which addresses are links, when two are one page, and text from outside made safe."""

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bounds import at_most_bytes
from reformwatch.model.story import is_headline_key
from reformwatch.planning.stories import has_own_page, story_keys
from reformwatch.text import clean, clean_line, header_safe, printable, shorten
from reformwatch.urls import MAX_URL, canonical_url, host_of, origin_of, safe_link, strip_tracking, without_password

BASE = "https://example.org/news/feed.xml"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://Example.org/A", "https://Example.org/A"),
        ("  https://example.org/a\n", "https://example.org/a"),
        ("/a?b=1#c", "https://example.org/a?b=1#c"),
        ("a", "https://example.org/news/a"),
        ("../a", "https://example.org/a"),
        ("?page=2", "https://example.org/news/feed.xml?page=2"),
        ("//other.example/a", "https://other.example/a"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("https://example.org/a\\b", "https://example.org/a%5Cb"),
        ("https://example.org/a\x85b\u2028c", "https://example.org/a%C2%85b%E2%80%A8c"),
        ("https://example.org/жаңалық", "https://example.org/жаңалық"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://[::1]/a", "https://[::1]/a"),
    ],
)
def test_a_link_becomes_an_absolute_web_address(link: str, expected: str) -> None:
    assert safe_link(link, base=BASE) == expected


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " \x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "ftp://example.org/a",
        "mailto:a@example.org",
        "tag:example.org,2022:1",
        "urn:uuid:1",
        "about:blank",
        "https://:80/",
        "https://example.org:port/",
        "https://example.org:99999/",
        "http://[::1",
        "view-source:https://example.org",
    ],
)
def test_what_is_no_web_address_is_never_a_link(link: str | None) -> None:
    # trust: D13
    assert safe_link(link, base=BASE) is None


def test_without_a_base_a_relative_link_is_none() -> None:
    assert safe_link("/a", base="") is None


_NASTY = st.text(alphabet=st.sampled_from([*"javscript:data/\\?#@[]%<>\"'`{|} .", "\n", "\t", "\x00", "é", "\u2028"]))


@given(st.one_of(st.text(max_size=60), _NASTY, _NASTY.map("https://example.org".__add__), _NASTY.map("http:".__add__)))
def test_any_text_is_a_clean_web_address_or_none(text: str) -> None:
    # trust: D13
    link = safe_link(text, base=BASE)
    if link is not None:
        assert link.startswith(("http://", "https://"))
        assert not re.search(r"[\x00-\x20\x7f-\x9f<>\"]", link)
        assert host_of(link) is not None
        assert isinstance(canonical_url(link), str)
        assert isinstance(strip_tracking(link), str)


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\ufeff"])
def test_what_steers_or_hides_in_a_link_is_escaped(character: str) -> None:
    # trust: D09
    link = safe_link(f"https://example.org/a{character}gpj.exe", base="")
    assert link is not None
    assert character not in link


def test_a_lone_surrogate_in_a_link_is_escaped_or_refused() -> None:
    # trust: D09
    link = safe_link("https://example.org/?q=\ud800", base="")
    assert link is None or link.encode().isascii()


def test_an_escaped_link_is_bounded_too() -> None:
    link = safe_link("https://example.org/" + "<" * MAX_URL, base="")
    assert link is None or len(link) <= MAX_URL


def test_no_escape_of_a_link_is_cut_in_two() -> None:
    for more in range(3):
        link = safe_link("https://example.org/" + "a" * more + "<" * MAX_URL, base="")
        assert link is not None
        assert re.fullmatch(r"https://example\.org/a*(?:%3C)+", link)


def test_an_endless_link_is_cut() -> None:
    link = safe_link("https://example.org/" + "a" * 100_000, base="")
    assert link is None or len(link) <= MAX_URL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a", "https://example.org/a"),
        ("https://www.example.org/a", "https://example.org/a"),
        ("https://EXAMPLE.org/a", "https://example.org/a"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("http://example.org:80/a", "https://example.org/a"),
        ("https://example.org/a/", "https://example.org/a"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/a#comments", "https://example.org/a"),
        ("https://user:word@example.org/a", "https://example.org/a"),
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a"),
        ("https://example.org/a?id=1&fbclid=x", "https://example.org/a?id=1"),
        ("https://example.org/a?UTM_Source=rss", "https://example.org/a"),
        ("https://example.org/a?yclid=1&gclid=2&mtm_x=3&pk_y=4", "https://example.org/a"),
    ],
)
def test_two_addresses_of_one_page_are_equal(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/b"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://kz.example.org/a"),
        ("https://example.org/a", "https://example.org:8080/a"),
        ("https://example.org/?id=1", "https://example.org/?id=2"),
        ("https://example.org/?1", "https://example.org/?2"),
        ("https://example.org/?a=1&b=2", "https://example.org/?b=2"),
        ("https://example.org/#!/a", "https://example.org/#!/b"),
        ("https://example.org/?q=мэр", "https://example.org/?q=әкім"),
    ],
)
def test_addresses_of_two_pages_differ(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_addresses_with_escapes_in_another_encoding_differ() -> None:
    assert canonical_url("https://example.org/?q=%CF%F0") != canonical_url("https://example.org/?q=%C7%E0")


@given(st.sampled_from(["https://example.org/a", "http://example.org/?x=1", "https://example.org/a?b=%20c&d=+#!e"]))
def test_a_canonical_address_is_its_own(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(f"https:{once}") == once


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
        ("https://example.org/a?utm_source=x", "https://example.org/a"),
        ("https://example.org/a?b=%D0+1&utm_source=x&c#d", "https://example.org/a?b=%D0+1&c#d"),
        ("https://example.org/a?b=1&&c", "https://example.org/a?b=1&&c"),
    ],
)
def test_only_tracking_is_taken_off_an_address(url: str, expected: str) -> None:
    assert strip_tracking(url) == expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a", "example.org"),
        ("https://example.org:8443/a", "example.org"),
        ("https://bank.example@evil.example/a", "evil.example"),
        ("https://bank.example:x@evil.example:80/", "evil.example"),
        ("https://еxample.org/", "xn--xample-2of.org"),
        ("https://қазақ.example/", "xn--80aau21bd.example"),
        ("https://xn--80aau21bd.example/", "xn--80aau21bd.example"),
        (None, ""),
        ("", ""),
        ("https://" + "ж" * 100 + ".example/", ""),
        ("http://[", ""),
    ],
)
def test_the_real_host_of_a_link_is_shown_in_ascii(url: str | None, host: str) -> None:
    # trust: D17
    shown = host_of(url)
    assert shown.isascii()
    assert shown == host


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org/a", "example.org"),
        ("https://example.org:8443/a", "example.org:8443"),
        ("https://user:word@example.org/", "example.org"),
        ("http://[", "http://["),
    ],
)
def test_the_origin_of_an_address_is_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://watch:hunter2@db.example/news", "postgresql+psycopg://watch:***@db.example/news"),
        ("postgresql+psycopg://watch:hunt@er/2@db.example/news", "postgresql+psycopg://watch:***@db.example/news"),
        ("postgresql+psycopg://watch@db.example/news", "postgresql+psycopg://watch@db.example/news"),
        ("postgresql+psycopg://db.example:5432/news", "postgresql+psycopg://db.example:5432/news"),
        ("postgresql://db/news?user=a&password=hunter2&x=1", "postgresql://db/news?user=a&password=***&x=1"),
        ("postgresql+psycopg:watch:hunter2@db.example/news", "postgresql+psycopg:***@db.example/news"),
        ("hunter2@db.example", "hunter2:***@db.example"),
        ("sqlite:////srv/a:b@c/news.sqlite", "sqlite:////srv/a:b@c/news.sqlite"),
    ],
)
def test_the_address_of_a_database_is_shown_without_its_password(url: str, shown: str) -> None:
    # trust: B20
    assert without_password(url) == shown


@pytest.mark.parametrize(
    ("url", "is_page"),
    [("https://example.org/a", True), ("https://example.org/", False), ("https://example.org/?id=1", True)],
)
def test_the_front_page_of_a_site_is_nobodys_own_page(url: str, is_page: bool) -> None:
    assert has_own_page(url) == is_page


def test_a_story_is_known_by_its_page_and_by_a_headline_of_four_words() -> None:
    keys = story_keys(url="https://example.org/a?utm_source=x", title="A new law on mayors")
    assert keys == story_keys(url="http://www.example.org/a", title="a NEW law: on mayors!")
    assert [is_headline_key(key) for key in keys] == [False, True]
    assert story_keys(url=None, title="Three words only") == ()
    assert len(story_keys(url="https://example.org/", title="A new law on mayors")) == 1


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("  a  b\u00a0\u2003c ", "a b c"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\n\n \n b", "a\nb"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"),
        ("a\x00b\x07c\x1bd\x7fe\x9bf", "abcdef"),
        ("a\x1b[31mb", "a[31mb"),
        ("a\u202eb\u202cc\u2066d\u2069e\u200ff\u061cg", "abcdefg"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ue000b\ue001c", "abc"),
        ("a\U000e0041b", "ab"),
        ("a\ufffeb\uffffc", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("a" + "\u200d" * 100 + "b", "a\u200db"),
        ("a" + "\u0301" * 50 + "b", "ab"),
        ("e\u0301", "é"),
        ("и\u0306", "й"),
        ("\ttab\tstop", "tab stop"),
    ],
)
def test_text_from_outside_becomes_this(text: str, expected: str) -> None:
    # trust: D09
    assert clean(text, limit=100) == expected


_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000\ue001\ud800-\udfff]"
)
_ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(["\x00", "\r", "\n", "\x85", "\u2028", "\u202e", "\u200d", "\u200b", "\ud800", "\u0301", " "]),
    ),
    max_size=120,
)


@given(_ANY_TEXT, st.integers(min_value=1, max_value=80))
def test_cleaned_text_is_clean_bounded_and_can_be_stored(text: str, limit: int) -> None:
    # trust: D09
    cleaned = clean(text, limit=limit)
    assert len(cleaned) <= limit
    assert not _UNWANTED.search(cleaned)
    assert cleaned.strip() == cleaned
    assert "  " not in cleaned
    assert "\n\n" not in cleaned
    cleaned.encode()


@given(_ANY_TEXT, st.integers(min_value=1, max_value=80))
def test_a_cleaned_line_is_one_line(text: str, limit: int) -> None:
    # trust: D09, D15
    line = clean_line(text, limit=limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert not _UNWANTED.search(line)


@given(_ANY_TEXT)
def test_cleaned_text_is_normalised(text: str) -> None:
    assert unicodedata.is_normalized("NFC", clean(text, limit=1000))


@pytest.mark.parametrize("unit", ["a", " ", "\n", "\u200d", "\u0301", "\x00", "\ud800", "\r\n", "<", "&amp;", "ﷺ"])
def test_a_megabyte_costs_no_more_than_the_limit_does(unit: str) -> None:
    # trust: D09
    text = unit * 1_000_000
    with at_most_bytes(200_000):
        assert len(clean(text, limit=500)) <= 500


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("a" * 50 + " tail", 52, "a" * 50 + "…"),
        ("tiny " + "a" * 60, 50, "tiny " + "a" * 44 + "…"),
        ("a " + "b" * 30, 20, "a " + "b" * 17 + "…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_a_shortened_text_ends_with_an_ellipsis_at_a_word_if_near(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit=limit) == expected


def test_a_word_longer_than_a_small_limit_is_cut_at_the_limit() -> None:
    assert shorten("shorter", limit=5) == "shor…"


def test_a_terminal_sees_escapes_where_a_text_could_steer_it() -> None:
    # trust: D27
    assert printable("a\x1b[2Jb\r\u202ec\x9bd\ud800") == "a\\x1b[2Jb\\r\\u202ec\\x9bd\\ud800"
    assert printable("Жаңа\tҚазақстан\n") == "Жаңа\tҚазақстан\n"


@given(_ANY_TEXT)
def test_printable_text_never_steers_a_terminal(text: str) -> None:
    # trust: D27
    shown = printable(text)
    assert all(c.isprintable() or c in "\n\t" for c in shown)


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nBcc: b@example.org",
        "a\nBcc: b@example.org",
        "a\x85Bcc: b@example.org",
        "a\u2028Bcc: b@example.org",
        "=?utf-8?q?a=0aBcc:_b?=",
        "==??=?=?",
        "a" * 5000,
    ],
)
def test_a_header_has_one_line_and_no_encoded_word(text: str) -> None:
    # trust: D15, E15
    header = header_safe(text, limit=200)
    assert len(header.splitlines()) == 1
    assert "=?" not in header
    assert len(header) <= 200


@pytest.mark.parametrize("hidden", ["\x00", "\u200b", "\ufeff", "\u202e", "\ud800"])
def test_an_encoded_word_does_not_reappear_when_controls_go(hidden: str) -> None:
    # trust: D15
    assert "=?" not in header_safe(f"={hidden}?utf-8?q?a=0aBcc:_b?=", limit=200)


PIECES = [
    "a",
    "b.c",
    "example.org",
    "www.",
    ":80",
    ":443",
    ":8080",
    "/",
    "//",
    "-",
    "~",
    "..",
    "%20",
    "@",
    "_",
    "A",
    ":0",
]


@given(st.sampled_from(["http://", "https://"]), st.lists(st.sampled_from(PIECES)))
def test_a_plain_address_has_the_name_that_the_long_way_gives_it(scheme: str, pieces: list[str]) -> None:
    url = scheme + "".join(pieces)
    assume(canonical_url(url) != url)  # it is none at all
    assert canonical_url(url) == canonical_url(f"{url}?&"), "an empty query says nothing, and is not plain"
