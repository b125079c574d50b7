"""Whether segments and all other customers measure alike; invitations of large journeys, counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0065"
down_revision = "0061"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "segment_invariances",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("instrument", sa.String(60), nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("rules_version", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(30), nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("inside", sa.BigInteger, nullable=False),
        sa.Column("outside", sa.BigInteger, nullable=False),
        sa.Column("answers", sa.BigInteger, nullable=False),
        sa.Column("released", DOCUMENT, nullable=False),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("versions", DOCUMENT, nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_segment_invariances_journey_id"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name="fk_segment_invariances_segment_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_segment_invariances"),
        sa.UniqueConstraint(
            "journey_id",
            "place",
            "instrument",
            "segment_id",
            name="uq_segment_invariances_journey_id_place_instrument_segment_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_segment_invariances_journey_id", "segment_invariances", ["journey_id"])
    op.create_table(
        "invitation_counts",
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("is_known", sa.Boolean, nullable=False),
        sa.Column("months", DOCUMENT, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_invitation_counts_journey_id"
        ),
        sa.PrimaryKeyConstraint("journey_id", name="pk_invitation_counts"),
    )
