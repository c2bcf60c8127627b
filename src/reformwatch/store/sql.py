"""Store: the few statements that the two databases spell differently, and what several files need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from reformwatch.store.engine import Tx

T = TypeVar("T")

#: Values in one IN list; SQLite takes 32,766 variables in all.
CHUNK: Final = 5_000


def _insert(tx: Tx, table: sa.Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT. A dialect that is not in use is not loaded."""
    if tx.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def insert_or_ignore(tx: Tx, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there already; whether it was inserted."""
    statement = _insert(tx, table).values(dict(row)).on_conflict_do_nothing().returning(sa.literal(1))
    return tx.execute(statement).first() is not None


def insert_or_update(tx: Tx, table: sa.Table, row: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or give the one with that key these values."""
    statement = _insert(tx, table).values(dict(row))
    others = {name: statement.excluded[name] for name in row if name not in key}
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=others))


def insert_returning_id(tx: Tx, table: sa.Table, row: Mapping[str, Any]) -> int:
    """Insert one row; its new id."""
    return int(tx.execute(sa.insert(table).values(dict(row)).returning(table.c.id)).scalar_one())


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most ``size``."""
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk
