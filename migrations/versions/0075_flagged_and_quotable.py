"""Flagged responses and quotable comments found in indexes, and not by looking at every one."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0073"


def upgrade() -> None:
    op.create_index(
        "ix_responses_flagged",
        "responses",
        ["survey_id", "submitted_at"],
        sqlite_where=sa.text("CAST(json_extract(paradata, '$.\"flags\"') AS VARCHAR) IS NOT NULL"),
        postgresql_where=sa.text("CAST((paradata ->> 'flags') AS VARCHAR) IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_quotable",
        "comments",
        ["survey_id", "submitted_at", "response_id"],
        sqlite_where=sa.text("may_quote = 1"),
        postgresql_where=sa.text("may_quote"),
    )


def downgrade() -> None:
    op.drop_index("ix_comments_quotable", "comments")
    op.drop_index("ix_responses_flagged", "responses")
