"""Ground: feeds, and the possible outcomes of a fetch."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import field

from reformwatch.model.problem import Problem
from reformwatch.model.value import Value

#: The shortest interval that an operator may choose for a feed.
MIN_INTERVAL: Final = timedelta(minutes=1)


class FeedKind(StrEnum):
    """Who publishes a feed."""

    OFFICIAL = "official"
    AGENCY = "agency"
    INDEPENDENT = "independent"
    FOREIGN = "foreign"


class SourceType(StrEnum):
    """How the document at a feed's address is read."""

    FEED = "feed"  # RSS, Atom, RDF, JSON Feed
    SITEMAP = "sitemap"  # a news sitemap
    PAGE = "page"  # a web page; its items are found by a CSS selector


class FeedState(StrEnum):
    """Whether a feed is polled."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"  # the server replied 410


class Validators(Value, frozen=True, kw_only=True):
    """ETag and Last-Modified of a 200 reply, byte for byte (bytes 0 to 255 as the characters of the same number)."""

    etag: str | None = None
    last_modified: str | None = None


class ServerHints(Value, frozen=True, kw_only=True):
    """What a reply's headers state about the time of the next request (RFC 9111, RFC 9110 section 10.2.3)."""

    max_age: timedelta | None = None
    retry_after: timedelta | None = None


class FeedHints(Value, frozen=True, kw_only=True):
    """What an RSS document states about the time of the next request.

    ``ttl``, ``skipHours`` (UTC, 0 to 23) and ``skipDays`` (0 is Monday); ``update_period`` is the syndication module's
    ``updatePeriod`` divided by its ``updateFrequency``.
    """

    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    update_period: timedelta | None = None


class Rhythm(Value, frozen=True, kw_only=True):
    """The gaps between the dates of a document's entries; None where too few are dated."""

    usual_gap: timedelta | None = None
    longest_gap: timedelta | None = None


class PollState(Value, frozen=True, kw_only=True):
    """The fields of a feed that polls read and write: time of the next poll, outcomes, last document.

    Every field is a column of ``feeds`` (a nested value: several). The statements that read and write a poll state are
    made from these fields, so that none can be forgotten.

    ``unchanged`` counts successive polls without a new entry; ``problem`` is why the last poll failed. ``hints``,
    ``max_age``, ``rhythm``, ``listed`` (the number of its entries) and ``fingerprints`` (of these entries) are those of
    the last document; ``failure_notified_at`` is when the operator was notified of the failure.
    """

    next_poll_at: datetime
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    unchanged: int = 0
    problem: Problem | None = None
    validators: Validators = field(default_factory=Validators)
    body_hash: str | None = None
    hints: FeedHints = field(default_factory=FeedHints)
    max_age: timedelta | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    listed: int | None = None
    fingerprints: bytes | None = None
    failure_notified_at: datetime | None = None


class Feed(Value, frozen=True, kw_only=True):
    """A feed as it is stored.

    ``interval`` is chosen by the operator (None: not chosen); until ``pushed_until`` a hub sends new entries (WebSub).
    """

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
    poll: PollState
    lease_token: str | None = None
    source_type: SourceType = SourceType.FEED
    item_selector: str | None = None
    full_text: bool = False
    interval: timedelta | None = None
    pushed_until: datetime | None = None

    @property
    def has_baseline(self) -> bool:
        """Whether a poll has ever succeeded; the first successful poll causes no alert."""
        return self.poll.last_ok_at is not None


class FeedAddress(Value, frozen=True, kw_only=True):
    """A feed's address, and the time of its last poll (None: it was never polled)."""

    id: int
    url: str
    last_polled_at: datetime | None


class NewFeed(Value, frozen=True, kw_only=True):
    """A feed to be added."""

    url: str
    name: str
    kind: FeedKind = FeedKind.INDEPENDENT
    language: str | None = None
    site_url: str | None = None
    pack: str | None = None
    backfill_days: int | None = None
    source_type: SourceType = SourceType.FEED
    item_selector: str | None = None
    full_text: bool = False
    interval: timedelta | None = None


class Gap(Value, frozen=True, kw_only=True):
    """A time in which a feed may have published entries that no poll read: all its entries changed between two polls.

    To fill the gap ``pages`` older pages of the feed were read, with ``found`` entries in them; ``recovered_at`` is
    when they reached back to a known entry, None where they did not.
    """

    feed_id: int
    since: datetime
    until: datetime
    pages: int = 0
    found: int = 0
    recovered_at: datetime | None = None


class NoticeKind(StrEnum):
    """What a notice to the operator is about."""

    FAILING = "failing"
    BACK = "back"
    GONE = "gone"
    NETWORK = "network"  # no feed can be reached
    NETWORK_BACK = "network_back"


class Notice(Value, frozen=True, kw_only=True):
    """A notice to the operator, sent once. ``since`` is when the ``problem`` began; network notices have no feed."""

    at: datetime
    kind: NoticeKind
    feed_id: int | None = None
    feed_name: str | None = None
    since: datetime | None = None
    problem: Problem | None = None


class FailureKind(StrEnum):
    """Why a fetch failed."""

    NAME = "name"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TLS = "tls"
    STATUS = "status"
    GONE = "gone"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"
    REFUSED_ADDRESS = "refused_address"
    REDIRECTS = "redirects"
    NOT_A_FEED = "not_a_feed"
    PARSER = "parser"

    @property
    def is_soft(self) -> bool:
        """Whether it is a passing fault of the network, from which nothing follows about the feed."""
        return self in {FailureKind.NAME, FailureKind.CONNECT, FailureKind.TIMEOUT}


class Fetched(Value, frozen=True, kw_only=True):
    """A 200 reply: ``body`` is decompressed, ``url`` is where it came from.

    ``moved_to`` is set when nothing but permanent redirects (301, 308) led there; ``links`` are the targets of the
    reply's ``Link`` headers by relation, unchanged (RFC 8288).
    """

    body: bytes
    body_hash: str
    url: str
    content_type: str | None
    validators: Validators
    hints: ServerHints = field(default_factory=ServerHints)
    moved_to: str | None = None
    links: tuple[tuple[str, str], ...] = ()


class NotModified(Value, frozen=True, kw_only=True):
    """A 304 reply, or a body that equals the last one byte for byte. ``moved_to`` as in :class:`Fetched`."""

    hints: ServerHints = field(default_factory=ServerHints)
    validators: Validators | None = None
    moved_to: str | None = None


class FetchFailed(Value, frozen=True, kw_only=True):
    """Any other outcome. Decisions use ``kind`` and ``status`` (None: no reply); ``problem`` is for people."""

    kind: FailureKind
    problem: Problem
    status: int | None = None
    hints: ServerHints = field(default_factory=ServerHints)

    @property
    def is_soft(self) -> bool:
        """Whether it is a passing fault of the network or of the server (5xx)."""
        return self.kind.is_soft or (self.status is not None and self.status >= 500)


class Elsewhere(Value, frozen=True, kw_only=True):
    """A redirect to another origin, to be followed as a request of its own: the limits of that host apply.

    ``hops`` counts the redirects that led there; ``is_permanent``: all of them were (301, 308).
    """

    url: str
    hops: int
    is_permanent: bool


FetchOutcome = Fetched | NotModified | FetchFailed
