"""Stages and touchpoints that were removed from a map and can be put back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0017"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "map_removals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content", DOCUMENT, nullable=False),
        sa.Column("removed_by", sa.Integer),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('stage', 'touchpoint')", name=op.f("ck_map_removals_kind")),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_removals_journey_id"),
        sa.ForeignKeyConstraint(["removed_by"], ["users.id"], name="fk_map_removals_removed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_map_removals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_map_removals_journey_id", "map_removals", ["journey_id"])
