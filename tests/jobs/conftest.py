"""A database of a test's own, which can go away and come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.schema import upgrade
from tests.conftest import BACKENDS


@dataclass(frozen=True)
class Outage:
    """The database refuses every connection from ``begin`` to ``end``."""

    begin: Callable[[], None]
    end: Callable[[], None]


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Unlike the one of all tests: nobody else is connected to it."""
    if request.param == "sqlite":
        path = tmp_path / "surveyapp.db"
        path.write_bytes(request.getfixturevalue("migrated_sqlite").read_bytes())
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_server")
    _as_administrator(server, "DROP DATABASE IF EXISTS away WITH (FORCE)", "CREATE DATABASE away")
    url = make_url(server).set(database="away").render_as_string(hide_password=False)
    fresh = Store(url)
    upgrade(fresh.engine)
    fresh.close()
    yield url
    _as_administrator(server, "DROP DATABASE away WITH (FORCE)")


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    opened = open_installation(read({}, home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


@pytest.fixture
def outage(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Outage:
    if installation.store.is_sqlite:
        path, hidden = tmp_path / "surveyapp.db", tmp_path / "hidden.db"

        def hide() -> None:
            installation.store.close()  # connections that are open go on reading a file without a name
            path.rename(hidden)
            path.mkdir()

        def show() -> None:
            path.rmdir()
            hidden.rename(path)

        return Outage(hide, show)
    server = request.getfixturevalue("postgresql_server")
    refuse = (
        "ALTER DATABASE away WITH ALLOW_CONNECTIONS false",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'",
    )
    return Outage(
        lambda: _as_administrator(server, *refuse),
        lambda: _as_administrator(server, "ALTER DATABASE away WITH ALLOW_CONNECTIONS true"),
    )


def _as_administrator(url: str, *statements: str) -> None:
    store = Store(url)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    store.close()
