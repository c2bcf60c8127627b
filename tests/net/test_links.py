"""Link headers (RFC 8288)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import NOW
from reformwatch.model.feed import FeedKind, FeedState, Fetched
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.net.conditional import fetch_feed
from reformwatch.net.links import parse_links
from sample_feeds import make_feed
from servers import HttpServer, reply

HUB, SELF = ("hub", "https://hub.example/"), ("self", "https://news.example/feed")


@pytest.mark.parametrize(
    ("line", "links"),
    [
        ('<https://hub.example/>; rel="hub"', (HUB,)),
        ("<https://hub.example/>;rel=hub", (HUB,)),
        ("<https://hub.example/> ; REL = HUB", (HUB,)),
        ('<https://hub.example/>; rel="hub", <https://news.example/feed>; rel="self"', (HUB, SELF)),
        ("<https://hub.example/>; rel=hub,<https://news.example/feed>; rel=self", (HUB, SELF)),
        ('<https://x.example/a,b;c>; rel="hub self"', (("hub", "https://x.example/a,b;c"), ("self", "https://x.example/a,b;c"))),
        ('<https://hub.example/>; title="a, <b>; rel=\\"self\\""; rel=hub', (HUB,)),
        ("<https://hub.example/>; rel=hub; rel=self", (HUB,)),
        ("<https://hub.example/>; rel=hub; anchor=https://other.example/", ()),
        ("</hub>; rel=hub", (("hub", "/hub"),)),
        ("<>; rel=self", (("self", ""),)),
        ("<https://hub.example/>", ()),
        (", ,<https://hub.example/>; ; rel=hub,", (HUB,)),
        ("https://hub.example/; rel=hub", ()),
        ('<https://hub.example/>; rel="hub', ()),
        ("<https://hub.example/; rel=hub", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_links_are_read_as_they_stand(line: str, links: tuple[tuple[str, str], ...]) -> None:
    assert parse_links([line]) == links


def test_the_links_of_all_lines_are_one_list_and_it_is_bounded() -> None:
    assert parse_links(['<https://hub.example/>; rel="hub"', '<https://news.example/feed>; rel="self"']) == (HUB, SELF)
    assert len(parse_links([", ".join(["<https://x.example/>; rel=next"] * 400)] * 9)) == 50


@given(st.text(alphabet='<>;,="\\ relhubx', max_size=300))
def test_any_line_is_read_in_bounded_time(line: str) -> None:
    assert all(relation for relation, _ in parse_links([line * 50]))


def test_a_reply_brings_its_links_to_the_feed() -> None:
    body = b"<rss version='2.0'><channel><title>x</title></channel></rss>"
    lines = [("Link", '<https://hub.example/>; rel="hub"'), ("Link", "<https://news.example/feed>; rel=self")]
    with HttpServer() as server, HttpClient(user_agent="x", policy=AddressPolicy(["127.0.0.1"])) as client:
        url = server.on("/rss", reply(200, body, lines))
        feed = make_feed(
            id=1, url=url, name="", kind=FeedKind.AGENCY, language=None, state=FeedState.ACTIVE, site_url=None,
            pack=None, backfill_days=None, added_at=NOW, next_poll_at=NOW,
        )  # fmt: skip
        fetched = fetch_feed(client, feed, now=NOW)
    assert isinstance(fetched, Fetched)
    assert fetched.links == (HUB, SELF)
