"""Lanes and texts of a journey's map, and the steps that drew it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0069"
down_revision = "0066"


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "map_lanes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_lanes_journey_id"),
        sa.PrimaryKeyConstraint("id", name="pk_map_lanes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_map_lanes_journey_id", "map_lanes", ["journey_id"])
    op.create_table(
        "map_cells",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer()),
        sa.Column("touchpoint_id", sa.Integer()),
        sa.Column("lane", sa.String(20), nullable=False),
        sa.Column("lane_id", sa.Integer()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_cells_journey_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_map_cells_stage_id"),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoints.id"], name="fk_map_cells_touchpoint_id"
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["map_lanes.id"], name="fk_map_cells_lane_id"),
        sa.PrimaryKeyConstraint("id", name="pk_map_cells"),
        sqlite_autoincrement=True,
    )
    for column in ("journey_id", "stage_id", "touchpoint_id"):
        op.create_index(f"ix_map_cells_{column}", "map_cells", [column])
    op.create_table(
        "map_changes",
        sa.Column("id", number, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(300), nullable=False),
        sa.Column("undo", document, nullable=False),
        sa.Column("redo", document, nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_changes_journey_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_map_changes_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_map_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_map_changes_journey_id_user_id", "map_changes", ["journey_id", "user_id"])
