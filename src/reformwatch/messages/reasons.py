"""Messages: the sentences for codes: why a notification was suppressed, a subscriber paused, a delivery closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from reformwatch.messages.catalogues import Words, counted, msg
from reformwatch.messages.problems import filled
from reformwatch.model.alert import Delivery
from reformwatch.model.delivery import Closed
from reformwatch.model.notification import Code
from reformwatch.model.subscriber import Pause, PauseCode

_SUPPRESSED: Final[Mapping[Code, str]] = {
    Code.PAUSED: msg("{name} is paused"),
    Code.ALREADY_NOTIFIED: msg("{name} has already heard of this story"),
    Code.ONLY_MENTION: msg("it only mentions the topic, and {name} wants what is about it"),
    Code.BASELINE: msg("it was there at the first poll of this feed (baseline)"),
    Code.LATE: msg("late: dated {published}, first seen {first_seen}"),
    Code.EDITED: msg("it matched only after an edit; an edited entry alerts nobody"),
    Code.NO_FOLLOWER: msg("no subscriber follows its topics"),
    Code.NOBODY_LEFT: msg("its story has had its alert, and no follower is left to notify"),
}
_REPLAYED: Final[Mapping[Code, str]] = {
    Code.BASELINE: msg("it was there at the first poll of its feed"),
    Code.LATE: msg("it was too old when it was first seen"),
    Code.ONLY_MENTION: msg("it only mentions the topic"),
    Code.ALREADY_NOTIFIED: msg("the story had had its alert"),
    Code.NOBODY_LEFT: msg("the story had had its alert"),
}
_PAUSES: Final[Mapping[PauseCode, str]] = {
    PauseCode.OPERATOR: msg("paused by the operator"),
    PauseCode.UNSUBSCRIBED: msg("unsubscribed by the reader"),
    PauseCode.REFUSED: "{detail}",  # the receiver's reply
}
_GIVEN_UP: Final = counted("{error} (given up after {count} attempt)", "{error} (given up after {count} attempts)")


def why_suppressed(
    code: Code, words: Words, *, published: datetime | None, first_seen: datetime, name: str | None = None
) -> str:
    """Why an entry's notification was suppressed; ``name`` is the subscriber's, None where it was for all."""
    dates = {"published": words.day(published or first_seen), "first_seen": words.day(first_seen)}
    return filled((_SUPPRESSED[code],), {"name": name or "", **dates}, words)


def why_not_replayed(code: Code, words: Words) -> str:
    """Why an entry would have made no notification, in a replay of the archive."""
    return words.gettext(_REPLAYED[code])


def why_paused(pause: Pause | None, words: Words) -> str | None:
    """Why a subscriber is paused; the receiver's reply where the address was refused. None: not paused."""
    return filled((_PAUSES[pause.code],), {"detail": pause.detail}, words) if pause else None


def why_not_sent(delivery: Delivery, pause: Pause | None, words: Words) -> str | None:
    """Why a delivery was closed, else its last error; ``pause`` is its subscriber's. None: there was no error."""
    if delivery.closed is Closed.SUBSCRIBER_PAUSED:
        because = why_paused(pause, words)
        texts = (msg("subscriber paused: {reason}"), msg("subscriber paused"))
        return filled(texts, {"reason": because} if because else {}, words)
    if delivery.closed is Closed.GIVEN_UP:
        return filled((_GIVEN_UP,), {"error": delivery.last_error or "", "count": delivery.attempts}, words)
    return delivery.last_error
