"""What a row of the record is about: votes and the steps of a motion name the motion, which is a row itself."""

from __future__ import annotations

from alembic import op

revision = "0002-motions"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; as plain SQL, because a table made anew would lose the triggers that freeze it."""
    op.execute("ALTER TABLE record ADD COLUMN about INTEGER REFERENCES record(id)")
    op.create_index("record_of_motion", "record", ["about", "round", "kind"])
