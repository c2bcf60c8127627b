"""Store: the few statements that the two databases spell differently, and what several files need."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

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


def insert_many(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns, each of them said.

    What SQLAlchemy does for every value of every row costs as much as SQLite does. Here its statement and its types are
    looked up once, and the rows go to the driver as they are.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    way = _way_in(tx.dialect, table, columns)
    if way is None:
        tx.execute(sa.insert(table), [dict(row) for row in rows])
        return
    statement, makers = way
    values = [tuple([make(row[name]) if make else row[name] for name, make in makers]) for row in rows]
    tx.exec_driver_sql(statement, values)


_Maker = Callable[[Any], Any] | None


@functools.lru_cache(maxsize=16)
def _way_in(
    dialect: Dialect, table: sa.Table, columns: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, _Maker], ...]] | None:
    """The statement that inserts a row, and for each of its places the column, and what makes its value the driver's.

    None where the driver takes values by name.
    """
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=columns)
    if compiled.positiontup is None:
        return None
    makers = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns}
    return str(compiled), tuple((name, makers[name]) for name in compiled.positiontup)


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
