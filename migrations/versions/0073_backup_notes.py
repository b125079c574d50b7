"""When the last backup was made, where it lies, and whether it was found whole."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0071"


def upgrade() -> None:
    op.create_table(
        "backup_notes",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(1000), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("host", "folder", name="pk_backup_notes"),
    )


def downgrade() -> None:
    op.drop_table("backup_notes")
