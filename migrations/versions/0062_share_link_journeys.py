"""Which journeys a share link shows beside its own, where it sets several side by side."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0065"


def upgrade() -> None:
    op.create_table(
        "share_link_journeys",
        sa.Column("link_id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["share_links.id"],
            name="fk_share_link_journeys_link_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_share_link_journeys_journey_id"
        ),
        sa.PrimaryKeyConstraint("link_id", "journey_id", name="pk_share_link_journeys"),
    )
    op.create_index("ix_share_link_journeys_journey_id", "share_link_journeys", ["journey_id"])
