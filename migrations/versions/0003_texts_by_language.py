"""What staff write for customers, in each language that is offered; corrected answers found at once;
scores found by response alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    for table in ("deployments", "consent_texts"):
        op.add_column(
            table, sa.Column("texts", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
        )
    corrected = sa.text("corrected_at IS NOT NULL")
    op.create_index(
        "ix_responses_corrected",
        "responses",
        ["deployment_id", "corrected_at"],
        sqlite_where=corrected,
        postgresql_where=corrected,
    )
    op.drop_index("ix_scores_scale", table_name="scores")
