"""Store: remembers. SQLAlchemy Core on SQLite or PostgreSQL; functions that take a transaction and return values."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reformwatch.store.engine import Store, Tx

__all__ = ["Store", "Tx"]


def __getattr__(name: str) -> Any:
    """The names above, when they are asked for: :mod:`glance` works without what they need."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reformwatch.store import engine

    return getattr(engine, name)
