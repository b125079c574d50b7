"""A report's tables and figures as data, from which Word, LaTeX, CSV and pictures are made.

Reports made before have their PDF alone.
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # The same on both: SQLite adds a column's key with the column only, or copies the whole table.
    op.execute(
        "ALTER TABLE reports ADD COLUMN content_id INTEGER"
        " CONSTRAINT fk_reports_content_id REFERENCES files (id)"
    )
