"""Documents: the head of a feed document, before its first entry: polling hints, hubs, and the page of older entries.

It is read from the text, since feedparser returns only the last ``<hour>`` or ``<day>``, and since the result must be
the same with both readers of entries. RSS 2.0 (``skipHours``, ``skipDays``), the syndication module of RSS 1.0, WebSub
section 4, RFC 5005.
"""

import html
import re
from datetime import timedelta
from typing import Final

from reformwatch.model.feed import FeedHints
from reformwatch.model.value import Value
from reformwatch.urls import safe_link

_FIRST_ENTRY: Final = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_MAX_HEAD: Final = 100_000
_MAX_LINKS: Final = 50
_HOUR: Final = re.compile(r"<hour>\s*(\d{1,2})\s*</hour", re.IGNORECASE | re.ASCII)
_DAY: Final = re.compile(r"<day>\s*([a-z]{6,9})\s*</day", re.IGNORECASE)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIOD: Final = re.compile(r"<(?:\w+:)?updatePeriod[^<>]*>\s*(\w{5,8})\s*<", re.IGNORECASE)
_FREQUENCY: Final = re.compile(r"<(?:\w+:)?updateFrequency[^<>]*>\s*(\d{1,5})\s*<", re.IGNORECASE | re.ASCII)
_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_LINK: Final = re.compile(r"<(?:\w+:)?link\s([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\b(rel|href)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


class FeedHead(Value, frozen=True, kw_only=True):
    """The head of a document. ``archive_url`` is its page of older entries (None: it names none)."""

    hints: FeedHints
    hubs: tuple[str, ...] = ()
    self_url: str | None = None
    archive_url: str | None = None


def read_head(document: str, *, url: str) -> FeedHead:
    """Read the head of a document that was fetched from ``url``."""
    head = _head(document)
    links = _links(head, url)
    return FeedHead(
        hints=_hints(head),
        hubs=tuple(links.get("hub", ())),
        self_url=next(iter(links.get("self", ())), None),
        archive_url=next(iter([*links.get("prev-archive", ()), *links.get("next", ())]), None),
    )


def _head(document: str) -> str:
    match = _FIRST_ENTRY.search(document)
    return document[: min(match.start() if match else len(document), _MAX_HEAD)]


def _links(head: str, url: str) -> dict[str, list[str]]:
    """The targets of the document's links by relation (RFC 8288), absolute, http and https only."""
    targets: dict[str, list[str]] = {}
    for count, match in enumerate(_LINK.finditer(head)):
        attributes = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(match.group(1))}
        target = safe_link(html.unescape(attributes.get("href", "")), base=url)
        for relation in attributes.get("rel", "").lower().split():
            if target is not None:
                targets.setdefault(relation, []).append(target)
        if count >= _MAX_LINKS:
            break
    return targets


def _hints(head: str) -> FeedHints:
    hours = {int(hour) % 24 for hour in _HOUR.findall(_inside(head, "skiphours")) if int(hour) <= 24}
    days = {_DAYS.index(day.lower()) for day in _DAY.findall(_inside(head, "skipdays")) if day.lower() in _DAYS}
    return FeedHints(
        skip_hours=frozenset(hours) if len(hours) < 24 else frozenset(),
        skip_days=frozenset(days) if len(days) < 7 else frozenset(),
        update_period=_update_period(head),
    )


def _inside(head: str, element: str) -> str:
    lowered = head.lower()
    start = lowered.find(f"<{element}")
    end = lowered.find(f"</{element}", start)
    return head[start:end] if 0 <= start < end else ""


def _update_period(head: str) -> timedelta | None:
    """``updatePeriod`` divided by ``updateFrequency`` (1 if missing); None without a valid ``updatePeriod``."""
    period, frequency = _PERIOD.search(head), _FREQUENCY.search(head)
    length = _PERIODS.get(period.group(1).lower()) if period else None
    if length is None:
        return None
    return length / max(1, int(frequency.group(1)) if frequency else 1)
