"""Imports can be looked at before they are stored, and removed as a whole afterwards.

Until now a batch was noted for rows without an id alone, and no response said which import it came
from. Those of earlier imports are found by their ids; where these are hidden, in anonymous surveys,
they stay without a batch.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
COUNTS = ("read_to", "count_in", "stored", "already", "corrected", "refused", "removed")


def upgrade() -> None:
    keep_ids = {"sqlite_autoincrement": True}
    with op.batch_alter_table("import_batches", table_kwargs=keep_ids) as batches:
        batches.drop_constraint("uq_import_batches_survey_id_content", type_="unique")
        batches.alter_column("content", existing_type=sa.String(16), nullable=True)
        batches.add_column(_filled("file_name", sa.String(200), ""))
        batches.add_column(sa.Column("created_by", sa.Integer))
        batches.add_column(sa.Column("job_id", NUMBER))
        batches.add_column(_filled("choices", DOCUMENT, "{}"))
        batches.add_column(_filled("notes", DOCUMENT, "[]"))
        batches.add_column(_filled("wordings", DOCUMENT, "{}"))
        batches.add_column(_filled("state", sa.String(20), "done"))
        for name in COUNTS:
            batches.add_column(_filled(name, sa.Integer, "0"))
        for name in ("first_at", "last_at", "finished_at", "removed_at"):
            batches.add_column(sa.Column(name, MOMENT))
        batches.add_column(sa.Column("removed_by", sa.Integer))
        for name, to in (("created_by", "users"), ("job_id", "jobs"), ("removed_by", "users")):
            batches.create_foreign_key(f"fk_import_batches_{name}", to, [name], ["id"])
        batches.create_check_constraint(
            op.f("ck_import_batches_state"),
            "state IN ('importing', 'done', 'removing', 'removed')",
        )
    defaults = ("file_name", "choices", "notes", "wordings", "state", *COUNTS)
    with op.batch_alter_table("import_batches", table_kwargs=keep_ids) as batches:
        for name in defaults:
            batches.alter_column(name, server_default=None)
    op.create_index("ix_import_batches_survey", "import_batches", ["survey_id"])
    op.create_table(
        "import_previews",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("created_by", sa.Integer, nullable=False),
        sa.Column("file_id", sa.Integer),
        sa.Column("refused_file_id", sa.Integer),
        sa.Column("choices", DOCUMENT, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("result", DOCUMENT),
        sa.Column("job_id", NUMBER),
        sa.Column("batch_id", NUMBER),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        _refers("survey_id", "surveys"),
        _refers("created_by", "users"),
        _refers("file_id", "files", ondelete="SET NULL"),
        _refers("refused_file_id", "files", ondelete="SET NULL"),
        _refers("job_id", "jobs"),
        _refers("batch_id", "import_batches"),
        sa.PrimaryKeyConstraint("id", name="pk_import_previews"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_import_previews_expires", "import_previews", ["expires_at"])
    op.add_column("erasures", _filled("reason", sa.String(20), ""))
    op.add_column("erasures", _filled("note", sa.String(300), ""))
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    # One statement, which SQLite understands, too: it would copy the table for a constraint of its own.
    for table, column, kind, to in (
        ("erasures", "erased_by", "INTEGER", "users"),
        ("erasures", "import_batch_id", number, "import_batches"),
        ("responses", "import_batch_id", number, "import_batches"),
    ):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
            f" CONSTRAINT fk_{table}_{column} REFERENCES {to} (id)"
        )
    there = sa.text("import_batch_id IS NOT NULL")
    op.create_index(
        "ix_responses_import_batch",
        "responses",
        ["import_batch_id", "id"],
        sqlite_where=there,
        postgresql_where=there,
    )
    _find_responses()


def _find_responses() -> None:
    """The responses of earlier imports, whose ids name the content of their batch."""
    op.execute(
        "UPDATE responses SET import_batch_id = (SELECT id FROM import_batches WHERE"
        " import_batches.survey_id = responses.survey_id"
        " AND import_batches.content = substr(responses.external_id, 5, 16))"
        " WHERE external_id LIKE 'row %' AND survey_id IN (SELECT survey_id FROM import_batches)"
    )
    own = "FROM responses WHERE responses.import_batch_id = import_batches.id"
    op.execute(
        f"UPDATE import_batches SET stored = (SELECT count(*) {own}), count_in = rows,"  # noqa: S608
        f" first_at = (SELECT min(submitted_at) {own}), last_at = (SELECT max(submitted_at) {own})"
    )


def _filled(name: str, kind: sa.types.TypeEngine | type, value: str) -> sa.Column:
    return sa.Column(name, kind, nullable=False, server_default=value)


def _refers(column: str, to: str, **options: str) -> sa.ForeignKeyConstraint:
    name = f"fk_import_previews_{column}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, **options)
