"""Store: the notices to the operator."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reformwatch.model.feed import Notice, NoticeKind
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx
from reformwatch.store.problems import problem_from, problem_row


def add_notices(tx: Tx, notices: Iterable[Notice]) -> None:
    """Store notices to the operator."""
    rows = [_row(notice) for notice in notices]
    if rows:
        tx.execute(sa.insert(t.notices), rows)


def notices_since(tx: Tx, since: datetime, *, limit: int = 20) -> list[Notice]:
    """At most ``limit`` notices since a time, newest first."""
    statement = sa.select(*(column for column in t.notices.c if column.name != "id")).where(t.notices.c.at >= since)
    rows = tx.execute(statement.order_by(t.notices.c.at.desc(), t.notices.c.id.desc()).limit(limit))
    return [_notice(row) for row in rows]


def remove_notices_before(tx: Tx, before: datetime) -> int:
    """Delete notices before a time; returns how many."""
    return tx.execute(sa.delete(t.notices).where(t.notices.c.at < before)).rowcount


def _row(notice: Notice) -> dict[str, Any]:
    """A notice as a row; ``facts`` has its ``feed`` (the name), ``since`` (ISO) and ``problem``, where they are set."""
    since = notice.since.isoformat() if notice.since else None
    facts = {"feed": notice.feed_name, "since": since, "problem": problem_row(notice.problem)}
    present = {name: fact for name, fact in facts.items() if fact is not None}
    return {"at": notice.at, "kind": notice.kind.value, "feed_id": notice.feed_id, "facts": present}


def _notice(row: Any) -> Notice:
    facts = row.facts
    return Notice(
        at=row.at,
        kind=NoticeKind(row.kind),
        feed_id=row.feed_id,
        feed_name=facts.get("feed"),
        since=datetime.fromisoformat(facts["since"]) if "since" in facts else None,
        problem=problem_from(facts.get("problem")),
    )
