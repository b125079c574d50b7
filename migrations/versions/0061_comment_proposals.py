"""What a program proposes of comments: codes, and the score that one without a score sounds like."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0068"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "comment_proposals",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id", "item"],
            ["comments.response_id", "comments.item"],
            name="fk_comment_proposals_comment",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('code', 'sentiment')", name="ck_comment_proposals_kind"),
        sa.PrimaryKeyConstraint(
            "response_id", "item", "kind", "value", name="pk_comment_proposals"
        ),
    )
