"""Ground: entries, before and after they are stored."""

from datetime import datetime
from enum import StrEnum

from msgspec import field

from reformwatch.model.feed import FeedHints
from reformwatch.model.problem import Problem
from reformwatch.model.value import Value


class EntryStatus(StrEnum):
    """The status of an entry when it was first seen; only ``news`` can cause an alert."""

    NEWS = "news"
    BASELINE = "baseline"
    LATE = "late"


class ParsedEntry(Value, frozen=True, kw_only=True):
    """One item of a feed document, its text plain and bounded.

    ``key`` identifies it within its feed; ``reuse_key`` does so where another item of the feed has the same guid;
    ``twin_key`` (link and title) recognises an item whose guid changes at every poll, and is empty without a link;
    ``language`` is detected from its words, None where that failed or the document declares a language.
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

    ``hubs`` and ``self_url`` are its links for WebSub; ``archive_url`` is the page with older entries (RFC 5005);
    ``dropped`` counts its entries beyond the limit.
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
    """A document that is not a feed, or is refused; ``problem`` is the reason."""

    problem: Problem


class KnownEntry(Value, frozen=True, kw_only=True):
    """The fields of a stored entry by which a poll recognises it again."""

    id: int
    key: str
    twin_key: str
    url: str | None
    title: str
    text_hash: str
    version: int


class Entry(Value, frozen=True, kw_only=True):
    """An entry as it is stored (its newest version), with the name and the kind of its feed."""

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
