"""Ground: entries, before and after they are stored."""

from datetime import datetime
from enum import StrEnum

from msgspec import field

from reformwatch.model.feed import FeedHints
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class EntryStatus(StrEnum):
    """How an entry stood when it was first seen: only ``news`` can cause an alert."""

    NEWS = "news"
    BASELINE = "baseline"
    LATE = "late"


class ParsedEntry(Value, frozen=True, kw_only=True):
    """One item of a feed document, its text plain and bounded.

    ``keys`` are the names it may be known by within its feed, the one to store first; ``twin_key`` (link and title)
    recognises an item whose guid changes at every poll; ``language`` is what its words look like.
    """

    key: str
    reuse_key: str
    twin_key: str
    guid: str | None
    url: str | None
    title: str
    summary: str
    content: str
    author: str
    tags: tuple[str, ...]
    published: datetime | None
    text_hash: str
    language: str | None = None


class ParsedFeed(Value, frozen=True, kw_only=True):
    """A feed document.

    ``hubs`` and ``self_url`` are what it says for WebSub; ``archive_url`` is the page before this one (RFC 5005).
    """

    format: str
    title: str
    site_url: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    hints: FeedHints = field(default_factory=FeedHints)
    dropped: int = 0
    hubs: tuple[str, ...] = ()
    self_url: str | None = None
    archive_url: str | None = None


class Unreadable(Value, frozen=True, kw_only=True):
    """Not a feed, or one that is refused; ``problem`` is what came instead."""

    problem: Problem


class KnownEntry(Value, frozen=True, kw_only=True):
    """What must be remembered of a stored entry to recognise it again."""

    id: int
    key: str
    twin_key: str
    url: str | None
    title: str
    text_hash: str
    version: int


class Entry(Value, frozen=True, kw_only=True):
    """An entry as it is stored (its newest version), with what a reader wants to know of its feed."""

    id: int
    feed_id: int
    feed_name: str
    feed_kind: str
    key: str
    guid: str | None
    url: str | None
    title: str
    summary: str
    content: str
    author: str
    tags: tuple[str, ...]
    language: str | None
    published: datetime | None
    first_seen: datetime
    status: EntryStatus
    version: int
    text_hash: str
