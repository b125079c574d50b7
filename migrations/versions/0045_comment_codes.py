"""A journey has a code book, and comments are coded by two people apart and then for good."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0041"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "comment_codes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("theme", sa.String(200), nullable=False),
        sa.Column("dimension", sa.String(200), nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_comment_codes_journey_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_comment_codes"),
        sa.UniqueConstraint("journey_id", "code", name="uq_comment_codes_journey_id_code"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "comment_codings",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("coder_id", sa.Integer, nullable=True),
        sa.Column("coded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id", "item"],
            ["comments.response_id", "comments.item"],
            name="fk_comment_codings_comment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["coder_id"], ["users.id"], name="fk_comment_codings_coder_id"),
        sa.CheckConstraint("role IN ('first', 'second', 'final')", name="ck_comment_codings_role"),
        sa.PrimaryKeyConstraint("response_id", "item", "role", name="pk_comment_codings"),
    )
    op.create_table(
        "comment_marks",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("code_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id", "item", "role"],
            ["comment_codings.response_id", "comment_codings.item", "comment_codings.role"],
            name="fk_comment_marks_coding",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["code_id"], ["comment_codes.id"], name="fk_comment_marks_code_id"),
        sa.PrimaryKeyConstraint("response_id", "item", "role", "code_id", name="pk_comment_marks"),
    )
