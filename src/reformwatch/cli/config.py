"""Porch: the configuration."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from reformwatch.cli.context import Invocation
from reformwatch.cli.output import emit_json, facts, json_option, say, stdout
from reformwatch.text import printable
from reformwatch.wiring.basics import host_and_port
from reformwatch.wiring.delivery import smtp_account

if TYPE_CHECKING:
    from reformwatch.settings import ValueSource

#: Widths in characters: between columns; of the column of sources, so that every variable name fits; of a usual screen.
_GAP: Final = 2
_SOURCE_WIDTH: Final = 37
_USUAL_WIDTH: Final = 80
_MASK: Final = "**********"


@click.group()
def config() -> None:
    """The configuration."""


@config.command("check")
@json_option
@click.pass_obj
def check(invocation: Invocation, as_json: bool) -> None:
    """Check the configuration and show the effective settings and where each comes from, secrets masked.

    Example: reformwatch --config config.toml config check
    """
    from reformwatch.settings import USUAL_MIN_INTERVAL_S, shown, value_sources

    settings = invocation.settings
    if settings.smtp.host:
        smtp_account(settings)
    if settings.web.listen:
        host_and_port(settings.web.listen)
    path = invocation.config_path
    sections, sources = shown(settings), value_sources(settings, path)
    if as_json:
        emit_json({"file": str(path) if path else None, "settings": sections, "sources": sources})
        return
    if settings.poll.min_interval_s < USUAL_MIN_INTERVAL_S:
        say(
            f"[poll] min_interval_s is {settings.poll.min_interval_s:g}: every feed may be asked more than once an "
            "hour, which owners of feeds mind; `reformwatch feed edit FEED --interval` does it for one feed"
        )
    facts([("file", path or "none: defaults and environment")])
    screen = stdout()
    for line in _lines(sections, sources, width=screen.width):
        screen.print(line, soft_wrap=True)


def _lines(
    sections: Mapping[str, Mapping[str, Any]], sources: "Mapping[str, Mapping[str, ValueSource]]", *, width: int
) -> Iterator[Text]:
    """Each section's name, then its keys, values and sources in three columns of together ``width`` characters.

    After a value longer than its column the source comes later in the line, or in the next line; a value longer than a
    line is continued in the next. Keys are never broken.
    """
    cells = {
        (section, key): (_as_toml(value, sources[section][key]), _source_text(sources[section][key]))
        for section, values in sections.items()
        for key, value in values.items()
    }
    value_at = _GAP + max(len(key) for _, key in cells) + _GAP
    longest_source = min(max(len(source) for _, source in cells.values()), _SOURCE_WIDTH)
    source_at = min(width, _USUAL_WIDTH) - longest_source
    last_section = None
    for (section, key), (value, source) in cells.items():
        if section != last_section:
            yield Text(f"[{section}]", style="bold")
            last_section = section
        beside = f"{value + ' ' * _GAP:{source_at - value_at}}{source}"
        rows = [beside] if value_at + len(beside) <= width else [*_pieces(value, width - value_at), source]
        first, *more = (piece for row in rows for piece in _pieces(row, width - value_at))
        line = Text(f"{'':{_GAP}}{key}".ljust(value_at) + first)
        line.stylize("bold", 0, value_at)
        yield line
        yield from (Text(" " * value_at + piece) for piece in more)


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _as_toml(value: object, source: "ValueSource") -> str:
    """A value as it is written in TOML; masked where it was read from a secret file or a systemd credential."""
    from reformwatch.settings import SourceKind

    if source.kind in {SourceKind.SECRET_FILE, SourceKind.CREDENTIAL}:
        value = _MASK
    if isinstance(value, bool):
        return str(value).lower()
    is_number = isinstance(value, int | float)
    return str(value) if is_number else printable(json.dumps("" if value is None else value, ensure_ascii=False))


def _source_text(source: "ValueSource") -> str:
    from reformwatch.settings import SourceKind

    match source.kind:
        case SourceKind.VARIABLE:
            return printable(str(source.name))
        case SourceKind.SECRET_FILE:
            return printable(f"secret file {source.name}")
        case SourceKind.CREDENTIAL:
            return f"systemd credential {source.name}"
    return source.kind.value
