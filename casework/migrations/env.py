"""Hands alembic the connection that casework.upgrade holds; there is no other way to run migrations."""

from alembic import context

from casework.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
