"""Weighting cells of journeys: rollups of the groups that answers are weighted by, beside those of segments."""

from alembic import op

revision = "0094"
down_revision = "0093a"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE segments ADD COLUMN journey_id INTEGER"
        " CONSTRAINT fk_segments_journey_id REFERENCES journeys (id)"
    )
    op.create_index("ix_segments_journey_id", "segments", ["journey_id"])
