"""Services: views: what is shown to a person or a program; ``--json`` prints them, tables are made of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, ClassVar

from msgspec import Struct, field

from reformwatch.model.entry import Entry, EntryStatus
from reformwatch.model.feed import FeedKind, FeedState, NoticeKind, SourceType
from reformwatch.model.health import HealthState, UnreadCode
from reformwatch.model.problem import ProblemCode
from reformwatch.model.subscriber import ChannelKind
from reformwatch.model.topic import Evidence, Strength, TopicKind, TopicState
from reformwatch.model.value import Value
from reformwatch.model.websub import HubState


class View(Value, frozen=True, kw_only=True):
    """One thing that is shown. Its fields in their order are its JSON object, under their encoded names.

    ``aside`` names the fields that JSON leaves out: only sentences for a person are made of them.
    """

    aside: ClassVar[frozenset[str]] = frozenset()


def as_json(value: Any) -> Any:
    """A view, or a list or mapping of views, as what :mod:`json` can write.

    A time is written by ``isoformat()``, which keeps its offset; a length of time as whole seconds; an enum's member by
    its value. (``msgspec.to_builtins`` writes UTC as ``Z``, and knows nothing of ``aside``.)
    """
    match value:
        case Struct():
            aside: frozenset[str] = getattr(value, "aside", frozenset())
            names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
            return {key: as_json(getattr(value, name)) for name, key in names if name not in aside}
        case Mapping():
            return {as_json(key): as_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [as_json(inner) for inner in value]
        case Enum():
            return value.value
        case timedelta():
            return round(value.total_seconds())
        case date() | datetime():
            return value.isoformat()
    return value


# -- feeds


class FeedView(View, frozen=True, kw_only=True):
    """A feed. ``entries`` counts what it has brought; ``problem`` is why its last poll failed.

    ``usual_gap`` is the usual time between two of its entries, None where too few are dated.
    """

    aside: ClassVar = frozenset({"health_sentence", "usual_gap"})

    id: int
    name: str
    url: str
    kind: FeedKind
    language: str | None
    state: FeedState
    site_url: str | None
    pack: str | None
    entries: int
    added: datetime
    next_poll: datetime
    last_polled: datetime | None
    last_ok: datetime | None
    last_new: datetime | None
    failing_since: datetime | None
    failures: int
    problem: str | None
    problem_code: ProblemCode | None
    health: HealthState
    source_type: SourceType
    item: str | None
    full_text: bool
    interval_s: timedelta | None
    health_sentence: str
    usual_gap: timedelta | None


class GapView(View, frozen=True, kw_only=True):
    """A time in which a feed may have brought what nobody read. ``recovered``: when older pages filled it."""

    feed_id: int
    since: datetime
    until: datetime
    pages: int
    found: int
    recovered: datetime | None


class HubView(View, frozen=True, kw_only=True):
    """A feed's subscription at its hub. ``is_active``: the hub pushes, and its lease has not ended."""

    aside: ClassVar = frozenset({"is_active"})

    hub: str
    topic: str
    state: HubState
    lease_until: datetime | None
    pushed: datetime | None
    problem: str | None
    problem_code: ProblemCode | None
    is_active: bool


class FeedDetailView(FeedView, frozen=True, kw_only=True):
    """A feed with its entries counted by language, its gaps of the last three months, and its hub."""

    languages: Mapping[str, int]
    gaps: tuple[GapView, ...]
    hub: HubView | None


class FeedNameView(View, frozen=True, kw_only=True):
    """The feed that was changed, paused, resumed or removed."""

    id: int
    name: str
    url: str


class IntervalCostView(View, frozen=True, kw_only=True):
    """What an interval of the operator's own costs a feed's owner.

    ``server_wish`` is the longer interval that the feed's server asks for, and gets; None where it asks for none.
    """

    interval: timedelta
    requests_a_day: float
    usual_a_day: float
    server_wish: timedelta | None


class FeedChangedView(View, frozen=True, kw_only=True):
    """A feed that was changed. ``cost`` is None where its interval is not the operator's own."""

    feed: FeedNameView
    cost: IntervalCostView | None


class FeedAddedView(View, frozen=True, kw_only=True):
    """A feed that was added and read once. ``summary`` is what its first poll brought; ``cost`` as in a changed one."""

    feed: FeedNameView
    summary: str
    cost: IntervalCostView | None


class FeedLinkView(View, frozen=True, kw_only=True):
    """A feed that a page names."""

    url: str
    title: str


class FeedChoiceView(View, frozen=True, kw_only=True):
    """A page that names several feeds, or an index that names several sitemaps: none of them was added."""

    links: tuple[FeedLinkView, ...]


class ManualPollView(View, frozen=True, kw_only=True):
    """The feeds that a poll by hand may ask.

    ``asked_lately`` counts those that were asked within ``least_gap``: they are left in peace, unless they are forced.
    """

    feed_ids: tuple[int, ...]
    asked_lately: int
    least_gap: timedelta


class PollReportView(View, frozen=True, kw_only=True):
    """What a run of polls did; ``deliveries`` counts those that wait to be sent because of it."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    alerts: int = 0
    deliveries: int = 0


class DeliverReportView(View, frozen=True, kw_only=True):
    """What a run of deliveries did; ``dead`` counts those that were given up."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0


class FeedsImportedView(View, frozen=True, kw_only=True):
    """How many feeds of a list were added, and how many were known already."""

    added: int
    known: int


class FeedsExportedView(View, frozen=True, kw_only=True):
    """An OPML file. ``feeds`` counts all feeds; sitemaps and pages among them are not in the file."""

    text: bytes
    feeds: int


# -- status


class DaemonView(View, frozen=True, kw_only=True):
    """A daemon; ``beat`` is its last heartbeat."""

    pid: int
    host: str
    version: str
    started: datetime
    beat: datetime


class FeedStatusView(View, frozen=True, kw_only=True):
    """How a feed is read. ``overdue``: it should have been polled by now."""

    aside: ClassVar = frozenset({"health_sentence"})

    id: int
    name: str
    url: str
    state: FeedState
    last_ok: datetime | None
    next_poll: datetime
    overdue: bool
    health: HealthState
    failing_since: datetime | None
    problem: str | None
    problem_code: ProblemCode | None
    health_sentence: str


class ArchiveView(View, frozen=True, kw_only=True):
    """How much was gathered."""

    entries: int
    matches: int
    alerts: int


class OutboxView(View, frozen=True, kw_only=True):
    """Deliveries by state; ``oldest_pending`` is when the oldest of those that wait was made."""

    pending: int
    sent: int
    dead: int
    oldest_pending: datetime | None


class PausedSubscriberView(View, frozen=True, kw_only=True):
    """A subscriber who is sent nothing, and why."""

    aside: ClassVar = frozenset({"channel"})

    name: str
    why: str | None
    channel: ChannelKind


class NoticeView(View, frozen=True, kw_only=True):
    """What the operator was notified of."""

    at: datetime
    kind: NoticeKind
    feed_id: int | None
    text: str


class StatusView(View, frozen=True, kw_only=True):
    """Whether it runs, how the feeds are, and what waits to be sent. ``gaps`` and ``notices`` are of the last week.

    ``daemons`` are those alive; ``last_daemon`` is the one with the newest heartbeat, alive or not.
    """

    aside: ClassVar = frozenset({"last_daemon"})

    running: bool
    daemons: tuple[DaemonView, ...]
    database: str
    feeds: tuple[FeedStatusView, ...]
    archive: ArchiveView
    outbox: OutboxView
    paused_subscribers: tuple[PausedSubscriberView, ...]
    gaps: tuple[GapView, ...]
    notices: tuple[NoticeView, ...]
    hubs: Mapping[HubState, int]
    last_daemon: DaemonView | None


# -- entries and matches


class EntryView(View, frozen=True, kw_only=True):
    """An archived entry; ``language`` is its own, else its feed's."""

    id: int
    url: str | None
    title: str
    feed: str
    language: str | None
    published: datetime | None


class MatchView(View, frozen=True, kw_only=True):
    """An entry that a topic's query recognises, with the words that did. ``archived`` has the texts around them."""

    aside: ClassVar = frozenset({"archived"})

    entry: EntryView
    strength: Strength
    evidence: tuple[Evidence, ...]
    archived: Entry


# -- topics


class TopicView(View, frozen=True, kw_only=True):
    """A topic; ``names`` are its names by language, ``queries`` what recognises it by language, or ``any``."""

    slug: str
    name: str
    names: Mapping[str, str]
    kind: TopicKind
    description: str
    state: TopicState
    pack: str | None
    queries: Mapping[str, str]
    created: datetime
    updated: datetime


class UnreadView(View, frozen=True, kw_only=True):
    """A time in which a feed may have brought what nobody read, and why."""

    since: datetime
    until: datetime
    why: str
    why_code: UnreadCode


class FeedCoverageView(View, frozen=True, kw_only=True):
    """A feed in a window of time; ``unread`` is empty where it was read without a gap."""

    id: int
    name: str
    unread: tuple[UnreadView, ...]


class CoverageView(View, frozen=True, kw_only=True):
    """How a topic's feeds were read. ``complete``: all without a gap; ``blind``: none without a gap."""

    since: datetime
    until: datetime
    complete: bool
    blind: bool
    feeds: tuple[FeedCoverageView, ...]


class TopicDetailView(TopicView, frozen=True, kw_only=True):
    """A topic with how its feeds were read in the last 30 days, or since it was added."""

    coverage: CoverageView


class TopicMatchesView(View, frozen=True, kw_only=True):
    """What of the archive a topic matches, newest first. ``topic`` is its slug."""

    topic: str
    matches: tuple[MatchView, ...]


class HitView(EntryView, frozen=True, kw_only=True):
    """An entry that a query finds; ``moment`` is when it was news."""

    aside: ClassVar = frozenset({"moment"})

    moment: datetime


class TrialWindowView(View, frozen=True, kw_only=True):
    """What a query would have brought in the last days; ``alerts_a_day`` is the mean."""

    days: int
    about: int
    mentions: int
    alerts_a_day: float


class TrialView(View, frozen=True, kw_only=True):
    """A topic's queries tried on the archive, before they are stored.

    ``entries`` counts those they were tried on, ``evaluated`` those that had a word of the queries; ``is_common``: so
    many that much of the work is wasted. ``workhorse`` is the term that is in nearly all hits, ``idle`` are those in
    none.
    """

    entries: int
    evaluated: int
    evaluated_a_day: float
    is_common: bool
    windows: tuple[TrialWindowView, ...]
    examples: tuple[HitView, ...]
    workhorse: str | None
    idle: tuple[str, ...]


# -- backtests


class ReplayedAlertView(View, frozen=True, kw_only=True):
    """An alert that would have been sent, in the week of a Monday; more than one entry where it sums up a burst."""

    when: datetime
    week: date
    strength: Strength
    entries: tuple[EntryView, ...]


class WeekView(View, frozen=True, kw_only=True):
    """How many alerts the week of a Monday would have brought."""

    week: date
    alerts: int


class ReplayView(View, frozen=True, kw_only=True):
    """What a topic would have brought of so many entries; ``suppressed`` counts by reason what would not be sent."""

    entries: int
    alerts: tuple[ReplayedAlertView, ...]
    weeks: tuple[WeekView, ...]
    suppressed: Mapping[str, int] = field(name="silences")


class BacktestView(View, frozen=True, kw_only=True):
    """A topic replayed on the archive; the fields of a :class:`ReplayView` after its slug."""

    topic: str
    entries: int
    alerts: tuple[ReplayedAlertView, ...]
    weeks: tuple[WeekView, ...]
    suppressed: Mapping[str, int] = field(name="silences")


class ComparisonView(BacktestView, frozen=True, kw_only=True):
    """A topic and a new version of it: entries that only the new one is about are ``gained``, the others ``lost``."""

    changed: ReplayView
    gained: tuple[HitView, ...]
    lost: tuple[HitView, ...]


class ScoreView(View, frozen=True, kw_only=True):
    """How a topic does on labelled rows of one language, or ``all``.

    The shares are rounded to four digits; ``exact`` has the three as they are.
    """

    aside: ClassVar = frozenset({"exact"})

    topic: str
    language: str
    right: int
    false: int
    missed: int
    precision: float
    recall: float
    f1: float
    exact: tuple[float, float, float]


# -- packs


class PackView(View, frozen=True, kw_only=True):
    """A pack, with how many feeds and topics it holds."""

    slug: str
    name: str
    version: int
    feeds: int
    topics: int


class PackFeedView(View, frozen=True, kw_only=True):
    """A feed of a pack."""

    name: str
    url: str
    kind: FeedKind
    language: str | None


class PackTopicView(View, frozen=True, kw_only=True):
    """A topic of a pack, with its queries by language."""

    slug: str
    name: str
    kind: TopicKind
    queries: Mapping[str, str]


class PackDetailView(View, frozen=True, kw_only=True):
    """All that a pack holds."""

    slug: str
    name: str
    version: int
    description: str
    feeds: tuple[PackFeedView, ...]
    topics: tuple[PackTopicView, ...]


class PackInstalledView(View, frozen=True, kw_only=True):
    """What an installation did, by name; ``topics_kept`` are those that somebody has edited."""

    feeds_added: tuple[str, ...]
    topics_added: tuple[str, ...]
    topics_updated: tuple[str, ...]
    topics_kept: tuple[str, ...]

    @property
    def has_changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.feeds_added or self.topics_added or self.topics_updated)


# -- the database


class DatabaseView(View, frozen=True, kw_only=True):
    """The database that was checked: its file or address, its version, and what is wrong with it."""

    database: str
    version: str
    faults: tuple[str, ...]


class UpgradeView(View, frozen=True, kw_only=True):
    """An upgrade; ``before`` is None where there was no database, ``backup`` where none was needed."""

    before: str | None
    after: str | None
    backup: str | None


# -- alerts, deliveries, subscribers


class AlertEntryView(View, frozen=True, kw_only=True):
    """An entry as an alert names it."""

    url: str | None
    title: str


class AlertDeliveryView(View, frozen=True, kw_only=True):
    """A delivery as its alert names it."""

    subscriber: str
    channel: str
    state: str
    attempts: int


class AlertView(View, frozen=True, kw_only=True):
    """An alert with the deliveries that carry it."""

    id: int
    kind: str
    topics: tuple[str, ...]
    created: datetime
    headline: str
    entries: tuple[AlertEntryView, ...]
    deliveries: tuple[AlertDeliveryView, ...]


class TopicMatchView(MatchView, frozen=True, kw_only=True):
    """A match of one of several topics."""

    topic: str


class NotificationView(View, frozen=True, kw_only=True):
    """What was decided for one subscriber of an alert; ``decision`` is send, hold or suppress."""

    subscriber: str
    decision: str
    code: str


class AlertDetail(AlertView, frozen=True, kw_only=True):
    """An alert with all that is known of it; ``topic_names`` in the order of ``topics``."""

    topic_names: tuple[str, ...]
    matches: tuple[TopicMatchView, ...]
    notifications: tuple[NotificationView, ...]


class DeliveryView(View, frozen=True, kw_only=True):
    """A delivery. ``alert`` is the first of ``alerts``, all that its message carries."""

    id: int
    message_id: str
    alert: int | None
    alerts: tuple[int, ...]
    subscriber: str
    channel: str
    state: str
    closed: str | None
    attempts: int
    created: datetime
    next_attempt: datetime | None
    sent: datetime | None
    last_error: str | None


class AttemptView(View, frozen=True, kw_only=True):
    """One attempt of a delivery."""

    at: datetime
    outcome: str
    detail: str


class DeliveryDetail(DeliveryView, frozen=True, kw_only=True):
    """A delivery with every attempt."""

    history: tuple[AttemptView, ...]


class SubscriberView(View, frozen=True, kw_only=True):
    """A subscriber without secrets. ``topics`` None: all topics."""

    name: str
    channel: str
    address: str
    topics: tuple[str, ...] | None
    mentions: bool
    language: str
    timezone: str
    state: str
    paused_code: str | None
    paused_because: str | None
    created: datetime


class SentTest(View, frozen=True, kw_only=True):
    """What came of a test message; ``state`` is sent or failed, ``detail`` what went wrong."""

    subscriber: str
    channel: str
    state: str
    detail: str | None


class PartView(View, frozen=True, kw_only=True):
    """A part of a query that had to be met."""

    part: str
    met: bool
    words: tuple[str, ...]


class ExplainedMatch(View, frozen=True, kw_only=True):
    """How an entry met a topic."""

    strength: Strength
    evidence: tuple[Evidence, ...]


class VerdictView(View, frozen=True, kw_only=True):
    """An entry against a topic: the match, or for each query the parts of its nearest miss."""

    topic: str
    state: TopicState
    match: ExplainedMatch | None
    missing: Mapping[str, tuple[PartView, ...]]


class ExplainedEntry(EntryView, frozen=True, kw_only=True):
    """An entry with its status when it was first seen; ``archived`` has its texts."""

    aside: ClassVar = frozenset({"archived"})

    status: EntryStatus = field(name="standing")
    first_seen: datetime
    archived: Entry


class ExplainedDelivery(View, frozen=True, kw_only=True):
    """A delivery that carried an entry."""

    id: int
    subscriber: str
    channel: str
    state: str
    last_error: str | None


class SuppressedView(View, frozen=True, kw_only=True):
    """Why somebody, or with ``subscriber`` None everybody, got no message."""

    subscriber: str | None
    code: str
    reason: str


class Explanation(View, frozen=True, kw_only=True):
    """Why an entry matched or did not, and what became of it."""

    entry: ExplainedEntry
    topics: tuple[VerdictView, ...]
    alerts: tuple[int, ...]
    deliveries: tuple[ExplainedDelivery, ...]
    suppressed: tuple[SuppressedView, ...] = field(name="silences")


# -- readers of messages


class ReaderView(View, frozen=True, kw_only=True):
    """The subscriber whom an unsubscribe link is for; ``paused_because``: why nothing was sent to them already."""

    name: str
    language: str
    paused_because: str | None
