"""Where a journey stands in the portfolio, and who runs a touchpoint for us."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0036"


def upgrade() -> None:
    op.add_column(
        "journeys", sa.Column("group_name", sa.String(60), nullable=False, server_default="")
    )
    op.add_column("journeys", sa.Column("next_review", sa.Date))
    op.add_column(
        "touchpoints", sa.Column("partner", sa.String(200), nullable=False, server_default="")
    )
    op.create_table(
        "journey_tags",
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_journey_tags_journey_id_journeys"
        ),
        sa.PrimaryKeyConstraint("journey_id", "tag", name="pk_journey_tags"),
    )
