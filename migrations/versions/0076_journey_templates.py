"""The template that a journey was drawn from, whose survey plan it can follow."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    op.add_column(
        "journeys", sa.Column("template", sa.String(60), nullable=False, server_default="")
    )
