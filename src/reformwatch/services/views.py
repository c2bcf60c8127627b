"""Services: views: the results that commands show: written as JSON by ``--json``, else as tables and sentences."""

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
    """A result of a service. Its fields, in their order and under their encoded names, are its JSON object.

    ``aside`` names the fields that are not in the JSON: they are used for tables and sentences only.
    """

    aside: ClassVar[frozenset[str]] = frozenset()


def as_json(value: Any) -> Any:
    """A view, or a list or mapping of views, as values that :mod:`json` can write.

    A time becomes its ``isoformat()`` with the offset, a length of time its whole seconds, an enum's member its value.
    (``msgspec.to_builtins`` writes UTC as ``Z``, and has no ``aside``.)
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
    """A feed. ``entries``: how many are archived. ``problem``: why its last poll failed; None where it did not.

    ``usual_gap``: the usual time between two of its entries; None where too few are dated.
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
    """A time whose entries may have been missed. ``recovered``: when older pages filled it; None: not filled."""

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
    """The load that an interval set by the operator puts on a feed's server, in requests a day.

    ``server_wish``: the longer interval that the server demands, which is kept; None where it demands none.
    """

    interval: timedelta
    requests_a_day: float
    usual_a_day: float
    server_wish: timedelta | None


class FeedChangedView(View, frozen=True, kw_only=True):
    """A feed that was changed. ``cost`` is None where the operator has set no interval for it."""

    feed: FeedNameView
    cost: IntervalCostView | None


class FeedAddedView(View, frozen=True, kw_only=True):
    """A feed that was added and polled once. ``summary``: the result of that poll. ``cost``: see FeedChangedView."""

    feed: FeedNameView
    summary: str
    cost: IntervalCostView | None


class FeedLinkView(View, frozen=True, kw_only=True):
    """A feed that a web page links."""

    url: str
    title: str


class FeedChoiceView(View, frozen=True, kw_only=True):
    """The feeds of a page that links several, or the sitemaps of an index: none of them was added."""

    links: tuple[FeedLinkView, ...]


class ManualPollView(View, frozen=True, kw_only=True):
    """The feeds that a manual poll requests.

    ``asked_lately``: how many were polled within the last ``least_gap``; they are in ``feed_ids`` only if forced.
    """

    feed_ids: tuple[int, ...]
    asked_lately: int
    least_gap: timedelta


class PollReportView(View, frozen=True, kw_only=True):
    """The counts of a run of polls; ``deliveries``: how many wait to be sent because of it."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    alerts: int = 0
    deliveries: int = 0


class DeliverReportView(View, frozen=True, kw_only=True):
    """The counts of a run of deliveries; ``dead``: how many became dead letters."""

    sent: int = 0
    to_retry: int = 0
    dead: int = 0


class FeedsImportedView(View, frozen=True, kw_only=True):
    """The counts of an import: feeds that were added, and feeds that were stored already."""

    added: int
    known: int


class FeedsExportedView(View, frozen=True, kw_only=True):
    """An OPML document. ``feeds`` counts all stored feeds; sitemaps and pages among them are not in the document."""

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
    """A feed's state and health. ``overdue``: it has been due for more than five minutes."""

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
    """The counts of the archive."""

    entries: int
    matches: int
    alerts: int


class OutboxView(View, frozen=True, kw_only=True):
    """Deliveries counted by state. ``oldest_pending``: when the oldest pending one was created; None without any."""

    pending: int
    sent: int
    dead: int
    oldest_pending: datetime | None


class PausedSubscriberView(View, frozen=True, kw_only=True):
    """A paused subscriber, and why: None where no reason is stored."""

    aside: ClassVar = frozenset({"channel"})

    name: str
    why: str | None
    channel: ChannelKind


class NoticeView(View, frozen=True, kw_only=True):
    """A notice to the operator. ``feed_id`` None: it is not about one feed."""

    at: datetime
    kind: NoticeKind
    feed_id: int | None
    text: str


class StatusView(View, frozen=True, kw_only=True):
    """The status of daemons, feeds, archive and outbox. ``gaps`` and ``notices``: of the last seven days.

    ``daemons``: those that run; ``last_daemon``: the one with the newest heartbeat, running or not; None without any.
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
    """An archived entry. ``language``: the entry's, else its feed's; None where neither is known."""

    id: int
    url: str | None
    title: str
    feed: str
    language: str | None
    published: datetime | None


class MatchView(View, frozen=True, kw_only=True):
    """An entry that matches a topic, with the matched words. ``archived``: the entry with its texts."""

    aside: ClassVar = frozenset({"archived"})

    entry: EntryView
    strength: Strength
    evidence: tuple[Evidence, ...]
    archived: Entry


# -- topics


class TopicView(View, frozen=True, kw_only=True):
    """A topic. ``names``: by language; ``queries``: by language, or ``any``; ``pack`` None: it is not from a pack."""

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
    """A time in which a feed was not read, and why: its entries of that time may have been missed."""

    since: datetime
    until: datetime
    why: str
    why_code: UnreadCode


class FeedCoverageView(View, frozen=True, kw_only=True):
    """A feed's coverage in a window of time; ``unread`` is empty where it was read without a gap."""

    id: int
    name: str
    unread: tuple[UnreadView, ...]


class CoverageView(View, frozen=True, kw_only=True):
    """The coverage of a topic's feeds. ``complete``: all were read without a gap; ``blind``: none was."""

    since: datetime
    until: datetime
    complete: bool
    blind: bool
    feeds: tuple[FeedCoverageView, ...]


class TopicDetailView(TopicView, frozen=True, kw_only=True):
    """A topic with the coverage of its feeds in the last 30 days, or since it was added."""

    coverage: CoverageView


class TopicMatchesView(View, frozen=True, kw_only=True):
    """The archived entries that match a topic, newest first. ``topic`` is its slug."""

    topic: str
    matches: tuple[MatchView, ...]


class HitView(EntryView, frozen=True, kw_only=True):
    """An entry that matches a query; ``moment`` is when it was news."""

    aside: ClassVar = frozenset({"moment"})

    moment: datetime


class TrialWindowView(View, frozen=True, kw_only=True):
    """The matches of a topic's queries in the last ``days``; ``alerts_a_day`` is the mean."""

    days: int
    about: int
    mentions: int
    alerts_a_day: float


class TrialView(View, frozen=True, kw_only=True):
    """The result of matching a topic's queries against the archive, before they are stored.

    ``entries``: how many were read; ``evaluated``: how many contain a word of the queries; ``is_common``: so many
    that much of the evaluation is wasted. ``workhorse``: the term in nearly all hits; None: there is no such term.
    ``idle``: the terms in no hit.
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
    """An alert that would have been sent. ``week``: its Monday. A burst is one alert with several entries."""

    when: datetime
    week: date
    strength: Strength
    entries: tuple[EntryView, ...]


class WeekView(View, frozen=True, kw_only=True):
    """The number of alerts in one week. ``week``: its Monday."""

    week: date
    alerts: int


class ReplayView(View, frozen=True, kw_only=True):
    """A topic replayed on the archive of ``entries`` entries. ``suppressed``: suppressed notifications by code."""

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
    """A topic and its changed version. ``gained``: entries that only the new version is about; ``lost``: the others."""

    changed: ReplayView
    gained: tuple[HitView, ...]
    lost: tuple[HitView, ...]


class ScoreView(View, frozen=True, kw_only=True):
    """A topic's score on labelled rows of one language, or ``all``.

    The shares are rounded to four digits; ``exact``: precision, recall and F1, not rounded.
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
    """A pack, with the number of its feeds and topics."""

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
    """A pack with its feeds and topics."""

    slug: str
    name: str
    version: int
    description: str
    feeds: tuple[PackFeedView, ...]
    topics: tuple[PackTopicView, ...]


class PackInstalledView(View, frozen=True, kw_only=True):
    """The result of an installation: names of feeds, slugs of topics. ``topics_kept``: edited, so not updated."""

    feeds_added: tuple[str, ...]
    topics_added: tuple[str, ...]
    topics_updated: tuple[str, ...]
    topics_kept: tuple[str, ...]

    @property
    def has_changed(self) -> bool:
        """Whether anything was stored."""
        return bool(self.feeds_added or self.topics_added or self.topics_updated)


# -- the database


class DatabaseView(View, frozen=True, kw_only=True):
    """The database that was checked: its file or address, its version, and its faults; none where it is sound."""

    database: str
    version: str
    faults: tuple[str, ...]


class UpgradeView(View, frozen=True, kw_only=True):
    """An upgrade by version. ``before`` None: there was no database. ``backup``: its path; None: none was made."""

    before: str | None
    after: str | None
    backup: str | None


# -- alerts, deliveries, subscribers


class AlertEntryView(View, frozen=True, kw_only=True):
    """An entry of an alert."""

    url: str | None
    title: str


class AlertDeliveryView(View, frozen=True, kw_only=True):
    """A delivery of an alert."""

    subscriber: str
    channel: str
    state: str
    attempts: int


class AlertView(View, frozen=True, kw_only=True):
    """An alert with its deliveries."""

    id: int
    kind: str
    topics: tuple[str, ...]
    created: datetime
    headline: str
    entries: tuple[AlertEntryView, ...]
    deliveries: tuple[AlertDeliveryView, ...]


class TopicMatchView(MatchView, frozen=True, kw_only=True):
    """A match with its topic's slug."""

    topic: str


class NotificationView(View, frozen=True, kw_only=True):
    """The decision on an alert for one subscriber; ``decision`` is send or suppress."""

    subscriber: str
    decision: str
    code: str


class AlertDetail(AlertView, frozen=True, kw_only=True):
    """An alert with its matches and notifications; ``topic_names`` in the order of ``topics``."""

    topic_names: tuple[str, ...]
    matches: tuple[TopicMatchView, ...]
    notifications: tuple[NotificationView, ...]


class DeliveryView(View, frozen=True, kw_only=True):
    """A delivery. ``alerts``: the alerts in its message; ``alert``: the first of them, None without any."""

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
    """The outcome of a test message; ``state`` is sent or failed, ``detail`` why it failed, None where it was sent."""

    subscriber: str
    channel: str
    state: str
    detail: str | None


class PartView(View, frozen=True, kw_only=True):
    """A part of a query that an entry must match. ``met``: it does; ``words``: by these words."""

    part: str
    met: bool
    words: tuple[str, ...]


class ExplainedMatch(View, frozen=True, kw_only=True):
    """The match of an explained entry with a topic."""

    strength: Strength
    evidence: tuple[Evidence, ...]


class VerdictView(View, frozen=True, kw_only=True):
    """An entry and a topic: their match, or None and for each language the parts of the query that came nearest."""

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
    """A delivery of an alert with the entry."""

    id: int
    subscriber: str
    channel: str
    state: str
    last_error: str | None


class SuppressedView(View, frozen=True, kw_only=True):
    """Why a notification was suppressed; ``subscriber`` None: for all subscribers."""

    subscriber: str | None
    code: str
    reason: str


class Explanation(View, frozen=True, kw_only=True):
    """Why an entry matched topics or did not, with its alerts, deliveries and suppressed notifications."""

    entry: ExplainedEntry
    topics: tuple[VerdictView, ...]
    alerts: tuple[int, ...]
    deliveries: tuple[ExplainedDelivery, ...]
    suppressed: tuple[SuppressedView, ...] = field(name="silences")


# -- unsubscribing


class UnsubscribeView(View, frozen=True, kw_only=True):
    """The subscriber of an unsubscribe link; ``paused_because``: why they were paused before, None: they were not."""

    name: str
    language: str
    paused_because: str | None
