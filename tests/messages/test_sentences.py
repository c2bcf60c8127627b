"""Messages, sentences: every code has one in every language, with its facts, in the right form for a number."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from reformwatch.language.registry import LANGUAGES
from reformwatch.messages.catalogues import ENGLISH, Words
from reformwatch.messages.problems import document_phrase, problem_sentence
from reformwatch.messages.sentences import days_phrase, health_sentence, notice_sentence, unread_sentence
from reformwatch.model.feed import Notice, NoticeKind
from reformwatch.model.health import Health, HealthState, Unread, UnreadCode
from reformwatch.model.problem import MAX_FACT, Problem, ProblemCode
from reformwatch.wiring.basics import catalogues

NOW = datetime(2022, 3, 16, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HOST, URL, DETAIL = {"host": "news.example"}, {"url": "https://news.example/rss"}, {"detail": "Connection refused"}

#: The facts of each code; several where some of them may be missing.
SAMPLES: Final[dict[ProblemCode, list[dict[str, Any]]]] = {
    ProblemCode.NAME_NOT_FOUND: [HOST],
    ProblemCode.NAME_SERVER_SILENT: [HOST],
    ProblemCode.CONNECTION_FAILED: [HOST | DETAIL],
    ProblemCode.CONNECTION_BROKEN: [HOST | DETAIL],
    ProblemCode.TIMED_OUT: [HOST | {"seconds": 30.0}, HOST | {"seconds": 0.7}],
    ProblemCode.CERTIFICATE_REFUSED: [HOST | DETAIL],
    ProblemCode.NOT_HTTP: [HOST | DETAIL],
    ProblemCode.REPLY_CUT_SHORT: [HOST],
    ProblemCode.TOO_LARGE: [{"limit_kb": 256}],
    ProblemCode.ENCODING_NOT_ASKED: [{"encoding": "br"}],
    ProblemCode.PRIVATE_ADDRESS: [HOST | {"address": "10.0.0.1"}],
    ProblemCode.TOO_MANY_REDIRECTS: [URL | {"limit": 5}],
    ProblemCode.REDIRECT_TO_HTTP: [HOST | URL],
    ProblemCode.REDIRECT_UNUSABLE: [HOST | URL],
    ProblemCode.ADDRESS_UNUSABLE: [URL],
    ProblemCode.ADDRESS_NOT_WEB: [URL],
    ProblemCode.PROGRAM_STOPPING: [{}],
    ProblemCode.NO_TIME_LEFT: [URL],
    ProblemCode.NOT_FETCHED: [URL],
    ProblemCode.PROGRAM_FAULT: [{"error": "KeyError"}],
    ProblemCode.HTTP_STATUS: [{"status": s} for s in (400, 401, 403, 404, 418, 429, 500, 502, 503, 504, 599)],
    ProblemCode.GONE: [{"status": 410}],
    ProblemCode.ROBOTS_BLOCKED: [{"status": 403}],
    ProblemCode.REDIRECT_NOWHERE: [{"status": 302}],
    ProblemCode.NOT_MODIFIED_UNASKED: [{}],
    ProblemCode.MOVED_TO_KNOWN_FEED: [URL | {"feed": 1234}],
    ProblemCode.NOT_A_FEED_EMPTY: [{}],
    ProblemCode.NOT_A_FEED_WEB_PAGE: [{"title": "Soon back"}, {}],
    ProblemCode.NOT_A_FEED_XML: [{"element": "svg"}],
    ProblemCode.NOT_A_FEED_JSON: [{"text": '{"a": 1}'}],
    ProblemCode.NOT_A_FEED_BROKEN_JSON: [{}],
    ProblemCode.NOT_A_FEED_TEXT: [{"kind": "image/png", "text": "PNG"}, {"text": "hello"}],
    ProblemCode.NOT_A_SITEMAP_EMPTY: [{}],
    ProblemCode.NOT_A_SITEMAP_WEB_PAGE: [{"title": "Soon back"}, {}],
    ProblemCode.NOT_A_SITEMAP_XML: [{"element": "svg"}],
    ProblemCode.NOT_A_SITEMAP_FEED: [{}],
    ProblemCode.NOT_A_SITEMAP_TEXT: [{"kind": "image/png", "text": "PNG"}, {"text": "hello"}],
    ProblemCode.SITEMAP_INDEX: [{"count": 2, "links": "a.xml, b.xml"}, {"count": 21, "links": "a.xml", "more": 20}],
    ProblemCode.SITEMAP_INDEX_EMPTY: [{}],
    ProblemCode.NOT_A_PAGE_EMPTY: [{}],
    ProblemCode.NOT_A_PAGE_WITHOUT_MARKUP: [{"title": "Soon back"}, {}],
    ProblemCode.NOT_A_PAGE_XML: [{"element": "svg"}],
    ProblemCode.NOT_A_PAGE_TEXT: [{"kind": "image/png", "text": "PNG"}, {"text": "hello"}],
    ProblemCode.SELECTOR_MISSING: [{}],
    ProblemCode.SELECTOR_TOO_LONG: [{"selector": "div.x", "limit": 500}],
    ProblemCode.SELECTOR_WRONG: [{"selector": "div[", **DETAIL}],
    ProblemCode.SELECTOR_FINDS_NOTHING: [{"selector": "div.x", "title": "Rebuilt"}, {"selector": "div.x"}],
    ProblemCode.SELECTOR_FINDS_NO_ENTRIES: [
        {"selector": "div.x", "count": 3, "title": "Rebuilt"},
        {"selector": "div.x", "count": 1},
    ],
    ProblemCode.MARKUP_REFUSED_DEPTH: [{"limit": 200}],
    ProblemCode.MARKUP_REFUSED_ELEMENTS: [{"limit": 400_000}],
    ProblemCode.MARKUP_REFUSED_ATTRIBUTES: [{"element": "p", "count": 9_000, "limit": 200}],
    ProblemCode.MARKUP_REFUSED_WIDE_ELEMENT: [{}],
    ProblemCode.MARKUP_REFUSED_NAMESPACES: [{"limit": 200}],
    ProblemCode.MARKUP_REFUSED_ENTITY: [{"entity": "lol"}],
    ProblemCode.MARKUP_REFUSED_BROKEN_ENTITIES: [{}],
    ProblemCode.MARKUP_REFUSED_DOCTYPE: [{}],
    ProblemCode.MARKUP_REFUSED_ENCODING: [{"encoding": "utf-7"}],
    ProblemCode.PAGE_TOO_LONG: [{"count": 10_000_001, "limit": 10_000_000}],
    ProblemCode.GZIP_BROKEN: [{}],
    ProblemCode.GZIP_TOO_LARGE: [{"limit": 20_000_000}],
    ProblemCode.GZIP_CUT_SHORT: [{}],
    ProblemCode.PARSER_FAILED: [{"error": "LookupError"}],
    ProblemCode.PARSER_TIME_LIMIT: [{"seconds": 20.0}],
    ProblemCode.PARSER_DIED: [{}],
    ProblemCode.PARSER_MEMORY: [{}],
    ProblemCode.HUB_STATUS: [HOST | {"status": 503}],
    ProblemCode.HUB_REFUSED: [{"reason": "no feeds of this kind"}, {}],
    ProblemCode.HUB_MISSED_PUSH: [{}],
    ProblemCode.HUB_SILENT: [{}],
    ProblemCode.HUB_LEASE_ENDED: [{}],
    ProblemCode.UNKNOWN: [{"text": "answers in riddles"}],
}
PROBLEM = Problem.of(ProblemCode.HTTP_STATUS, status=404)
HEALTHS: Final[dict[HealthState, Health]] = {state: Health(state=state) for state in HealthState} | {
    HealthState.QUIET: Health(state=HealthState.QUIET, since=NOW - 31 * DAY, silent=31 * DAY, explained=DAY),
}
NOTICES: Final[dict[NoticeKind, list[Notice]]] = {
    NoticeKind.FAILING: [Notice(at=NOW, kind=NoticeKind.FAILING, feed_name="News", since=NOW - DAY, problem=PROBLEM)],
    NoticeKind.BACK: [
        Notice(at=NOW, kind=NoticeKind.BACK, feed_name="News", since=NOW - DAY),
        Notice(at=NOW, kind=NoticeKind.BACK, feed_name="News"),
    ],
    NoticeKind.GONE: [Notice(at=NOW, kind=NoticeKind.GONE, feed_name="News", problem=PROBLEM)],
    NoticeKind.NETWORK: [Notice(at=NOW, kind=NoticeKind.NETWORK)],
    NoticeKind.NETWORK_BACK: [Notice(at=NOW, kind=NoticeKind.NETWORK_BACK)],
}


def check(told: str, code: str, english: str, language: str) -> None:
    """A sentence is one line, filled, and not that of another language."""
    assert told
    assert len(told.splitlines()) == 1
    assert "{" not in told.replace('{"a": 1}', "")
    assert told != code
    assert (told == english) is (language == "en")


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Words:
    return catalogues().words(request.param)


@pytest.mark.parametrize("code", ProblemCode)
def test_every_problem_has_a_sentence_with_all_its_facts(words: Words, code: ProblemCode) -> None:
    for facts in SAMPLES[code]:
        problem = Problem(code=code, facts=facts)
        told = problem_sentence(problem, words)
        language = "en" if code is ProblemCode.UNKNOWN else words.language
        check(told, code.value, problem_sentence(problem, ENGLISH), language)
        for fact in facts.values():
            shown = {f"{fact:g}" if isinstance(fact, float) else str(fact)}
            assert any(one in told for one in shown | ({words.number(fact)} if isinstance(fact, int) else set())), fact


def test_a_document_is_named_in_a_sentence_and_stands_alone(words: Words) -> None:
    page = Problem.of(ProblemCode.NOT_A_FEED_WEB_PAGE, title="Soon back")
    named = document_phrase(page, words)
    assert "Soon back" in named
    assert problem_sentence(page, words) == words.gettext("answers with {what}").format(what=named)
    assert document_phrase(PROBLEM, words) == problem_sentence(PROBLEM, words)


@pytest.mark.parametrize("state", HealthState)
def test_every_health_has_a_sentence(words: Words, state: HealthState) -> None:
    check(health_sentence(HEALTHS[state], words), "", health_sentence(HEALTHS[state], ENGLISH), words.language)


@pytest.mark.parametrize("state", [HealthState.FAILING, HealthState.GONE])
def test_a_feed_that_has_a_problem_is_described_by_it(words: Words, state: HealthState) -> None:
    assert health_sentence(Health(state=state, problem=PROBLEM), words) == problem_sentence(PROBLEM, words)


@pytest.mark.parametrize("code", UnreadCode)
def test_every_reason_why_nobody_read_has_a_sentence(words: Words, code: UnreadCode) -> None:
    unread = Unread(since=NOW - DAY, until=NOW, code=code)
    check(unread_sentence(unread, words), code.value, unread_sentence(unread, ENGLISH), words.language)


@pytest.mark.parametrize("code", [UnreadCode.NOT_READ_YET, UnreadCode.FAILING, UnreadCode.GONE])
def test_a_feed_that_was_not_read_for_its_problem_is_described_by_it(words: Words, code: UnreadCode) -> None:
    unread = Unread(since=NOW - DAY, until=NOW, code=code, problem=PROBLEM)
    assert unread_sentence(unread, words) == problem_sentence(PROBLEM, words)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_has_a_sentence_with_its_feed_and_problem(words: Words, kind: NoticeKind) -> None:
    for notice in NOTICES[kind]:
        told = notice_sentence(notice, words)
        check(told, kind.value, notice_sentence(notice, ENGLISH), words.language)
        assert (notice.feed_name or "") in told
        assert notice.problem is None or problem_sentence(notice.problem, words) in told
        assert notice.since is None or words.moment(notice.since) in told


def test_notices_in_english() -> None:
    assert [notice_sentence(one, ENGLISH) for notices in NOTICES.values() for one in notices] == [
        "feed News: fails since 15 March 2022 10:30 UTC: answers 404: the feed is not there",
        "feed News: it can be read again, after failing since 15 March 2022 10:30 UTC",
        "feed News: it can be read again",
        "feed News: answers 404: the feed is not there; it is polled no more",
        "nothing can be reached: this machine's network seems to be down",
        "the network is back",
    ]


@pytest.mark.parametrize("kind", set(NoticeKind) - {NoticeKind.NETWORK_BACK})
def test_a_notice_of_the_past_that_was_not_understood_says_what_it_said(words: Words, kind: NoticeKind) -> None:
    old = Problem.of(ProblemCode.UNKNOWN, text="feed 7 sings")
    assert notice_sentence(Notice(at=NOW, kind=kind, problem=old), words) == "feed 7 sings"


@pytest.mark.parametrize(
    ("days", "english", "russian"),
    [
        (0, "a day", "1 день"),
        (1, "a day", "1 день"),
        (2, "2 days", "2 дня"),
        (5, "5 days", "5 дней"),
        (21, "21 days", "21 день"),
    ],
)
def test_days_have_the_form_of_their_number(days: int, english: str, russian: str) -> None:
    assert days_phrase(days * DAY, ENGLISH) == english
    assert days_phrase(days * DAY, catalogues().words("ru")) == russian


def test_a_quiet_feed_in_russian_and_english() -> None:
    quiet = HEALTHS[HealthState.QUIET]
    assert health_sentence(quiet, ENGLISH) == "nothing new for 31 days; its rhythm explains a day"
    assert health_sentence(quiet, catalogues().words("ru")) == "ничего нового уже 31 день; её ритм объясняет 1 день"


def test_a_fact_with_braces_is_said_as_it_is() -> None:
    # trust: D23
    nasty = Problem.of(ProblemCode.NOT_A_FEED_WEB_PAGE, title="{0.__class__} {title}")
    assert problem_sentence(nasty, ENGLISH) == "answers with a web page, not a feed (“{0.__class__} {title}”)"


def test_a_problem_whose_facts_are_not_there_is_its_code() -> None:
    assert problem_sentence(Problem.of(ProblemCode.TIMED_OUT), ENGLISH) == "timed_out"


def test_a_fact_is_bounded_and_one_that_is_none_is_no_fact() -> None:
    problem = Problem.of(ProblemCode.NOT_A_FEED_WEB_PAGE, title="x" * 10_000, more=None)
    assert problem.facts == {"title": "x" * MAX_FACT}
