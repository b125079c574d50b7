"""What is asked is called a survey in every table, and its documents are called by what they settle.

The rows stay as they are. Constraints and indexes get the names that a new database gives them; SQLite
keeps those in the text of its schema, where they are changed as its documentation on ALTER TABLE says:
nothing in the file's pages depends on them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
_DOCUMENTS = {"look": "theme", "ways": "channels", "mailing": "distribution", "loop": "closed_loop"}
_OF_SURVEYS = (
    *("alerts", "analyses", "campaigns", "cases", "consent_texts", "decisions", "draw_entries"),
    *("drafts", "erasures", "invitations", "outgoing_messages", "prize_draws", "responses"),
    "rollups",
)
# The key of a survey's number in documents: what a job works on, what an event is about, and the
# follow-up survey of the closed loop.
_KEYS = {
    ("jobs", "parameters"): {"deployment_id": "survey_id"},
    ("events", "subject"): {"deployment_id": "survey_id"},
    ("surveys", "closed_loop"): {"follow_up_deployment_id": "follow_up_survey_id"},
}
_SCOPE = {"read deployments": "read surveys"}
_AT_ONCE = 1000


def upgrade() -> None:
    op.rename_table("deployments", "surveys")
    for table in _OF_SURVEYS:
        _rename_column(table, "deployment_id", "survey_id")
    for old, new in _DOCUMENTS.items():
        _rename_column("surveys", old, new)
    if op.get_bind().dialect.name == "sqlite":
        _rename_in_sqlite()
    else:
        _rename_in_postgresql()
    for (table, column), keys in _KEYS.items():
        _rename_keys(table, column, keys)
    _rename_scope()


def _rename_column(table: str, old: str, new: str) -> None:
    op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{new}"')


def _rename_in_sqlite() -> None:
    connection = op.get_bind()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    # Columns and tables have their new names; what is left are names of constraints and indexes.
    op.execute(
        "UPDATE sqlite_master SET name = replace(name, 'deployment', 'survey'),"
        " sql = replace(sql, 'deployment', 'survey')"
        " WHERE type IN ('table', 'index') AND (sql LIKE '%deployment%' OR name LIKE '%deployment%')"
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")  # so that every connection reads it anew
    op.execute("PRAGMA writable_schema = OFF")


def _rename_in_postgresql() -> None:
    connection = op.get_bind()
    schema = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
    constraints = connection.execute(
        sa.text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"  # noqa: S608 - no input
            f" WHERE connamespace = {schema} AND conname LIKE '%deployment%'"
        )
    ).all()
    for table, name in constraints:
        op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT "{name}" TO "{_new(name)}"')
    for kind, code in (("INDEX", "i"), ("SEQUENCE", "S")):
        names = connection.execute(
            sa.text(
                "SELECT relname FROM pg_class"  # noqa: S608 - no input
                f" WHERE relnamespace = {schema} AND relkind = :code AND relname LIKE '%deployment%'"
            ),
            {"code": code},
        ).scalars()
        for name in names.all():
            op.execute(f'ALTER {kind} "{name}" RENAME TO "{_new(name)}"')


def _new(name: str) -> str:
    return name.replace("deployment", "survey")


def _rename_keys(table: str, column: str, keys: dict[str, str]) -> None:
    """Call keys of a document by their new names. Read in steps: of events there may be many."""
    connection = op.get_bind()
    rows = sa.table(table, sa.column("id", sa.BigInteger), sa.column(column, DOCUMENT))
    last = 0
    while True:
        query = sa.select(rows.c.id, rows.c[column]).where(rows.c.id > last)
        some = connection.execute(query.order_by(rows.c.id).limit(_AT_ONCE)).all()
        if not some:
            return
        last = some[-1][0]
        changed = [
            {"row": number, "document": {keys.get(key, key): value for key, value in kept.items()}}
            for number, kept in some
            if kept and keys.keys() & kept.keys()
        ]
        if changed:
            change = sa.update(rows).where(rows.c.id == sa.bindparam("row"))
            connection.execute(
                change.values({column: sa.bindparam("document", type_=DOCUMENT)}), changed
            )


def _rename_scope() -> None:
    connection = op.get_bind()
    keys = sa.table("api_keys", sa.column("id", sa.Integer), sa.column("scopes", DOCUMENT))
    found: list[Any] = list(connection.execute(sa.select(keys.c.id, keys.c.scopes)))
    for number, scopes in found:
        named = [_SCOPE.get(scope, scope) for scope in scopes]
        if named != scopes:
            connection.execute(sa.update(keys).where(keys.c.id == number).values(scopes=named))
