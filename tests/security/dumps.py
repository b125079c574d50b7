"""What a copy of a database tells to who reads all of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData, select
from sqlalchemy.engine import make_url

from surveyapp.store.db import Store


def dump(store: Store) -> str:
    """Everything that a copy of the database tells: every value of every row, and SQLite's files as they
    are.
    """
    found, said = MetaData(), []
    with store.engine.connect() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            said += [str(tuple(row)) for row in connection.execute(select(table))]
    if store.is_sqlite:
        database = Path(make_url(str(store.engine.url)).database or "")
        for path in database.parent.glob(f"{database.name}*"):
            said.append(path.read_bytes().decode("latin-1"))
    return "\n".join(said)
