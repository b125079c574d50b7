"""Rollups by month in the place of the counts by month: sums and histograms, too."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

_KEY = ("survey_id", "generation", "segment_id", "scale")
_BINS = tuple(f"b{number}" for number in range(11))
_SUMS = ("n", "total", "total_squares", *_BINS)


def upgrade() -> None:
    op.create_table(
        "monthly_rollups",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("facet", sa.String(50), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("total", sa.Float(53), nullable=False),
        sa.Column("total_squares", sa.Float(53), nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _BINS),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_monthly_rollups_survey_id"),
        sa.PrimaryKeyConstraint(*_KEY, "month", "facet", name="pk_monthly_rollups"),
        sqlite_with_rowid=False,
    )
    dialect = op.get_bind().dialect.name
    written = "strftime('%Y%m', day)" if dialect == "sqlite" else "to_char(day, 'YYYYMM')"
    key, sums = ", ".join(_KEY), ", ".join(_SUMS)
    added = ", ".join(f"sum({name})" for name in _SUMS)
    op.execute(
        f"INSERT INTO monthly_rollups ({key}, month, facet, {sums})"  # noqa: S608 - our own names
        f" SELECT {key}, CAST({written} AS INTEGER) AS month, facet, {added} FROM rollups"
        f" GROUP BY {key}, CAST({written} AS INTEGER), facet"
    )
    op.drop_table("monthly_counts")
