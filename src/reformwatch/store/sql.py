"""Store: the statements that differ between the two databases, and the helpers of several files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from reformwatch.store.engine import Tx

T = TypeVar("T")

#: The most values of an IN list; SQLite accepts 32,766 variables in all.
CHUNK: Final = 5_000


def insert_into(dialect: str, table: sa.Table) -> Any:
    """The dialect's own INSERT, which supports ON CONFLICT. A dialect that is not in use is not imported."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def execute_many(tx: Tx, statement: sa.UpdateBase, rows: Sequence[Mapping[str, Any]]) -> int:
    """Execute a statement for each row of values, all with the same parameters; the number of affected rows.

    No rows: 0, and the statement is not executed.
    """
    return tx.execute(statement, [dict(row) for row in rows]).rowcount if rows else 0


def insert_or_ignore(tx: Tx, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key exists; returns whether it was inserted."""
    statement = insert_into(tx.dialect.name, table).values(dict(row)).on_conflict_do_nothing().returning(sa.literal(1))
    return tx.execute(statement).first() is not None


def insert_or_ignore_many(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows whose key does not exist yet."""
    if rows:
        tx.execute(insert_into(tx.dialect.name, table).on_conflict_do_nothing(), [dict(row) for row in rows])


def insert_or_update(tx: Tx, table: sa.Table, row: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or update the row with the same key."""
    statement = insert_into(tx.dialect.name, table).values(dict(row))
    others = {name: statement.excluded[name] for name in row if name not in key}
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=others))


def insert_returning_id(tx: Tx, table: sa.Table, row: Mapping[str, Any]) -> int:
    """Insert a row; returns its new id."""
    return int(tx.execute(sa.insert(table).values(dict(row)).returning(table.c.id)).scalar_one())


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk
