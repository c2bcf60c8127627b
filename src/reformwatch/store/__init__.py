"""Store: reads and writes the database (SQLAlchemy Core on SQLite or PostgreSQL), in functions with a transaction."""

from reformwatch.store.engine import Store, Tx, is_database_error

__all__ = ["Store", "Tx", "is_database_error"]
