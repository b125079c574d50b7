"""Named versions of a journey's map, each one document."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0079"
down_revision = "0077"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "map_versions",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_versions_journey_id"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_map_versions_created_by"),
        sa.ForeignKeyConstraint(["removed_by"], ["users.id"], name="fk_map_versions_removed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_map_versions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_map_versions_journey_id", "map_versions", ["journey_id"])
