"""Store: the statements that differ between the two databases, and the helpers of several files."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

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
    """Execute a statement for each row of values, all with the same parameters; returns how many rows were affected.

    SQLAlchemy's work on each value of each row takes as long as SQLite's. Here the text and types of a statement are
    computed once (make it once at module level: it is the key of a cache), and the values go directly to the driver.
    """
    if not rows:
        return 0
    compiled = _compiled(tx.dialect, statement, tuple(rows[0]))
    if compiled is None:
        return tx.execute(statement, [dict(row) for row in rows]).rowcount
    text, converters, constants = compiled
    values = [
        tuple([convert(parameters[name]) if convert else parameters[name] for name, convert in converters])
        for parameters in ({**constants, **row} if constants else row for row in rows)
    ]
    return tx.exec_driver_sql(text, values).rowcount


_Converter = Callable[[Any], Any] | None


@functools.lru_cache(maxsize=32)
def _compiled(
    dialect: Dialect, statement: sa.UpdateBase, names: tuple[str, ...]
) -> tuple[str, tuple[tuple[str, _Converter], ...], Mapping[str, Any]] | None:
    """A statement's text, the parameter and the converter of each of its places, and its constants.

    None where the driver's parameters are named, not positional.
    """
    compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker: it is not DDL
    if compiled.positiontup is None:
        return None
    places = tuple(
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
    )
    constants = {name: compiled.binds[name].value for name in compiled.positiontup if name not in names}
    return str(compiled), places, constants


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
