"""Ground: what a poll reads from the store (:class:`Snapshot`) and what it decides (:class:`PollPlan`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import field

from reformwatch.model.alert import NewAlert
from reformwatch.model.entry import EntryStatus, KnownEntry, ParsedEntry
from reformwatch.model.feed import Feed, Gap, Notice, PollState
from reformwatch.model.notification import Suppressed
from reformwatch.model.problem import Problem
from reformwatch.model.subscriber import Subscriber
from reformwatch.model.topic import Match
from reformwatch.model.value import Value


class Snapshot(Value, frozen=True, kw_only=True):
    """What the store held when a poll was planned.

    ``known`` maps the keys of this reply's entries to the stored entries, ``twins`` their twin keys; ``stories`` maps
    story keys to story ids; ``notified`` maps a story id to the subscribers who were notified of it. ``subscribers``
    are read where a story is known, and are empty otherwise. ``followed`` are the topics that active subscribers
    follow, None where an active subscriber follows all.
    """

    feed: Feed
    known: Mapping[str, KnownEntry] = field(default_factory=dict)
    twins: Mapping[str, KnownEntry] = field(default_factory=dict)
    stories: Mapping[str, int] = field(default_factory=dict)
    notified: Mapping[int, frozenset[int]] = field(default_factory=dict)
    subscribers: tuple[Subscriber, ...] = ()
    followed: frozenset[int] | None = None


class NewEntry(Value, frozen=True, kw_only=True):
    """An entry to be stored. ``story_keys`` is empty where nothing matched: only matching entries make stories."""

    entry: ParsedEntry
    status: EntryStatus
    language: str | None = None
    matches: tuple[Match, ...] = ()
    story_keys: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()


class EditedEntry(Value, frozen=True, kw_only=True):
    """A stored entry whose text changed: a new version with matches of its own, no alert."""

    known: KnownEntry
    entry: ParsedEntry
    matches: tuple[Match, ...] = ()


class FeedFacts(Value, frozen=True, kw_only=True):
    """What a poll read about the feed itself. A field that is None leaves the stored value unchanged."""

    moved_to: str | None = None
    site_url: str | None = None
    language: str | None = None
    name: str | None = None


class Hub(Value, frozen=True, kw_only=True):
    """The hub that a document names, and its address (the topic) there (WebSub); None: the document names no hub."""

    url: str | None = None
    topic: str | None = None


@dataclass(kw_only=True)
class PollReport:
    """The counts of a run of polls."""

    polled: int = 0
    failed: int = 0
    new_entries: int = 0
    alerts: int = 0
    deliveries: int = 0


class PollPlan(Value, frozen=True, kw_only=True):
    """All changes of a poll; written in a single transaction.

    ``after`` is the feed's poll state after the poll; ``is_gone``: the server ended the feed (410), so it is not polled
    any more. ``gap`` is set where all entries of the feed changed since the last poll; ``notices`` are for the
    operator; ``hub`` is None where the poll brought no document of the feed's own. Its document had ``listed`` entries
    (None: there was no document), and ``dropped`` more beyond the limit. ``problem`` is why the poll failed, None where
    it did not; ``is_outage``: the fault is this machine's network, not the feed.
    """

    feed_id: int
    lease_token: str | None
    after: PollState
    facts: FeedFacts = field(default_factory=FeedFacts)
    is_gone: bool = False
    entries: tuple[NewEntry, ...] = ()
    edits: tuple[EditedEntry, ...] = ()
    alerts: tuple[NewAlert, ...] = ()
    gap: Gap | None = None
    notices: tuple[Notice, ...] = ()
    hub: Hub | None = None
    listed: int | None = None
    dropped: int = 0
    problem: Problem | None = None
    is_outage: bool = False
