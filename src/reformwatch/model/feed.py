"""Ground: feeds, and what a poll of one can end in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reformwatch.model.value import Value


class FeedKind(StrEnum):
    """Who speaks in a feed; a milestone is confirmed only by an official one."""

    OFFICIAL = "official"
    AGENCY = "agency"
    INDEPENDENT = "independent"
    FOREIGN = "foreign"


class FeedState(StrEnum):
    """Whether a feed is polled."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"  # the server said 410


@dataclass(frozen=True, kw_only=True)
class Validators(Value):
    """ETag and Last-Modified of one 200 reply, byte for byte (bytes 0 to 255 as the characters of the same number)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, kw_only=True)
class Feed(Value):
    """A feed as it is stored."""

    id: int
    url: str
    name: str
    kind: FeedKind
    language: str | None
    state: FeedState
    site_url: str | None
    pack: str | None
    backfill_days: int | None
    added_at: datetime
    next_poll_at: datetime
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    unchanged: int = 0
    problem: str | None = None
    validators: Validators = field(default_factory=Validators)
    body_hash: str | None = None
    lease_token: str | None = None

    @property
    def has_baseline(self) -> bool:
        """Whether it was ever read well; the first good poll tells nobody of anything."""
        return self.last_ok_at is not None


@dataclass(frozen=True, kw_only=True)
class NewFeed(Value):
    """A feed to be added."""

    url: str
    name: str
    kind: FeedKind = FeedKind.INDEPENDENT
    language: str | None = None
    site_url: str | None = None
    pack: str | None = None
    backfill_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class ServerHints(Value):
    """What a reply says of the time of the next request (RFC 9111, RFC 9110 section 10.2.3)."""

    max_age: timedelta | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class FeedHints(Value):
    """What an RSS document says of it: ``ttl``, ``skipHours`` (UTC, 0 to 23), ``skipDays`` (0 is Monday)."""

    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


class FailureKind(StrEnum):
    """Why a poll brought nothing. The soft ones are passing faults of a network or a server."""

    NAME = "name not found"
    CONNECT = "no connection"
    TIMEOUT = "time-out"
    TLS = "certificate"
    STATUS = "status"
    GONE = "gone"
    TOO_LARGE = "too large"
    PROTOCOL = "protocol"
    REFUSED_ADDRESS = "private address"
    REDIRECTS = "redirects"
    NOT_A_FEED = "not a feed"
    PARSER = "parser"

    @property
    def is_soft(self) -> bool:
        """True for faults that say nothing about the feed itself."""
        return self in {FailureKind.NAME, FailureKind.CONNECT, FailureKind.TIMEOUT}


@dataclass(frozen=True, kw_only=True)
class Fetched(Value):
    """A 200 reply: ``body`` is inflated, ``url`` is where it came from.

    ``moved_to`` is set when nothing but permanent redirects (301, 308) led there.
    """

    body: bytes
    body_hash: str
    url: str
    content_type: str | None
    validators: Validators
    hints: ServerHints = field(default_factory=ServerHints)
    moved_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class NotModified(Value):
    """A 304 reply, or a body that equals the last one byte for byte. ``moved_to`` as in :class:`Fetched`."""

    hints: ServerHints = field(default_factory=ServerHints)
    validators: Validators | None = None
    moved_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class FetchFailed(Value):
    """Anything else; ``reason`` is a sentence for a person."""

    kind: FailureKind
    reason: str
    status: int | None = None
    hints: ServerHints = field(default_factory=ServerHints)


FetchOutcome = Fetched | NotModified | FetchFailed
