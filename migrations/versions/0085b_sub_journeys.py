"""Journeys that a stage or touchpoint of another one leads to."""

import sqlalchemy as sa
from alembic import op

revision = "0085b"
down_revision = "0085a"


def upgrade() -> None:
    op.create_table(
        "sub_journeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer()),
        sa.Column("touchpoint_id", sa.Integer()),
        sa.Column("leads_to_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_sub_journeys_journey_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_sub_journeys_stage_id"),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoints.id"], name="fk_sub_journeys_touchpoint_id"
        ),
        sa.ForeignKeyConstraint(
            ["leads_to_id"], ["journeys.id"], name="fk_sub_journeys_leads_to_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sub_journeys"),
        sqlite_autoincrement=True,
    )
    for column in ("journey_id", "stage_id", "touchpoint_id", "leads_to_id"):
        op.create_index(f"ix_sub_journeys_{column}", "sub_journeys", [column])
