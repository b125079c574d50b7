"""What was changed in a journey, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0037"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "registered_changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("started_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("maker_id", sa.Integer),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("cost", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("created_by", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_registered_changes_journey_id"
        ),
        sa.ForeignKeyConstraint(["maker_id"], ["users.id"], name="fk_registered_changes_maker_id"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_registered_changes_created_by"
        ),
        sa.ForeignKeyConstraint(
            ["removed_by"], ["users.id"], name="fk_registered_changes_removed_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registered_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_registered_changes_journey_id", "registered_changes", ["journey_id"])
    op.create_table(
        "changed_places",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("change_id", NUMBER, nullable=False),
        sa.Column("stage_id", sa.Integer),
        sa.Column("touchpoint_id", sa.Integer),
        sa.CheckConstraint(
            "(stage_id IS NULL) <> (touchpoint_id IS NULL)",
            name=op.f("ck_changed_places_one_place"),
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["registered_changes.id"],
            name="fk_changed_places_change_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_changed_places_stage_id"),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"], ["touchpoints.id"], name="fk_changed_places_touchpoint_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_changed_places"),
        sqlite_autoincrement=True,
    )
    for column in ("change_id", "stage_id", "touchpoint_id"):
        op.create_index(f"ix_changed_places_{column}", "changed_places", [column])
