"""Replies to a case's customer, and the texts from which they begin."""

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
    # One statement, which SQLite understands, too: it would copy the table for a constraint of its own.
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE outgoing_messages ADD COLUMN case_id {number}"
        " CONSTRAINT fk_outgoing_messages_case_id REFERENCES cases (id)"
    )
    there = sa.text("case_id IS NOT NULL")
    op.create_index(
        "ix_outgoing_messages_case",
        "outgoing_messages",
        ["case_id"],
        sqlite_where=there,
        postgresql_where=there,
    )
