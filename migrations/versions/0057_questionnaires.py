"""Questionnaires that staff write on pages: drafts, and published versions that never change."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0055"


def upgrade() -> None:
    op.create_table(
        "questionnaires",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(80), nullable=False),
        sa.Column("draft", sa.Text),
        sa.Column("created_by", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_questionnaires_journey_id"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_questionnaires_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_questionnaires"),
        sa.UniqueConstraint("code", name="uq_questionnaires_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questionnaires_journey_id", "questionnaires", ["journey_id"])
    op.create_table(
        "questionnaire_versions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("questionnaire_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("published_by", sa.Integer),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["questionnaire_id"],
            ["questionnaires.id"],
            name="fk_questionnaire_versions_questionnaire_id",
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["users.id"], name="fk_questionnaire_versions_published_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_questionnaire_versions"),
        sa.UniqueConstraint(
            "questionnaire_id", "number", name="uq_questionnaire_versions_questionnaire_id_number"
        ),
        sqlite_autoincrement=True,
    )
