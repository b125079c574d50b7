"""Alerts on both sides at once: a lower and an upper limit, and on which side the last crossing was."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0082"


def upgrade() -> None:
    # Added one by one: a new check of the directions would rebuild the table on SQLite.
    op.add_column(
        "alerts", sa.Column("outside", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("alerts", sa.Column("upper", sa.Float(53)))
    op.add_column("alerts", sa.Column("side", sa.String(10), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("side", "upper", "outside"):
        op.drop_column("alerts", name)
