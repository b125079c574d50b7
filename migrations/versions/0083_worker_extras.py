"""What a worker has installed, and the newest release that it has heard of; unknown of those of before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0083"
down_revision = "0079"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("workers", sa.Column("extras", _DOCUMENT))
    op.add_column("workers", sa.Column("newest_release", sa.String(40)))
