"""Store: subscribers and what they follow."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reformwatch.errors import BadInput, NotFound
from reformwatch.model.delivery import Closed, DeliveryState
from reformwatch.model.subscriber import ChannelKind, NewSubscriber, Pause, PauseCode, Subscriber, SubscriberState
from reformwatch.store.engine import Tx
from reformwatch.store.sql import insert_returning_id
from reformwatch.store.tables import deliveries, subscribers, subscriptions, topics


def list_subscribers(tx: Tx, ids: Collection[int] | None = None) -> list[Subscriber]:
    """All subscribers in order of name, or those with these ids (None: all)."""
    followed: dict[int, set[int]] = {}
    subscribed = sa.select(subscriptions)
    if ids is not None:
        subscribed = subscribed.where(subscriptions.c.subscriber_id.in_(list(ids)))
    for row in tx.execute(subscribed):
        followed.setdefault(row.subscriber_id, set()).add(row.topic_id)
    statement = sa.select(subscribers).order_by(sa.func.lower(subscribers.c.name))
    if ids is not None:
        statement = statement.where(subscribers.c.id.in_(list(ids)))
    return [_subscriber_from(row, followed.get(row.id, set())) for row in tx.execute(statement)]


def find_subscriber(tx: Tx, name: str) -> Subscriber:
    """The subscriber with this name, in any case. Raises NotFound."""
    row = tx.execute(sa.select(subscribers.c.id).where(sa.func.lower(subscribers.c.name) == name.lower())).first()
    if row is None:
        raise NotFound(f"subscriber {name!r}: there is none; see `reformwatch subscriber list`")
    return list_subscribers(tx, [row.id])[0]


def find_by_unsubscribe_token(tx: Tx, token: str) -> Subscriber | None:
    """The subscriber with this token; None where there is none."""
    row = tx.execute(sa.select(subscribers.c.id).where(subscribers.c.unsubscribe_token == token)).first()
    return list_subscribers(tx, [row.id])[0] if row else None


def _subscriber_from(row: Any, followed: set[int]) -> Subscriber:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    topic_ids = None if values.pop("all_topics") else frozenset(followed)
    channel, state = ChannelKind(values.pop("channel")), SubscriberState(values.pop("state"))
    code, detail = values.pop("pause_code"), values.pop("pause_detail")
    pause = Pause(code=PauseCode(code), detail=detail) if code else None
    return Subscriber(**values, channel=channel, state=state, topic_ids=topic_ids, pause=pause)


def add_subscriber(tx: Tx, new: NewSubscriber, *, now: datetime) -> Subscriber:
    """Store a subscriber. Raises BadInput where the name is taken, NotFound for an unknown topic."""
    taken = sa.select(subscribers.c.id).where(sa.func.lower(subscribers.c.name) == new.name.lower())
    if tx.execute(taken).first() is not None:
        raise BadInput(f"subscriber {new.name!r}: there is one already; give another name")
    topic_ids = _topic_ids(tx, new.topics)
    row = {
        "name": new.name,
        "channel": new.channel.value,
        "address": new.address,
        "secret": new.secret,
        "language": new.language,
        "timezone": new.timezone,
        "all_topics": not new.topics,
        "wants_mentions": new.wants_mentions,
        "state": SubscriberState.ACTIVE.value,
        "unsubscribe_token": new.unsubscribe_token,
        "created_at": now,
    }
    subscriber_id = insert_returning_id(tx, subscribers, row)
    if topic_ids:
        tx.execute(
            sa.insert(subscriptions), [{"subscriber_id": subscriber_id, "topic_id": topic_id} for topic_id in topic_ids]
        )
    return list_subscribers(tx, [subscriber_id])[0]


def _topic_ids(tx: Tx, slugs: Collection[str]) -> list[int]:
    by_slug = {
        row.slug: row.id for row in tx.execute(sa.select(topics.c.slug, topics.c.id).where(topics.c.slug.in_(slugs)))
    }
    for slug in slugs:
        if slug not in by_slug:
            raise NotFound(f"topic {slug!r}: there is none; see `reformwatch topic list`")
    return list(by_slug.values())


def remove_subscriber(tx: Tx, subscriber_id: int) -> None:
    """Delete a subscriber with their deliveries."""
    tx.execute(sa.delete(subscribers).where(subscribers.c.id == subscriber_id))


def pause(tx: Tx, subscriber_id: int, *, because: Pause) -> int:
    """Pause a subscriber and close their pending deliveries; returns how many."""
    values = {"state": SubscriberState.PAUSED.value, "pause_code": because.code.value, "pause_detail": because.detail}
    tx.execute(sa.update(subscribers).where(subscribers.c.id == subscriber_id).values(values))
    queued = sa.and_(deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == DeliveryState.PENDING.value)
    closed = {
        "state": DeliveryState.DEAD.value,
        "closed": Closed.SUBSCRIBER_PAUSED.value,
        "next_attempt_at": None,
    }
    return tx.execute(sa.update(deliveries).where(queued).values(closed)).rowcount


def resume(tx: Tx, subscriber_id: int) -> None:
    """Make a paused subscriber active again."""
    values = {"state": SubscriberState.ACTIVE.value, "pause_code": None, "pause_detail": ""}
    tx.execute(sa.update(subscribers).where(subscribers.c.id == subscriber_id).values(values))


def followed_topics(tx: Tx) -> frozenset[int] | None:
    """The ids of the topics that active subscribers follow; None where any of them follows all."""
    is_active = subscribers.c.state == SubscriberState.ACTIVE.value
    if tx.execute(sa.select(subscribers.c.id).where(is_active, subscribers.c.all_topics).limit(1)).first() is not None:
        return None
    statement = sa.select(subscriptions.c.topic_id).join(subscribers).where(is_active).distinct()
    return frozenset(tx.execute(statement).scalars())


def has_any(tx: Tx) -> bool:
    """Whether there is any subscriber."""
    return tx.execute(sa.select(subscribers.c.id).limit(1)).first() is not None
