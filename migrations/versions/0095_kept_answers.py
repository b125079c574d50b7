"""Answers to large surveys, counted by month."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0095"
down_revision = "0094"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answer_countings",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("counted_to", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_answer_countings_survey_id"
        ),
        sa.PrimaryKeyConstraint("survey_id", name="pk_answer_countings"),
    )
    op.create_table(
        "kept_answers",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.String(60), nullable=False),
        sa.Column("counts", _DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_kept_answers_survey_id"),
        sa.PrimaryKeyConstraint("survey_id", "month", name="pk_kept_answers"),
    )


def downgrade() -> None:
    op.drop_table("kept_answers")
    op.drop_table("answer_countings")
