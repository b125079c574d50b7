"""Indexes by which invitations are counted without looking at them."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0049"

_COLUMNS = ["survey_id", "state", "created_at"]
_WAITING = sa.text(
    "token_seed IS NOT NULL AND channel != 'link' AND state = 'created' AND sent_at IS NULL"
)


def upgrade() -> None:
    op.drop_index("ix_invitations_state", "invitations")
    op.create_index("ix_invitations_state", "invitations", _COLUMNS)
    op.create_index(
        "ix_invitations_waiting",
        "invitations",
        _COLUMNS,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
