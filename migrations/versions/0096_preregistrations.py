"""When a project's answers were opened first, and plans that are registered before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0096"
down_revision = "0098"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.add_column("projects", sa.Column("opened_at", sa.DateTime(timezone=True)))
    # Until now a project's answers were described as soon as it was made, and fitted no earlier.
    op.execute(
        "UPDATE projects SET opened_at = created_at WHERE description IS NOT NULL OR EXISTS"
        " (SELECT 1 FROM project_models WHERE project_models.project_id = projects.id"
        " AND project_models.result IS NOT NULL)"
    )
    op.create_table(
        "preregistrations",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("project_id", _NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.Integer()),
        sa.Column("frozen_at", sa.DateTime(timezone=True)),
        _refers("preregistrations", "project_id", "projects"),
        _refers("preregistrations", "created_by", "users"),
        _refers("preregistrations", "frozen_by", "users"),
        sa.UniqueConstraint("project_id", "version", name="uq_preregistrations_project_id_version"),
        sa.PrimaryKeyConstraint("id", name="pk_preregistrations"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deviation_reasons",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("preregistration_id", _NUMBER, nullable=False),
        sa.Column("deviation", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Integer()),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        _refers("deviation_reasons", "preregistration_id", "preregistrations"),
        _refers("deviation_reasons", "given_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_deviation_reasons"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deviation_reasons_preregistration_id", "deviation_reasons", ["preregistration_id"]
    )
