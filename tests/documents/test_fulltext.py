"""Documents: the text of an article's page, and which pages have none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.documents.feed import MAX_CONTENT
from reformwatch.documents.fulltext import MIN_TEXT, extract_text

URL = "https://courier.example/akims"
MENU = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Politics", "Economy", "Sport", "Weather"))
TEXTS = {
    "kk": "Парламент аудан әкімдерін тікелей сайлау туралы заңды екінші оқылымда қабылдады. Сайлау {} ауданда өтеді.",
    "ru": "Парламент принял во втором чтении закон о прямых выборах акимов районов. Выборы пройдут в {} районах.",
    "en": "Parliament passed the law on direct elections of district akims in its second reading. {} districts vote.",
    "es": "El parlamento aprobó la ley de elección directa de los alcaldes de distrito. Votarán {} distritos.",
}


def article(*paragraphs: str, title: str = "Akims to be elected", after: str = "") -> str:
    """The page of an article, with what stands around it."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html><head><title>{title}</title><meta charset=utf-8>"
        f"<script>var tracked = 1</script></head><body>"
        f"<nav><ul>{MENU}</ul></nav><main><article><h1>{title}</h1>{body}</article></main>"
        f"<aside><h3>Most read</h3><ul>{MENU}</ul></aside>{after}"
        f"<footer>All rights reserved, cookies too</footer></body></html>"
    )


def paragraphs(language: str, count: int = 6) -> list[str]:
    """Paragraphs of an article, no two alike."""
    return [TEXTS[language].format(number + 2) for number in range(count)]


def text_of(page: str) -> str | None:
    """What is read of a page."""
    return extract_text(page.encode(), url=URL, content_type="text/html; charset=utf-8")


@pytest.mark.parametrize("language", TEXTS)
def test_the_text_is_the_article_without_what_stands_around_it(language: str) -> None:
    told = paragraphs(language)
    text = text_of(article(*told))
    assert text is not None
    assert [line for line in text.splitlines() if line in told] == told
    for around in ("Weather", "Most read", "cookies", "tracked"):
        assert around not in text


def test_the_text_is_plain_and_clean() -> None:
    told = paragraphs("en")
    told[1] += " <b>Bold</b> &amp; <a href='javascript:x'>linked</a>\u202e\u200b &#0; 5 &lt; 6"
    text = text_of(article(*told)) or ""
    assert "Bold & linked" in text
    assert "5 < 6" in text
    assert not set(text) & {"\u202e", "\u200b", "\x00"}


def test_comments_are_not_the_article() -> None:
    comments = "".join(
        f"<div class=comment><p>{TEXTS['en'].format(n)} says a reader at length</p></div>" for n in range(50, 60)
    )
    text = text_of(article(*paragraphs("en"), after=f"<section id=comments class=comments>{comments}</section>"))
    assert text is not None
    assert "says a reader" not in text


def test_the_text_is_bounded() -> None:
    text = text_of(article(*paragraphs("en", 2_000)))
    assert text is not None
    assert MAX_CONTENT - 200 < len(text) <= MAX_CONTENT


def test_the_encoding_is_the_page_s_own() -> None:
    page = article(*paragraphs("ru")).replace("charset=utf-8", "charset=windows-1251")
    assert paragraphs("ru")[0] in (extract_text(page.encode("cp1251"), url=URL, content_type="text/html") or "")


@pytest.mark.parametrize(
    "page",
    [
        "",
        " ",
        "plain words",
        '{"text": "words"}',
        "<rss><channel><item><title>x</title></item></channel></rss>",
        article("Short."),
        article(),
        f"<html><body><ul>{MENU}</ul></body></html>",
        "<!-- only -->",
        "<html></html>",
        "<" * 10_000,
        "\x00" * 10_000,
    ],
)
def test_what_is_no_article_has_no_text(page: str) -> None:
    assert text_of(page) is None


@pytest.mark.parametrize(
    "kind", ["application/pdf", "image/jpeg", "application/json", "application/rss+xml; charset=utf-8"]
)
def test_what_is_not_html_has_no_text(kind: str) -> None:
    assert extract_text(article(*paragraphs("en")).encode(), url=URL, content_type=kind) is None


@pytest.mark.parametrize(
    "title",
    [
        "Just a moment...",
        "Attention Required! | Cloudflare",
        "Access denied",
        "403 Forbidden",
        "404 - Page not found",
        "DDoS-Guard",
        "Доступ ограничен",
        "Страница не найдена — Курьер",
        "Un momento…",
        "Access to this page has been denied.",
        "Error 503",
    ],
)
def test_a_wall_is_no_article(title: str) -> None:
    assert text_of(article(*paragraphs("en", 4), title=title)) is None


@pytest.mark.parametrize(
    "title",
    [
        "500 schools to be built",
        "Access denied to voters in three districts",
        "Security checks at airports",
        "Captchas are easy now",
    ],
)
def test_an_article_may_begin_like_a_wall(title: str) -> None:
    assert text_of(article(*paragraphs("en", 4), title=title)) is not None


def test_a_long_article_is_none_whatever_its_title() -> None:
    assert text_of(article(*paragraphs("en", 30), title="Access denied")) is not None


SHORT = TEXTS["en"] * 4
HOSTILE = {
    "a megabyte without a space": article("x" * 1_000_000),
    "a megabyte without a space, in Cyrillic": article("я" * 1_000_000),
    "a hundred thousand deep": "<div>" * 100_000 + "x",
    "ten megabytes of <div>": "<div>" * 2_000_000,
    "ten megabytes of <div></div>": "<div></div>" * 900_000,
    "attributes": f"<p {' '.join(f'a{n}' for n in range(150_000))}>{SHORT}",
    "attributes with marks in them": "<p " + " ".join(f"a{n}='<>'" for n in range(150_000)) + f">{SHORT}",
    "attributes within a script's markup": article(
        SHORT,
        after='<script type=\'application/ld+json\'>{"articleBody": "<p '
        + " ".join(f"a{n}" for n in range(100_000))
        + '>x</p>"}</script>',
    ),
    "brackets in a script": article(
        SHORT, after="<script type='application/ld+json'>" + '{"@graph":[' * 200_000 + "</script>"
    ),
    "long names of classes": article(SHORT, after=f"<div class='{'comment ' * 500_000}'>x</div>"),
    "blanks": article(" \n" * 2_000_000),
    "unclosed links": "<a href=x>" * 300_000,
    "unclosed comments": "<!--" * 500_000,
    "empty paragraphs": article(*[""] * 19_000),
    "one-word paragraphs": article(*map(str, range(19_000))),
    "paragraphs at the bottom of a well": "<div>" * 200 + "<p>ab</p>" * 10_000,
    "entities": article("&amp;" * 1_000_000),
    "binary": bytes(range(256)).decode("latin-1") * 4_000,
}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_soon_and_in_bounds(name: str) -> None:
    # the time limit of a worker is 20 s; on a busy machine each of these is far from it
    text = text_of(HOSTILE[name])
    assert text is None or MIN_TEXT <= len(text) <= MAX_CONTENT


BITS = st.sampled_from(
    [
        "<html>",
        "<body>",
        "<article>",
        "<p>",
        "</p>",
        "<div class=comment>",
        TEXTS["en"],
        TEXTS["kk"],
        "<table><tr><td>",
        "<ul><li>",
        "<script type='application/ld+json'>",
        '{"articleBody":"',
        "</script>",
        "<!--",
        "&#xD800;",
        "\x00",
        "<pre>",
        "<blockquote>",
        "<br>",
        "<a href='",
    ]
)


def _joined(bits: list[str]) -> bytes:
    return "".join(bits).encode("utf-8", "replace")


ANYTHING = st.binary(max_size=300) | st.lists(BITS | st.text(max_size=8), max_size=40).map(_joined)


@given(ANYTHING)
def test_no_page_breaks_the_reader(body: bytes) -> None:
    text = extract_text(body, url=URL)
    assert text is None or MIN_TEXT <= len(text) <= MAX_CONTENT
