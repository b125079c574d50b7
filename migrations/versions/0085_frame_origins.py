"""The pages of others that may show a share link's map inside themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084a"


def upgrade() -> None:
    op.add_column(
        "share_links", sa.Column("frame_origins", sa.Text(), nullable=False, server_default="")
    )
