"""Messages: an alert rendered as a :class:`~reformwatch.model.message.Message`: subject, text, HTML, webhook body.

The templates are arguments; no file is read here. HTML is rendered with autoescaping: markup in a feed's text is shown
as text. Only http and https addresses become links, each with its host beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from reformwatch.matching.snippets import Piece, marked, snippet
from reformwatch.messages.catalogues import Words, WordsOf, msg
from reformwatch.messages.payload import MAX_ITEMS, payload_of, test_payload
from reformwatch.model.alert import Alert, AlertItem, Burst
from reformwatch.model.feed import FeedKind
from reformwatch.model.message import MARK_OFF, MARK_ON, Message
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Evidence, Strength
from reformwatch.model.value import Value
from reformwatch.text import clean_line
from reformwatch.urls import host_of

_BODY_FIELDS: Final = ("summary", "content")
_KINDS: Final = {
    FeedKind.OFFICIAL: msg("official source"),
    FeedKind.AGENCY: msg("news agency"),
    FeedKind.INDEPENDENT: msg("independent outlet"),
    FeedKind.FOREIGN: msg("foreign outlet"),
}
_STRENGTHS: Final = {
    Strength.ABOUT: msg("in the headline or the first sentence"),
    Strength.MENTION: msg("only in passing"),
}
_MARK_STYLE: Final = "background:#ffe58a;color:#1d1d1f;padding:0 2px;border-radius:2px"


class Recipient(Value, frozen=True, kw_only=True):
    """The subscriber of a message, with the time zone of its dates. ``unsubscribe_url`` None: no public pages."""

    subscriber: Subscriber
    zone: tzinfo
    unsubscribe_url: str | None = None


class Renderer:
    """Renders messages. ``templates``: the texts of ``mail.html`` and ``mail.txt``, by name.

    ``words`` returns the words of a language.
    """

    def __init__(self, templates: Mapping[str, str], words: WordsOf) -> None:
        self._words = words
        environment = jinja2.Environment(
            loader=jinja2.DictLoader(dict(templates)),
            extensions=["jinja2.ext.i18n"],
            autoescape=jinja2.select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.filters |= {"html_marks": _as_html, "text_marks": _as_text}
        # threads render in several languages at once, so each rendering has its words among its values
        environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension's
        # compiled here, else all sending threads would compile them at the same moment
        self._text, self._html = environment.get_template("mail.txt"), environment.get_template("mail.html")

    def render(self, alert: Alert, recipient: Recipient) -> Message:
        """The message of an alert, in the recipient's language."""
        words = self._words(recipient.subscriber.language)
        thread = alert.topics[0].slug if alert.topics else ""
        return self._message(_values(alert, recipient, words), recipient, thread=thread, payload=payload_of(alert))

    def render_test(self, recipient: Recipient, *, now: datetime) -> Message:
        """A test message, in the recipient's language."""
        values = _test_values(recipient, self._words(recipient.subscriber.language))
        return self._message(values, recipient, thread="", payload=test_payload(values["subject"], now=now))

    def _message(
        self, values: Mapping[str, Any], recipient: Recipient, *, thread: str, payload: Mapping[str, Any]
    ) -> Message:
        return Message(
            subject=values["subject"],
            marked_text=self._text.render(values).strip() + "\n",
            html=self._html.render(values),
            thread=thread,
            payload=payload,
            language=recipient.subscriber.language,
        )


@jinja2.pass_context
def _gettext(context: jinja2.runtime.Context, text: str) -> str:
    words: Words = context["words"]
    return words.gettext(text)


@jinja2.pass_context
def _ngettext(context: jinja2.runtime.Context, singular: str, plural: str, count: int) -> str:
    words: Words = context["words"]
    return words.ngettext(singular, plural, count)


def subject_of(alert: Alert, subscriber: Subscriber, words: Words) -> str:
    """The subject in the subscriber's language. Of more than two topics two are named, and the others counted."""
    _, language = words.gettext, subscriber.language
    topic = ", ".join(clean_line(t.name_in(language), limit=70) for t in alert.topics[:2])
    if len(alert.topics) > 2:
        topic += f" +{len(alert.topics) - 2}"
    if alert.burst is not None:
        count, feed = len(alert.items), clean_line(alert.burst.feed, limit=60)
        subject = words.ngettext(
            "{topic}: {count} new entry in {feed}", "{topic}: {count} new entries in {feed}", count
        )
        return subject.format(topic=topic, count=words.number(count), feed=feed)
    return _("{topic}: {headline}").format(topic=topic, headline=clean_line(alert.headline, limit=150))


def _values(alert: Alert, recipient: Recipient, words: Words) -> dict[str, Any]:
    _, subscriber = words.gettext, recipient.subscriber
    names = {topic.id: topic.name_in(subscriber.language) for topic in alert.topics}
    topics = ", ".join(names.values())
    return {
        "language": subscriber.language,
        "words": words,
        "subject": subject_of(alert, subscriber, words),
        "topics": list(names.values()),
        "items": [_item(item, names, recipient.zone, words) for item in alert.items[:MAX_ITEMS]],
        "is_test": False,
        "lead": _lead(alert.burst, len(alert.items), words) if alert.burst else "",
        "more": _more(alert, words) if len(alert.items) > MAX_ITEMS else "",
        "footer": _("You get this because {name} follows: {topics}.").format(name=subscriber.name, topics=topics),
        "unsubscribe_url": recipient.unsubscribe_url or "",
    }


def _test_values(recipient: Recipient, words: Words) -> dict[str, Any]:
    _, subscriber = words.gettext, recipient.subscriber
    return {
        "language": subscriber.language,
        "words": words,
        "subject": _("Test message from reformwatch"),
        "is_test": True,
        "test_body": _("This is a test: alerts for {name} will arrive here.").format(name=subscriber.name),
    }


def _lead(burst: Burst, count: int, words: Words) -> str:
    """The first sentence of a message with a burst."""
    sentence = words.ngettext(
        "{feed} brought {count} matching entry; here it is.",
        "{feed} brought {count} matching entries at once; here they are in one message.",
        count,
    )
    return sentence.format(feed=clean_line(burst.feed, limit=60), count=words.number(count))


def _more(alert: Alert, words: Words) -> str:
    """How many entries a message leaves out, and where they are."""
    count = len(alert.items) - MAX_ITEMS
    sentence = words.ngettext(
        "… and {count} more: see `reformwatch alert show {alert}`",
        "… and {count} more: see `reformwatch alert show {alert}`",
        count,
    )
    return sentence.format(count=words.number(count), alert=alert.id)


def _item(item: AlertItem, names: Mapping[int, str], zone: tzinfo, words: Words) -> dict[str, Any]:
    _, entry = words.gettext, item.entry
    evidence = [e for match in item.matches for e in match.evidence]
    return {
        "title": marked(entry.title, evidence, field="title"),
        "url": entry.url,
        "host": host_of(entry.url),
        "feed": entry.feed_name,
        "kind": _(_KINDS[FeedKind(entry.feed_kind)]),
        "language": entry.language or "",
        "date": _date(entry.published, zone),
        "seen": _date(entry.first_seen, zone),
        "body": _body(item, evidence),
        "why": [
            {
                "topic": names.get(match.topic_id, match.slug),
                "words": _words(match.evidence),
                "strength": _(_STRENGTHS[match.strength]),
            }
            for match in item.matches
        ],
    }


def _body(item: AlertItem, evidence: Sequence[Evidence]) -> tuple[Piece, ...]:
    """The snippet of the first body field with matched words, else the beginning of the text; empty without text."""
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
