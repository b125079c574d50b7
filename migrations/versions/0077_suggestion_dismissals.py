"""Suggestions that somebody has dismissed, with the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "suggestion_dismissals",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("title", sa.String(700), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_suggestion_dismissals_journey_id"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_suggestion_dismissals_created_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion_dismissals"),
        sa.UniqueConstraint("journey_id", "key", name="uq_suggestion_dismissals_journey_id_key"),
        sqlite_autoincrement=True,
    )
