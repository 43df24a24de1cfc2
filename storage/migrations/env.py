"""What Alembic runs around the migrations of one database. The connection and its transaction are the caller's
(`storage.database`), so that a migration and the record of it are one commit."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
