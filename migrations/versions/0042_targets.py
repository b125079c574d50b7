"""Targets: the value that a metric of a journey is to reach, by when, and whose it is."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "targets",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("place", sa.String(121), nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("owner_id", sa.Integer),
        sa.Column("set_by", sa.Integer),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_targets_journey_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_targets_owner_id"),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name="fk_targets_set_by"),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint(
            *("journey_id", "place", "segment_id", "metric"),
            name="uq_targets_journey_id_place_segment_id_metric",
        ),
        sqlite_autoincrement=True,
    )
