"""Store: gaps: times in which a feed may have published entries that no poll read."""

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import asdict

from reformwatch.model.feed import Gap
from reformwatch.model.health import Reading
from reformwatch.model.topic import ANY_LANGUAGE, Topic
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.feeds import list_feeds


def add_gap(tx: Tx, gap: Gap) -> None:
    """Store a gap; where it begins at the end of the feed's last gap, and neither was filled, that gap is extended."""
    c = t.gaps.c
    before = sa.and_(c.feed_id == gap.feed_id, c.until == gap.since, c.recovered_at.is_(None))
    if gap.recovered_at is None:
        longer = sa.update(t.gaps).where(before).values(until=gap.until, pages=gap.pages, found=c.found + gap.found)
        if tx.execute(longer).rowcount:
            return
    tx.execute(sa.insert(t.gaps).values(asdict(gap)))


def gaps_since(tx: Tx, since: datetime, *, feed_id: int | None = None, only_open: bool = False) -> list[Gap]:
    """Gaps that ended after ``since``, newest first; of all feeds or a single feed; ``only_open``: those not filled."""
    statement = sa.select(*(column for column in t.gaps.c if column.name != "id")).where(t.gaps.c.until > since)
    if feed_id is not None:
        statement = statement.where(t.gaps.c.feed_id == feed_id)
    if only_open:
        statement = statement.where(t.gaps.c.recovered_at.is_(None))
    rows = tx.execute(statement.order_by(t.gaps.c.until.desc(), t.gaps.c.id.desc()))
    return [Gap(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def remove_gaps_before(tx: Tx, before: datetime) -> int:
    """Delete gaps that ended before a time; returns how many."""
    return tx.execute(sa.delete(t.gaps).where(t.gaps.c.until < before)).rowcount


def readings_of(tx: Tx, topic: Topic, *, since: datetime) -> list[Reading]:
    """A topic's feeds with their open gaps since a time: feeds in a language of its queries, or without a language."""
    languages = set(topic.queries)
    open_gaps: dict[int, list[Gap]] = defaultdict(list)
    for gap in gaps_since(tx, since, only_open=True):
        open_gaps[gap.feed_id].append(gap)
    return [
        Reading(feed=feed, gaps=tuple(open_gaps[feed.id]))
        for feed in list_feeds(tx)
        if ANY_LANGUAGE in languages or feed.language is None or feed.language in languages
    ]
