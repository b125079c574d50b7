"""An erasure keeps a keyed hash of an imported response's own id, so that its row does not come back;
a validation keeps its flags of careless answers by response, so that every export can show them; rows
without an id are known by what their cells say, those of earlier imports by the cells as they stand.

Erasures of before have no hash: the ids are gone with the responses. Flags come with the next validation.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0032"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("erasures", sa.Column("external_hash", sa.String(32)))
    there = sa.text("external_hash IS NOT NULL")
    op.create_index(
        "ix_erasures_external_hash",
        "erasures",
        ["survey_id", "external_hash"],
        sqlite_where=there,
        postgresql_where=there,
    )
    by_value = sa.Column("by_value", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("import_batches", by_value)
    op.create_table(
        "careless_flags",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("instrument", sa.String(60), nullable=False),
        sa.Column("analysis_id", sa.Integer, nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("flagged", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            name="fk_careless_flags_response_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name="fk_careless_flags_analysis_id"
        ),
        sa.PrimaryKeyConstraint("response_id", "instrument", name="pk_careless_flags"),
    )
