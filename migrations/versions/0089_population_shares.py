"""Known shares of a journey's customers, which scores are weighted by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0089"
down_revision = "0081"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "population_shares",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("attribute", sa.String(120), nullable=False),
        sa.Column("shares", _DOCUMENT, nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Integer()),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_population_shares_journey_id"
        ),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name="fk_population_shares_set_by"),
        sa.PrimaryKeyConstraint("id", name="pk_population_shares"),
        sa.UniqueConstraint(
            "journey_id", "attribute", name="uq_population_shares_journey_id_attribute"
        ),
        sqlite_autoincrement=True,
    )
