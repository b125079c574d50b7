"""Journeys with a number of months of their own that pages and reports are about."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("journeys", sa.Column("period_months", sa.Integer(), nullable=True))
