"""What goes wrong for customers, with why it does and who sees to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0043"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "pain_points",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("theme", sa.String(200), nullable=False),
        sa.Column("whys", DOCUMENT, nullable=False),
        sa.Column("owner_id", sa.Integer, nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'solved')", name="ck_pain_points_state"),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_pain_points_journey_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_pain_points_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pain_points"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pain_points_journey_id", "pain_points", ["journey_id"])
