"""Documents: what documents state of themselves in fixed notations: times and languages."""

import re
from datetime import UTC, datetime
from typing import Final

from reformwatch.language.registry import LANGUAGES

_TIME: Final = re.compile(
    r"\s*(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ]\s*(\d\d(?::\d\d){0,2}(?:[.,]\d{1,9})?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,3})(?![A-Za-z])")
#: Codes that are often written and mean another language than they say, or one that has a shorter code.
_MEANT: Final = {written: one.code for one in LANGUAGES.values() for written in one.stated_as}


def w3c_time(text: str | None) -> datetime | None:
    """A W3C date-time of any precision (https://www.w3.org/TR/NOTE-datetime) in UTC; None for anything else.

    What is left out is the earliest: a date is that day's start. A time without a zone is UTC. Absurd years are None.
    """
    found = _TIME.fullmatch((text or "")[:60])
    if found is None:
        return None
    year, month, day, clock, zone = found.groups()
    try:
        time = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{(clock or '00').replace(',', '.')}{(zone or 'Z').upper()}"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return plausible(time)


def plausible(time: datetime) -> datetime | None:
    """A time, None where it is absurd."""
    return time if _EARLIEST <= time <= _LATEST else None


def language_of_tag(tag: str | None) -> str | None:
    """The language of a tag such as ``kk-KZ`` (BCP 47), in two letters where it has them; None for no tag."""
    found = _LANGUAGE.match(tag or "")
    code = found.group(1).lower() if found else None
    return _MEANT.get(code or "", code)
