"""Modelling projects: their answers' steps, the models fitted to them, and further analyses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0088"
down_revision = "0085c"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("survey_id", sa.Integer()),
        sa.Column("segment_id", sa.Integer()),
        sa.Column("without_flagged", sa.Boolean(), nullable=False),
        sa.Column("description", _DOCUMENT),
        sa.Column("described_steps", _DOCUMENT, nullable=False),
        sa.Column("job_id", _NUMBER),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        _refers("projects", "journey_id", "journeys"),
        _refers("projects", "survey_id", "surveys"),
        _refers("projects", "segment_id", "segments"),
        _refers("projects", "job_id", "jobs"),
        _refers("projects", "created_by", "users"),
        _refers("projects", "removed_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_projects_journey_id", "projects", ["journey_id"])
    op.create_table(
        "project_steps",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("project_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("arguments", _DOCUMENT, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.Integer()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('leave_out_item', 'leave_out_rows', 'reverse', 'recode', 'half', 'answered')",
            name="ck_project_steps_kind",
        ),
        _refers("project_steps", "project_id", "projects"),
        _refers("project_steps", "created_by", "users"),
        _refers("project_steps", "undone_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_project_steps"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_steps_project_id", "project_steps", ["project_id"])
    op.create_table(
        "project_models",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("project_id", _NUMBER, nullable=False),
        sa.Column("parent_id", _NUMBER),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("options", _DOCUMENT, nullable=False),
        sa.Column("change", sa.String(500), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("steps", _DOCUMENT, nullable=False),
        sa.Column("result", _DOCUMENT),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("versions", _DOCUMENT, nullable=False),
        sa.Column("job_id", _NUMBER),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('covariance', 'composite')", name="ck_project_models_kind"),
        _refers("project_models", "project_id", "projects"),
        _refers("project_models", "parent_id", "project_models"),
        _refers("project_models", "job_id", "jobs"),
        _refers("project_models", "created_by", "users"),
        _refers("project_models", "removed_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_project_models"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_models_project_id", "project_models", ["project_id"])
    op.create_table(
        "project_analyses",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("model_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("options", _DOCUMENT, nullable=False),
        sa.Column("result", _DOCUMENT),
        sa.Column("job_id", _NUMBER),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('invariance', 'prediction', 'groups', 'segments')",
            name="ck_project_analyses_kind",
        ),
        _refers("project_analyses", "model_id", "project_models"),
        _refers("project_analyses", "job_id", "jobs"),
        _refers("project_analyses", "created_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_project_analyses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_analyses_model_id", "project_analyses", ["model_id"])
