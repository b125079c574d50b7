"""No sums of segments by day: pages read them by month."""

from alembic import op

revision = "0060"
down_revision = "0054"


def upgrade() -> None:
    op.execute("DELETE FROM rollups WHERE segment_id <> 0 AND scale <> 'responses'")
