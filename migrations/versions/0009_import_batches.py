"""Files whose rows have no id are known again: what their rows add up to, and some of them as digests.

Until now a row without an id was known by its content alone, so that a second wave lost customers who
answered as others had in the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("content", sa.String(16), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("sample", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_import_batches_survey_id_surveys"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_batches"),
        sa.UniqueConstraint("survey_id", "content", name="uq_import_batches_survey_id_content"),
        sqlite_autoincrement=True,
    )
