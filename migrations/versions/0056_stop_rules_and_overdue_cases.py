"""When a survey knows enough, and which overdue cases the journey's owner was told of."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0060"


def upgrade() -> None:
    op.create_table(
        "stop_rules",
        sa.Column("survey_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("margin", sa.Float(53), nullable=False),
        sa.Column("population", sa.Integer()),
        sa.Column("answers", sa.Integer()),
        sa.Column("due", sa.Date()),
        sa.Column("reached_at", sa.DateTime(timezone=True)),
        sa.Column("late_at", sa.DateTime(timezone=True)),
        sa.Column("looked_on", sa.Date()),
        sa.Column("set_by", sa.Integer()),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_stop_rules_survey_id"),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name="fk_stop_rules_set_by"),
        sa.PrimaryKeyConstraint("survey_id", name="pk_stop_rules"),
    )
    op.add_column("cases", sa.Column("escalated_at", sa.DateTime(timezone=True)))
    # Nobody gets a mail about cases that were overdue long before the upgrade.
    op.execute(
        "UPDATE cases SET escalated_at = due_at"
        " WHERE state <> 'closed' AND due_at < CURRENT_TIMESTAMP"
    )
