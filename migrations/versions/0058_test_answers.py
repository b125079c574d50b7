"""When somebody last answered a survey as a test, for the list of what to do before publishing."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0056"


def upgrade() -> None:
    op.create_table(
        "test_answers",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_test_answers_survey_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_test_answers_user_id"),
        sa.PrimaryKeyConstraint("survey_id", name="pk_test_answers"),
    )
