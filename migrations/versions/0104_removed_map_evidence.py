"""Evidence that was removed from a map and can be put back, also with its stage."""

import sqlalchemy as sa
from alembic import op

revision = "0104"
down_revision = "0102"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
    else:
        op.alter_column("map_evidence", "stage_id", nullable=True)
    when = "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    for column in (
        f"removed_at {when}",
        "removed_by INTEGER CONSTRAINT fk_map_evidence_removed_by REFERENCES users (id)",
    ):
        op.execute(f"ALTER TABLE map_evidence ADD COLUMN {column}")


def _made_anew() -> None:
    """SQLite lets no column be empty that was not."""
    op.execute("ALTER TABLE map_evidence RENAME TO earlier_map_evidence")
    for column in ("journey_id", "stage_id", "response_id", "file_id"):
        op.drop_index(f"ix_map_evidence_{column}", "earlier_map_evidence")
    op.create_table(
        "map_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer()),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("response_id", sa.Integer()),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("file_id", sa.Integer()),
        sa.CheckConstraint(
            "(response_id IS NULL) <> (file_id IS NULL)", name="ck_map_evidence_one_source"
        ),
        sa.ForeignKeyConstraint(["journey_id"], ["journeys.id"], name="fk_map_evidence_journey_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_map_evidence_stage_id"),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name="fk_map_evidence_response_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_map_evidence_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_map_evidence"),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO map_evidence (id, journey_id, stage_id, title, response_id, item, file_id)"
        " SELECT id, journey_id, stage_id, title, response_id, item, file_id FROM earlier_map_evidence"
    )
    # A number that was given is not given again, also where its row is gone.
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'map_evidence'")
    op.execute(
        "UPDATE sqlite_sequence SET name = 'map_evidence' WHERE name = 'earlier_map_evidence'"
    )
    op.drop_table("earlier_map_evidence")
    for column in ("journey_id", "stage_id", "response_id", "file_id"):
        op.create_index(f"ix_map_evidence_{column}", "map_evidence", [column])
