"""A report's files in formats beside PDF."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "report_files",
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("file_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_report_files_report_id"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_report_files_file_id"),
        sa.PrimaryKeyConstraint("report_id", "format", name="pk_report_files"),
    )
