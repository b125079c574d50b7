"""Scales under development: constructs, items, judges, interviews, translations, versions, pilots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0092"
down_revision = "0090"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _refers(
    table: str, column: str, other: str, on_delete: str | None = None
) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=on_delete)


def upgrade() -> None:
    op.create_table(
        "scale_developments",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("population", sa.String(500), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("answer_scale", sa.String(40), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        _refers("scale_developments", "journey_id", "journeys"),
        _refers("scale_developments", "created_by", "users"),
        _refers("scale_developments", "removed_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_developments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scale_developments_journey_id", "scale_developments", ["journey_id"])
    op.create_table(
        "scale_constructs",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("scale_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("relation", sa.String(500), nullable=False),
        sa.CheckConstraint("kind IN ('dimension', 'neighbour')", name="ck_scale_constructs_kind"),
        _refers("scale_constructs", "scale_id", "scale_developments"),
        sa.UniqueConstraint("scale_id", "code", name="uq_scale_constructs_scale_id_code"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_constructs"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scale_items",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("scale_id", _NUMBER, nullable=False),
        sa.Column("construct_id", _NUMBER, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reverse", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'judging', 'kept', 'dropped')", name="ck_scale_items_state"
        ),
        _refers("scale_items", "scale_id", "scale_developments"),
        _refers("scale_items", "construct_id", "scale_constructs"),
        sa.UniqueConstraint("scale_id", "code", name="uq_scale_items_scale_id_code"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scale_items_construct_id", "scale_items", ["construct_id"])
    op.create_table(
        "scale_item_changes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("item_id", _NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("changed_by", sa.Integer()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _refers("scale_item_changes", "item_id", "scale_items"),
        _refers("scale_item_changes", "changed_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_item_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scale_item_changes_item_id", "scale_item_changes", ["item_id"])
    op.create_table(
        "judging_rounds",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("scale_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("items", _DOCUMENT, nullable=False),
        sa.Column("constructs", _DOCUMENT, nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('sort', 'relevance', 'essential')", name="ck_judging_rounds_kind"
        ),
        _refers("judging_rounds", "scale_id", "scale_developments"),
        _refers("judging_rounds", "created_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_judging_rounds"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judging_rounds_scale_id", "judging_rounds", ["scale_id"])
    op.create_table(
        "judges",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("round_id", _NUMBER, nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Integer()),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("answers", _DOCUMENT, nullable=False),
        sa.Column("remarks", _DOCUMENT, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True)),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        _refers("judges", "round_id", "judging_rounds"),
        _refers("judges", "revoked_by", "users"),
        sa.UniqueConstraint("token_hash", name="uq_judges_token_hash"),
        sa.PrimaryKeyConstraint("id", name="pk_judges"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_judges_round_id", "judges", ["round_id"])
    op.create_table(
        "interview_findings",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("item_id", _NUMBER, nullable=False),
        sa.Column("participant", sa.String(40), nullable=False),
        sa.Column("problem", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Integer()),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "severity IN ('none', 'minor', 'major', 'critical')",
            name="ck_interview_findings_severity",
        ),
        sa.CheckConstraint(
            "problem IN ('none', 'comprehension', 'retrieval', 'judgement', 'response')",
            name="ck_interview_findings_problem",
        ),
        _refers("interview_findings", "item_id", "scale_items"),
        _refers("interview_findings", "noted_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_interview_findings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interview_findings_item_id", "interview_findings", ["item_id"])
    op.create_table(
        "item_translations",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("item_id", _NUMBER, nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("forward", sa.Text(), nullable=False),
        sa.Column("forward_by", sa.String(80), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("back_by", sa.String(80), nullable=False),
        sa.Column("comparison", sa.String(20), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("noted_by", sa.Integer()),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "comparison IN ('same', 'minor', 'different')", name="ck_item_translations_comparison"
        ),
        sa.CheckConstraint(
            "decision IN ('open', 'accepted', 'revise')", name="ck_item_translations_decision"
        ),
        _refers("item_translations", "item_id", "scale_items"),
        _refers("item_translations", "noted_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_item_translations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_item_translations_item_id", "item_translations", ["item_id"])
    op.create_table(
        "scale_versions",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("scale_id", _NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("items", _DOCUMENT, nullable=False),
        sa.Column("constructs", _DOCUMENT, nullable=False),
        sa.Column("questionnaire_id", sa.Integer()),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("scale_versions", "scale_id", "scale_developments"),
        _refers("scale_versions", "questionnaire_id", "questionnaires", "SET NULL"),
        _refers("scale_versions", "created_by", "users"),
        sa.UniqueConstraint("scale_id", "number", name="uq_scale_versions_scale_id_number"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_versions"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scale_pilots",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("scale_id", _NUMBER, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("survey_id", sa.Integer()),
        sa.Column("uploaded", _DOCUMENT),
        sa.Column("columns", _DOCUMENT, nullable=False),
        sa.Column("options", _DOCUMENT, nullable=False),
        sa.Column("result", _DOCUMENT),
        sa.Column("job_id", _NUMBER),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("scale_pilots", "scale_id", "scale_developments"),
        _refers("scale_pilots", "survey_id", "surveys"),
        _refers("scale_pilots", "job_id", "jobs"),
        _refers("scale_pilots", "created_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_scale_pilots"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scale_pilots_scale_id", "scale_pilots", ["scale_id"])
