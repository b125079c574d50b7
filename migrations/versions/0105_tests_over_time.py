"""Tests whether a journey's questionnaires measure alike over its quarters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0105"
down_revision = "0104"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "time_invariances",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("instrument", sa.String(60), nullable=False),
        sa.Column("quarters", DOCUMENT, nullable=False),
        sa.Column("rules_version", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(30), nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("answers", sa.BigInteger, nullable=False),
        sa.Column("released", DOCUMENT, nullable=False),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("versions", DOCUMENT, nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_time_invariances_journey_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_time_invariances"),
        sa.UniqueConstraint(
            "journey_id",
            "place",
            "instrument",
            name="uq_time_invariances_journey_id_place_instrument",
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("time_invariances")
