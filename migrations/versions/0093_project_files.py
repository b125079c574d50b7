"""Files of one's own as the data of a modelling project, and more kinds of steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0093"
down_revision = "0092"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BEFORE = ("leave_out_item", "leave_out_rows", "reverse", "recode", "half", "answered")
_ADDED = ("group", "period", "careless", "scale")


def upgrade() -> None:
    op.execute(
        "ALTER TABLE projects ADD COLUMN file_id INTEGER"
        " CONSTRAINT fk_projects_file_id REFERENCES files (id)"
    )
    op.execute("ALTER TABLE projects ADD COLUMN file_name VARCHAR(200) NOT NULL DEFAULT ''")
    op.add_column("projects", sa.Column("file_until", sa.Date()))
    op.add_column("projects", sa.Column("file_reading", _DOCUMENT))
    op.add_column("projects", sa.Column("file_columns", _DOCUMENT))
    op.create_index("ix_projects_file_id", "projects", ["file_id"])
    _check("project_steps", _BEFORE, (*_BEFORE, *_ADDED))


def _check(table: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let the column ``kind`` of a table, to which nothing refers, hold these words."""
    name = f"ck_{table}_ck_{table}_kind"  # as the migration that made it has named it
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (kind IN ({_listed(after)}))")
        return
    # SQLite changes no check in place: the table is written anew, as it was but for the words.
    kept = op.get_bind().execute(
        sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table ORDER BY type DESC"),
        {"table": table},
    )
    made, *indexes = [sql for (sql,) in kept if sql is not None]
    new = f"{table}_of_more_kinds"
    op.execute(made.replace(_listed(before), _listed(after)).replace(table, new, 1))
    op.execute(f"INSERT INTO {new} SELECT * FROM {table}")  # noqa: S608 - names of our own
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {new} RENAME TO {table}")
    for index in indexes:
        op.execute(index)


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
