"""The terminal: readable, and never steered by a feed."""

import io
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reformwatch.channels.console import ConsoleChannel
from reformwatch.model.alert import Sent, TryLater
from reformwatch.model.message import Message
from sample_messages import NOW, TITLE, a_message, an_alert, an_entry, an_envelope, an_item, evidence_in, rendered


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(message: Message, stream: io.StringIO | None = None) -> str:
    shown = stream or io.StringIO()
    outcome = ConsoleChannel(shown).send(message, an_envelope("-"), now=NOW)
    assert outcome == Sent()
    return shown.getvalue()


def test_an_alert_is_printed_with_its_title_its_link_and_its_reason() -> None:
    text = printed(rendered())
    assert text.startswith(f"● January investigation: {TITLE}\n")
    assert "https://wire.example/1" in text
    assert "Why you get this" in text
    assert "January investigation: “Prosecutors”" in text


def test_a_stream_that_is_no_terminal_gets_no_escape_sequences_and_no_marks_of_ours() -> None:
    text = printed(rendered())
    assert "\x1b" not in text
    assert not re.search("[\ue000\ue001]", text)


def test_on_a_terminal_the_words_that_matched_are_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = printed(rendered(), Terminal())
    assert re.search(r"\x1b\[[0-9;]*33m" + "Prosecutors" + r"\x1b\[0m", text)


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "33m" not in printed(rendered(), Terminal())


_ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\t")
_NARROW = "ab \n\ue000\ue001\x1bә[/b]"
#: A tab only among letters that are one column wide: Rich counts columns up to the next stop.
LINES = st.text(_ANY | st.sampled_from(f"{_NARROW}🗳"), max_size=90) | st.text(f"{_NARROW}\t", max_size=90)


@given(subject=LINES, text=LINES)
def test_what_a_pipe_gets_is_what_rich_would_have_shown_without_colours(subject: str, text: str) -> None:
    message = replace(rendered(), subject=subject, marked_text=text)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_COLOR", "1")
        environment.setenv("TTY_COMPATIBLE", "1")
        by_rich = printed(message)
        assert "\x1b" in by_rich or not subject.strip()
        environment.delenv("TTY_COMPATIBLE")
        assert printed(message) == re.sub(r"\x1b\[[0-9;]*m", "", by_rich)


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2Jcleared",
        "\x1b]0;title\x07",
        "\x9b31mred",
        "\u202egnp.exe",
        "\x00nul",
        "back\x08\x08",
        "bell\x07",
        "\r over",
    ],
)
@pytest.mark.parametrize("place", ["title", "summary"])
def test_nothing_that_a_feed_says_steers_the_terminal(hostile: str, place: str) -> None:
    # trust: D27
    text = printed(a_message(**{place: f"News {hostile} end"}))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "News" in text
    assert "end" in text


@pytest.mark.parametrize(
    "markup", ["[bold red]x[/]", "[link=https://evil.example]x[/link]", "[/]", "[", ":smile:", "\\[x]"]
)
def test_what_looks_like_the_terminal_librarys_markup_is_text(markup: str) -> None:
    # trust: D27
    text = printed(a_message(title=f"News {markup} end", summary=f"Sum {markup} end"))
    assert f"News {markup} end" in text
    assert f"Sum {markup} end" in text


def test_long_lines_are_not_broken_when_piped() -> None:
    title = "word " * 60 + "end"
    assert any(title in line for line in printed(a_message(title=title)).splitlines())


def test_several_words_in_one_text_are_all_shown() -> None:
    entry = an_entry(title="one two three", summary="")
    evidence = [evidence_in(entry.title, "one"), evidence_in(entry.title, "three")]
    assert "one two three" in printed(rendered(an_alert(an_item(entry, evidence))))


_INTO_A_CLOSED_PIPE = """
import sys
sys.path.insert(0, sys.argv[1])
from sample_messages import NOW, an_envelope, rendered
from reformwatch.channels.console import ConsoleChannel
message = rendered()
sys.stdin.read()  # until the reader of our output has gone
print(repr(ConsoleChannel().send(message, an_envelope("-"), now=NOW)), file=sys.stderr, flush=True)
"""


def test_a_broken_pipe_is_tried_later() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _INTO_A_CLOSED_PIPE, str(Path(__file__).parents[1])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        writer.stdin.close()
        said = writer.stderr.read()
    assert said.startswith(repr(TryLater(reason="standard output can't be written (Broken pipe)")))


class FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_stream_that_can_not_be_written_is_tried_later() -> None:
    outcome = ConsoleChannel(FullDisk()).send(rendered(), an_envelope("-"), now=NOW)
    assert outcome == TryLater(reason="standard output can't be written (No space left on device)")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_stream_that_can_not_show_a_letter_is_a_value(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    outcome = ConsoleChannel(stream).send(a_message(title="Жолдау"), an_envelope("-"), now=NOW)
    assert outcome == Sent()
    stream.seek(0)
    assert "\\u0416\\u043e\\u043b\\u0434\\u0430\\u0443" in stream.read()


class FullForAMoment(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_message_that_could_not_be_written_does_not_come_with_the_next() -> None:
    stream = FullForAMoment()
    channel = ConsoleChannel(stream)
    channel.send(a_message(title="First"), an_envelope("-"), now=NOW)
    stream.is_full = False
    assert channel.send(a_message(title="Second"), an_envelope("-"), now=NOW) == Sent()
    assert "First" not in stream.getvalue()
    assert "Second" in stream.getvalue()


def test_messages_of_several_threads_are_not_mixed() -> None:
    stream = io.StringIO()
    channel = ConsoleChannel(stream)
    messages = [rendered(an_alert(an_item(an_entry(n, title=f"Title{n}"), []))) for n in range(8)]
    threads = [
        threading.Thread(target=lambda m=message: [channel.send(m, an_envelope("-"), now=NOW) for _ in range(5)])
        for message in messages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    blocks = stream.getvalue().split("● ")[1:]
    assert len(blocks) == 40
    for block in blocks:
        assert len(set(re.findall(r"Title\d", block))) == 1


def test_closing_leaves_the_stream_open() -> None:
    stream = io.StringIO()
    ConsoleChannel(stream).close()
    assert not stream.closed
