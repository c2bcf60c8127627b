"""Store: remembers. SQLAlchemy Core on SQLite or PostgreSQL; functions that take a transaction and return values."""

from reformwatch.store.engine import Store, Tx

__all__ = ["Store", "Tx"]
