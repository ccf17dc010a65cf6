"""Rows of the record may speak of others (votes, what was settled), and guests may report what is wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXT = sa.Text()


def upgrade() -> None:
    """Add a column to the record, which keeps its triggers, and the table of reports, which may be deleted from."""
    op.execute("ALTER TABLE record ADD COLUMN about INTEGER REFERENCES record (id)")
    op.create_index("record_of_matter", "record", ["about", "kind", "id"])
    texts = ("at", "concept", "kind", "label", "aspect", "text", "language", "keep_until")
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), primary_key=True),
        *[sa.Column(name, _TEXT, nullable=False) for name in texts],
        sa.Column("closed_at", _TEXT, nullable=True),
    )
    op.create_index("report_by_state", "report", ["closed_at", "id"])
