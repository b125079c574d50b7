"""The version of the rules by which a report's numbers were computed; of earlier reports it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("reports", sa.Column("rules_version", sa.Integer, nullable=True))
