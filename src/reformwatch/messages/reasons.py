"""Messages: the sentences for codes: why a notification was suppressed, a subscriber paused, a delivery closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from reformwatch.model.alert import Delivery
from reformwatch.model.delivery import Closed
from reformwatch.model.notification import Code
from reformwatch.model.subscriber import Pause, PauseCode

_SUPPRESSED: Final[Mapping[Code, str]] = {
    Code.PAUSED: "{name} is paused",
    Code.ALREADY_NOTIFIED: "{name} has already heard of this story",
    Code.ONLY_MENTION: "it only mentions the topic, and {name} wants what is about it",
    Code.BASELINE: "it was there at the first poll of this feed (baseline)",
    Code.LATE: "late: dated {published}, first seen {first_seen}",
    Code.EDITED: "it matched only after an edit; an edited entry alerts nobody",
    Code.NO_FOLLOWER: "no subscriber follows its topics",
    Code.NOBODY_LEFT: "its story has had its alert, and no follower is left to notify",
}
_REPLAYED: Final[Mapping[Code, str]] = {
    Code.BASELINE: "it was there at the first poll of its feed",
    Code.LATE: "it was too old when it was first seen",
    Code.ONLY_MENTION: "it only mentions the topic",
    Code.ALREADY_NOTIFIED: "the story had been told",
    Code.NOBODY_LEFT: "the story had been told",
}
_PAUSES: Final[Mapping[PauseCode, str]] = {
    PauseCode.OPERATOR: "paused by the operator",
    PauseCode.UNSUBSCRIBED: "unsubscribed by the reader",
    PauseCode.REFUSED: "{detail}",
}


def why_suppressed(code: Code, *, published: datetime | None, first_seen: datetime, name: str | None = None) -> str:
    """Why an entry brought a subscriber, or anybody, no message; ``name`` is the subscriber's."""
    dated = f"{published or first_seen:%d %B %Y}"
    return _SUPPRESSED[code].format(name=name, published=dated, first_seen=f"{first_seen:%d %B %Y}")


def why_not_replayed(code: Code) -> str:
    """Why an entry would have brought no message, in a replay of the archive."""
    return _REPLAYED[code]


def why_paused(pause: Pause | None) -> str | None:
    """Why a subscriber is paused; where an address was refused, the receiver's own words. None: not paused."""
    return _PAUSES[pause.code].format(detail=pause.detail) if pause else None


def why_not_sent(delivery: Delivery, pause: Pause | None) -> str | None:
    """What went wrong with a delivery last; ``pause`` is its subscriber's. None: nothing did."""
    if delivery.closed is Closed.SUBSCRIBER_PAUSED:
        return f"subscriber paused: {why_paused(pause)}" if pause else "subscriber paused"
    if delivery.closed is Closed.GIVEN_UP:
        return f"{delivery.last_error} (given up after {delivery.attempts} attempts)"
    return delivery.last_error
