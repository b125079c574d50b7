"""Texts from which a reply to a case's customer begins."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0058"


def upgrade() -> None:
    op.create_table(
        "reply_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_reply_templates_journey_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reply_templates"),
        sa.UniqueConstraint(
            "journey_id", "name", "language", name="uq_reply_templates_journey_id_name_language"
        ),
        sqlite_autoincrement=True,
    )
