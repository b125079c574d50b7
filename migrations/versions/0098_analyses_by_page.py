"""Alignment, DIF, ESEM, levels, waves, imputation, necessity, tetrads and copulas as further analyses."""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0095"

_BEFORE = (
    *("invariance", "prediction", "groups", "segments"),
    *("exploratory", "cutoffs", "slopes", "redundancy"),
)
_ADDED = (
    *("alignment", "dif", "esem", "two_level", "longitudinal", "imputation"),
    *("necessity", "importance", "tetrads", "copula"),
)


def upgrade() -> None:
    table, before, after = "project_analyses", _listed(_BEFORE), _listed((*_BEFORE, *_ADDED))
    name = f"ck_{table}_ck_{table}_kind"  # as the migration that made it has named it
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (kind IN ({after}))")
        return
    # SQLite changes no check in place: the table, to which nothing refers, is written anew.
    kept = op.get_bind().execute(
        sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table ORDER BY type DESC"),
        {"table": table},
    )
    made, *indexes = [sql for (sql,) in kept if sql is not None]
    new = f"{table}_of_more_kinds"
    op.execute(made.replace(before, after).replace(table, new, 1))
    op.execute(f"INSERT INTO {new} SELECT * FROM {table}")  # noqa: S608 - names of our own
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {new} RENAME TO {table}")
    for index in indexes:
        op.execute(index)


def _listed(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
