"""Severity, place, affected customers and evidence of pain points, which can be restored."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    # Statements that SQLite understands, too: it would copy the table for constraints of their own.
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    for column in (
        "severity VARCHAR(20) DEFAULT '' NOT NULL CONSTRAINT ck_pain_points_severity"
        " CHECK (severity IN ('', 'trivial', 'workaround', 'abandons'))",
        "affected_by VARCHAR(20) DEFAULT '' NOT NULL CONSTRAINT ck_pain_points_affected_by"
        " CHECK (affected_by IN ('', 'theme', 'choice', 'low'))",
        "affected_key VARCHAR(200) DEFAULT '' NOT NULL",
        "stage_id INTEGER CONSTRAINT fk_pain_points_stage_id REFERENCES stages (id)",
        "touchpoint_id INTEGER CONSTRAINT fk_pain_points_touchpoint_id REFERENCES touchpoints (id)",
        "removed_by INTEGER CONSTRAINT fk_pain_points_removed_by REFERENCES users (id)",
        f"removed_at {moment}",
    ):
        op.execute(f"ALTER TABLE pain_points ADD COLUMN {column}")
    op.create_index("ix_pain_points_stage_id", "pain_points", ["stage_id"])
    op.create_index("ix_pain_points_touchpoint_id", "pain_points", ["touchpoint_id"])
    of_row = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "pain_point_evidence",
        sa.Column("id", of_row, nullable=False),
        sa.Column("pain_point_id", sa.Integer(), nullable=False),
        sa.Column("response_id", of_row),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("case_id", of_row),
        sa.CheckConstraint(
            "(response_id IS NULL) <> (case_id IS NULL)", name="ck_pain_point_evidence_one_source"
        ),
        sa.ForeignKeyConstraint(
            ["pain_point_id"],
            ["pain_points.id"],
            name="fk_pain_point_evidence_pain_point_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name="fk_pain_point_evidence_response_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_pain_point_evidence_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pain_point_evidence"),
        sa.UniqueConstraint(
            "pain_point_id",
            "response_id",
            "item",
            name="uq_pain_point_evidence_pain_point_id_response_id_item",
        ),
        sa.UniqueConstraint(
            "pain_point_id", "case_id", name="uq_pain_point_evidence_pain_point_id_case_id"
        ),
        sqlite_autoincrement=True,
    )
    for column in ("response_id", "case_id"):
        op.create_index(f"ix_pain_point_evidence_{column}", "pain_point_evidence", [column])
