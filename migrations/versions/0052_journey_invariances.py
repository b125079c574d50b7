"""Whether journeys measure alike, by stored tests; and the pairs of drivers looked at together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0052"
down_revision = "0050"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)


NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journey_invariances",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("instrument", sa.String(60), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("versions", DOCUMENT, nullable=False),
        sa.Column("result", DOCUMENT, nullable=True),
        sa.Column("job_id", NUMBER, nullable=True),
        sa.Column("created_by", sa.Integer, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_journey_invariances_job_id"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_journey_invariances_created_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journey_invariances"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invariance_members",
        sa.Column("invariance_id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("answers", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["invariance_id"],
            ["journey_invariances.id"],
            name="fk_invariance_members_invariance_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_invariance_members_journey_id"
        ),
        sa.PrimaryKeyConstraint("invariance_id", "journey_id", name="pk_invariance_members"),
    )
    op.create_index("ix_invariance_members_journey_id", "invariance_members", ["journey_id"])
    op.create_table(
        "driver_pairs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("first", sa.String(200), nullable=False),
        sa.Column("second", sa.String(200), nullable=False),
        sa.Column("created_by", sa.Integer, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_driver_pairs_journey_id"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_driver_pairs_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_driver_pairs"),
        sa.UniqueConstraint(
            "journey_id", "first", "second", name="uq_driver_pairs_journey_id_first_second"
        ),
        sqlite_autoincrement=True,
    )
