"""Porch, the log: one line an event, as text or as JSON, and nothing in it steers a terminal."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator

import pytest

from reformwatch.logs import FIELDS, set_up_logging

log = logging.getLogger("reformwatch.pipeline.poll")
_OURS = ("reformwatch", "apscheduler")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in _OURS}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def logged_to(level: str, form: str) -> io.StringIO:
    """Set logging up; what is written from then on."""
    stream = io.StringIO()
    with contextlib.redirect_stderr(stream):
        set_up_logging(level=level, form=form)
    return stream


HOSTILE = "title \x1b[31m red \x07 \x9b2J \x00 \u202e gnp.exe \u2066 \x7f"
STEERING = ("\x1b", "\x07", "\x9b", "\x00", "\u202e", "\u2066", "\x7f")


def fault() -> None:
    raise ValueError(HOSTILE)


def test_a_text_line_has_time_level_and_message() -> None:
    stderr = logged_to("info", "text")
    log.info("poll: %d new: %s", 3, "Егемен Қазақстан")
    time, level, message = stderr.getvalue().rstrip("\n").split(maxsplit=2)
    assert len(time) == len("2022-03-12T10:00:00Z")
    assert time.endswith("Z")
    assert (level, message) == ("info", "poll: 3 new: Егемен Қазақстан")


def test_a_json_line_is_one_object_with_the_fields_that_were_given() -> None:  # trust: G14
    stderr = logged_to("info", "json")
    given = {name: f"value of {name}" for name in FIELDS}
    log.warning("poll: %s", "жаңалық", extra=given)
    log.info("second")
    first, second = (json.loads(line) for line in stderr.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {"level": "warning", "logger": log.name, "message": "poll: жаңалық", **given}
    assert set(second) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_control_characters_in_a_message_are_escaped(form: str) -> None:  # trust: D27
    stderr = logged_to("info", form)
    log.warning("feed: %s", HOSTILE)
    assert not [c for c in STEERING if c in stderr.getvalue()]
    assert "title" in stderr.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_c0_control_characters_are_escaped_in_either_form(form: str) -> None:  # trust: D27
    stderr = logged_to("info", form)
    log.warning("feed: %s", "a\x1b]0;owned\x07b\x00c", extra={"feed": "\x1b[2J"})
    assert not [c for c in "\x1b\x07\x00" if c in stderr.getvalue()]


@pytest.mark.parametrize("text", ["a\n2022-03-12T10:00:00Z error   forged", "a\nb"])
def test_a_message_with_a_line_break_stays_one_line_of_text(text: str) -> None:
    stderr = logged_to("info", "text")
    log.warning("feed: %s", text)
    assert len(stderr.getvalue().splitlines()) == 1


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_a_message_with_a_line_break_stays_one_line_of_json(text: str) -> None:
    stderr = logged_to("info", "json")
    log.warning("%s", text)
    [line] = stderr.getvalue().splitlines()
    assert json.loads(line)["message"] == text


def test_a_traceback_is_told_in_full() -> None:
    stderr = logged_to("info", "text")
    try:
        fault()
    except ValueError:
        log.exception("plan: a bug")
    assert "plan: a bug\nTraceback" in stderr.getvalue()
    assert "in fault" in stderr.getvalue()


def test_control_characters_in_a_traceback_are_escaped() -> None:  # trust: D27
    stderr = logged_to("info", "text")
    try:
        fault()
    except ValueError:
        log.exception("plan: a bug")
    assert not [c for c in STEERING if c in stderr.getvalue()]


def test_a_traceback_is_a_field_of_the_one_json_line() -> None:
    stderr = logged_to("info", "json")
    try:
        fault()
    except ValueError:
        log.exception("plan: a bug")
    [line] = stderr.getvalue().split("\n")[:-1]
    assert "in fault" in json.loads(line)["traceback"]


def test_only_the_level_that_was_asked_for_is_told_and_libraries_from_warning_on() -> None:
    stderr = logged_to("warning", "text")
    log.info("quiet")
    log.warning("loud")
    logging.getLogger("httpx").info("quiet library")
    logging.getLogger("httpx").warning("loud library")
    logging.getLogger("apscheduler.scheduler").warning("a missed tick, which loses nothing")
    assert [line.split(maxsplit=2)[2] for line in stderr.getvalue().splitlines()] == ["loud", "loud library"]


def test_set_up_twice_each_event_is_told_once() -> None:
    logged_to("info", "text")
    stderr = logged_to("debug", "text")
    log.debug("once")
    assert len(stderr.getvalue().splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_lone_surrogate_does_not_break_the_log(form: str) -> None:  # trust: D09
    raw = io.BytesIO()
    stderr = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace")
    with contextlib.redirect_stderr(stderr):
        set_up_logging(level="info", form=form)
    log.warning("feed: %s", "\ud800 after")
    stderr.flush()
    assert b"after" in raw.getvalue()
    assert b"Logging error" not in raw.getvalue()
