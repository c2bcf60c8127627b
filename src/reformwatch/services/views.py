"""Services: views: what is shown to a person or a program; ``--json`` prints them, tables are made of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, ClassVar

from msgspec import Struct

from reformwatch.model.feed import FeedKind, FeedState, NoticeKind, SourceType
from reformwatch.model.health import HealthState
from reformwatch.model.subscriber import ChannelKind
from reformwatch.model.value import Value
from reformwatch.model.websub import HubState


class View(Value, frozen=True, kw_only=True):
    """One thing that is shown. Its fields in their order are its JSON object.

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
            return {name: as_json(getattr(value, name)) for name in value.__struct_fields__ if name not in aside}
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
