"""Store: remembers. SQLAlchemy Core on SQLite or PostgreSQL; functions that take a transaction and return values."""

from reformwatch.store.engine import Store, Tx, is_database_error

__all__ = ["Store", "Tx", "is_database_error"]
