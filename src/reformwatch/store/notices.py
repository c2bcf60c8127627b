"""Store: notices: what the operator was told, once each."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import asdict

from reformwatch.model.feed import Notice, NoticeKind
from reformwatch.store import tables as t
from reformwatch.store.engine import Tx


def add_notices(tx: Tx, notices: Iterable[Notice]) -> None:
    """Remember what the operator is told."""
    rows = [{**asdict(notice), "kind": notice.kind.value} for notice in notices]
    if rows:
        tx.execute(sa.insert(t.notices), rows)


def notices_since(tx: Tx, since: datetime, *, limit: int = 20) -> list[Notice]:
    """The newest notices since a time, the newest first."""
    wanted = sa.select(*(c for c in t.notices.c if c.name != "id")).where(t.notices.c.at >= since)
    rows = tx.execute(wanted.order_by(t.notices.c.at.desc(), t.notices.c.id.desc()).limit(limit))
    return [Notice(**{**row._mapping, "kind": NoticeKind(row.kind)}) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def remove_notices_before(tx: Tx, before: datetime) -> int:
    """Forget what the operator was told long ago; how many."""
    return tx.execute(sa.delete(t.notices).where(t.notices.c.at < before)).rowcount
