"""Store: the tables. A change here needs a migration; a test compares the two."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


@functools.lru_cache(maxsize=64)
def _sqlite_text(value: datetime | None) -> str | None:
    """A time as stored in SQLite: UTC in ISO form, always of the same length, so that text order is order of time."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a naive time can't be stored: {value!r}")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_sqlite_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC: ``timestamp with time zone`` on PostgreSQL, ISO text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], object] | None:  # noqa: D102 - SQLAlchemy's hook
        # SQLAlchemy's own result on SQLite in a single step instead of four: every row that is written has times
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None] | None:  # noqa: D102 - SQLAlchemy's hook
        return _from_sqlite_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's hook
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time can't be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - SQLAlchemy's hook
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Seconds(TypeDecorator[timedelta]):
    """A length of time, stored in whole seconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102 - SQLAlchemy's hook
        return None if value is None else round(value.total_seconds())

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002, D102 - SQLAlchemy's hook
        return None if value is None else timedelta(seconds=value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _ref(name: str, target: str, **options: Any) -> sa.Column[int]:
    key = sa.ForeignKey(f"{target}.id", ondelete=options.pop("ondelete", "CASCADE"))
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), key, **options)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

feeds = sa.Table(
    "feeds",
    metadata,
    _id(),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("site_url", sa.Text),
    sa.Column("pack", sa.Text),
    sa.Column("backfill_days", sa.Integer),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Column("next_poll_at", UtcTime, nullable=False),
    sa.Column("last_polled_at", UtcTime),
    sa.Column("last_ok_at", UtcTime),
    sa.Column("last_new_at", UtcTime),
    sa.Column("failing_since", UtcTime),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unchanged", sa.Integer, nullable=False, server_default="0"),
    sa.Column("problem", sa.JSON(none_as_null=True)),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("body_hash", sa.Text),
    sa.Column("lease_token", sa.Text),
    sa.Column("lease_until", UtcTime),
    sa.Column("source_type", sa.Text, nullable=False, server_default="feed"),
    sa.Column("item_selector", sa.Text),
    sa.Column("full_text", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()),
    sa.Column("interval", Seconds),
    sa.Column("hints", sa.JSON),
    sa.Column("max_age", Seconds),
    sa.Column("usual_gap", Seconds),
    sa.Column("longest_gap", Seconds),
    sa.Column("listed", sa.Integer),
    sa.Column("failure_notified_at", UtcTime),
    sa.Column("unfinished", sa.Integer, nullable=False, server_default="0"),
    sa.Column("fingerprints", sa.LargeBinary),
    sa.Index(None, "state", "next_poll_at"),
)

hosts = sa.Table(
    "hosts",
    metadata,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("lease_token", sa.Text),
    sa.Column("lease_until", UtcTime),
    sa.Column("rest_until", UtcTime),
)

gaps = sa.Table(
    "gaps",
    metadata,
    _id(),
    _ref("feed_id", "feeds", nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False, server_default="0"),
    sa.Column("found", sa.Integer, nullable=False, server_default="0"),
    sa.Column("recovered_at", UtcTime),
    sa.Index(None, "feed_id", "until"),
)

notices = sa.Table(
    "notices",
    metadata,
    _id(),
    _ref("feed_id", "feeds", index=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
)

websub = sa.Table(
    "websub",
    metadata,
    _ref("feed_id", "feeds", primary_key=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("token", sa.Text, nullable=False, unique=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("lease_until", UtcTime),
    sa.Column("next_act_at", UtcTime, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("pushed_at", UtcTime),
    sa.Column("problem", sa.JSON(none_as_null=True)),
)

stories = sa.Table(
    "stories",
    metadata,
    _id(),
    sa.Column("headline", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

story_keys = sa.Table(
    "story_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    _ref("story_id", "stories", nullable=False, index=True),
    sa.Column("seen_at", UtcTime, nullable=False),
)

entries = sa.Table(
    "entries",
    metadata,
    _id(),
    _ref("feed_id", "feeds", nullable=False),
    _ref("story_id", "stories", ondelete="SET NULL", index=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("twin_key", sa.Text, nullable=False),
    sa.Column("guid", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("published", UtcTime),
    sa.Column("first_seen", UtcTime, nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text_hash", sa.Text, nullable=False),
    sa.UniqueConstraint("feed_id", "key"),
    sa.Index(None, "feed_id", "twin_key"),
    sa.Index(None, "url"),
)

entry_versions = sa.Table(
    "entry_versions",
    metadata,
    _ref("entry_id", "entries", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("replaced_at", UtcTime, nullable=False),
)

topics = sa.Table(
    "topics",
    metadata,
    _id(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("pack", sa.Text),
    sa.Column("pack_hash", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
)

topic_queries = sa.Table(
    "topic_queries",
    metadata,
    _ref("topic_id", "topics", primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
)

matches = sa.Table(
    "matches",
    metadata,
    _ref("entry_id", "entries", primary_key=True),
    _ref("topic_id", "topics", primary_key=True, index=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("strength", sa.Text, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

subscribers = sa.Table(
    "subscribers",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("secret", sa.Text),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("all_topics", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("wants_mentions", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("unsubscribe_token", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("pause_code", sa.Text),
    sa.Column("pause_detail", sa.Text, nullable=False, server_default=""),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    _ref("subscriber_id", "subscribers", primary_key=True),
    _ref("topic_id", "topics", primary_key=True, index=True),
)

alerts = sa.Table(
    "alerts",
    metadata,
    _id(),
    sa.Column("kind", sa.Text, nullable=False),
    _ref("story_id", "stories", ondelete="SET NULL", index=True),
    sa.Column("headline", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False, index=True),
    sa.Column("burst", sa.JSON(none_as_null=True)),
    sa.Column("routed_at", UtcTime),
    # partial on PostgreSQL as well, by its migration
    sa.Index("ix_alerts_unrouted", "id", sqlite_where=sa.text("routed_at IS NULL")),
)

alert_entries = sa.Table(
    "alert_entries",
    metadata,
    _ref("alert_id", "alerts", primary_key=True),
    _ref("entry_id", "entries", primary_key=True, index=True),
    sa.Column("position", sa.Integer, nullable=False),
)

alert_topics = sa.Table(
    "alert_topics",
    metadata,
    _ref("alert_id", "alerts", primary_key=True),
    _ref("topic_id", "topics", primary_key=True, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("strength", sa.Text, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _id(),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    _ref("subscriber_id", "subscribers", nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcTime),
    sa.Column("lease_token", sa.Text),
    sa.Column("lease_until", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("last_error", sa.Text),
    sa.Column("closed", sa.Text),
    # partial on PostgreSQL as well, by its migration; named here it would load that dialect in every command
    sa.Index("ix_deliveries_pending", "next_attempt_at", sqlite_where=sa.text("state = 'pending'")),
)

notifications = sa.Table(
    "notifications",
    metadata,
    _ref("alert_id", "alerts", primary_key=True),
    _ref("subscriber_id", "subscribers", primary_key=True, index=True),
    _ref("delivery_id", "deliveries", ondelete="SET NULL", index=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("topic_ids", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

attempts = sa.Table(
    "attempts",
    metadata,
    _id(),
    _ref("delivery_id", "deliveries", nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

notified = sa.Table(
    "notified",
    metadata,
    _ref("subscriber_id", "subscribers", primary_key=True),
    _ref("story_id", "stories", primary_key=True, index=True),
    sa.Column("at", UtcTime, nullable=False),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    _id(),
    _ref("entry_id", "entries", nullable=False, index=True),
    _ref("subscriber_id", "subscribers", index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

daemons = sa.Table(
    "daemons",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("beat_at", UtcTime, nullable=False),
)
