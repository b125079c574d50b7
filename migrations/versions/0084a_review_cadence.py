"""How often a journey is reviewed, when it last was, and which reminders have been written."""

import sqlalchemy as sa
from alembic import op

revision = "0084a"
down_revision = "0084"


def upgrade() -> None:
    for column in (
        sa.Column("review_every", sa.String(20), nullable=False, server_default=""),
        sa.Column("review_notice_days", sa.Integer(), nullable=False, server_default="7"),
        sa.Column("reviewed_on", sa.Date()),
        sa.Column("review_noticed_for", sa.Date()),
        sa.Column("review_overdue_for", sa.Date()),
    ):
        op.add_column("journeys", column)
