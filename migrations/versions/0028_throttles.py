"""Limits on guessing passwords hold for all processes and hosts together."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("drained_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_throttles"),
    )
    op.create_index("ix_throttles_drained_at", "throttles", ["drained_at"])
