"""The mixed model among the further analyses of a project's model."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0109"
down_revision = "0105"

_TABLE, _ADDED = "project_analyses", "mixed"
_NAME = f"ck_{_TABLE}_ck_{_TABLE}_kind"  # as the migration that made it has named it
_KINDS = re.compile(r"kind IN \(([^)]*)\)")


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        (before,) = [
            each["sqltext"]
            for each in sa.inspect(op.get_bind()).get_check_constraints(_TABLE)
            if each["name"] == _NAME
        ]
        kinds = [*re.findall(r"'(\w+)'", before), _ADDED]
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        op.execute(f"ALTER TABLE {_TABLE} DROP CONSTRAINT {_NAME}")
        op.execute(f"ALTER TABLE {_TABLE} ADD CONSTRAINT {_NAME} CHECK (kind IN ({listed}))")
        return
    # SQLite changes no check in place: the table, to which nothing refers, is written anew.
    kept = op.get_bind().execute(
        sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table ORDER BY type DESC"),
        {"table": _TABLE},
    )
    made, *indexes = [sql for (sql,) in kept if sql is not None]
    new = f"{_TABLE}_of_more_kinds"
    made = _KINDS.sub(rf"kind IN (\1, '{_ADDED}')", made, count=1)
    op.execute(made.replace(_TABLE, new, 1))
    op.execute(f"INSERT INTO {new} SELECT * FROM {_TABLE}")  # noqa: S608 - names of our own
    # A number that was given is not given again, also where its row is gone.
    op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{new}'")  # noqa: S608
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq)"  # noqa: S608
        f" SELECT '{new}', seq FROM sqlite_sequence WHERE name = '{_TABLE}'"
    )
    op.execute(f"DROP TABLE {_TABLE}")
    op.execute(f"ALTER TABLE {new} RENAME TO {_TABLE}")
    for index in indexes:
        op.execute(index)
