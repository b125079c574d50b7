"""Quotes, pictures and documents that stand on a map as evidence."""

import sqlalchemy as sa
from alembic import op

from surveyapp.store.partitions import partitioned_by

revision = "0085c"
down_revision = "0085b"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    responses = "response_keys" if partitioned_by(op.get_bind()) else "responses"
    op.create_table(
        "map_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("response_id", _NUMBER),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Integer()),
        sa.CheckConstraint(
            "(response_id IS NULL) <> (file_id IS NULL)", name="ck_map_evidence_one_source"
        ),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_evidence_journey_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_map_evidence_stage_id"),
        sa.ForeignKeyConstraint(
            ["response_id"],
            [f"{responses}.id"],
            name="fk_map_evidence_response_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_map_evidence_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_map_evidence"),
        sqlite_autoincrement=True,
    )
    for column in ("journey_id", "stage_id", "response_id", "file_id"):
        op.create_index(f"ix_map_evidence_{column}", "map_evidence", [column])
