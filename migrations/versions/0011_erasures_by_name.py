"""What an erased response was called, so that programs with a copy can drop it without a webhook.

Of erasures before this nobody knows it any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("erasures", sa.Column("response", NUMBER, nullable=True))
    op.add_column("erasures", sa.Column("response_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("erasures", sa.Column("place", sa.BigInteger, nullable=True))
    op.create_index("ix_erasures_place", "erasures", ["survey_id", "place"])
