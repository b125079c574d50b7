"""Counts by month beside the rollups, which have them by day: what pages decide by what may be shown."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

_KEY = ("survey_id", "generation", "segment_id", "scale")


def upgrade() -> None:
    op.create_table(
        "monthly_counts",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("facet", sa.String(50), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_monthly_counts_survey_id"),
        sa.PrimaryKeyConstraint(*_KEY, "month", "facet", name="pk_monthly_counts"),
        sqlite_with_rowid=False,
    )
    dialect = op.get_bind().dialect.name
    written = "strftime('%Y%m', day)" if dialect == "sqlite" else "to_char(day, 'YYYYMM')"
    key = ", ".join(_KEY)
    op.execute(
        f"INSERT INTO monthly_counts ({key}, month, facet, n)"  # noqa: S608 - our own names
        f" SELECT {key}, CAST({written} AS INTEGER) AS month, facet, sum(n) FROM rollups"
        f" GROUP BY {key}, CAST({written} AS INTEGER), facet"
    )
