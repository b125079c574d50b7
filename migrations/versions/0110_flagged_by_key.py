"""The index of flagged responses by whether the key is there, on PostgreSQL.

Of ``->>`` it guesses that it nearly always finds something, so that it took the index for as large as
the table; of ``?`` it asks the statistics of the column, in each partition too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0109"

_NAME, _TABLE, _COLUMNS = "ix_responses_flagged", "responses", ["survey_id", "submitted_at"]


def upgrade() -> None:
    _made_anew("paradata ? 'flags'")


def downgrade() -> None:
    _made_anew("CAST((paradata ->> 'flags') AS VARCHAR) IS NOT NULL")


def _made_anew(condition: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(_NAME, _TABLE)
        op.create_index(_NAME, _TABLE, _COLUMNS, postgresql_where=sa.text(condition))
