"""Store: topics and their queries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.topic import NewTopic, Topic, TopicKind, TopicState
from reformwatch.store.engine import Tx
from reformwatch.store.sql import insert_or_update, insert_returning_id
from reformwatch.store.tables import meta, topic_queries, topics

_RESULT = [column for column in topics.c if column.name != "pack_hash"]


def list_topics(tx: Tx, *, only_active: bool = False) -> list[Topic]:
    """All topics, or the active ones, in order of slug."""
    statement = sa.select(*_RESULT).order_by(topics.c.slug)
    if only_active:
        statement = statement.where(topics.c.state == TopicState.ACTIVE.value)
    queries: dict[int, dict[str, str]] = {}
    for row in tx.execute(sa.select(topic_queries).order_by(topic_queries.c.topic_id, topic_queries.c.position)):
        queries.setdefault(row.topic_id, {})[row.language] = row.query
    return [_topic_from(row, queries.get(row.id, {})) for row in tx.execute(statement)]


def find_topic(tx: Tx, slug: str) -> Topic:
    """A topic by its slug. Raises NotFound."""
    row = tx.execute(sa.select(*_RESULT).where(topics.c.slug == slug)).first()
    if row is None:
        raise NotFound(f"topic {slug!r}: there is none; see `reformwatch topic list`")
    statement = sa.select(topic_queries).where(topic_queries.c.topic_id == row.id).order_by(topic_queries.c.position)
    return _topic_from(row, {query_row.language: query_row.query for query_row in tx.execute(statement)})


def _topic_from(row: Any, queries: Mapping[str, str]) -> Topic:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    kind, state = TopicKind(values.pop("kind")), TopicState(values.pop("state"))
    return Topic(**values, kind=kind, state=state, queries=queries)


def require_free_slug(tx: Tx, slug: str) -> None:
    """Raise BadInput where a topic has this slug."""
    if tx.execute(sa.select(topics.c.id).where(topics.c.slug == slug)).first() is not None:
        raise BadInput(f"topic {slug!r}: there is one already; give another --slug, or `reformwatch topic edit {slug}`")


def add_topic(tx: Tx, new: NewTopic, *, now: datetime, pack_hash: str | None = None) -> Topic:
    """Store a topic. Raises BadInput where its slug is taken."""
    require_free_slug(tx, new.slug)
    row = _row(new) | {"state": TopicState.ACTIVE.value, "created_at": now, "updated_at": now, "pack_hash": pack_hash}
    _set_queries(tx, insert_returning_id(tx, topics, row), new.queries)
    _touch(tx, now)
    return find_topic(tx, new.slug)


def change_topic(tx: Tx, topic: Topic, *, now: datetime, pack_hash: str | None = None) -> Topic:
    """Store a topic's name, texts, kind, state and queries; returns it with the new ``updated_at``."""
    values = _row(topic) | {"state": topic.state.value, "updated_at": now}
    if pack_hash is not None:
        values["pack_hash"] = pack_hash
    tx.execute(sa.update(topics).where(topics.c.id == topic.id).values(values))
    tx.execute(sa.delete(topic_queries).where(topic_queries.c.topic_id == topic.id))
    _set_queries(tx, topic.id, topic.queries)
    _touch(tx, now)
    return replace(topic, updated_at=now)


def remove_topic(tx: Tx, topic_id: int, *, now: datetime) -> None:
    """Delete a topic with its matches and subscriptions."""
    tx.execute(sa.delete(topics).where(topics.c.id == topic_id))
    _touch(tx, now)


def pack_hash_of(tx: Tx, slug: str) -> str | None:
    """The fingerprint that a pack stored with a topic; None where the topic is from no pack, or unknown."""
    return tx.execute(sa.select(topics.c.pack_hash).where(topics.c.slug == slug)).scalar_one_or_none()


def topics_version(tx: Tx) -> str:
    """A text that changes with every change of a topic, so that a daemon compiles the queries only then."""
    return tx.execute(sa.select(meta.c.value).where(meta.c.key == "topics_version")).scalar_one_or_none() or ""


def _row(new: NewTopic) -> dict[str, Any]:
    return {
        "slug": new.slug,
        "name": new.name,
        "names": dict(new.names),
        "kind": new.kind.value,
        "description": new.description,
        "pack": new.pack,
    }


def _set_queries(tx: Tx, topic_id: int, queries: Mapping[str, str]) -> None:
    rows = [
        {"topic_id": topic_id, "language": language, "position": i, "query": query}
        for i, (language, query) in enumerate(queries.items())
    ]
    if rows:
        tx.execute(sa.insert(topic_queries), rows)


def _touch(tx: Tx, now: datetime) -> None:
    before = topics_version(tx).partition("@")[0] or "0"
    value = f"{int(before) + 1}@{now.isoformat()}"
    insert_or_update(tx, meta, {"key": "topics_version", "value": value}, key=["key"])
