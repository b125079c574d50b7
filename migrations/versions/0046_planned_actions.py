"""What somebody is going to do about a journey, until when."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0039"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEYS = {
    "journey_id": "journeys.id",
    "stage_id": "stages.id",
    "touchpoint_id": "touchpoints.id",
    "owner_id": "users.id",
    "created_by": "users.id",
    "removed_by": "users.id",
}


def upgrade() -> None:
    op.create_table(
        "planned_actions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("stage_id", sa.Integer),
        sa.Column("touchpoint_id", sa.Integer),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("owner_id", sa.Integer),
        sa.Column("due_on", sa.Date),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("driver", sa.Text, nullable=False),
        sa.Column("change_id", NUMBER),
        sa.Column("created_by", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("removed_by", sa.Integer),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('open', 'doing', 'done', 'dropped')", name=op.f("ck_planned_actions_state")
        ),
        *(
            sa.ForeignKeyConstraint([column], [there], name=f"fk_planned_actions_{column}")
            for column, there in _KEYS.items()
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["registered_changes.id"],
            name="fk_planned_actions_change_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_planned_actions"),
        sqlite_autoincrement=True,
    )
    for column in ("journey_id", "stage_id", "touchpoint_id", "owner_id", "change_id"):
        op.create_index(f"ix_planned_actions_{column}", "planned_actions", [column])
