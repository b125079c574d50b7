"""Whatever keeps a server or worker from starting is one line that says the cure, and exit code 2."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from surveyapp.installation import open_installation
from surveyapp.jobs.places import worker_place
from surveyapp.settings import read
from tests.cli.conftest import Run

SERVING = ("run", "web", "worker")


@pytest.fixture
def home(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of an installation which has its keys, and a database that belongs to them."""
    made = tmp_path / "home"
    made.mkdir()
    shutil.copy(migrated_sqlite, made / "surveyapp.db")
    installation = open_installation(read({}, home=made))
    installation.check_key()
    installation.close()
    return made


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"HOME": "{}/a file"}, "is no folder; name another place"),
        ({"HOME": "{}/a file/home"}, "is no folder; name another place"),
        ({"BASE_URL": "https://example.org/ask"}, "give surveyapp a host name of its own"),
        ({"SECRET_KEY": "secret-secret-secret-secret-secret"}, "make one with: python"),
        ({"DATABASE_URL": "postgres://x"}, "must begin with sqlite:/// or postgresql+psycopg://"),
        ({"DATABASE_URL": "postgresql+psycopg://u:p@127.0.0.1:9/x"}, "refused. Start the database"),
        ({"DATABASE_URL": "postgresql+psycopg://u@/x?host=/none"}, "directory. Start the database"),
        ({"DATABASE_URL": "sqlite:////proc/none/x.db"}, "/proc/none"),
        ({"INSTRUMENTS": "{}/none"}, "name the parent folder of instruments"),
        ({"DKIM_KEY_FILE": "{}/none", "DKIM_SELECTOR": "s1"}, "that this user may read"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line_with_the_cure(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str
):
    (home.parent / "a file").touch()
    for name, value in changes.items():
        monkeypatch.setenv(f"SURVEYAPP_{name}", value.format(home.parent))
    for command in SERVING:
        told = run(command)
        assert (told.code, told.out, told.err.count("\n")) == (2, "", 1), command
        assert told.err.startswith("Error: ") and why in told.err


def test_a_process_of_run_says_no_more_of_a_database_that_is_away(home: Path):
    """It is started again and again until the database is back: a trace each time would fill the log."""
    away = {"HOME": str(home), "DATABASE_URL": "postgresql+psycopg://u:p@127.0.0.1:9/x"}
    told = subprocess.run(
        [sys.executable, "-P", "-m", "surveyapp.cli.serving", "worker"],
        env={**os.environ, **{f"SURVEYAPP_{name}": value for name, value in away.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (2, "", 1)
    assert told.stderr.startswith("Error: The database cannot be used")


@pytest.mark.parametrize("command", ["run", "web"])
def test_a_place_to_listen_that_is_taken_or_not_ours(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("SURVEYAPP_PORT", str(taken.getsockname()[1]))
        told = run(command)
        assert told.code == 2 and "Stop what listens there" in told.err
    monkeypatch.setenv("SURVEYAPP_HOST", "203.0.113.9")
    told = run(command)
    assert told.code == 2 and "an address of this machine" in told.err


@pytest.mark.parametrize("name", ["secret.key", "master.key"])
def test_a_missing_key_is_told_and_none_is_left_in_its_place(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.delenv("SURVEYAPP_MASTER_KEY")
    (home / "master.key").write_text("the tests' one master key, of forty letters or more")
    monkeypatch.setattr(
        "surveyapp.store.master_key.new_key", lambda: "a" + "new-key_" * 2 + "x9Kq3vT7LmPz4Wd8"
    )
    kept = (home / name).read_text()
    (home / name).unlink()
    for command in ("web", "worker", "doctor"):
        told = run(command)
        assert not (home / name).exists(), command
        if command != "doctor":
            assert told.code == 2 and told.err.count("\n") == 1
            assert f"had no {name}" in told.err
    (home / name).write_text(kept)
    installation = open_installation(read({}, home=home))
    installation.check_key()
    installation.close()


def test_root_makes_nothing_in_a_home_of_another_user(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
):
    if os.getuid() == 0:
        os.chown(home, 1, 1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for command in (("web",), ("worker",), ("db", "upgrade"), ("user", "list")):
        told = run(*command)
        assert (told.code, told.err.count("\n")) == (2, 1) and "Run this as that user" in told.err
    assert "Database: sqlite" in run("doctor").out


def test_files_of_a_worker_are_closed_to_others_whatever_the_umask(tmp_path: Path):
    with worker_place(tmp_path):
        (lock,) = tmp_path.iterdir()
        assert lock.stat().st_mode & 0o077 == 0
