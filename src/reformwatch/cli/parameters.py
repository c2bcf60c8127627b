"""Porch: parameter types that several commands use."""

import re
from datetime import timedelta
from typing import Any, Final

import click

_LENGTH: Final = re.compile(r"(\d{1,6})(s|m|min|h|d)", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}


class Length(click.ParamType[timedelta]):
    """A length of time such as 90s, 15m, 2h, 1d, from ``least`` to ``most``."""

    name = "length"

    def __init__(self, *, least: timedelta, most: timedelta) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Click's hook: the length of a text. Fails, as click does, for any other text."""
        if isinstance(value, timedelta):
            return value
        match = _LENGTH.fullmatch(str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is not a length of time such as 15m, 2h or 1d", param, ctx)
        length = timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])
        if not self._least <= length <= self._most:
            self.fail(f"{value} is not between {_shown(self._least)} and {_shown(self._most)}", param, ctx)
        return length


def _shown(length: timedelta) -> str:
    total_s = int(length.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if total_s % _UNITS[unit] == 0)
    return f"{total_s // _UNITS[unit]}{unit}"
