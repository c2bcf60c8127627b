"""WebSub's decisions: which hub, what to answer it, when to ask again. Numbers are those of websub.rocks/subscriber."""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from conftest import NOW
from reformwatch.documents.feed import parse_feed
from reformwatch.documents.page import parse_page
from reformwatch.model.entry import ParsedFeed
from reformwatch.model.websub import (
    Confirmed,
    Denied,
    HubQuestion,
    HubState,
    HubSubscription,
    NotAsked,
    Parting,
    Released,
    Signature,
)
from reformwatch.planning.websub import (
    PATIENCE,
    answer,
    answer_parting,
    check_signature,
    discover,
    is_over,
    lease_of,
    parting_again_at,
    renew_at,
    retry_wait,
    subscribe_form,
    unsubscribe_form,
)

URL = "https://news.example/feed"
HUB = "https://hub.example/"
TOPIC = "https://news.example/rss?all=1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def subscription(state: HubState = HubState.PENDING) -> HubSubscription:
    return HubSubscription(
        feed_id=1, feed_name="News", hub=HUB, topic=TOPIC, state=state, token="t0ken", secret="s" * 64, attempts=1
    )


def parting(attempts: int = 1) -> Parting:
    return Parting(hub=HUB, topic=TOPIC, token="t0ken", since=NOW, next_act_at=NOW, attempts=attempts)


# --- discovery --------------------------------------------------------------------------------------------------------


def test_100_a_hub_and_a_topic_are_found_in_the_link_headers() -> None:
    assert discover((("hub", HUB), ("self", TOPIC)), (), None, URL) == (HUB, TOPIC)


def test_101_a_hub_and_a_topic_are_found_in_the_head_of_a_page() -> None:
    parsed = as_page(f'<html><head><LINK REL="hub" href="{HUB}"><link rel=self href="/rss?all=1" /></head><body>')
    assert discover((), parsed.hubs, parsed.self_url, URL) == (HUB, TOPIC)


def as_page(beginning: str) -> ParsedFeed:
    """A page that begins so, read as the program reads pages."""
    parsed = parse_page(f'{beginning}<h3 class="item"><a href="/1">One</a></h3>'.encode(), url=URL, selector=".item")
    assert isinstance(parsed, ParsedFeed)
    return parsed


ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:news</id>
<link rel="hub" href="{HUB}"/><link rel="self" href="/rss?all=1"/><entry><id>1</id><title>One</title></entry></feed>"""
RSS = f"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>
<atom:link rel="hub" href="{HUB}"/><atom:link rel="self" href="{TOPIC}"/>
<item><title>One</title><guid>1</guid></item></channel></rss>"""


@pytest.mark.parametrize("document", [ATOM, RSS], ids=["102", "103"])
def test_102_103_a_hub_and_a_topic_are_found_in_a_document_of_atom_or_rss(document: str) -> None:
    parsed = parse_feed(document.encode(), url=URL)
    assert isinstance(parsed, ParsedFeed)
    assert discover((), parsed.hubs, parsed.self_url, URL) == (HUB, TOPIC)


def test_104_the_headers_come_before_the_document() -> None:
    said = (("hub", HUB), ("self", TOPIC))
    assert discover(said, ("https://other.example/",), "https://other.example/feed", URL) == (HUB, TOPIC)


def test_200_a_topic_is_subscribed_to_by_the_address_it_gives_itself() -> None:
    assert discover((), (HUB,), "https://elsewhere.example/real", URL) == (HUB, "https://elsewhere.example/real")
    assert discover((("self", "https://elsewhere.example/real"),), (HUB,), TOPIC, URL) == (
        HUB,
        "https://elsewhere.example/real",
    )


@pytest.mark.parametrize(
    ("hubs", "wanted"),
    [
        (("http://a.example/", HUB, "https://b.example/"), HUB),
        (("http://a.example/", "http://b.example/"), "http://a.example/"),
        (("javascript:alert(1)", "/hub"), "https://news.example/hub"),
    ],
    ids=["the first https one", "else the first", "relative to the document"],
)
def test_one_of_several_hubs_is_taken(hubs: tuple[str, ...], wanted: str) -> None:
    assert discover((), hubs, TOPIC, URL) == (wanted, TOPIC)


@pytest.mark.parametrize("hub", ["", "ftp://hub.example/", "file:///etc/passwd", "http://", "https://h/" + "x" * 2_000])
def test_what_is_no_address_of_the_web_is_no_hub(hub: str) -> None:
    # trust: D06
    assert discover((("hub", hub),), (), TOPIC, URL) is None


def test_a_document_that_names_no_hub_has_none() -> None:
    assert discover((("self", TOPIC), ("alternate", URL)), (), TOPIC, URL) is None


def test_a_document_that_does_not_say_its_address_is_subscribed_to_by_the_one_it_was_read_at() -> None:
    assert discover((), (HUB,), None, URL) == (HUB, URL)


def test_an_address_with_a_password_is_not_told_to_a_hub() -> None:
    # trust: D25
    assert discover((), (HUB,), None, "https://user:secret@news.example/feed") is None
    assert discover((), (HUB,), "/feed", "https://user:secret@news.example/feed") is None
    assert discover((), (HUB,), TOPIC, "https://user:secret@news.example/feed") == (HUB, TOPIC)


@pytest.mark.parametrize(
    "page",
    [
        "<head></head><body><link rel=hub href=https://evil.example/>",
        "<body><link rel=hub href=https://evil.example/>",
        "<head><title>x</title></head><body><p>comment <link rel='hub' href='https://evil.example/'>",
        "<head><link rel=stylesheet href=/x.css><link rel=hub><!-- <link rel=hub href=//evil.example/> --></head>",
        "<![if IE]><![CDATA[ <link ]]>",
        "",
    ],
)
def test_only_the_head_of_a_page_speaks(page: str) -> None:
    # trust: D06
    parsed = as_page(page)
    assert (parsed.hubs, parsed.self_url) == ((), None)


def test_the_links_of_a_page_are_relative_to_its_base() -> None:
    parsed = as_page('<base href="https://cdn.example/x/"><link rel="hub self" href="y">')
    assert (parsed.hubs, parsed.self_url) == (("https://cdn.example/x/y",), "https://cdn.example/x/y")


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_request_names_topic_callback_lease_and_secret() -> None:
    form = dict(parse_qsl(subscribe_form(subscription(), callback="https://we.example/websub/t0ken").decode()))
    assert form == {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.callback": "https://we.example/websub/t0ken",
        "hub.lease_seconds": "864000",
        "hub.secret": "s" * 64,
    }


def test_a_request_to_let_go_tells_no_secret() -> None:
    form = dict(parse_qsl(unsubscribe_form(parting(), callback="https://we.example/websub/t0ken").decode()))
    assert form == {
        "hub.mode": "unsubscribe",
        "hub.topic": TOPIC,
        "hub.callback": "https://we.example/websub/t0ken",
    }


def test_the_wait_grows_to_a_day_and_stays_there() -> None:
    waits = [retry_wait(attempts, jitter=0) for attempts in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == waits[5] == DAY


def test_a_hub_may_lengthen_the_wait_but_not_beyond_a_day() -> None:
    assert retry_wait(1, jitter=0, wish=HOUR) == HOUR
    assert retry_wait(4, jitter=0, wish=timedelta(seconds=1)) == timedelta(hours=2)
    assert retry_wait(1, jitter=1, wish=timedelta(days=400)) == DAY * 1.1


def test_a_hub_that_does_not_let_go_is_left_alone_after_a_day() -> None:
    assert parting_again_at(parting(1), now=NOW, jitter=0) == NOW + PATIENCE
    assert parting_again_at(parting(4), now=NOW, jitter=0) == NOW + DAY
    assert not is_over(parting(), now=NOW + timedelta(hours=23))
    assert is_over(parting(), now=NOW + DAY)


@pytest.mark.parametrize(
    ("given_seconds", "lease"),
    [
        ("864000", timedelta(days=10)),
        ("0", HOUR),
        ("60", HOUR),
        (" 7200 ", 2 * HOUR),
        ("99999999999999999999999", timedelta(days=30)),
        ("-5", DAY),
        ("٣٦٠٠", DAY),
        ("soon", DAY),
        ("", DAY),
        (None, DAY),
    ],
)
def test_a_lease_is_kept_within_bounds(given_seconds: str | None, lease: timedelta) -> None:
    assert lease_of(given_seconds) == lease


@pytest.mark.parametrize(
    ("lease", "after"), [(10 * DAY, 8 * DAY), (4 * HOUR, 3 * HOUR), (2 * HOUR, HOUR), (HOUR, HOUR / 2)]
)
def test_a_lease_is_renewed_before_it_ends(lease: timedelta, after: timedelta) -> None:
    assert renew_at(NOW, lease) == NOW + after


# --- answering --------------------------------------------------------------------------------------------------------

QUESTION = HubQuestion(mode="subscribe", topic=TOPIC, challenge="c", lease_seconds="864000")


@pytest.mark.parametrize("state", [HubState.PENDING, HubState.ACTIVE])
def test_what_was_asked_for_is_confirmed(state: HubState) -> None:
    assert answer(QUESTION, subscription(state), now=NOW) == Confirmed(
        challenge="c", lease_until=NOW + timedelta(days=10), renew_at=NOW + timedelta(days=8)
    )


@pytest.mark.parametrize("state", [HubState.WANTED, HubState.REFUSED, HubState.OFF])
def test_what_was_not_asked_for_is_not_confirmed(state: HubState) -> None:
    assert isinstance(answer(QUESTION, subscription(state), now=NOW), NotAsked)


@pytest.mark.parametrize(
    "question",
    [
        replace(QUESTION, topic="https://evil.example/"),
        replace(QUESTION, topic=f"{TOPIC} "),
        replace(QUESTION, topic=None),
        replace(QUESTION, mode="unsubscribe"),
        replace(QUESTION, mode="publish"),
        replace(QUESTION, mode=None),
        replace(QUESTION, challenge=None),
        replace(QUESTION, challenge=""),
        replace(QUESTION, challenge="c" * 1_025),
        HubQuestion(),
    ],
)
def test_205_another_topic_another_mode_and_a_strange_challenge_are_not_confirmed(question: HubQuestion) -> None:
    assert isinstance(answer(question, subscription(HubState.ACTIVE), now=NOW), NotAsked)
    assert isinstance(answer(question, subscription(), now=NOW), NotAsked)


@pytest.mark.parametrize("state", [HubState.PENDING, HubState.ACTIVE, HubState.REFUSED])
def test_a_refusal_is_heard_and_the_hub_asked_again_after_a_week(state: HubState) -> None:
    said = answer(
        HubQuestion(mode="denied", topic=TOPIC, reason="no\r\nmore\x1b[0m" + "x" * 999), subscription(state), now=NOW
    )
    assert isinstance(said, Denied)
    assert said.again_at == NOW + timedelta(days=7)
    assert said.reason.startswith("no more")
    assert len(said.reason) <= 200


def test_only_an_end_that_was_asked_for_is_confirmed() -> None:
    end = replace(QUESTION, mode="unsubscribe")
    assert answer_parting(end, parting()) == Released(challenge="c")
    for wrong in (QUESTION, replace(end, topic=URL), replace(end, challenge=None), replace(end, challenge="c" * 1_025)):
        assert isinstance(answer_parting(wrong, parting()), NotAsked)


# --- signatures -------------------------------------------------------------------------------------------------------

BODY = "<rss>Әкімдер</rss>".encode()
SECRET = "0123456789abcdef" * 4


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_301_a_signature_of_each_algorithm_is_checked(method: str) -> None:
    right = hmac.new(SECRET.encode(), BODY, method).hexdigest()
    for spelling in (f"{method}={right}", f"{method.upper()}={right.upper()}", f" {method} = {right} "):
        assert check_signature(spelling, BODY, secret=SECRET) is Signature.RIGHT
    assert check_signature(f"{method}={right}", BODY + b" ", secret=SECRET) is Signature.WRONG
    assert check_signature(f"{method}={right}", BODY, secret=SECRET[1:]) is Signature.WRONG
    assert check_signature(f"{method}={right[:-1]}", BODY, secret=SECRET) is Signature.WRONG


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        (None, Signature.MISSING),
        ("", Signature.MISSING),
        ("sha256", Signature.WRONG),
        ("sha256=", Signature.WRONG),
        ("sha256=é\udcff", Signature.WRONG),
        (f"md5={hashlib.md5(BODY, usedforsecurity=False).hexdigest()}", Signature.UNKNOWN_ALGORITHM),
        ("=abc", Signature.UNKNOWN_ALGORITHM),
        ("blake2b=abc", Signature.UNKNOWN_ALGORITHM),
    ],
)
def test_301_302_a_missing_or_strange_signature_is_not_right(header: str | None, verdict: Signature) -> None:
    assert check_signature(header, BODY, secret=SECRET) is verdict


@given(st.text(max_size=200), st.binary(max_size=50))
def test_no_header_that_was_not_made_with_the_secret_is_right(header: str, body: bytes) -> None:
    assert check_signature(header, body, secret=SECRET) is not Signature.RIGHT


def test_a_subscription_shows_neither_token_nor_secret() -> None:
    # trust: D25
    shown = repr(subscription()) + repr(parting())
    assert "t0ken" not in shown
    assert "ssss" not in shown
