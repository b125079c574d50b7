"""A secret key is whole or refused, and a database works with its own one only."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from surveyapp.app import create_app
from surveyapp.errors import SettingsError
from surveyapp.installation import open_installation
from surveyapp.key_strength import key_fault
from surveyapp.settings import read
from surveyapp.store import keys
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.store.schema import upgrade
from surveyapp.web.installation import EXTENSION
from tests.cli.conftest import run

__all__ = ["run"]

ONE, OTHER = "the key of the first installation", "quite another key, of a second home"


def test_a_key_is_made_once_whole_and_for_its_owner_alone(tmp_path: Path):
    key = keys.kept(tmp_path)
    assert key_fault(key) is None
    assert keys.kept(tmp_path) == key
    assert stat.S_IMODE((tmp_path / keys.FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [keys.FILE]


@pytest.mark.parametrize("content", ["", "\n", "short", "a" * 64, "\x00" * 64])
def test_a_file_that_holds_no_key_is_refused_by_name(tmp_path: Path, content: str):
    """A full disk leaves an empty file; signing with it would sign for everybody."""
    (tmp_path / keys.FILE).write_text(content)
    with pytest.raises(SettingsError, match=r"secret\.key: the secret key has \d+ "):
        open_installation(read({}, home=tmp_path))
    assert (tmp_path / keys.FILE).read_text() == content


def test_a_disk_that_is_full_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            keys.kept(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert key_fault(keys.kept(tmp_path)) is None


def test_processes_that_start_together_have_one_key(tmp_path: Path):
    code = f"from surveyapp.store import keys; from pathlib import Path; print(keys.kept(Path({str(tmp_path)!r})))"
    with ThreadPoolExecutor(4) as threads:
        made = threads.map(
            lambda _: (
                subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, check=True
                ).stdout
            ),
            range(4),
        )
    assert len(set(made)) == 1


def test_a_database_belongs_to_the_first_key_that_comes(store: Store):
    keys.check(store, ONE)
    keys.check(store, ONE)
    with pytest.raises(SettingsError) as refused:
        keys.check(store, OTHER)
    assert keys.fingerprint(ONE) in str(refused.value)
    assert keys.fingerprint(OTHER) in str(refused.value)
    assert ONE not in str(refused.value) and OTHER not in str(refused.value)


def test_of_two_homes_that_start_together_one_is_refused(store: Store):
    def checked(key: str) -> bool:
        try:
            keys.check(store, key)
        except SettingsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(checked, [ONE, OTHER] * 8))
    assert found in ([True, False] * 8, [False, True] * 8)


def test_neither_web_nor_command_starts_with_another_key(
    database_url: str, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
):
    first, second = (
        read({}, home=tmp_path / home, database_url=database_url) for home in ("one", "two")
    )
    app = create_app(first)
    app.extensions[EXTENSION].close()
    with pytest.raises(SettingsError, match="belongs to the secret key"):
        create_app(second)
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", database_url)
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "two"))
    for command in (["run"], ["web"], ["worker"], ["export", "--survey", "x", "--out", "y"]):
        refused = run(*command)
        assert refused.code == 2
        assert "belongs to the secret key" in refused.err
        assert len(refused.err.splitlines()) == 1
    assert run("db", "adopt-key", "--yes").code == 0
    app = create_app(second)
    with app.test_client() as client:
        assert client.get("/readyz").status_code == 200
    with app.extensions[EXTENSION].store.reading() as session:
        assert session.query(AuditEntry).one().action == "adopt key"
    app.extensions[EXTENSION].close()


def test_a_web_process_that_met_no_tables_at_its_start_tells_of_a_wrong_key_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    app = create_app(read({}, home=tmp_path))
    assert "the secret key is not checked" in caplog.text
    installation = app.extensions[EXTENSION]
    assert app.test_client().get("/readyz").status_code == 503
    upgrade(installation.store.engine)
    with installation.store.writing() as session:
        keys.adopt(session, OTHER)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, "belongs to the secret key" in answer.text) == (503, True)
    installation.close()
