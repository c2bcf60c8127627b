"""Ground: what a poll knew (:class:`Snapshot`) and what it decided (:class:`PollPlan`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import field

from reformwatch.model.alert import AlertKind
from reformwatch.model.entry import KnownEntry, ParsedEntry, Standing
from reformwatch.model.feed import Feed, Gap, Notice, PollState
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Match
from reformwatch.model.value import Value


class Snapshot(Value, frozen=True, kw_only=True):
    """What the store knew when a poll was planned.

    ``known`` maps every key an entry of this reply may have to the stored entry; ``stories`` maps story keys to story
    ids; ``told`` maps a story id to the subscribers who have heard of it.
    """

    feed: Feed
    known: Mapping[str, KnownEntry] = field(default_factory=dict)
    twins: Mapping[str, KnownEntry] = field(default_factory=dict)
    stories: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[int, frozenset[int]] = field(default_factory=dict)
    subscribers: tuple[Subscriber, ...] = ()


class Silence(Value, frozen=True, kw_only=True):
    """A decision to tell nothing, with its reason. ``subscriber_id`` None: it holds for everybody."""

    reason: str
    subscriber_id: int | None = None


class NewEntry(Value, frozen=True, kw_only=True):
    """An entry to be stored. ``story_keys`` is empty where nothing matched: only matching entries make stories."""

    entry: ParsedEntry
    standing: Standing
    language: str | None = None
    matches: tuple[Match, ...] = ()
    story_keys: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()


class EditedEntry(Value, frozen=True, kw_only=True):
    """A stored entry whose text changed: a new version with matches of its own, no alert."""

    known: KnownEntry
    entry: ParsedEntry
    matches: tuple[Match, ...] = ()


class Recipient(Value, frozen=True, kw_only=True):
    """One subscriber of an alert, and which of their topics it is for."""

    subscriber_id: int
    topic_ids: tuple[int, ...]


class AlertDraft(Value, frozen=True, kw_only=True):
    """An alert to be stored with one outbox row for each recipient. ``entries`` are places in ``PollPlan.entries``."""

    kind: AlertKind
    headline: str
    entries: tuple[int, ...]
    topic_ids: tuple[int, ...]
    recipients: tuple[Recipient, ...]


class FeedFacts(Value, frozen=True, kw_only=True):
    """What a poll learned of the feed itself. None: nothing, and the stored value stays."""

    moved_to: str | None = None
    site_url: str | None = None
    language: str | None = None
    name: str | None = None


class Hub(Value, frozen=True, kw_only=True):
    """Where a document says that it is pushed from (WebSub), and under which address; None: it names no hub."""

    url: str | None = None
    topic: str | None = None


@dataclass(kw_only=True)
class PollReport:
    """What a run of polls did."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    alerts: int = 0
    deliveries: int = 0


class PollPlan(Value, frozen=True, kw_only=True):
    """All that one poll changes; applied in one transaction. ``summary`` is the line in the log.

    ``after`` is the feed's poll state when the poll is over; ``is_gone``: the server ended the feed (410), so it is not
    polled any more. ``gap`` is set where the feed turned over since it was last read; ``notices`` are for the operator;
    ``hub`` is None where the poll brought no document of the feed's own.
    """

    feed_id: int
    lease_token: str | None
    after: PollState
    facts: FeedFacts = field(default_factory=FeedFacts)
    is_gone: bool = False
    entries: tuple[NewEntry, ...] = ()
    edits: tuple[EditedEntry, ...] = ()
    alerts: tuple[AlertDraft, ...] = ()
    gap: Gap | None = None
    notices: tuple[Notice, ...] = ()
    hub: Hub | None = None
    summary: str = ""
