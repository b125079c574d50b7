"""A PostgreSQL database dumped while others write to it, checked, and put back.

pg_dump reads the snapshot of a transaction in which the rows are counted and summed up meanwhile: so
that a restored database can be compared with what was there, table by table. What lies in unlogged
tables is there because it may be in no copy, such as keys that are destroyed; a dump leaves it out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, inspect

from surveyapp.backups.manifest import TableContent
from surveyapp.backups.snapshot import NAMED_FILES, SCHEMA, Snapshot
from surveyapp.errors import Damaged, SurveyappError
from surveyapp.store import private
from surveyapp.store.poolers import pools_transactions

FILE = "database.dump"
_ISOLATED = {"isolation_level": "REPEATABLE READ"}
# How a value is written as text, whatever the server or the user prefers.
_WRITTEN_ALIKE = (
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
_INSTALL = (
    "Install PostgreSQL's client programs in the version of the server or a later one (Debian:"
    " postgresql-client), and put them first on the PATH."
)
_CONTENTS = "file_contents"
# A partition's rows are those of its table.
_APART = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND (relpersistence = 'u' OR relispartition)"
)
# Sixty bits of each row's digest, added up: the order of the rows does not matter.
_SUMMED = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM {} AS t"


def copy(engine: Engine, to: Path) -> Snapshot:
    """Dump the database into a new file; what it held at that moment."""
    _refuse_pooler(engine)
    tool = _tool("pg_dump")
    private.make_file(to)
    with engine.connect().execution_options(**_ISOLATED) as connection:
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        options = ("--format=custom", "--no-owner", "--no-privileges", "--no-unlogged-table-data")
        # Each takes minutes of ten million responses, on a core of its own where there are two.
        with _running(
            *(engine, tool, *options, f"--snapshot={snapshot}", f"--file={to}"), reads=True
        ) as goes_on:
            tables = table_contents(connection, goes_on)
        return Snapshot(
            schema=connection.exec_driver_sql(SCHEMA).scalar_one(),
            database_version=str(connection.exec_driver_sql("SHOW server_version").scalar_one()),
            tables=tables,
            files=_elsewhere(connection, tables),
        )


def _elsewhere(
    connection: Connection, tables: Mapping[str, TableContent]
) -> dict[str, tuple[str, int]]:
    """The named files whose bytes are not rows of the database; those of an older schema never are."""
    rows = connection.exec_driver_sql(NAMED_FILES)
    named = {row.sha256: (row.name, row.size) for row in rows}
    if _CONTENTS in tables:
        for digest in connection.exec_driver_sql(f"SELECT sha256 FROM {_CONTENTS}").scalars():  # noqa: S608
            named.pop(digest, None)
    return named


def check(path: Path) -> None:
    """Raise Damaged unless pg_restore can read the whole dump, SurveyappError where it is an older one than
    the pg_dump that wrote it.
    """
    ran = subprocess.run(  # noqa: S603 - our own words, no shell
        [_tool("pg_restore"), f"--file={os.devnull}", str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        said = _told(ran.stderr)
        if _is_of_another_version(ran.stderr):
            raise SurveyappError(f"{path} cannot be read here: {said}")
        raise Damaged(f"{path} is damaged: {said}")


def restore(engine: Engine, path: Path, tables: Mapping[str, TableContent]) -> None:
    """Put the dump into an empty database, in one transaction, and compare every table with what was
    backed up. Raises Damaged where one differs.
    """
    _refuse_pooler(engine)
    options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    with _running(engine, _tool("pg_restore"), *options, str(path), reads=False):
        pass
    with engine.connect().execution_options(**_ISOLATED) as connection:
        found = table_contents(connection)
    different = [name for name in tables if found.get(name) != tables[name]]
    if different or found.keys() != tables.keys():
        named = ", ".join(different or sorted(found.keys() ^ tables.keys()))
        raise Damaged(f"The restored database differs from the backed up one in: {named}")


def table_contents(
    connection: Connection, goes_on: Callable[[], bool] = lambda: True
) -> dict[str, TableContent]:
    """Rows and checksum of every logged table, in the connection's transaction, for as long as there is
    somebody to tell.
    """
    for statement in _WRITTEN_ALIKE:
        connection.exec_driver_sql(statement)
    quoted = connection.dialect.identifier_preparer.quote
    apart = set(connection.exec_driver_sql(_APART).scalars())
    found = {}
    for name in sorted(set(inspect(connection).get_table_names()) - apart):
        if not goes_on():
            break
        rows, summed = connection.exec_driver_sql(_SUMMED.format(quoted(name))).one()
        found[name] = TableContent(rows, str(summed))
    return found


def _refuse_pooler(engine: Engine) -> None:
    """PostgreSQL's programs empty the search path of their connection. Who gets it next from a pooler would
    find no table any more, customers among them.
    """
    if pools_transactions(engine):
        raise SurveyappError(
            "SURVEYAPP_DATABASE_URL leads to a pooler in transaction mode, through which no backup can be"
            " made or restored. Run this command with the address of the database server itself."
        )


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SurveyappError(f"{name} is not on the PATH. {_INSTALL}")
    return found


@contextmanager
def _running(
    engine: Engine, tool: str, *arguments: str, reads: bool
) -> Iterator[Callable[[], bool]]:
    """A program of PostgreSQL's at work on the engine's database meanwhile, and whether it has not failed
    yet; it is waited for at the end. Raises SurveyappError with what it says.
    """
    arguments, environment = _connection(engine, arguments)
    with subprocess.Popen(  # noqa: S603 - our own words, no shell
        [tool, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            yield lambda: not program.poll()
        except BaseException:
            program.kill()
            raise
        _, said = program.communicate()
    if program.returncode:
        what = "copied" if reads else "restored"
        raise SurveyappError(f"The database could not be {what}: {_told(said)}")


def _connection(engine: Engine, arguments: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Arguments and environment. Other users of the machine see the arguments, hence no password there."""
    positional, parameters = engine.dialect.create_connect_args(engine.url)
    # The dialect's adapters travel with them.
    given: dict[str, Any] = {
        name: value for name, value in parameters.items() if isinstance(value, str | int)
    }
    password = given.pop("password", None)
    place = make_conninfo(*positional, **given)
    environment = {"PGPASSWORD": str(password)} if password else {}
    return (f"--dbname={place}", *arguments), environment


def _told(said: str) -> str:
    """The line of a program's that says what is wrong, and what to do about its version."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    first = (errors or lines or ["it did not say why"])[0]
    if not _is_of_another_version(said):
        return first
    details = [line.partition("detail: ")[2] for line in lines if "detail: " in line]
    return f"{'; '.join((first, *details))}. {_INSTALL}"


def _is_of_another_version(said: str) -> bool:
    """Whether a program refuses because it is older than the server or the dump."""
    return "server version mismatch" in said or "unsupported version" in said
