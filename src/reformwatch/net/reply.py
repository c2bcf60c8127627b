"""Net: a whole reply, and what its headers say of the time of the next request."""

import functools
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

#: The longest time that a header may ask for, in seconds.
_MAX_WAIT_S: Final = 10**9


class Reply(Struct, frozen=True, kw_only=True):
    """A whole reply. ``url`` is where it came from; ``headers`` are the raw ones, names in lower case.

    ``hops`` redirects were followed, ``moved_permanently`` where there were some and all of them permanent.
    ``leads_to`` is the address of one more that was not followed since it leaves the origin.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    moved_permanently: bool = False
    hops: int = 0
    leads_to: str | None = None

    def header(self, name: str) -> str | None:
        """A header's value, each byte as the character of the same number; None where it is not there."""
        return next((value for key, value in self.headers if key == name), None)

    def header_list(self, name: str) -> list[str]:
        """A header that is a list: its parts out of all its lines (RFC 9110, 5.3)."""
        lines = (value for key, value in self.headers if key == name)
        return [part.strip() for line in lines for part in line.split(",")]

    def retry_after(self, *, now: datetime) -> timedelta | None:
        """The wait in ``Retry-After``, seconds or a date (RFC 9110, 10.2.3); None for anything else."""
        text = (self.header("retry-after") or "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text[:12]), _MAX_WAIT_S))
        date = http_date(text)
        return max(date - now, timedelta()) if date else None

    def max_age(self) -> timedelta | None:
        """``Cache-Control: max-age``, else ``Expires`` minus ``Date`` (RFC 9111, 4.2.1)."""
        for directive in self.header_list("cache-control"):
            name, _, value = directive.partition("=")
            value = value.strip('" ')
            if name.lower() == "max-age" and value.isascii() and value.isdigit():
                return timedelta(seconds=min(int(value[:12]), _MAX_WAIT_S))
        expires, date = http_date(self.header("expires")), http_date(self.header("date"))
        return max(expires - date, timedelta()) if expires and date else None


@functools.lru_cache(maxsize=256)  # all replies of a moment bear the same one
def http_date(value: str | None) -> datetime | None:
    """A date of HTTP as an aware time; None where it is none."""
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
