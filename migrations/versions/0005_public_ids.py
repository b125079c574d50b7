"""Public ids of responses, cases and deliveries; no number of a row is given twice; changes of customers
in the order in which they become visible.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NAMED = ("responses", "cases", "deliveries")
# Theirs are given by a counter, or at random.
_OWN_NUMBERS = ("responses", "draw_entries")
_BORDER = 2**52  # from here on numbers are random
# Version 4 of RFC 9562, as text without hyphens.
_RANDOM = (
    "lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2)"
    " || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)"
    " || hex(randomblob(6)))"
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "counters",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    for table in _NAMED:
        _name_rows(table, sqlite=sqlite)
    _number_corrections()
    if sqlite:
        _count_responses()
        _give_no_number_twice()


def _name_rows(table: str, *, sqlite: bool) -> None:
    default = sa.text("''" if sqlite else "gen_random_uuid()")
    column = sa.Column("public_id", sa.Uuid(as_uuid=False), nullable=False, server_default=default)
    op.add_column(table, column)
    if sqlite:
        op.execute(f"UPDATE {table} SET public_id = {_RANDOM}")  # noqa: S608 - our own names
    else:
        op.alter_column(table, "public_id", server_default=None)
    op.create_index(f"uq_{table}_public_id", table, ["public_id"], unique=True)


def _number_corrections() -> None:
    op.add_column("responses", sa.Column("correction", sa.BigInteger))
    op.execute(
        "UPDATE responses SET correction = earlier.place FROM (SELECT id,"
        " row_number() OVER (ORDER BY corrected_at, id) AS place FROM responses"
        " WHERE corrected_at IS NOT NULL) AS earlier WHERE earlier.id = responses.id"
    )
    some = sa.text("correction IS NOT NULL")
    op.create_index(
        "ix_responses_correction",
        "responses",
        ["deployment_id", "correction"],
        sqlite_where=some,
        postgresql_where=some,
    )
    op.execute(
        "INSERT INTO counters (name, value) SELECT 'corrections', count(*) FROM responses"
        " WHERE correction IS NOT NULL"
    )


def _count_responses() -> None:
    """Go on after the highest number that is there or, erased since, stands in the webhooks' log."""
    op.execute(
        "INSERT INTO counters (name, value) SELECT 'responses', coalesce(max(number), 0) FROM ("
        " SELECT max(id) AS number FROM responses WHERE id < :border"
        " UNION ALL SELECT json_extract(payload, '$.data.response') FROM deliveries"
        ") WHERE number < :border".replace(":border", str(_BORDER))
    )


def _give_no_number_twice() -> None:
    """Mark every other table AUTOINCREMENT, in the schema's text alone.

    SQLite would else copy each table, and lose by its foreign keys what refers to the old one. The
    mark changes nothing about how rows are stored (sqlite.org/lang_altertable.html, 7). The table in
    which SQLite keeps the highest numbers comes with the first such table.
    """
    op.execute("CREATE TABLE first_of_its_kind (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    op.execute("DROP TABLE first_of_its_kind")
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE :key"),
        {"key": "%PRIMARY KEY (id)%"},
    )
    tables = [name for (name,) in rows if name not in _OWN_NUMBERS]
    for table in tables:
        op.execute(
            f"INSERT INTO sqlite_sequence (name, seq)"  # noqa: S608 - our own names
            f" SELECT '{table}', max(id) FROM {table} HAVING max(id) IS NOT NULL"
        )
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql ="
            " replace(sql, 'PRIMARY KEY (id)', 'PRIMARY KEY (id AUTOINCREMENT)')"
            " WHERE type = 'table' AND name IN :tables"
        ).bindparams(sa.bindparam("tables", tables, expanding=True))
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")  # every connection reads it anew
    op.execute("PRAGMA writable_schema = RESET")
