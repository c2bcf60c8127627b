"""Messages, reasons: every code of a suppression, a pause and a closed delivery has its sentence in every language."""

from datetime import timedelta

import pytest

from conftest import NOW
from reformwatch.language.registry import LANGUAGES
from reformwatch.messages.catalogues import ENGLISH, Words
from reformwatch.messages.reasons import why_not_replayed, why_not_sent, why_paused, why_suppressed
from reformwatch.model.alert import Delivery
from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.notification import Code
from reformwatch.model.subscriber import ChannelKind, Pause, PauseCode
from reformwatch.wiring.basics import catalogues

OLD = NOW - timedelta(days=30)
SENT_CODES = {Code.INSTANT}


@pytest.fixture(params=LANGUAGES)
def words(request: pytest.FixtureRequest) -> Words:
    return catalogues().words(request.param)


def suppressed(code: Code, words: Words) -> str:
    return why_suppressed(code, words, published=OLD, first_seen=NOW, name="Aliya")


def a_delivery(closed: Closed | None, *, last_error: str | None = "answered 500", attempts: int = 10) -> Delivery:
    return Delivery(
        id=1, message_id="m", alert_ids=(1,), subscriber="Aliya", channel=ChannelKind.EMAIL, state=DeliveryState.DEAD,
        attempts=attempts, created_at=NOW, next_attempt_at=None, sent_at=None, last_error=last_error, closed=closed,
    )  # fmt: skip


@pytest.mark.parametrize("code", set(Code) - SENT_CODES)
def test_every_code_of_a_suppression_has_a_sentence(code: Code, words: Words) -> None:
    sentence = suppressed(code, words)
    assert sentence
    assert "{" not in sentence
    assert words is ENGLISH or sentence != suppressed(code, ENGLISH)


def test_a_late_entry_has_both_dates_in_the_readers_language(words: Words) -> None:
    sentence = suppressed(Code.LATE, words)
    assert words.day(OLD) in sentence
    assert words.day(NOW) in sentence


@pytest.mark.parametrize("code", PauseCode)
def test_every_code_of_a_pause_has_a_sentence(code: PauseCode, words: Words) -> None:
    assert why_paused(Pause(code=code, detail="550 5.1.1 no such user"), words)
    assert why_paused(None, words) is None


def test_a_refusal_is_shown_in_the_receivers_own_words(words: Words) -> None:
    refused = Pause(code=PauseCode.REFUSED, detail="550 {braces} no such user")
    assert why_paused(refused, words) == "550 {braces} no such user"


@pytest.mark.parametrize("closed", [None, *Closed])
def test_every_end_of_a_delivery_has_a_sentence(closed: Closed | None, words: Words) -> None:
    sentence = why_not_sent(a_delivery(closed), Pause(code=PauseCode.OPERATOR), words)
    assert sentence
    assert ("answered 500" in sentence) is (closed is not Closed.SUBSCRIBER_PAUSED)


def test_a_delivery_without_a_fault_has_no_sentence(words: Words) -> None:
    assert why_not_sent(a_delivery(None, last_error=None), None, words) is None


@pytest.mark.parametrize(
    ("attempts", "sentence"),
    [
        (1, "x (прекращено после 1 попытки)"),
        (3, "x (прекращено после 3 попыток)"),
        (10, "x (прекращено после 10 попыток)"),
        (21, "x (прекращено после 21 попытки)"),
    ],
)
def test_attempts_are_counted_as_russian_counts(attempts: int, sentence: str) -> None:
    russian = catalogues().words("ru")
    assert why_not_sent(a_delivery(Closed.GIVEN_UP, last_error="x", attempts=attempts), None, russian) == sentence


def test_the_sentences_of_replays_cover_what_a_replay_can_suppress(words: Words) -> None:
    for code in (Code.BASELINE, Code.LATE, Code.ONLY_MENTION, Code.ALREADY_NOTIFIED, Code.NOBODY_LEFT):
        assert why_not_replayed(code, words)
