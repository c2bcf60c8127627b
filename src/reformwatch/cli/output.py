"""Porch: what commands write: data to standard output, messages to standard error, colour to a terminal only.

Rich is imported only where a table, a colour or a bar is drawn: commands in cron and scripts mostly write one line.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reformwatch.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reformwatch.matching.snippets import Piece
    from reformwatch.services.track import Track

_WIDE = 200
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def stdout() -> "Console":
    """Standard output, for data. Into a pipe or file, lines are up to 200 characters wide."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def stderr() -> "Console":
    """Standard error, for messages."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Write a message to standard error."""
    click.echo(printable(text), err=True)


def say_error(text: str) -> None:
    """Write an error message to standard error, after the program's name."""
    from rich.text import Text

    stderr().print(Text.assemble(("reformwatch: ", "bold red"), printable(text)))


def json_text(value: Any) -> str:
    """A view, or a list of views, as JSON; a view's fields in their order."""
    from reformwatch.services.views import as_json

    return json.dumps(as_json(value), ensure_ascii=False, indent=2)


def emit_json(value: Any) -> None:
    """Write a view, or a list of views, as JSON to standard output."""
    click.echo(json_text(value))


def json_option(command: F) -> F:
    """Add the option ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(command)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Write rows under headings; without rows, ``empty`` to standard error. Cells may be Rich texts."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    has_rows = False
    for row in rows:
        has_rows = True
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(printable(_cell(cell))) for cell in row))
    if has_rows:
        stdout().print(drawn)
    else:
        say(empty)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Write names and values, one pair per line."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        drawn.add_row(Text(name), value if isinstance(value, Text) else Text(printable(_cell(value))))
    stdout().print(drawn)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return str(value)


def highlighted(pieces: "Sequence[Piece]") -> "Text":
    """A text with its matched words in colour; between asterisks where standard output has no colours."""
    from rich.text import Text

    text = Text()
    is_plain = stdout().color_system is None
    for piece in pieces:
        shown = printable(piece.text)
        if piece.is_hit:
            text.append(f"*{shown}*" if is_plain else shown, style="bold yellow")
        else:
            text.append(shown)
    return text


def ago(moment: datetime | None, *, now: datetime) -> str:
    """The time from or until a moment: ``3 h ago``, ``in 3 h``; ``never`` for None."""
    if moment is None:
        return "never"
    span = abs(now - moment)
    return f"{duration(span)} ago" if moment <= now else f"in {duration(span)}"


def duration(span: timedelta) -> str:
    """A length of time in the largest unit of which it has two or more, for minutes one: ``3 d``, ``25 h``."""
    total_s = int(span.total_seconds())
    for size_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if total_s >= 2 * size_s or (total_s >= size_s and unit == "min"):
            return f"{total_s // size_s} {unit}"
    return f"{total_s} s"


class Bar:
    """A progress bar. This base class draws nothing."""

    def expect(self, total: int) -> None:
        """Set the number of steps."""

    def advance(self) -> None:
        """Count one step as done."""


def tracked(what: str) -> "Track[Any]":
    """The ``track`` argument of a service: a bar that advances with each item. ``what`` is its label."""

    def track(items: Iterable[T], total: int) -> Iterator[T]:
        with progress(what) as bar:
            bar.expect(total)
            for item in items:
                yield item
                bar.advance()

    return track


@contextlib.contextmanager
def progress(what: str) -> Iterator[Bar]:
    """A progress bar on standard error; nothing is drawn where that is not a terminal."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True) as drawn:
        task = drawn.add_task(what, total=None)

        class DrawnBar(Bar):
            def expect(self, total: int) -> None:
                drawn.update(task, total=total)

            def advance(self) -> None:
                drawn.advance(task)

        yield DrawnBar()
