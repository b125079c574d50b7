"""Anonymous answers wait until enough of them can be released together.

Until now an answer used up its invitation in its own transaction, so that a copy of the database told
which answer came of which link.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0021"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "held_responses",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("submission_key", sa.String(64)),
        sa.Column("external_id", sa.String(200)),
        sa.Column("attributes", DOCUMENT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_held_responses"),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_held_responses_survey_id"),
        sa.UniqueConstraint("submission_key", name="uq_held_responses_submission_key"),
        sa.UniqueConstraint(
            "survey_id", "external_id", name="uq_held_responses_survey_id_external_id"
        ),
    )
    op.create_index("ix_held_responses_survey", "held_responses", ["survey_id"])
    op.create_table(
        "anonymity_epochs",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("used", sa.LargeBinary, nullable=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("survey_id", "name", name="pk_anonymity_epochs"),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_anonymity_epochs_survey_id"
        ),
    )
