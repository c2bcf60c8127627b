"""What a database in the tests must hold: rows of every kind that the program can write."""

import sqlite3
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from reformwatch.model.alert import AlertKind
from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.entry import EntryStatus
from reformwatch.model.feed import FeedKind, FeedState, NoticeKind, SourceType
from reformwatch.model.subscriber import ChannelKind, PauseCode, SubscriberState
from reformwatch.model.topic import Strength, TopicKind, TopicState
from reformwatch.model.websub import HubState

#: Columns of which every value that the program knows must occur.
_ENUMERATED: Final[tuple[tuple[str, str, type[StrEnum]], ...]] = (
    ("feeds", "state", FeedState),
    ("feeds", "kind", FeedKind),
    ("feeds", "source_type", SourceType),
    ("notices", "kind", NoticeKind),
    ("websub", "state", HubState),
    ("entries", "status", EntryStatus),
    ("topics", "kind", TopicKind),
    ("topics", "state", TopicState),
    ("matches", "strength", Strength),
    ("subscribers", "channel", ChannelKind),
    ("subscribers", "state", SubscriberState),
    ("subscribers", "pause_code", PauseCode),
    ("alerts", "kind", AlertKind),
    ("deliveries", "state", DeliveryState),
    ("deliveries", "closed", Closed),
)
_LISTED: Final = (
    ("entries", "language", ("en", "ru", "kk", "es")),
    ("attempts", "outcome", ("sent", "retry", "dead", "requeued")),
    ("notifications", "decision", ("send", "suppress")),
    ("notifications", "code", ("instant", "paused", "already_notified", "only_mention")),
    ("suppressions", "code", ("late", "edited", "no_follower", "nobody_left")),
    ("alert_topics", "strength", ("about", "mention")),
)
#: Table and condition; at least one row must fulfil it.
_CONDITIONS: Final = (
    ("feeds", "last_polled_at IS NULL AND state = 'active'"),
    ("feeds", "problem LIKE '%404%' AND failing_since < next_poll_at AND failures > 1"),
    ("feeds", "problem LIKE '%404%' AND failure_notified_at IS NOT NULL"),
    ("feeds", "problem LIKE '%not_a_feed%'"),
    ("feeds", "problem IS NOT NULL AND last_ok_at IS NULL AND failures > 0"),
    ("feeds", "state = 'gone' AND problem LIKE '%410%'"),
    ("feeds", "state = 'gone' AND problem LIKE '%moved_to_known_feed%'"),
    ("feeds", "backfill_days IS NOT NULL"),
    ("feeds", "pack IS NOT NULL"),
    ("feeds", "full_text"),
    ("feeds", "interval IS NOT NULL"),
    ("feeds", "max_age IS NOT NULL"),
    ("feeds", "hints LIKE '%\"ttl\":2700%' AND hints LIKE '%skip_days%'"),
    ("feeds", "hints LIKE '%\"update_period\":21600%'"),
    ("feeds", "hints = 'null'"),
    ("feeds", "hints IS NULL"),
    ("feeds", "usual_gap IS NOT NULL AND longest_gap IS NOT NULL AND listed > 0"),
    ("feeds", "length(fingerprints) > 0"),
    ("feeds", "length(fingerprints) = 0"),
    ("feeds", "etag IS NOT NULL AND last_modified IS NOT NULL AND body_hash IS NOT NULL"),
    ("feeds", "lease_token LIKE 'daemon:%' AND unfinished > 0"),
    ("gaps", "recovered_at IS NULL"),
    ("gaps", "recovered_at IS NOT NULL AND pages > 0 AND found > 0"),
    ("notices", "kind = 'gone' AND facts LIKE '%moved_to_known_feed%'"),
    ("notices", "kind = 'network' AND feed_id IS NULL"),
    ("websub", "state = 'active' AND pushed_at IS NOT NULL AND lease_until IS NOT NULL"),
    ("websub", "state = 'pending' AND problem IS NOT NULL AND attempts > 0"),
    ("websub", "state = 'refused' AND problem LIKE '%hub_refused%reason%'"),
    ("meta", "key = 'topics_version'"),
    ("meta", "key = 'websub.callback' AND value <> ''"),
    ("meta", "key LIKE 'websub.parting.%' AND value LIKE '%\"attempts\": 0%'"),
    ("meta", "key LIKE 'websub.parting.%' AND value LIKE '%\"attempts\": 1%'"),
    ("stories", "id NOT IN (SELECT story_id FROM story_keys WHERE key NOT LIKE 'page:%')"),
    ("stories", "id NOT IN (SELECT story_id FROM story_keys WHERE key NOT LIKE 'headline:%')"),
    ("entries", "published IS NULL AND status = 'news'"),
    ("entries", "published IS NOT NULL AND story_id IS NULL"),
    ("entries", "version > 1"),
    ("entries", "key LIKE 'guid:%'"),
    ("entries", "key LIKE 'guid:%#%'"),
    ("entries", "key LIKE 'link:%'"),
    ("entries", "key LIKE 'hash:%' AND url IS NULL AND guid IS NULL AND twin_key = ''"),
    ("entries", "author <> '' AND tags <> '[]' AND content <> '' AND summary <> ''"),
    ("topics", "pack IS NOT NULL AND pack_hash IS NOT NULL AND names <> '{}' AND updated_at = created_at"),
    ("topics", "pack IS NOT NULL AND updated_at > created_at"),
    ("topics", "pack IS NULL AND pack_hash IS NULL"),
    ("topic_queries", "language = 'any'"),
    ("subscribers", "all_topics AND state = 'active'"),
    ("subscribers", "NOT all_topics AND state = 'active'"),
    ("subscribers", "wants_mentions"),
    ("subscribers", "channel = 'webhook' AND secret IS NOT NULL"),
    ("subscribers", "pause_code = 'operator' AND pause_detail = ''"),
    ("subscribers", "pause_code = 'refused' AND pause_detail LIKE 'the mail server answered 550 5.1.1%'"),
    ("subscribers", "pause_code = 'refused' AND pause_detail LIKE 'answered 410%'"),
    ("alerts", "id IN (SELECT alert_id FROM alert_topics GROUP BY alert_id HAVING count(*) > 1) AND kind = 'story'"),
    ("alerts", "id IN (SELECT alert_id FROM alert_entries GROUP BY alert_id HAVING count(*) > 1)"),
    ("alerts", "kind = 'story' AND burst IS NULL AND headline <> ''"),
    ("alerts", "kind = 'summary' AND headline = '' AND burst LIKE '%\"feed\"%' AND burst LIKE '%\"stories\"%'"),
    ("alerts", "routed_at IS NOT NULL AND id NOT IN (SELECT alert_id FROM notifications)"),
    ("notifications", "topic_ids LIKE '[%,%]' AND delivery_id IS NOT NULL"),
    ("notifications", "decision = 'suppress' AND delivery_id IS NULL"),
    ("deliveries", "state = 'pending' AND attempts = 0 AND last_error IS NULL"),
    ("deliveries", "state = 'pending' AND attempts > 0 AND last_error IS NOT NULL AND lease_token IS NULL"),
    ("deliveries", "state = 'pending' AND attempts = 0 AND last_error IS NOT NULL"),
    ("deliveries", "state = 'pending' AND lease_token LIKE 'daemon:%' AND lease_until IS NOT NULL"),
    ("deliveries", "state = 'sent' AND sent_at IS NOT NULL AND attempts > 1"),
    ("deliveries", "closed = 'address_dead' AND last_error LIKE 'the mail server answered 550 5.1.1%'"),
    ("deliveries", "closed = 'rejected' AND last_error LIKE 'the mail server answered 554%'"),
    ("deliveries", "closed = 'given_up' AND attempts = 10"),
    ("deliveries", "closed = 'subscriber_paused' AND last_error IS NULL AND next_attempt_at IS NULL"),
    ("suppressions", "subscriber_id IS NULL"),
    ("daemons", "beat_at >= started_at"),
)  # fmt: skip


def missing_kinds(connection: sqlite3.Connection) -> list[str]:
    """The kinds of rows that a database lacks, as table and condition; the tables without rows come first."""
    missing = [f"{table}: any row" for table in tables_of(connection) if not _has(connection, table, "TRUE")]
    return missing + [f"{table}: {wanted}" for table, wanted in _wanted() if not _has(connection, table, wanted)]


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """The names of all tables."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [str(name) for (name,) in rows]


def _wanted() -> Iterator[tuple[str, str]]:
    for table, column, values in _ENUMERATED:
        yield from _each(table, column, (value.value for value in values))
    for table, column, texts in _LISTED:
        yield from _each(table, column, texts)
    yield from _CONDITIONS


def _each(table: str, column: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((table, f"{column} = '{value}'") for value in values)


def _has(connection: sqlite3.Connection, table: str, wanted: str) -> bool:
    found = connection.execute(f"SELECT 1 FROM {table} WHERE {wanted} LIMIT 1")  # noqa: S608 - written above
    return found.fetchone() is not None
