"""Files and the keys of anonymous epochs where hosts of one database find them."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0062"


def upgrade() -> None:
    op.create_table(
        "file_contents",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_file_contents"),
    )
    op.create_table(
        "file_pieces",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["file_contents.sha256"], name="fk_file_pieces_sha256"),
        sa.PrimaryKeyConstraint("sha256", "number", name="pk_file_pieces"),
    )
    op.create_table(
        "shared_epoch_keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_shared_epoch_keys"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # PDF, Word and pictures are compressed already.
        op.execute("ALTER TABLE file_pieces ALTER COLUMN data SET STORAGE EXTERNAL")
        # A key must be gone when it is destroyed: an unlogged table is in no write-ahead log, no replica
        # and no base backup.
        op.execute("ALTER TABLE shared_epoch_keys SET UNLOGGED")
