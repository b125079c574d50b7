"""What became of customers, and the newest analysis of it for each journey."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0071"
down_revision = "0070b"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
_KINDS = "'churn', 'repeat_purchase', 'complaint', 'revenue', 'resolution_time', 'waiting_time'"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "customer_outcomes",
        sa.Column("id", number, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("customer_ref", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="ck_customer_outcomes_kind"),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_customer_outcomes_journey_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_outcomes"),
        sa.UniqueConstraint(
            "journey_id", "external_id", name="uq_customer_outcomes_journey_id_external_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_outcomes_customer_ref", "customer_outcomes", ["customer_ref"])
    op.create_index("ix_customer_outcomes_at", "customer_outcomes", ["at"])
    op.create_table(
        "outcome_analyses",
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("result", DOCUMENT, nullable=False),
        sa.Column("customers", sa.BigInteger, nullable=False),
        sa.Column("outcomes", sa.BigInteger, nullable=False),
        sa.Column("versions", DOCUMENT, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_outcome_analyses_journey_id"
        ),
        sa.PrimaryKeyConstraint("journey_id", name="pk_outcome_analyses"),
    )
