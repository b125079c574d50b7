"""Who saved a form of settings last, so that of two people who edit it the second is told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "form_revisions",
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_form_revisions_user_id"),
        sa.PrimaryKeyConstraint("place", name="pk_form_revisions"),
    )
