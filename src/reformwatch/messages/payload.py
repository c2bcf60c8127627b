"""Messages: the bodies of webhooks before they are signed: type, timestamp, data (``webhook.schema.json``)."""

from datetime import datetime
from typing import Any, Final

from reformwatch.matching.snippets import snippet
from reformwatch.model.alert import Alert, AlertItem
from reformwatch.model.topic import Match, Strength
from reformwatch.text import shorten

MAX_ITEMS: Final = 40
MAX_EVIDENCE: Final = 12
MAX_WORD: Final = 100
MAX_SNIPPET: Final = 400


def payload_of(alert: Alert) -> dict[str, Any]:
    """The webhook body of an alert: at most 40 entries, and 12 pieces of evidence per match."""
    shown = alert.items[:MAX_ITEMS]
    matches = [match for item in alert.items for match in item.matches]
    is_about = any(match.strength is Strength.ABOUT for match in matches)
    return {
        "type": f"alert.{alert.kind.value}",
        "timestamp": alert.created_at.isoformat(),
        "data": {
            "alert_id": alert.id,
            "topics": [{"slug": topic.slug, "name": topic.name} for topic in alert.topics],
            "story": {
                "id": alert.story_id,
                "headline": alert.title,
                "entries": [_entry_payload(item) for item in shown],
            },
            "evidence": [e for item in shown for match in item.matches for e in _evidence_payload(item, match)],
            "strength": (Strength.ABOUT if is_about or not matches else Strength.MENTION).value,
        },
    }


def _entry_payload(item: AlertItem) -> dict[str, Any]:
    entry = item.entry
    return {
        "title": entry.title,
        "url": entry.url,
        "feed": entry.feed_name,
        "language": entry.language,
        "published": entry.published.isoformat() if entry.published else None,
    }


def _evidence_payload(item: AlertItem, match: Match) -> list[dict[str, str]]:
    payload = []
    for evidence in match.evidence[:MAX_EVIDENCE]:
        text = getattr(item.entry, evidence.field, "")
        pieces = snippet(text, [evidence], field=evidence.field) if isinstance(text, str) else ()
        payload.append(
            {
                "topic": match.slug,
                "field": evidence.field,
                "term": evidence.term,
                "word": shorten(evidence.word, limit=MAX_WORD),
                "how": evidence.how,
                "snippet": shorten("".join(piece.text for piece in pieces) or evidence.word, limit=MAX_SNIPPET),
            }
        )
    return payload


def test_payload(headline: str, *, now: datetime) -> dict[str, Any]:
    """The webhook body of a test message: the fields of an alert, without entries and topics."""
    story: dict[str, Any] = {"id": None, "headline": headline, "entries": []}
    data: dict[str, Any] = {
        "alert_id": None,
        "topics": [],
        "story": story,
        "evidence": [],
        "strength": Strength.ABOUT.value,
    }
    return {"type": "test", "timestamp": now.isoformat(), "data": data}
