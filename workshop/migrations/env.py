"""How Alembic runs: on the connection that `workshop.database` hands over."""

from __future__ import annotations

from alembic import context

from workshop.model import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
