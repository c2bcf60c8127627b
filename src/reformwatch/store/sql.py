"""Store: the few statements that the two databases spell differently, and what several files need."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from reformwatch.store.engine import Tx

T = TypeVar("T")

#: Values in one IN list; SQLite takes 32,766 variables in all.
CHUNK: Final = 5_000


def insert_into(dialect: str, table: sa.Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT. A dialect that is not in use is not loaded."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def execute_many(tx: Tx, statement: sa.UpdateBase, rows: Sequence[Mapping[str, Any]]) -> int:
    """Carry out a statement once for each row of values, which all name the same parameters; how many an UPDATE met.

    What SQLAlchemy does for every value of every row costs as much as SQLite does. Here its text and its types are
    looked up once for a statement (keep it: it is remembered), and the values go to the driver as they are.
    """
    if not rows:
        return 0
    way = _way_of(tx.dialect, statement, tuple(rows[0]))
    if way is None:
        return tx.execute(statement, [dict(row) for row in rows]).rowcount
    text, makers, constants = way
    values = [
        tuple([make(given[name]) if make else given[name] for name, make in makers])
        for given in ({**constants, **row} if constants else row for row in rows)
    ]
    return tx.exec_driver_sql(text, values).rowcount


_Maker = Callable[[Any], Any] | None


@functools.lru_cache(maxsize=32)
def _way_of(
    dialect: Dialect, statement: sa.UpdateBase, names: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, _Maker], ...], Mapping[str, Any]] | None:
    """A statement's text; for each of its places the parameter and what makes its value the driver's; its constants.

    None where the driver takes values by name.
    """
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - the type checker's knowledge: it is no DDL
    if compiled.positiontup is None:
        return None
    places = tuple(
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
    )
    constants = {name: compiled.binds[name].value for name in compiled.positiontup if name not in names}
    return str(compiled), places, constants


def insert_or_ignore(tx: Tx, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there already; whether it was inserted."""
    statement = insert_into(tx.dialect.name, table).values(dict(row)).on_conflict_do_nothing().returning(sa.literal(1))
    return tx.execute(statement).first() is not None


def insert_or_ignore_many(tx: Tx, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows but for those whose key is there already."""
    if rows:
        tx.execute(insert_into(tx.dialect.name, table).on_conflict_do_nothing(), [dict(row) for row in rows])


def insert_or_update(tx: Tx, table: sa.Table, row: Mapping[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row, or give the one with that key these values."""
    statement = insert_into(tx.dialect.name, table).values(dict(row))
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
