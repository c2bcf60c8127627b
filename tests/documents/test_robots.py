"""Documents: what a robots.txt allows, as RFC 9309 has it."""

import pickle
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.documents.robots import MAX_BYTES, MAX_DELAY, MAX_SITEMAPS, Access, Robots, read_robots, robots_url

SITE = "https://courier.example"
AGENT = "reformwatch/0.1 (+https://reformwatch.example)"


def robots(text: str) -> Robots:
    """The wishes of a site that answers with this text."""
    return read_robots(200, text.encode())


@pytest.mark.parametrize(
    ("status", "access"),
    [
        (200, Access.RULES),
        (204, Access.RULES),
        (301, Access.ALL),
        (401, Access.ALL),
        (404, Access.ALL),
        (410, Access.ALL),
        (429, Access.ALL),
        (500, Access.NONE),
        (503, Access.NONE),
        (None, Access.NONE),
    ],
)
def test_unavailable_allows_all_and_unreachable_allows_nothing(status: int | None, access: Access) -> None:
    read = read_robots(status, b"User-agent: *\nDisallow: /private")
    assert read.access is access
    assert read.allows(f"{SITE}/open", AGENT) is (access is not Access.NONE)
    assert read.allows(f"{SITE}/private", AGENT) is (access is Access.ALL)
    assert (read.delay(AGENT), read.sitemaps) == (None, ())


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /a", "/about", False),
        ("User-agent: *\nDisallow: /a/\nAllow: /a/b", "/a/bc", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /қала", "/%D2%9B%D0%B0%D0%BB%D0%B0/1", False),
        ("\ufeffUSER-AGENT : *  # all\r\nDISALLOW : /a # that\r\n", "/a", False),
        ("Disallow: /a", "/a", True),  # a rule for nobody
        ("<!doctype html><html><body>Not a robots file</body></html>", "/a", True),
    ],
)
def test_the_longest_rule_holds_and_of_two_the_one_that_allows(text: str, path: str, allowed: bool) -> None:
    assert robots(text).allows(SITE + path, AGENT) is allowed


@pytest.mark.parametrize(
    ("names", "is_ours"),
    [
        (["reformwatch"], True),
        (["ReformWatch/2.0"], True),
        (["Googlebot", "reformwatch"], True),
        (["reformwatch*"], True),
        (["reform"], False),
        (["reformwatch-images"], False),
        (["watch"], False),
        (["example"], False),  # a word of our address, not our name
        (["Googlebot"], False),
    ],
)
def test_a_group_is_ours_by_our_name_and_no_part_of_it(names: list[str], is_ours: bool) -> None:
    group = "".join(f"User-agent: {name}\n" for name in names)
    text = f"User-agent: *\nDisallow: /all\n\n{group}Disallow: /named\nCrawl-delay: 5\n"
    assert robots(text).allows(f"{SITE}/named", AGENT) is not is_ours
    assert robots(text).allows(f"{SITE}/all", AGENT) is is_ours  # our own group replaces the one for all
    assert robots(text).delay(AGENT) == (timedelta(seconds=5) if is_ours else None)


def test_groups_of_one_name_are_one_group_and_others_end_where_they_end() -> None:
    groups = [("reformwatch", "/a"), ("other", "/b"), ("reformwatch", "/c")]
    text = "\n\n".join(f"User-agent: {name}\nDisallow: {path}" for name, path in groups)
    allowed = [path for path in ("/a", "/b", "/c") if robots(text).allows(SITE + path, AGENT)]
    assert allowed == ["/b"]


@pytest.mark.parametrize(
    ("said", "delay"),
    [
        ("10", timedelta(seconds=10)),
        ("0.5", timedelta(seconds=0.5)),
        ("86400", MAX_DELAY),
        ("1e300", MAX_DELAY),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_delay_is_bounded(said: str, delay: timedelta | None) -> None:
    assert robots(f"User-agent: *\nCrawl-delay: {said}").delay(AGENT) == delay


def test_sitemaps_are_addresses_each_once_and_not_too_many() -> None:
    text = (
        "Sitemap: https://courier.example/news.xml\nUser-agent: other\nDisallow: /\n"
        "sitemap: https://courier.example/news.xml\nSitemap: javascript:alert(1)\nSitemap: /relative.xml\n"
        "Sitemap: https://courier.example/pages.xml.gz\n"
    )
    assert robots(text).sitemaps == (f"{SITE}/news.xml", f"{SITE}/pages.xml.gz")
    many = "".join(f"Sitemap: {SITE}/{number}.xml\n" for number in range(500))
    assert len(robots(many).sitemaps) == MAX_SITEMAPS


def test_what_lies_beyond_500_kib_is_not_read_and_no_rule_is_cut_in_two() -> None:
    rule = "Disallow: /private-things\n"
    start = "User-agent: *\n" + "#\n" * 10
    filler = "#" * (MAX_BYTES - len(start) - len("Disallow: /p") - 1) + "\n"
    read = robots(start + filler + rule)
    assert read.allows(f"{SITE}/public", AGENT)
    assert len(read.text) <= MAX_BYTES
    assert not robots("User-agent: *\n" + rule).allows(f"{SITE}/private-things", AGENT)


def test_a_file_of_many_names_and_many_rules_is_read_in_a_moment() -> None:
    names = "".join(f"User-agent: a{number}\n" for number in range(15_000))
    read = robots(names + "".join(f"Allow: /{number}\n" for number in range(15_000)))
    assert read.allows(f"{SITE}/x", AGENT)  # 225 million pairs would take minutes and gigabytes


def test_the_value_can_be_sent_and_compared() -> None:
    read = robots("User-agent: *\nDisallow: /a")
    assert pickle.loads(pickle.dumps(read)) == read  # noqa: S301 - our own pickle
    assert read != robots("User-agent: *\nDisallow: /b")


@pytest.mark.parametrize(
    ("page", "where"),
    [
        ("https://courier.example/a/b?c#d", "https://courier.example/robots.txt"),
        ("http://user:secret@courier.example:8080/", "http://courier.example:8080/robots.txt"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/robots.txt"),
    ],
)
def test_the_file_lies_at_the_root_of_the_page_s_host(page: str, where: str) -> None:
    assert robots_url(page) == where
    assert "secret" not in urlsplit(robots_url(page)).netloc


LINES = st.sampled_from(
    [
        "User-agent: *",
        "User-agent: reformwatch",
        "user agent x",
        "Disallow: /*a$",
        "Allow: %",
        "Crawl-delay: 1",
        "Sitemap:",
        "Disallow: https://a.example/%zz",
        "Visit-time: 1-2",
        "Request-rate: 1/0",
        "Host: x",
        "$",
        ":",
    ]
)


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("utf-8", "replace")


ANYTHING = st.binary(max_size=300) | st.lists(LINES | st.text(max_size=30)).map(_joined)


@given(ANYTHING, st.text(max_size=40), st.text(max_size=30))
def test_no_file_address_or_name_breaks_the_reader(body: bytes, url: str, agent: str) -> None:
    read = read_robots(200, body)
    assert read.allows(url, agent) in {True, False}
    assert read.allows(f"{SITE}/{url}", agent) in {True, False}
    delay = read.delay(agent)
    assert delay is None or timedelta() <= delay <= MAX_DELAY
    assert all(link.startswith("http") for link in read.sitemaps)
