"""What an installation keeps is its owner's alone, whole or told, and refused in one line."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from surveyapp.app import create_app
from surveyapp.errors import Damaged, SettingsError
from surveyapp.installation import open_installation
from surveyapp.key_strength import key_fault
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.schema import pending, upgrade
from surveyapp.web.installation import EXTENSION
from tests.cli.conftest import Run, run

__all__ = ["run"]

ROOT = Path(__file__).parents[2]
ADD = ("user", "create", "ada@example.org", "--password", "an answer to all of it")


def _rights(folder: Path) -> dict[str, str]:
    everything = [folder, *sorted(folder.rglob("*"))]
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in everything}


def test_home_and_files_are_closed_to_others(tmp_path: Path):
    installation = open_installation(read({}, home=tmp_path / "home"))
    upgrade(installation.store.engine)
    with installation.store.writing() as session:
        installation.files.put(session, b"%PDF-1.7", name="r.pdf", media_type="application/pdf")
        rights = _rights(tmp_path / "home")  # the files beside the database are there now
    installation.close()
    assert {"secret.key", "surveyapp.db", "surveyapp.db-wal"} <= rights.keys()
    assert {mode[-2:] for mode in rights.values()} == {"00"}


def test_a_home_that_was_open_is_closed(tmp_path: Path):
    """One of an earlier version, which left the rights to the umask."""
    open_installation(read({}, home=tmp_path / "home")).close()
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home/surveyapp.db").chmod(0o644)
    open_installation(read({}, home=tmp_path / "home")).close()
    assert {mode[-2:] for mode in _rights(tmp_path / "home").values()} == {"00"}


def test_a_damaged_file_is_told_and_not_served(tmp_path: Path):
    installation = open_installation(read({}, home=tmp_path))
    upgrade(installation.store.engine)
    with installation.store.writing() as session:
        file = installation.files.put(session, b"%PDF-1.7 whole", name="r.pdf", media_type="x/y")
    (path,) = (each for each in (tmp_path / "files").rglob("*") if each.is_file())
    for damaged in (b"%PDF-1.7 whole?", b"", b"\0" * 14):
        path.write_bytes(damaged)
        with pytest.raises(Damaged, match=r"r\.pdf is damaged: .* not the 14 that"):
            installation.files.open(file)
    installation.close()


PASSWORD = "s3cr/t:w@rd"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada:s3cr%2Ft%3Aw%40rd@db.example.org/surveys",
        "postgresql+psycopg://db.example.org/surveys?user=ada&password=s3cr%2Ft%3Aw%40rd",
        "postgresql+psycopg://ada:s3cr%2Ft:more@db.example.org/surveys?sslpassword=s3cr%2Ft",
    ],
)
def test_settings_show_no_password(run: Run, monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", url)
    monkeypatch.setenv("SURVEYAPP_SMTP_URL", f"smtp://ada:{quote(PASSWORD, safe='')}@mail:587")
    monkeypatch.setenv("SURVEYAPP_MAIL_FROM", "a@example.org")
    shown = run("settings")
    assert shown.code == 0
    assert "s3cr" not in shown.out + shown.err
    assert "db.example.org/surveys" in shown.out


@pytest.mark.parametrize("name", ["BASE_URL", "DATABASE_URL", "SMTP_URL"])
@pytest.mark.parametrize("port", ["abc", "99999", "pa/ss"])
def test_an_address_without_a_port_that_can_be_is_refused_without_its_password(
    name: str, port: str
):
    scheme = {"BASE_URL": "http", "DATABASE_URL": "postgresql+psycopg", "SMTP_URL": "smtp"}[name]
    with pytest.raises(SettingsError, match=f"SURVEYAPP_{name}: its host and port") as caught:
        read({f"SURVEYAPP_{name}": f"{scheme}://ada:hidden@host:{port}/x"})
    if name != "BASE_URL":  # whose value is public
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("a" * 40, "1 different"),
        ("0123456789abcdef" * 3, "repeats its first 16"),
        ("correct horse battery. correct horse batt", "repeats its first 23"),
        ("abcdefghijklmnopqrstuvwxyz0123456789", "counts through"),
        ("9876543210zyxwvutsrqponmlkjihgfedcba", "counts through"),
        ("please-change-this-secret-key-to-a-random-value", "stand in examples"),
        ("your_secret_key_here_change_me_please_123", "stand in examples"),
    ],
)
def test_a_key_that_can_be_guessed_is_refused(key: str, fault: str):
    assert fault in (key_fault(key) or "")
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        read({"SURVEYAPP_SECRET_KEY": key})


@pytest.mark.parametrize(
    "key",
    [
        "Vd2yXo0T4s8bPq1mRz7kLw9cJh3fGn6e",
        "6f1e0c9a7b3d5284e1f06c8d9ab27354",
        "the key of a bank's survey, said aloud",
    ],
)
def test_a_key_that_cannot_be_guessed_is_taken(key: str):
    assert key_fault(key) is None


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_database_that_is_newer_than_the_program_is_one_line(
    backend: str, request: pytest.FixtureRequest, run: Run, monkeypatch, tmp_path: Path
):
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "newer.db")
        url = f"sqlite:///{tmp_path / 'newer.db'}"
    else:
        url, emptying = request.getfixturevalue("migrated_postgresql")
        emptying.execute("DELETE FROM key_fingerprints")  # of whichever test came before
    store = Store(url)
    with store.engine.begin() as connection:
        known = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    try:
        for check in (pending, upgrade):
            with pytest.raises(SettingsError, match="schema 9999, which is newer"):
                check(store.engine)
        monkeypatch.setenv("SURVEYAPP_DATABASE_URL", url)
        for command in (("db", "upgrade"), ADD):
            ran = run(*command)
            assert (ran.code, ran.err.count("\n")) == (2, 1)
            assert "Install the version that made it" in ran.err
        app = create_app(read({}, home=tmp_path / "home", database_url=url))
        answer = app.test_client().get("/readyz")
        assert (answer.status_code, "9999" in answer.json["status"]) == (503, True)
        app.extensions[EXTENSION].close()
    finally:
        with store.engine.begin() as connection:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :known"), {"known": known}
            )
        store.close()


def test_a_disk_that_is_full_makes_the_process_unready(tmp_path: Path, monkeypatch):
    app = create_app(read({}, home=tmp_path))
    upgrade(app.extensions[EXTENSION].store.engine)
    assert app.test_client().get("/readyz").status_code == 200
    # No test fills a disk; what it would answer to the write is what the device does that is always
    # full.
    with monkeypatch.context() as patched:
        patched.setattr("tempfile.TemporaryFile", _full_device)
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (
        503,
        "the home folder cannot be written to: No space left on device",
    )
    assert app.test_client().get("/readyz").status_code == 200
    app.extensions[EXTENSION].close()


def _full_device(**_options: object) -> IO[bytes]:
    return Path("/dev/full").open("wb")


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
sys.argv = ["surveyapp", *{arguments!r}]
from surveyapp.cli import main
main()
"""


@pytest.mark.parametrize("size", [0, 20, 30_000, 300_000])
def test_a_first_start_without_room_is_one_line_and_the_next_one_works(tmp_path: Path, size: int):
    """Files may grow to ``size`` bytes: no key, half a key, half a schema, a schema and no more."""
    # Python 3.11 keeps what it could write of a compiled module: half of one stops every later import.
    environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["SURVEYAPP_HOME"] = str(tmp_path / "home")

    def start(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    ran = start(LIMITED.format(size=size, arguments=ADD))
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1), ran.stderr
    assert re.match(r"Error: .*(File too large|full|disk I/O|malformed)", ran.stderr)
    ran = start(LIMITED.format(size=2**30, arguments=ADD))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_what_is_no_database_is_one_line(run: Run, monkeypatch, tmp_path: Path):
    (tmp_path / "text.db").write_text("This is a letter, and no database at all.\n" * 100)
    locked = sqlite3.connect(tmp_path / "other.db")
    locked.close()
    for url, said in (
        (
            f"sqlite:///{tmp_path / 'text.db'}",
            "file is not a database. Check SURVEYAPP_DATABASE_URL",
        ),
        ("postgresql+psycopg://ada:hidden@127.0.0.1:1/x", "Start the database server"),
        ("postgresql+psycopg://ada:hidden@nowhere.invalid/x", "Check the host"),
    ):
        monkeypatch.setenv("SURVEYAPP_DATABASE_URL", url)
        ran = run(*ADD)
        assert (ran.code, ran.err.count("\n"), said in ran.err) == (2, 1, True), ran.err
        assert "hidden" not in ran.err
    monkeypatch.delenv("SURVEYAPP_DATABASE_URL")
    monkeypatch.setenv("SURVEYAPP_HOME", "/proc/no-such-place/home")
    ran = run(*ADD)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("Error: /proc/no-such-place")


def test_a_postgresql_without_rights_is_one_line(run: Run, monkeypatch, postgresql_server: str):
    wrong = make_url(postgresql_server).set(database="there_is_none")
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", wrong.render_as_string(hide_password=False))
    ran = run(*ADD)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert 'database "there_is_none" does not exist. Create it' in ran.err
