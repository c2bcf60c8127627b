"""Conditional requests: what goes out, what comes back, and what a reply means for a feed."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reformwatch.model.feed import (
    FailureKind,
    Feed,
    FeedKind,
    FeedState,
    Fetched,
    FetchFailed,
    FetchOutcome,
    NotModified,
    ServerHints,
    Validators,
)
from reformwatch.model.problem import Problem, ProblemCode
from reformwatch.net.address_policy import AddressPolicy
from reformwatch.net.client import HttpClient
from reformwatch.net.conditional import fetch_feed, outcome_of
from reformwatch.net.reply import Reply, http_date
from sample_feeds import make_feed
from servers import HttpServer, redirect, reply
from spoken import sentence

NOW = datetime(2022, 3, 12, 10, 0, tzinfo=UTC)
BODY = b"<rss version='2.0'><channel><title>x</title></channel></rss>"
HASH = hashlib.sha256(BODY).hexdigest()
BOTH = Validators(etag='"abc"', last_modified="Sat, 12 Mar 2022 09:00:00 GMT")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(user_agent="reformwatch/0 (+https://example.org)", policy=AddressPolicy(["127.0.0.1"])) as opened:
        yield opened


def a_feed(url: str = "http://feed.example/rss", *, validators: Validators | None = None, body_hash: str = "") -> Feed:
    return make_feed(
        id=1,
        url=url,
        name="Feed",
        kind=FeedKind.AGENCY,
        language="en",
        state=FeedState.ACTIVE,
        site_url=None,
        pack=None,
        backfill_days=None,
        added_at=NOW,
        next_poll_at=NOW,
        validators=validators or Validators(),
        body_hash=body_hash or None,
    )


def a_reply(status: int = 200, body: bytes = BODY, /, **headers: str) -> Reply:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=status, headers=pairs, body=body, url="http://feed.example/new")


def failed_with(status: int, body: bytes = b"", /, **headers: str) -> FetchFailed:
    outcome = outcome_of(a_reply(status, body, **headers), a_feed(validators=BOTH), now=NOW)
    assert isinstance(outcome, FetchFailed)
    return outcome


def hints_of(outcome: FetchOutcome) -> ServerHints:
    return outcome.hints


# --- validators go out byte for byte ----------------------------------------------------------------------------------


ETAGS = [
    '"abc"', 'W/"abc"', "abc", "''", '"a b,c;d"', '"\\"', '"a""b"', "W/abc", '"\x80\x85\xa0\xff"', 'w/"low"',
    '"' + "e" * 5_000 + '"', "0", "null", '"ж"'.encode().decode("latin-1"), '"tab\there"',
]  # fmt: skip


DATES = [
    "Sat, 12 Mar 2022 09:00:00 GMT", "2022-03-12T09:00:00Z", "saturday", "Sat,  12  Mar  2022", "0", "-1",
    "\xe9t\xe9 \xff\x80", "Sat, 12 Mar 2022 09:00:00 +0600",
]  # fmt: skip


@pytest.mark.parametrize(
    ("etag", "last_modified"), [*((etag, DATES[0]) for etag in ETAGS), *((ETAGS[0], date) for date in DATES[1:])]
)
def test_validators_come_back_byte_for_byte_as_the_server_gave_them(
    server: HttpServer, client: HttpClient, etag: str, last_modified: str
) -> None:
    # trust: C02, FRB001, FRB003
    url = server.on("/rss", reply(200, BODY, {"ETag": etag, "Last-Modified": last_modified}), reply(304))
    first = fetch_feed(client, a_feed(url), now=NOW)
    assert isinstance(first, Fetched)
    second = fetch_feed(client, a_feed(url, validators=first.validators, body_hash=first.body_hash), now=NOW)
    assert isinstance(second, NotModified)
    assert server.asked[1].headers[b"if-none-match"] == etag.encode("latin-1")
    assert server.asked[1].headers[b"if-modified-since"] == last_modified.encode("latin-1")


@pytest.mark.parametrize(
    "validators",
    [BOTH, replace(BOTH, etag=None), replace(BOTH, last_modified=None), Validators()],
    ids=["both", "date only", "etag only", "none"],
)
def test_only_the_validators_that_are_known_are_sent(
    server: HttpServer, client: HttpClient, validators: Validators
) -> None:
    # trust: C03, FRB012
    fetch_feed(client, a_feed(server.on("/rss", reply(200, BODY)), validators=validators), now=NOW)
    sent = server.asked[0].text_headers
    assert (sent.get("if-none-match"), sent.get("if-modified-since")) == (validators.etag, validators.last_modified)


def test_an_empty_validator_is_none(server: HttpServer, client: HttpClient) -> None:
    # trust: FRB012
    url = server.on("/rss", reply(200, BODY, {"ETag": "", "Last-Modified": ""}))
    outcome = fetch_feed(client, a_feed(url), now=NOW)
    assert isinstance(outcome, Fetched)
    assert outcome.validators == Validators()


def test_the_validators_are_sent_to_the_end_of_a_redirect(server: HttpServer, client: HttpClient) -> None:
    # trust: C12
    server.on("/old", redirect(302, "/new"))
    server.on("/new", reply(304))
    outcome = fetch_feed(client, a_feed(server.url("/old"), validators=BOTH), now=NOW)
    assert isinstance(outcome, NotModified)
    assert [asked.headers[b"if-none-match"] for asked in server.asked] == [b'"abc"'] * 2


# --- they are taken from a 200 only -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"etag": '"n"', "last_modified": "now"}, Validators(etag='"n"', last_modified="now")),
        ({"etag": '"n"'}, Validators(etag='"n"')),
        ({"last_modified": "now"}, Validators(last_modified="now")),
        ({}, Validators()),
    ],
)
def test_each_200_replaces_the_validators_as_one_set(headers: dict[str, str], expected: Validators) -> None:
    # trust: C03, FRB014
    outcome = outcome_of(a_reply(200, **headers), a_feed(validators=BOTH), now=NOW)
    assert isinstance(outcome, Fetched)
    assert outcome.validators == expected


def test_a_304_brings_no_validators_of_its_own() -> None:
    # trust: C04, FRB014
    outcome = outcome_of(a_reply(304, b"", etag='"other"'), a_feed(validators=BOTH), now=NOW)
    assert isinstance(outcome, NotModified)
    assert outcome.validators is None


def test_a_304_still_says_when_to_come_again() -> None:
    # trust: C04
    outcome = outcome_of(a_reply(304, b"", cache_control="max-age=7200"), a_feed(validators=BOTH), now=NOW)
    assert hints_of(outcome).max_age == timedelta(hours=2)


def test_a_304_to_a_question_that_was_not_conditional_is_a_failure() -> None:
    outcome = outcome_of(a_reply(304, b""), a_feed(), now=NOW)
    problem = Problem.of(ProblemCode.NOT_MODIFIED_UNASKED)
    assert outcome == FetchFailed(kind=FailureKind.STATUS, problem=problem, status=304)


def test_a_body_like_the_last_one_is_not_modified_and_brings_its_validators() -> None:
    # trust: C20
    outcome = outcome_of(a_reply(200, etag='"new"'), a_feed(validators=BOTH, body_hash=HASH), now=NOW)
    assert outcome == NotModified(validators=Validators(etag='"new"'))


def test_another_body_is_fetched_with_where_it_came_from() -> None:
    outcome = outcome_of(a_reply(content_type="text/xml"), a_feed(body_hash="0" * 64), now=NOW)
    assert outcome == Fetched(
        body=BODY, body_hash=HASH, url="http://feed.example/new", content_type="text/xml", validators=Validators()
    )


# --- moved ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "is_moved"), [(301, True), (308, True), (302, False), (303, False), (307, False)])
def test_a_feed_has_moved_only_by_a_permanent_redirect(
    server: HttpServer, client: HttpClient, status: int, is_moved: bool
) -> None:
    # trust: C10, C12, FRB130, FRB133
    server.on("/old", redirect(status, "/new"))
    server.on("/new", reply(200, BODY))
    outcome = fetch_feed(client, a_feed(server.url("/old")), now=NOW)
    assert isinstance(outcome, Fetched)
    assert outcome.url == server.url("/new")
    assert outcome.moved_to == (server.url("/new") if is_moved else None)


def test_a_permanent_redirect_to_an_error_page_is_no_move(server: HttpServer, client: HttpClient) -> None:
    # trust: C11
    server.on("/old", redirect(301, "/gone"))
    outcome = fetch_feed(client, a_feed(server.url("/old")), now=NOW)
    assert isinstance(outcome, FetchFailed)
    assert outcome.status == 404


@pytest.mark.parametrize("answer", [reply(200, BODY), reply(304)], ids=["same body", "304"])
def test_a_move_is_told_even_when_the_document_is_the_same(
    server: HttpServer, client: HttpClient, answer: bytes
) -> None:
    # trust: C10, FRB130
    server.on("/old", redirect(301, "/new"))
    server.on("/new", answer)
    outcome = fetch_feed(client, a_feed(server.url("/old"), validators=BOTH, body_hash=HASH), now=NOW)
    assert isinstance(outcome, NotModified)
    assert outcome.moved_to == server.url("/new")


# --- statuses and their sentences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "answers 400: it calls the request bad"),
        (401, "answers 401: it wants a password"),
        (403, "answers 403: it refuses this program"),
        (404, "answers 404: the feed is not there"),
        (410, "answers 410: the feed is gone for good"),
        (418, "answers 418"),
        (429, "answers 429: it asks for fewer requests"),
        (500, "answers 500: a fault of the server"),
        (502, "answers 502: a fault behind the server"),
        (503, "answers 503: the server is not available"),
        (504, "answers 504: a fault behind the server"),
        (599, "answers 599"),
        (301, "answers 301, a redirect to nowhere"),
        (300, "answers 300, a redirect to nowhere"),
        (204, "answers 204"),
        (206, "answers 206"),
    ],
)
def test_every_other_status_is_a_failure_with_a_sentence(status: int, said: str) -> None:
    # trust: FRB101
    failed = failed_with(status)
    assert (sentence(failed.problem), failed.status) == (said, status)
    assert failed.kind is (FailureKind.GONE if status == 410 else FailureKind.STATUS)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
@pytest.mark.parametrize("by", ["header", "body"])
def test_a_block_page_against_robots_is_called_one(status: int, by: str) -> None:
    # trust: C22
    if by == "header":
        failed = failed_with(status, b"<html>", cf_mitigated="challenge")
    else:
        failed = failed_with(status, b'<script src="/cdn-cgi/challenge-platform/h/b/x.js">')
    assert sentence(failed.problem) == f"answers {status}, a block page against robots"


def test_a_missing_page_behind_the_same_company_is_no_block_page() -> None:
    assert sentence(failed_with(404, b"challenge-platform").problem) == "answers 404: the feed is not there"


def test_a_request_that_fails_is_a_value_with_the_client_s_own_words(client: HttpClient) -> None:
    outcome = fetch_feed(client, a_feed("http://10.0.0.1/rss"), now=NOW)
    assert isinstance(outcome, FetchFailed)
    assert outcome.kind is FailureKind.REFUSED_ADDRESS
    assert outcome.status is None


def test_a_feed_is_asked_for_with_get_and_says_what_it_can_read(server: HttpServer, client: HttpClient) -> None:
    # trust: C15, FRB050
    fetch_feed(client, a_feed(server.on("/rss", reply(200, BODY))), now=NOW)
    (asked,) = server.asked
    assert asked.method == b"GET"
    assert set(asked.headers) == {b"host", b"user-agent", b"accept-encoding", b"accept"}
    assert b"application/rss+xml" in asked.headers[b"accept"]


# --- when to come again -----------------------------------------------------------------------------------------------


def as_http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("0", timedelta()),
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("99999999999999999999", timedelta(seconds=10**9)),
        (as_http(NOW + timedelta(hours=3)), timedelta(hours=3)),
        (as_http(NOW - timedelta(hours=3)), timedelta()),
        ("Sat, 12 Mar 2022 16:30:00 +0600", timedelta(minutes=30)),
        ("Saturday, 12-Mar-22 10:30:00 GMT", timedelta(minutes=30)),
        ("Sat Mar 12 10:30:00 2022", timedelta(minutes=30)),
        ("", None), ("-5", None), ("1.5", None), ("soon", None), ("1e3", None), ("１２０", None), ("٣", None),
        ("120, 60", None), ("120s", None), ("+60", None), ("\x00", None),
        ("Sat, 99 Mar 2022 99:99:99 GMT", None), ("Mon, 01 Jan 99999 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_spellings_and_garbage_is_ignored(text: str, wish: timedelta | None) -> None:
    # trust: C06, FRB020
    assert failed_with(503, retry_after=text).hints.retry_after == wish


@pytest.mark.parametrize("status", [429, 503, 404, 500])
def test_the_wish_of_an_error_is_kept_with_it(status: int) -> None:
    # trust: C06
    assert failed_with(status, retry_after="3600").hints.retry_after == timedelta(hours=1)


def test_a_bare_429_wishes_nothing_by_itself() -> None:
    # trust: C07
    assert failed_with(429).hints == ServerHints()


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"cache_control": "max-age=172800"}, timedelta(days=2)),
        ({"cache_control": 'public, MAX-AGE="60" , must-revalidate'}, timedelta(minutes=1)),
        ({"cache_control": "s-maxage=9, max-age=60"}, timedelta(minutes=1)),
        ({"cache_control": "max-age=0"}, timedelta()),
        ({"cache_control": "max-age=99999999999999999999"}, timedelta(seconds=10**9)),
        ({"cache_control": "max-age=-1"}, None),
        ({"cache_control": "max-age"}, None),
        ({"cache_control": "max-age=1h, no-store"}, None),
        ({"cache_control": "no-cache"}, None),
        ({"expires": as_http(NOW + timedelta(hours=5)), "date": as_http(NOW)}, timedelta(hours=5)),
        ({"expires": as_http(NOW - timedelta(hours=5)), "date": as_http(NOW)}, timedelta()),
        ({"expires": as_http(NOW + timedelta(hours=5)), "date": as_http(NOW + timedelta(hours=4))}, timedelta(hours=1)),
        ({"expires": "0", "date": as_http(NOW)}, None),
        ({"expires": "-1", "date": as_http(NOW)}, None),
        ({"expires": as_http(NOW), "date": "yesterday"}, None),
        ({"cache_control": "max-age=60", "expires": as_http(NOW + timedelta(hours=5)), "date": as_http(NOW)},
         timedelta(minutes=1)),
        ({}, None),
    ],
)  # fmt: skip
def test_max_age_or_else_expires_minus_date_says_how_long_a_reply_is_fresh(
    headers: dict[str, str], age: timedelta | None
) -> None:
    # trust: C05, C24, FRB022
    assert hints_of(outcome_of(a_reply(200, **headers), a_feed(), now=NOW)).max_age == age


def test_a_second_line_of_cache_control_counts_too(server: HttpServer, client: HttpClient) -> None:
    # trust: C05
    lines = [("Cache-Control", "public"), ("Cache-Control", "max-age=172800")]
    outcome = fetch_feed(client, a_feed(server.on("/rss", reply(200, BODY, lines))), now=NOW)
    assert isinstance(outcome, Fetched)
    assert hints_of(outcome).max_age == timedelta(days=2)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_header_text_of_a_server_makes_the_hints_fail(one: str, two: str, three: str) -> None:
    # trust: C24
    headers = {"retry_after": one, "cache_control": two, "expires": three, "date": one}
    hints = hints_of(outcome_of(a_reply(200, **headers), a_feed(), now=NOW))
    for hint in (hints.max_age, hints.retry_after):
        assert hint is None or hint >= timedelta()


@pytest.mark.parametrize("date", ["Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_dates_at_the_ends_of_time_do_no_harm(date: str) -> None:
    # trust: C24
    assert failed_with(503, retry_after=date).hints.retry_after is not None
    assert http_date(date) is not None
    hints = hints_of(outcome_of(a_reply(200, expires=date, date=as_http(NOW)), a_feed(), now=NOW))
    assert hints.max_age is not None
