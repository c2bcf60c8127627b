"""Messages: an alert to a :class:`~reformwatch.model.message.Message`: subject, text, HTML, and the webhook's body.

The templates' texts are handed in; nothing is read here. HTML is made with autoescaping on: whatever a feed says
appears as text, and a link appears only if it is an http or https address, with its real host beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from reformwatch.matching.snippets import Piece, marked, snippet
from reformwatch.messages.payload import MAX_ITEMS, payload_of, test_payload
from reformwatch.messages.phrases import phrase
from reformwatch.model.alert import Alert, AlertItem
from reformwatch.model.message import MARK_OFF, MARK_ON, Message
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Evidence
from reformwatch.model.value import Value
from reformwatch.text import clean_line
from reformwatch.urls import host_of

_BODY_FIELDS: Final = ("summary", "content")
_MARK_STYLE: Final = "background:#ffe58a;color:#1d1d1f;padding:0 2px;border-radius:2px"


class Reader(Value, frozen=True, kw_only=True):
    """For whom a message is rendered."""

    subscriber: Subscriber
    zone: tzinfo
    unsubscribe_url: str | None = None


class Renderer:
    """Holds the compiled templates. ``templates`` maps a name to a template's text: ``mail.html`` and ``mail.txt``."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        environment = jinja2.Environment(
            loader=jinja2.DictLoader(dict(templates)),
            autoescape=jinja2.select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.filters |= {"html_marks": _as_html, "text_marks": _as_text}
        # compiled now: the threads that send would all compile them at the same moment
        self._text, self._html = environment.get_template("mail.txt"), environment.get_template("mail.html")

    def render(self, alert: Alert, reader: Reader) -> Message:
        """The message of one alert."""
        subject = subject_of(alert, reader.subscriber)
        thread = alert.topics[0].slug if alert.topics else ""
        return self._message(_values(alert, reader, subject), reader, thread=thread, payload=payload_of(alert))

    def render_test(self, reader: Reader, *, now: datetime) -> Message:
        """A message that shows only that messages arrive."""
        subject = phrase("test", reader.subscriber.language)
        values = _test_values(reader, subject)
        return self._message(values, reader, thread="", payload=test_payload(subject, now=now))

    def _message(
        self, values: Mapping[str, Any], reader: Reader, *, thread: str, payload: Mapping[str, Any]
    ) -> Message:
        return Message(
            subject=values["subject"],
            marked_text=self._text.render(values).strip() + "\n",
            html=self._html.render(values),
            thread=thread,
            payload=payload,
            language=reader.subscriber.language,
        )


def subject_of(alert: Alert, subscriber: Subscriber) -> str:
    """The subject in the subscriber's language, with the topics' names in it where they have one."""
    language = subscriber.language
    topic = ", ".join(clean_line(t.name_in(language), limit=70) for t in alert.topics[:2])
    if len(alert.topics) > 2:
        topic += f" +{len(alert.topics) - 2}"
    if alert.burst is not None:
        feed = clean_line(alert.burst.feed, limit=60)
        return phrase("burst", language, topic=topic, count=len(alert.items), feed=feed)
    return phrase("story", language, topic=topic, headline=clean_line(alert.headline, limit=150))


def _values(alert: Alert, reader: Reader, subject: str) -> dict[str, Any]:
    subscriber = reader.subscriber
    language = subscriber.language
    names = {topic.id: topic.name_in(language) for topic in alert.topics}
    shown = alert.items[:MAX_ITEMS]
    return {
        "language": language,
        "subject": subject,
        "topics": list(names.values()),
        "items": [_item(item, names, reader.zone, language) for item in shown],
        "is_test": False,
        "lead": phrase("many", language, feed=clean_line(alert.burst.feed, limit=60), count=len(alert.items))
        if alert.burst
        else "",
        "more": phrase("more", language, count=len(alert.items) - MAX_ITEMS, alert=alert.id)
        if len(alert.items) > MAX_ITEMS
        else "",
        "footer": phrase("footer", language, name=subscriber.name, topics=", ".join(names.values())),
        "unsubscribe_url": reader.unsubscribe_url or "",
        "t": lambda key: phrase(key, language),
    }


def _test_values(reader: Reader, subject: str) -> dict[str, Any]:
    language = reader.subscriber.language
    body = phrase("test_body", language, name=reader.subscriber.name)
    return {"language": language, "subject": subject, "is_test": True, "test_body": body}


def _item(item: AlertItem, names: Mapping[int, str], zone: tzinfo, language: str) -> dict[str, Any]:
    entry = item.entry
    evidence = [e for match in item.matches for e in match.evidence]
    return {
        "title": marked(entry.title, evidence, field="title"),
        "url": entry.url,
        "host": host_of(entry.url),
        "feed": entry.feed_name,
        "kind": phrase(entry.feed_kind, language),
        "language": entry.language or "",
        "date": _date(entry.published, zone),
        "seen": _date(entry.first_seen, zone),
        "body": _body(item, evidence),
        "why": [
            {
                "topic": names.get(match.topic_id, match.slug),
                "words": _words(match.evidence),
                "strength": match.strength.value,
            }
            for match in item.matches
        ],
    }


def _body(item: AlertItem, evidence: Sequence[Evidence]) -> tuple[Piece, ...]:
    """The part of the text with the first hits, else its beginning."""
    entry = item.entry
    for field in _BODY_FIELDS:
        if pieces := snippet(getattr(entry, field), evidence, field=field):
            return pieces
    beginning = clean_line(entry.summary or entry.content, limit=300)
    return (Piece(text=beginning),) if beginning and beginning != entry.title else ()


def _words(evidence: Sequence[Evidence]) -> str:
    return ", ".join(dict.fromkeys(f"“{clean_line(e.word, limit=60)}”" for e in evidence[:8]))


def _date(moment: datetime | None, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if moment else ""


def _as_html(pieces: Sequence[Piece]) -> Markup:
    parts = (
        Markup('<mark style="{}">{}</mark>').format(_MARK_STYLE, p.text) if p.is_hit else escape(p.text) for p in pieces
    )
    return Markup("").join(parts)


def _as_text(pieces: Sequence[Piece]) -> str:
    return "".join(f"{MARK_ON}{piece.text}{MARK_OFF}" if piece.is_hit else piece.text for piece in pieces)
