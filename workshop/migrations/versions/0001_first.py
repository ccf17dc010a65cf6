"""The first tables, and the triggers that keep what was said from being changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FROZEN = ("record", "workshop", "working_group", "item", "deck")
_TEXT, _JSON, _INTEGER = sa.Text(), sa.JSON(), sa.Integer()


def _column(name: str, kind: sa.types.TypeEngine[Any], to: str = "", null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, *([sa.ForeignKey(to)] if to else []), nullable=null)


def _number() -> sa.Column[int]:
    return sa.Column("id", _INTEGER, primary_key=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "workshop",
        sa.Column("id", _TEXT, primary_key=True),
        *[_column(n, _TEXT) for n in ("title", "release", "content_hash", "esco_version")],
        _column("rule", _JSON),
        *[_column(n, _TEXT) for n in ("created_at", "keep_until")],
    )
    op.create_table(
        "working_group",
        _number(),
        _column("workshop", _TEXT, "workshop.id"),
        *[_column(n, _TEXT) for n in ("key", "title")],
        _column("domains", _JSON),
        sa.UniqueConstraint("workshop", "key"),
    )
    op.create_table(
        "item",
        _number(),
        _column("workshop", _TEXT, "workshop.id"),
        _column("group_id", _INTEGER, "working_group.id"),
        _column("position", _INTEGER),
        *[_column(n, _TEXT) for n in ("occupation", "code", "label", "chosen")],
        *[_column(n, _JSON) for n in ("skills", "evidence")],
        sa.UniqueConstraint("group_id", "occupation"),
    )
    op.create_table(
        "deck",
        _number(),
        _column("workshop", _TEXT, "workshop.id"),
        _column("group_id", _INTEGER, "working_group.id"),
        _column("domain", _TEXT),
        *[_column(n, _JSON) for n in ("headers", "cards")],
        sa.UniqueConstraint("group_id", "domain"),
    )
    op.create_table(
        "participant",
        sa.Column("id", _TEXT, primary_key=True),
        _column("workshop", _TEXT, "workshop.id"),
        _column("group_id", _INTEGER, "working_group.id", null=True),
        _column("number", _INTEGER),
        _column("role", _TEXT),
        sa.UniqueConstraint("workshop", "number"),
    )
    op.create_table(
        "person",
        sa.Column("participant", _TEXT, sa.ForeignKey("participant.id"), primary_key=True),
        _column("pseudonym", _TEXT),
        _column("expertise", _JSON),
        _column("consented_at", _TEXT),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", _TEXT, primary_key=True),
        _column("participant", _TEXT, "participant.id"),
        _column("expires_at", _TEXT),
    )
    op.create_table(
        "invitation",
        sa.Column("code_hash", _TEXT, primary_key=True),
        _column("workshop", _TEXT, "workshop.id"),
        _column("role", _TEXT),
        _column("group_id", _INTEGER, "working_group.id", null=True),
        _column("participant", _TEXT, "participant.id", null=True),
        _column("uses_left", _INTEGER),
        _column("expires_at", _TEXT),
    )
    op.create_table(
        "record",
        _number(),
        _column("workshop", _TEXT, "workshop.id"),
        _column("at", _TEXT),
        _column("participant", _TEXT, "participant.id", null=True),
        _column("kind", _TEXT),
        _column("item_id", _INTEGER, "item.id", null=True),
        _column("deck_id", _INTEGER, "deck.id", null=True),
        _column("round", _INTEGER),
        _column("body", _JSON),
        sa.Column("once", _TEXT, unique=True, nullable=False),
    )
    op.create_index("record_of_item", "record", ["item_id", "round", "kind"])
    op.create_index("record_of_workshop", "record", ["workshop", "kind", "id"])
    _freeze()


def _freeze() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in FROZEN:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION workshop_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION workshop_frozen()"
        )
