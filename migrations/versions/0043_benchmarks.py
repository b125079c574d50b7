"""Benchmark sets: values from elsewhere with source, year, population, n and sd."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "benchmark_sets",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("imported_by", sa.Integer),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["users.id"], name="fk_benchmark_sets_imported_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_benchmark_sets"),
        sa.UniqueConstraint("name", name="uq_benchmark_sets_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "benchmark_values",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("set_id", sa.Integer, nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("n", sa.Integer),
        sa.Column("sd", sa.Float(53)),
        sa.Column("scale", sa.String(60), nullable=False),
        sa.Column("wording", sa.String(60), nullable=False),
        sa.Column("mode", sa.String(60), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("population", sa.String(300), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"], ["benchmark_sets.id"], name="fk_benchmark_values_set_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_benchmark_values"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_benchmark_values_set_id", "benchmark_values", ["set_id"])
