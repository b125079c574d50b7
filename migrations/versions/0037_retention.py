"""Surveys say how long answers are kept, and receipts say what went by it."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0038"


def upgrade() -> None:
    op.add_column(
        "responses",
        sa.Column("anonymised", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "retention_rules",
        sa.Column("survey_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.Integer),
        sa.Column("announced_at", sa.DateTime(timezone=True)),
        sa.Column("done_on", sa.Date),
        sa.CheckConstraint(
            "method IN ('delete', 'anonymise')", name=op.f("ck_retention_rules_method")
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_retention_rules_survey_id"),
        sa.ForeignKeyConstraint(["chosen_by"], ["users.id"], name="fk_retention_rules_chosen_by"),
        sa.PrimaryKeyConstraint("survey_id", name="pk_retention_rules"),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "retention_rounds",
        sa.Column("id", number, nullable=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("night", sa.Date, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("before", sa.Date, nullable=False),
        sa.Column("responses", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("cases", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_retention_rounds_survey_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rounds"),
        sa.UniqueConstraint(
            "survey_id", "night", "method", name="uq_retention_rounds_survey_id_night_method"
        ),
        sqlite_autoincrement=True,
    )
