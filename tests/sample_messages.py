"""Alerts for the channels' tests, rendered as the program renders them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reformwatch.channels.base import Envelope
from reformwatch.messages.render import Recipient
from reformwatch.model.alert import Alert, AlertItem, AlertKind
from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.message import Message
from reformwatch.model.subscriber import ChannelKind, Subscriber, SubscriberState
from reformwatch.model.topic import Evidence, Match, Strength, Topic, TopicKind, TopicState
from reformwatch.wiring.delivery import build_renderer

NOW = datetime(2022, 3, 12, 10, 0, tzinfo=UTC)
TITLE = "Prosecutors give first results of the January investigation"
RENDERER = build_renderer()


def a_topic(number: int = 1, name: str = "January investigation") -> Topic:
    return Topic(
        id=number,
        slug=f"january-investigation-{number}",
        name=name,
        kind=TopicKind.INVESTIGATION,
        state=TopicState.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
    )


def an_entry(number: int = 1, *, title: str = TITLE, summary: str = "46 cases of terrorism.", **other: Any) -> Entry:
    given: dict[str, Any] = {
        "id": number,
        "feed_id": 1,
        "feed_name": "Steppe Wire",
        "feed_kind": "agency",
        "key": f"key-{number}",
        "guid": None,
        "url": f"https://wire.example/{number}",
        "title": title,
        "summary": summary,
        "content": "",
        "author": "",
        "tags": (),
        "language": "en",
        "published": NOW,
        "first_seen": NOW,
        "status": EntryStatus.NEWS,
        "version": 1,
        "text_hash": "0",
    }
    return Entry(**(given | other))


def evidence_in(text: str, word: str, *, field: str = "title") -> Evidence:
    start = text.index(word)
    return Evidence(field=field, start=start, end=start + len(word), word=word, term=word, how="same form")


def an_item(entry: Entry | None = None, evidence: Sequence[Evidence] | None = None) -> AlertItem:
    shown = entry or an_entry()
    found = tuple(evidence) if evidence is not None else (evidence_in(shown.title, shown.title.split()[0]),)
    match = Match(topic_id=1, slug="january-investigation-1", language="en", strength=Strength.ABOUT, evidence=found)
    return AlertItem(entry=shown, matches=(match,))


def an_alert(
    *items: AlertItem, topics: Sequence[Topic] = (a_topic(),), kind: AlertKind = AlertKind.STORY, headline: str = ""
) -> Alert:
    shown = items or (an_item(),)
    return Alert(
        id=7,
        kind=kind,
        created_at=NOW,
        story_id=3,
        headline=headline or shown[0].entry.title,
        topics=tuple(topics),
        items=shown,
    )


def a_subscriber(*, language: str = "en", name: str = "Desk") -> Subscriber:
    return Subscriber(
        id=1,
        name=name,
        channel=ChannelKind.EMAIL,
        address="reader@example.org",
        secret=None,
        language=language,
        timezone="UTC",
        state=SubscriberState.ACTIVE,
        pause=None,
        topic_ids=None,
        unsubscribe_token="t0ken",
        created_at=NOW,
    )


def rendered(alert: Alert | None = None, *, language: str = "en", unsubscribe_url: str | None = None) -> Message:
    subscriber = a_subscriber(language=language)
    reader = Recipient(subscriber=subscriber, zone=UTC, unsubscribe_url=unsubscribe_url)
    return RENDERER.render(alert or an_alert(), reader)


def a_message(*, title: str = TITLE, summary: str = "46 cases of terrorism.", language: str = "en") -> Message:
    """A message about one entry."""
    return rendered(an_alert(an_item(an_entry(title=title, summary=summary), [])), language=language)


def an_envelope(address: str, **other: Any) -> Envelope:
    given: dict[str, Any] = {"message_id": "msg_0123456789abcdef", "address": address, "created_at": NOW}
    return Envelope(**(given | other))
