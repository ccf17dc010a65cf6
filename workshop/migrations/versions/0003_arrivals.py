"""Facilitators may sign in at an issuer of identities: who is on the way there, and who it is that comes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TEXT = sa.Text()


def upgrade() -> None:
    """Add the table of arrivals, and a column to the two tables of people that are deleted with them."""
    op.create_table(
        "arrival",
        sa.Column("state_hash", _TEXT, primary_key=True),
        sa.Column("workshop", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
    )
    for table in ("person", "invitation"):
        op.add_column(table, sa.Column("subject", _TEXT, nullable=True))
