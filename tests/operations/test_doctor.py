"""Each thing that the doctor finds, by an installation that has it."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from surveyapp.installation import Installation
from surveyapp.operations import heartbeats
from surveyapp.operations.doctor import examine
from surveyapp.operations.findings import Level
from surveyapp.store.db import Store
from surveyapp.store.file_bucket import FileBucket
from surveyapp.store.file_rows import FileRows
from surveyapp.store.files import FileStore
from surveyapp.store.models import BackupNote, User
from tests.installations import installation_on

SOUND = {
    "base_url": "https://survey.example.org",
    "trusted_proxies": 1,
    "smtp_url": "smtp://mail.example.org:587",
    "mail_from": "Northbank <survey@northbank.example>",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    (made / "secret.key").touch(0o600)
    return made


def made(store: Store, home: Path, **changes: Any) -> Installation:
    return installation_on(store, home=home, **{**SOUND, **changes})


@pytest.fixture
def sound(store: Store, home: Path) -> Installation:
    installation = made(store, home)
    with store.writing() as session:
        person = {"email": "a@example.org", "name": "A", "password_hash": "x"}
        session.add(User(role="administrator", **person))
    installation.check_key()
    heartbeats.beat(installation, "host/7/ab", {}, {})
    note(installation, home.parent / "backups")
    return installation


def note(installation: Installation, folder: Path, **changes: Any) -> None:
    """A backup in the folder, noted as `surveyapp backup --keep` does."""
    made = {"host": socket.gethostname(), "name": "surveyapp-1", "size": 1_000_000, "missing": 0}
    now = installation.now()
    (folder / made["name"]).mkdir(parents=True, exist_ok=True)
    with installation.store.writing() as session:
        row = {**made, "folder": str(folder), "made_at": now, "verified_at": now, **changes}
        session.merge(BackupNote(**row))


def told(installation: Installation) -> dict[str, tuple[Level, str]]:
    """What is not well, by its subject."""
    found = [each for each in examine(installation) if each.level is not Level.GOOD]
    assert all(each.cure for each in found)
    return {each.subject: (each.level, each.found) for each in found}


def test_a_sound_installation_has_nothing_to_mend(sound):
    assert told(sound) == {}


@pytest.mark.parametrize(
    ("changes", "subject", "level", "found"),
    [
        ({"base_url": "http://survey.example.org"}, "HTTPS", Level.FAULT, "not encrypted"),
        (
            {"base_url": "http://127.0.0.1:8000"},
            "Public address",
            Level.ADVICE,
            "only this machine",
        ),
        ({"trusted_proxies": 0}, "Proxies", Level.FAULT, "locks everybody out"),
        ({"host": "0.0.0.0"}, "Proxies", Level.ADVICE, "can claim any"),
        ({"smtp_url": "", "mail_from": ""}, "Mail", Level.ADVICE, "no mail server"),
        ({"require_starttls": False}, "Mail", Level.ADVICE, "unencrypted"),
        ({"minimum_cell": 3}, "Minimum cell", Level.ADVICE, "groups of 3 are shown"),
    ],
)
def test_a_setting_that_will_hurt_is_found(sound, home, changes, subject, level, found):
    others = told(made(sound.store, home, **changes))
    assert list(others) == [subject]
    assert others[subject][0] is level
    assert found in others[subject][1]


def test_files_that_others_can_read_are_named(sound, home):
    (home / "secret.key").chmod(0o644)
    assert told(sound) == {
        "Permissions": (
            Level.FAULT,
            f"other users of this machine can read {home / 'secret.key'}",
        )
    }


def test_a_key_of_another_installation_no_administrator_and_no_worker_are_found(sound, store):
    other = replace(sound, secret_key="b" * 16 + "another key that nobody has guessed yet")
    assert told(other)["Secret key"][0] is Level.FAULT
    with store.writing() as session:
        session.query(User).update({"role": "manager", "must_change_password": True})
    heartbeats.leave(sound, "host/7/ab")
    found = told(sound)
    assert set(found) == {"Accounts", "Work"}
    assert found["Work"][1].startswith("No worker is running")


def test_a_database_that_cannot_be_used_is_told_and_nothing_else_is_asked_of_it(home):
    away = Store("postgresql+psycopg://nobody@127.0.0.1:9/none")
    found = told(made(away, home))
    assert list(found) == ["Database"]
    assert "Start the database server" in found["Database"][1]


def test_files_that_no_other_host_finds_and_a_store_that_does_not_answer(sound, home: Path):
    elsewhere = FileStore(FileRows(sound.store))
    (home / "files/ab").mkdir(parents=True)
    (home / "files").chmod(0o700)
    (home / "files/ab").chmod(0o700)
    there = replace(sound, files=elsewhere)
    assert "Files" not in told(there)
    (home / "files/ab" / ("ab" * 32)).touch(0o600)
    level, found = told(there)["Files"]
    assert level is Level.ADVICE and "some still in" in found
    away = FileBucket("nobody", "", endpoint_url="http://127.0.0.1:1", region_name="x")
    level, found = told(replace(sound, files=FileStore(away)))["Files"]
    assert level is Level.FAULT and found.startswith("s3://nobody cannot be used: ")


def test_the_last_backup_is_told_with_its_age_its_place_and_whether_it_was_read_again(sound, home):
    folder = home.parent / "backups"
    for changes, level, found in (
        ({"verified_at": None}, Level.ADVICE, "nobody has read it again"),
        ({"missing": 2}, Level.FAULT, "lacks 2 stored files"),
        ({"made_at": sound.now() - timedelta(days=5)}, Level.FAULT, "5 days ago"),
        ({"name": "surveyapp-2"}, Level.FAULT, "no longer there"),
    ):
        note(sound, folder, **changes)
        assert told(sound)["Backups"][0] is level
        assert found in told(sound)["Backups"][1] and str(folder) in told(sound)["Backups"][1]
    note(sound, folder / "elsewhere", host="another", made_at=sound.now() + timedelta(minutes=1))
    assert "Backups" not in told(sound)
    with sound.store.writing() as session:
        session.query(BackupNote).delete()
    assert told(sound) == {
        "Backups": (Level.ADVICE, "none is known: with the disk everything would be lost")
    }


def test_a_disk_without_room_is_told_once(sound, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    assert {subject: found for subject, (_, found) in told(sound).items()} == {
        "Disk": "0.0 GB free of 0.0 GB"
    }
