"""Alembic's entry: runs the scripts on the connection that the program hands in (see ``reformwatch.store.migrate``)."""

from alembic import context

from reformwatch.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `reformwatch db upgrade`: the program hands its own connection to these scripts")

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the program holds the transaction
    transaction_per_migration=False,
)
context.run_migrations()
