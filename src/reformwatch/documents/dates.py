"""Documents: times and languages in the notations of documents."""

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
#: Codes that documents use for a language other than its own code: wrong codes, and those of three letters.
_BY_OTHER_CODE: Final = {code: language.code for language in LANGUAGES.values() for code in language.other_codes}


def w3c_time(text: str | None) -> datetime | None:
    """A W3C date-time of any precision (https://www.w3.org/TR/NOTE-datetime) in UTC; None for anything else.

    Missing parts count as the earliest: a date is the start of its day. A time without a zone is UTC. None too for
    times that :func:`plausible` refuses.
    """
    match = _TIME.fullmatch((text or "")[:60])
    if match is None:
        return None
    year, month, day, clock, zone = match.groups()
    try:
        time = datetime.fromisoformat(
            f"{year}-{month or '01'}-{day or '01'}T{(clock or '00').replace(',', '.')}{(zone or 'Z').upper()}"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return plausible(time)


def plausible(time: datetime) -> datetime | None:
    """A time; None if it is before 2 January 1970 or after 1 January 2200."""
    return time if _EARLIEST <= time <= _LATEST else None


def language_of_tag(tag: str | None) -> str | None:
    """The language code of a tag such as ``kk-KZ`` (BCP 47), in two letters if possible; None without a tag."""
    match = _LANGUAGE.match(tag or "")
    code = match.group(1).lower() if match else None
    return _BY_OTHER_CODE.get(code or "", code)
