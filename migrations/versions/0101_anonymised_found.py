"""Anonymised responses counted in an index, and not by looking at every one."""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0099"


def upgrade() -> None:
    op.create_index(
        "ix_responses_anonymised",
        "responses",
        ["survey_id", "submitted_at", "anonymised"],
        sqlite_where=sa.text("anonymised = 1"),
        postgresql_where=sa.text("anonymised"),
    )


def downgrade() -> None:
    op.drop_index("ix_responses_anonymised", "responses")
