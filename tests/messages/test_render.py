"""Messages: an alert to a message: subject, text, HTML and payload; hostile texts stay texts."""

import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reformwatch.language.registry import LANGUAGES
from reformwatch.matching.index import compile_topic, match_entry, match_text_of
from reformwatch.messages.catalogues import ENGLISH
from reformwatch.messages.payload import MAX_EVIDENCE, MAX_ITEMS, payload_of
from reformwatch.messages.render import Recipient, Renderer, subject_of
from reformwatch.model.alert import Alert, AlertItem, AlertKind, Burst
from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.message import MARK_OFF, MARK_ON, Message
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.model.topic import Topic, TopicKind, TopicState
from reformwatch.wiring.basics import catalogues

NOW = datetime(2022, 3, 16, 10, 0, tzinfo=UTC)
NAMES = {"en": "Mayoral elections", "ru": "Выборы акимов", "kk": "Әкімдер сайлауы", "es": "Elección de alcaldes"}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"enum": ["alert.story", "alert.summary", "test"]},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "additionalProperties": False,
            "required": ["alert_id", "topics", "story", "evidence", "strength"],
            "properties": {
                "alert_id": {"type": ["integer", "null"]},
                "topics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["slug", "name"],
                        "properties": {"slug": {"type": "string"}, "name": {"type": "string"}},
                    },
                },
                "story": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id", "headline", "entries"],
                    "properties": {
                        "id": {"type": ["integer", "null"]},
                        "headline": {"type": "string"},
                        "entries": {
                            "type": "array",
                            "maxItems": MAX_ITEMS,
                            "items": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["title", "url", "feed", "language", "published"],
                                "properties": {
                                    "title": {"type": "string", "maxLength": 500},
                                    "url": {"type": ["string", "null"], "pattern": "^https?://"},
                                    "feed": {"type": "string"},
                                    "language": {"type": ["string", "null"]},
                                    "published": {"type": ["string", "null"], "format": "date-time"},
                                },
                            },
                        },
                    },
                },
                "evidence": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["topic", "field", "term", "word", "how", "snippet"],
                        "properties": {
                            "topic": {"type": "string"},
                            "field": {
                                "enum": ["title", "summary", "content", "author", "source", "tag", "url", "lang"]
                            },
                            "term": {"type": "string"},
                            "word": {"type": "string", "maxLength": 1_000},
                            "how": {"enum": ["same form", "exact", "prefix", "name"]},
                            "snippet": {"type": "string", "maxLength": 1_000},
                        },
                    },
                },
                "strength": {"enum": ["about", "mention"]},
            },
        },
    },
}


def topic(number: int = 1, **told: Any) -> Topic:
    usual: dict[str, Any] = {
        "id": number,
        "slug": f"mayors-{number}",
        "name": "Mayors",
        "kind": TopicKind.LAW,
        "names": NAMES,
        "state": TopicState.ACTIVE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Topic(**(usual | told))


def entry(**told: Any) -> Entry:
    usual: dict[str, Any] = {
        "id": 1,
        "feed_id": 1,
        "feed_name": "The Courier",
        "feed_kind": "independent",
        "key": "guid:1",
        "guid": "1",
        "url": "https://courier.example/mayors",
        "title": "Mayors will be elected",
        "summary": "A new law says so.",
        "content": "",
        "author": "",
        "tags": (),
        "language": "en",
        "published": NOW - timedelta(hours=1),
        "first_seen": NOW,
        "status": EntryStatus.NEWS,
        "version": 1,
        "text_hash": "",
    }
    return Entry(**(usual | told))


def item(query: str = "elected", number: int = 1, **told: Any) -> AlertItem:
    """An entry with the match of a query."""
    one = entry(**told)
    held = match_text_of(one, source=one.feed_name, language=one.language)
    matches = match_entry(held, [compile_topic(number, f"mayors-{number}", {"en": query})])
    assert matches
    return AlertItem(entry=one, matches=matches)


def alert(*items: AlertItem, **told: Any) -> Alert:
    shown = items or (item(),)
    usual: dict[str, Any] = {
        "id": 42,
        "kind": AlertKind.STORY,
        "created_at": NOW,
        "story_id": 7,
        "headline": shown[0].entry.title,
        "topics": (topic(),),
        "items": shown,
    }
    return Alert(**(usual | told))


def subscriber(**told: Any) -> Subscriber:
    usual: dict[str, Any] = {
        "id": 1,
        "name": "Reader",
        "channel": ChannelKind.EMAIL,
        "address": "reader@example.org",
        "secret": "whsec_c2VjcmV0",
        "language": "en",
        "timezone": "UTC",
        "state": SubscriberState.ACTIVE,
        "pause": None,
        "topic_ids": None,
        "unsubscribe_token": "token",
        "created_at": NOW,
    }
    return Subscriber(**(usual | told))


TEMPLATES = {
    name: (resources.files("reformwatch") / "messages" / "templates" / name).read_text("utf-8")
    for name in ("mail.html", "mail.txt")
}
WORDS = catalogues().words
RENDERER = Renderer(TEMPLATES, WORDS)


def render(told: Alert, *, zone: str = "UTC", unsubscribe_url: str | None = None, **reader: Any) -> Message:
    """The message of an alert for a reader."""
    receiver = subscriber(**reader)
    return RENDERER.render(told, Recipient(subscriber=receiver, zone=ZoneInfo(zone), unsubscribe_url=unsubscribe_url))


def render_test(**reader: Any) -> Message:
    """A test message for a reader."""
    return RENDERER.render_test(Recipient(subscriber=subscriber(**reader), zone=UTC), now=NOW)


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def links(self) -> list[str | None]:
        return [attributes.get("href") for tag, attributes in self.tags if tag == "a"]


# --- subjects --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "kind", "subject"),
    [
        ("en", AlertKind.STORY, "Mayoral elections: Mayors will be elected"),
        ("ru", AlertKind.STORY, "Выборы акимов: Mayors will be elected"),
        ("kk", AlertKind.STORY, "Әкімдер сайлауы: Mayors will be elected"),
        ("es", AlertKind.STORY, "Elección de alcaldes: Mayors will be elected"),
        ("de", AlertKind.STORY, "Mayors: Mayors will be elected"),
        ("en", AlertKind.SUMMARY, "Mayoral elections: 1 new entry in The Courier"),
        ("ru", AlertKind.SUMMARY, "Выборы акимов: 1 новое сообщение в The Courier"),
        ("kk", AlertKind.SUMMARY, "Әкімдер сайлауы: The Courier ішінде 1 жаңа хабар"),
        ("es", AlertKind.SUMMARY, "Elección de alcaldes: 1 noticia nueva en The Courier"),
    ],
)
def test_a_subject_is_in_the_readers_language(language: str, kind: AlertKind, subject: str) -> None:
    burst = Burst(feed="The Courier", stories=1) if kind is AlertKind.SUMMARY else None
    assert subject_of(alert(kind=kind, burst=burst), subscriber(language=language), WORDS(language)) == subject


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Test message from reformwatch"),
        ("ru", "Пробное сообщение reformwatch"),
        ("kk", "reformwatch сынақ хабары"),
        ("es", "Mensaje de prueba de reformwatch"),
    ],
)
def test_a_test_messages_subject_is_in_the_readers_language(language: str, subject: str) -> None:
    assert render_test(language=language).subject == subject


def test_a_value_with_braces_in_it_is_said_as_it_is() -> None:
    # trust: D23
    told = alert(topics=(topic(names={}, name="{0.__class__}"),), headline="{x}")
    assert subject_of(told, subscriber(), ENGLISH) == "{0.__class__}: {x}"


@pytest.mark.parametrize(
    ("count", "subject"),
    [
        (1, "Выборы акимов: 1 новое сообщение в The Courier"),
        (2, "Выборы акимов: 2 новых сообщения в The Courier"),
        (5, "Выборы акимов: 5 новых сообщений в The Courier"),
        (21, "Выборы акимов: 21 новое сообщение в The Courier"),
    ],
)
def test_a_count_has_the_form_that_russian_has_for_it(count: int, subject: str) -> None:
    many = [item() for _ in range(count)]
    told = alert(*many, kind=AlertKind.SUMMARY, burst=Burst(feed="The Courier", stories=count))
    assert subject_of(told, subscriber(language="ru"), WORDS("ru")) == subject


def test_a_subject_names_two_topics_and_counts_the_others() -> None:
    topics = tuple(topic(i, names={}, name=f"Topic {i}") for i in range(1, 5))
    assert subject_of(alert(topics=topics), subscriber(), ENGLISH) == "Topic 1, Topic 2 +2: Mayors will be elected"


def test_a_subject_is_one_line_of_bounded_length() -> None:
    # trust: D15, E15
    nasty = "a\r\nBcc: b@example.org\u2028\x85" + "x" * 5_000
    told = alert(headline=nasty, topics=tuple(topic(i, name=nasty, names={}) for i in (1, 2)))
    for kind in AlertKind:
        one = alert(headline=nasty, topics=told.topics, kind=kind)
        subject = subject_of(one, subscriber(language="ru"), WORDS("ru"))
        assert len(subject.splitlines()) == 1
        assert len(subject) <= 300


# --- texts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_says_in_the_readers_language_what_was_found_where_and_why(language: str) -> None:
    _ = WORDS(language).gettext
    message = render(alert(), language=language, unsubscribe_url="https://watch.example/u/token")
    page = Page(message.html)
    for text in (message.text, page.text):
        for said in (
            NAMES[language],
            "The Courier",
            _("independent outlet"),
            _("Why you get this"),
            _("in the headline or the first sentence"),
            _("Unsubscribe"),
            "“elected”",
            "2022-03-16 09:00 UTC",
            "A new law says so.",
        ):
            assert said in text
    assert message.language == language
    assert message.thread == "mayors-1"
    assert "https://watch.example/u/token" in message.text
    assert page.links == ["https://courier.example/mayors", "https://watch.example/u/token"]
    assert dict(page.tags)["html"] == {"lang": language}
    assert "secret" not in message.html + message.text + json.dumps(message.payload)


def test_times_are_in_the_readers_zone() -> None:
    message = render(alert(), zone="Asia/Almaty")
    assert "2022-03-16 15:00 " in message.text
    assert "2022-03-16 15:00 " in message.html


def test_an_entry_without_a_date_says_when_it_was_seen() -> None:
    message = render(alert(item(published=None)))
    for text in (message.text, Page(message.html).text):
        assert "no date given, seen 2022-03-16 10:00 UTC" in text


def test_an_entry_without_a_link_has_none() -> None:
    message = render(alert(item(url=None)))
    assert Page(message.html).links == []
    assert "http" not in message.text


def test_without_an_unsubscribe_address_none_is_shown() -> None:
    message = render(alert())
    assert "Unsubscribe" not in message.text + message.html


def test_the_words_that_matched_are_marked() -> None:
    message = render(alert(item("elected OR law", summary="A law. Another law.")))
    assert f"Mayors will be {MARK_ON}elected{MARK_OFF}" in message.marked_text
    assert "Mayors will be *elected*" in message.text
    assert MARK_ON not in message.text
    marked = [tag for tag, _ in Page(message.html).tags if tag == "mark"]
    assert len(marked) == 3


def test_the_real_host_stands_beside_a_link() -> None:
    # trust: D17
    message = render(alert(item(url="https://bank.example@еvil.example/a")))
    assert f"· {'еvil.example'.encode('idna').decode()}" in Page(message.html).text


def test_the_body_shows_the_words_that_matched_and_not_the_beginning() -> None:
    message = render(alert(item("needle", summary="word " * 500 + "needle " + "word " * 500)))
    assert "*needle*" in message.text
    assert len(message.text) < 1_500


def test_a_body_that_only_repeats_the_headline_is_left_out() -> None:
    message = render(alert(item(summary="Mayors will be elected!", title="Mayors will be elected!")))
    body = message.text.partition("Why")[0]
    assert body.count("Mayors will be") == 2  # the hit is in both fields, so both are shown
    silent = render(alert(item("title:elected", summary="Mayors will be elected")))
    assert silent.text.partition("Why")[0].count("Mayors will be") == 1


def test_a_mention_is_called_one() -> None:
    message = render(alert(item("needle", summary="First things first. Then a needle.")))
    assert "(only in passing)" in message.text
    assert message.payload["data"]["strength"] == "mention"


def test_a_test_message_says_who_it_is_for_and_nothing_else() -> None:
    message = render_test(name="Newsroom")
    assert message.text == "This is a test: alerts for Newsroom will arrive here.\n"
    assert "alerts for Newsroom" in Page(message.html).text
    assert (message.thread, message.payload["type"]) == ("", "test")
    assert Page(message.html).links == []


# --- bursts ----------------------------------------------------------------------------------------------------------


def burst(count: int) -> Alert:
    items = tuple(item(id=i, title=f"Headline {i} elected", url=f"https://courier.example/{i}") for i in range(count))
    return alert(
        *items, kind=AlertKind.SUMMARY, story_id=None, headline="", burst=Burst(feed="The Courier", stories=count)
    )


def test_a_burst_shows_so_many_and_counts_the_others() -> None:
    # trust: D19, E14
    message = render(burst(MAX_ITEMS + 5))
    page = Page(message.html)
    assert len(page.links) == MAX_ITEMS
    for text in (message.text, page.text):
        assert f"The Courier brought {MAX_ITEMS + 5} matching entries at once" in text
        assert "… and 5 more: see `reformwatch alert show 42`" in text
    assert message.subject == f"Mayoral elections: {MAX_ITEMS + 5} new entries in The Courier"
    assert message.payload["type"] == "alert.summary"
    assert message.payload["data"]["story"]["headline"] == f"{MAX_ITEMS + 5} · The Courier"
    assert len(message.payload["data"]["story"]["entries"]) == MAX_ITEMS


def test_a_burst_that_fits_has_no_more() -> None:
    message = render(burst(MAX_ITEMS))
    assert "more: see" not in message.text
    assert len(Page(message.html).links) == MAX_ITEMS


def test_a_digest_of_a_thousand_entries_is_a_small_mail() -> None:
    # trust: E14
    message = render(burst(1_000))
    assert len(message.html.encode()) <= 100_000
    assert len(message.text.encode()) <= 100_000


def test_the_evidence_of_a_burst_belongs_to_the_entries_that_are_shown() -> None:
    # trust: B15
    payload = payload_of(burst(1_000))
    assert len(payload["data"]["evidence"]) <= MAX_ITEMS * MAX_EVIDENCE


# --- hostile texts ---------------------------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>elected",
    '"><img src=x onerror=alert(1)>elected',
    "'><svg onload=alert(1)>elected",
    "<a href='javascript:alert(1)'>elected</a>",
    "</title><script>alert(1)</script>elected",
    "<mark>elected</mark>",
    "{{ 7 * 7 }} {% raw %} elected",
    "&lt;script&gt;elected",
    "<!-- elected",
    "<style>*{display:none}</style>elected",
    "elected</h1></div></body></html>",
]
ALLOWED = {"html", "head", "meta", "title", "body", "div", "p", "h1", "a", "b", "br", "mark", "span"}


def assert_inert(message: Message) -> None:
    """Only the template's own tags and attributes, and only web links."""
    page = Page(message.html)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    names = {name for _, attributes in page.tags for name in attributes}
    assert names <= {"lang", "charset", "name", "content", "style", "href"}
    assert all(link and link.startswith(("https://", "http://")) for link in page.links)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_a_feed_says_becomes_markup(attack: str) -> None:
    # trust: D14, D23
    held = item(title=attack, summary=attack, feed_name=attack, url="https://courier.example/a")
    told = alert(held, headline=attack, topics=(topic(name=attack, names={}, slug="mayors-1"),))
    for kind in AlertKind:
        message = render(alert(held, kind=kind, headline=attack, topics=told.topics), name=attack)
        assert_inert(message)
        assert "49" not in message.html.replace("#", "")
    page = Page(render(told, name=attack).html)
    assert " ".join(attack.split()) in page.text  # it is shown, as text


_NASTY = st.lists(st.sampled_from([*"<>\"'&/={}%# \n", "a", "script"]), max_size=40).map("".join)


@given(_NASTY.map(lambda nasty: f"elected {nasty}"))
def test_no_title_summary_or_name_becomes_markup(text: str) -> None:
    # trust: D14, D23
    assert_inert(render(alert(item(title=text, summary=text, feed_name=text), headline=text), name=text))


def test_an_address_cannot_leave_its_attribute() -> None:
    # trust: D13, D14
    message = render(alert(item(url="https://courier.example/\"onmouseover='alert(1)'<b>")))
    assert_inert(message)


def test_a_template_that_asks_for_what_is_not_there_fails_loudly() -> None:
    # trust: D23
    broken = Renderer({"mail.html": "{{ nothing }}", "mail.txt": "x"}, WORDS)
    with pytest.raises(Exception, match="nothing"):
        broken.render(alert(), Recipient(subscriber=subscriber(), zone=UTC))


# --- payloads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        alert(),
        burst(3),
        burst(MAX_ITEMS + 5),
        alert(item(published=None, url=None, language=None)),
        alert(item("~Tokayev =elected reform* law", title="Токаев: reforms, elected", summary="law")),
        alert(item("source:Courier"), item("tag:law", tags=("law",)), item("lang:en"), item("url:mayors")),
        alert(*(item(title=attack) for attack in ATTACKS)),
    ],
    ids=["story", "burst", "large burst", "bare", "every how", "other fields", "hostile"],
)
def test_a_payload_keeps_its_schema(told: Alert) -> None:
    payload = payload_of(told)
    jsonschema.validate(payload, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert json.loads(json.dumps(payload)) == payload


def test_a_test_message_s_payload_keeps_the_schema_and_has_no_alert() -> None:
    payload = render_test().payload
    jsonschema.validate(payload, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert payload["data"]["alert_id"] is None


def test_a_payload_says_which_words_satisfied_which_term_of_which_topic() -> None:
    payload = payload_of(alert(item("elected law")))
    assert payload["type"] == "alert.story"
    assert payload["timestamp"] == "2022-03-16T10:00:00+00:00"
    assert payload["data"]["alert_id"] == 42
    assert payload["data"]["topics"] == [{"slug": "mayors-1", "name": "Mayors"}]
    assert payload["data"]["story"]["id"] == 7
    found = [(one["topic"], one["field"], one["term"], one["word"]) for one in payload["data"]["evidence"]]
    assert found == [("mayors-1", "title", "elected", "elected"), ("mayors-1", "summary", "law", "law")]
    assert payload["data"]["evidence"][1]["snippet"] == "A new law says so."


def test_one_entry_that_is_about_a_topic_makes_the_alert_so() -> None:
    mention = item("needle", summary="First things first. Then a needle.")
    assert payload_of(alert(mention))["data"]["strength"] == "mention"
    assert payload_of(alert(mention, item()))["data"]["strength"] == "about"


def test_a_word_without_an_end_does_not_fill_a_payload() -> None:
    # trust: B15, D09
    payload = payload_of(alert(item("reform*", content="reform" + "a" * 50_000)))
    jsonschema.validate(payload, SCHEMA)
