"""Personas with their empathy map, and how each is assumed to feel at the stages."""

import sqlalchemy as sa
from alembic import op

revision = "0070b"
down_revision = "0070a"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("demographics", "goals", "needs", "says", "thinks", "does", "feels", "hears")


def upgrade() -> None:
    op.create_table(
        "personas",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("segment_id", sa.Integer()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_personas_journey_id"),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name="fk_personas_segment_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_personas_created_by"),
        sa.ForeignKeyConstraint(["removed_by"], ["users.id"], name="fk_personas_removed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_personas"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_personas_journey_id", "personas", ["journey_id"])
    op.create_index("ix_personas_segment_id", "personas", ["segment_id"])
    op.create_table(
        "persona_emotions",
        sa.Column("persona_id", _NUMBER, nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN -2 AND 2", name="ck_persona_emotions_level"),
        sa.ForeignKeyConstraint(
            ["persona_id"],
            ["personas.id"],
            name="fk_persona_emotions_persona_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["stages.id"], name="fk_persona_emotions_stage_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("persona_id", "stage_id", name="pk_persona_emotions"),
    )
    op.create_index("ix_persona_emotions_stage_id", "persona_emotions", ["stage_id"])
