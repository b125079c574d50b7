"""Alerts on scores that are weighted by population shares."""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0096a"


def upgrade() -> None:
    op.add_column(
        "alerts", sa.Column("weighted", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("alerts", "weighted")
