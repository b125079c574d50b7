"""A backup made while others write holds one moment, whole, and comes back row by row."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from surveyapp.backups import places, postgresql_copy
from surveyapp.backups.checking import check
from surveyapp.backups.home import part_of
from surveyapp.backups.making import make_backup
from surveyapp.backups.postgresql_copy import _connection, _told
from surveyapp.errors import Conflict, Damaged, SurveyappError
from surveyapp.installation import Installation, open_installation
from surveyapp.jobs.places import worker_place
from surveyapp.settings import read
from surveyapp.store import master_key
from surveyapp.store.db import make_engine
from surveyapp.store.models import BackupNote, Delivery, File, Journey, OutgoingMessage, Segment
from surveyapp.store.schema import pending, upgrade
from tests.backups.conftest import REPORT, empty_database
from tests.backups.filled import contents
from tests.cli.conftest import Run

EmptyPlace = Callable[[], Path]


def _quiet(_percent: int, _step: str) -> None:
    pass


def _stored(home: Path) -> dict[str, bytes]:
    files = [path for path in (home / "files").rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def _only(folder: Path) -> Path:
    (found,) = places.backups_in(folder)
    return found


def test_every_row_and_file_comes_back(
    filled: Installation, empty_place: EmptyPlace, run: Run, tmp_path: Path
):
    keys = tmp_path / "keys"
    made = run("backup", tmp_path / "backups", "--keys-to", keys)
    assert made.code == 0, made.err
    assert "and 3 stored files of" in made.out
    assert run("backup", tmp_path / "backups", "--verify").out.count("whole") == 1
    before = contents(filled.store)
    home = empty_place()
    back = run("restore", _only(tmp_path / "backups"), "--keys-from", keys)
    assert back.code == 0, back.err
    assert "2 messages and 2 deliveries wait as they did then" in back.out
    with_files = _stored(filled.settings.home)
    assert len(with_files) == 3 and REPORT in with_files.values()
    assert _stored(home) == with_files
    restored = open_installation(read())
    restored.check_key()
    after = contents(restored.store)
    (added,) = set(after["audit_entries"]) - set(before["audit_entries"])
    assert "restore backup" in added
    after["audit_entries"].remove(added)
    # A backup is noted once it is there, and hence not in itself.
    own = set(before["backup_notes"]) - set(after["backup_notes"])
    before["backup_notes"] = [each for each in before["backup_notes"] if each not in own]
    assert len(own) == 1 and str(tmp_path / "backups") in own.pop()
    if not filled.store.is_sqlite:  # unlogged: these keys are in no copy
        assert before.pop("shared_epoch_keys") and after.pop("shared_epoch_keys") == []
    assert after == before
    with pytest.raises(DBAPIError), restored.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
    with restored.store.writing() as session:  # numbers go on where they were
        session.add(Journey(code="next", name="Next", provider="Northbank"))
        session.flush()
        assert session.scalars(select(func.max(Journey.id))).one() == 4
    restored.close()
    again = run("restore", _only(tmp_path / "backups"), "--keys-from", keys)
    assert again.code == 2 and "not empty" in again.err


def test_what_others_write_meanwhile_is_in_it_whole_or_not_at_all(
    installation: Installation, empty_place: EmptyPlace, run: Run, tmp_path: Path
):
    """Each transaction stores a journey, a segment and a file that is named by its row."""
    store, stop, said = installation.store, threading.Event(), []

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            data = f"report {number}".encode()
            digest = installation.files.write(data)
            with store.writing() as session:
                session.add(Journey(code=f"j{number}", name="J", provider="P"))
                session.add(Segment(code=f"s{number}", name="S", rule="a = 1"))
                installation.files.put(
                    session, data, name=f"{number}", media_type="text/plain", digest=digest
                )
            said.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while len(said) < 20:
            assert thread.is_alive()
            time.sleep(0.005)
        acknowledged = said[-1]
        made = make_backup(installation, tmp_path / "backups", keep=None, progress=_quiet)
        after = said[-1]
        while said[-1] == after:  # nobody who writes was stopped by it
            assert thread.is_alive()
            time.sleep(0.005)
    finally:
        stop.set()
        thread.join()
    assert made.manifest.missing == ()
    keys = tmp_path / "of another home"  # which has them by their plain names
    keys.mkdir()
    for key in installation.settings.home.glob("*.key"):
        shutil.copy(key, keys)
    empty_place()
    assert run("restore", made.folder, "--keys-from", keys).code == 0
    restored = open_installation(read())
    with restored.store.reading() as session:
        journeys, segments, files = (
            set(session.scalars(select(column)))
            for column in (Journey.code, Segment.code, File.name)
        )
        for file in session.scalars(select(File)):
            assert restored.files.read(file) == f"report {file.name}".encode()
    restored.close()
    numbers = {int(code[1:]) for code in journeys}
    assert {int(code[1:]) for code in segments} == numbers == {int(name) for name in files}
    assert numbers == set(range(1, len(numbers) + 1))
    assert acknowledged <= len(numbers) <= said[-1]


def test_no_key_is_in_a_backup_and_none_is_restored_without_them(
    filled: Installation, empty_place: EmptyPlace, run: Run, tmp_path: Path
):
    with filled.store.writing_rows() as at:  # on PostgreSQL in an unlogged table
        filled.epoch_keys.make(at)
    keys, folder = tmp_path / "keys", tmp_path / "backups"
    assert run("backup", folder, "--keys-to", folder / "keys").code == 2
    assert run("backup", folder, "--keys-to", keys).code == 0
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    master = (filled.settings.home / master_key.FILE).read_text()
    for key in (filled.secret_key, master):
        assert key.encode() not in held
    assert {path.parent.name for path in folder.rglob("epochs")} == set()
    assert sorted(path.read_text() for path in keys.iterdir()) == sorted(
        [filled.secret_key, master]
    )
    assert {path.stat().st_mode & 0o77 for path in (*keys.rglob("*"), *folder.rglob("*"))} == {0}
    home = empty_place()
    told = run("restore", _only(folder))
    assert told.code == 2 and "--keys-from" in told.err and "--keys-lost" in told.err
    home.mkdir()
    (home / "secret.key").write_text("another key of thirty-two characters or more")
    told = run("restore", _only(folder), "--keys-from", keys)
    assert told.code == 2 and "Use the key of the installation that made the backup" in told.err
    assert [path.name for path in home.iterdir()] == ["secret.key"]
    told = run("restore", _only(folder), "--keys-lost")
    assert told.code == 0 and "db adopt-key" in told.out
    assert run("db", "adopt-key", "--yes").code == 0


def test_a_backup_that_is_not_whole_is_told_by_its_file(
    filled: Installation, empty_place: EmptyPlace, run: Run, tmp_path: Path
):
    keys = tmp_path / "keys"
    assert run("backup", tmp_path / "backups", "--keys-to", keys).code == 0
    backup = _only(tmp_path / "backups")
    home = empty_place()
    for path in sorted(path for path in backup.rglob("*") if path.is_file()):
        kept = path.read_bytes()
        for wrong in (bytes([kept[0] ^ 1]) + kept[1:] if kept else b"x", None):
            path.unlink()
            if wrong is not None:
                path.write_bytes(wrong)
            for told in (run("backup", backup, "--verify"), run("restore", backup)):
                assert (told.code == 2 and str(path) in told.err) or "no backup" in told.err
            path.write_bytes(kept)
    assert check(backup).files and not home.exists()
    manifest = backup / "manifest.json"
    document = json.loads(manifest.read_text())
    database = next(name for name in document["files"] if name.startswith("database"))
    for changed, why in (
        ({"files": {"../../etc/passwd": {"size": 1, "sha256": "0"}}}, "no file of a backup"),
        ({"format": 2}, "format 2"),
        ({"tables": 7}, "damaged"),
        ({"files": {database: {"size": 1, "sha256": "0"}}}, "checksum"),
    ):
        manifest.write_text(json.dumps({**document, **changed}))
        with pytest.raises(Damaged, match=why):
            check(backup)


def test_old_backups_go_unless_a_file_is_missing(
    filled: Installation, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "backups"
    for number in range(4):
        assert run("backup", folder, "--keep", 3).code == 0, number
    kept = places.backups_in(folder)
    assert len(kept) == 3
    (folder / "surveyapp-20200101T000000Z.unfinished").mkdir()  # left by one that was killed
    with filled.store.reading() as session:
        lost = session.scalars(select(File.sha256).where(File.size > 0)).first()
    assert lost
    (filled.settings.home / "files" / lost[:2] / lost).unlink()
    told = run("backup", folder, "--keep", 1)
    assert told.code == 1 and lost in told.out
    assert places.backups_in(folder)[:3] == kept and len(places.backups_in(folder)) == 4
    assert not list(folder.glob("*.unfinished"))
    with places.taken(folder), pytest.raises(Conflict, match="Another process"):
        make_backup(filled, folder, keep=None, progress=_quiet)
    monkeypatch.setenv("PATH", "/nowhere")
    if not filled.store.is_sqlite:
        told = run("backup", folder)
        assert told.code == 2 and "pg_dump is not on the PATH" in told.err
        assert len(places.backups_in(folder)) == 4 and not list(folder.glob("*.unfinished"))


def test_the_database_knows_its_last_backup_and_when_it_was_found_whole(
    installation: Installation, run: Run, tmp_path: Path
):
    folder = tmp_path / "backups"

    def noted() -> tuple[str, bool]:
        with installation.store.reading() as session:
            (found,) = session.scalars(select(BackupNote))
            assert (found.folder, found.missing) == (str(folder), 0) and found.size > 0
            return found.name, found.verified_at is not None

    assert run("backup", folder).code == 0
    (first,) = places.backups_in(folder)
    assert noted() == (first.name, False)
    assert run("backup", folder, "--verify").code == 0
    assert noted() == (first.name, True)
    assert run("backup", folder, "--keep", 1).code == 0
    (second,) = places.backups_in(folder)
    assert second != first and noted() == (second.name, True)


def test_files_in_the_database_come_back_with_it(
    installation: Installation,
    empty_place: EmptyPlace,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delenv("SURVEYAPP_FILES")
    kept = open_installation(read())
    with kept.store.writing() as session:
        kept.files.put(session, REPORT, name="r.pdf", media_type="application/pdf")
    kept.close()
    assert run("backup", tmp_path / "b", "--keys-to", tmp_path / "k").code == 0
    copied = [name for name in check(_only(tmp_path / "b")).files if name.startswith("files/")]
    assert len(copied) == installation.store.is_sqlite
    empty_place()
    assert run("restore", _only(tmp_path / "b"), "--keys-from", tmp_path / "k").code == 0
    restored = open_installation(read())
    with restored.store.reading() as session:
        assert restored.files.read(session.scalars(select(File)).one()) == REPORT
    restored.close()


def test_a_file_that_is_deleted_meanwhile_is_no_loss(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its row is in the copy, which is of the moment before; the backup does not bring it back."""

    def delete(_percent: int, step: str) -> None:
        with filled.store.writing() as session:
            file = session.scalars(select(File).where(File.name == "empty.pdf")).one_or_none()
            if step == "files" and file is not None:
                filled.files.remove(session, file)

    made = make_backup(filled, tmp_path / "backups", keep=None, progress=delete)
    assert (made.manifest.missing, len(made.manifest.removed)) == ((), 1)
    assert check(made.folder).removed == made.manifest.removed


def test_an_older_schema_is_backed_up_as_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Before an upgrade, by the program that is to make it."""
    monkeypatch.delenv("SURVEYAPP_MASTER_KEY", raising=False)
    installation = open_installation(read())
    assert run("backup", tmp_path / "b").code == 2  # nothing is there yet
    upgrade(installation.store.engine, "0050")
    assert run("backup", tmp_path / "b", "--keys-to", tmp_path / "k").code == 0
    assert pending(installation.store.engine)
    assert check(_only(tmp_path / "b")).schema == "0050"
    installation.close()
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "restored"))
    told = run("restore", _only(tmp_path / "b"), "--keys-from", tmp_path / "k")
    assert told.code == 0 and "surveyapp db upgrade" in told.out
    assert run("db", "upgrade").code == 0


def test_what_waited_then_leaves_once_more_unless_it_is_cancelled(
    filled: Installation, empty_place: EmptyPlace, run: Run, tmp_path: Path
):
    assert run("backup", tmp_path / "b", "--keys-to", tmp_path / "k").code == 0
    empty_place()
    told = run("restore", _only(tmp_path / "b"), "--keys-from", tmp_path / "k", "--cancel-waiting")
    assert told.out.endswith("\n2 messages and 2 deliveries that waited are cancelled.\n"), told
    restored = open_installation(read())
    with restored.store.reading() as session:
        for kind, left in (
            (OutgoingMessage, {"sent", "cancelled"}),
            (Delivery, {"delivered", "failed"}),
        ):
            assert set(session.scalars(select(kind.state))) == left
    restored.close()


def test_a_backup_of_another_kind_of_database_is_refused_with_the_way_to_it(
    filled: Installation, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert run("backup", tmp_path / "b", "--keys-to", tmp_path / "k").code == 0
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "restored"))
    other = "postgresql+psycopg://nobody@127.0.0.1:1/none" if filled.store.is_sqlite else ""
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", other)
    told = run("restore", _only(tmp_path / "b"), "--keys-from", tmp_path / "k")
    assert told.code == 2 and "SURVEYAPP_DATABASE_URL" in told.err
    assert not (tmp_path / "restored").exists()


def test_everything_in_a_home_is_in_the_list_of_what_is_backed_up(tmp_path: Path):
    home = tmp_path / "home"
    installation = open_installation(read({}, home=home))
    upgrade(installation.store.engine)
    with installation.store.writing_rows() as at:
        installation.epoch_keys.make(at)
    with installation.store.writing() as session, worker_place(home):
        installation.files.put(session, b"x", name="x", media_type="text/plain")
        master_key.following(home, None)
        names = {path.name for path in home.iterdir()}
    installation.close()
    assert len(names) == 9
    assert [name for name in names if part_of(name) is None] == []
    assert part_of("other.txt") is None


def test_what_lies_in_an_unlogged_table_is_in_no_backup(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Keys that will be destroyed are kept there."""
    url = empty_database(request.getfixturevalue("postgresql_server"), "restored")
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0050')"))
        connection.execute(text("CREATE TABLE files (id int, sha256 text, name text, size int)"))
        connection.execute(text("CREATE UNLOGGED TABLE epoch_keys (sealed text)"))
        connection.execute(text("INSERT INTO epoch_keys VALUES ('of this hour')"))
    found = postgresql_copy.copy(engine, tmp_path / "database.dump")
    assert found.tables.keys() == {"alembic_version", "files"}
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version, files, epoch_keys"))
    later = bytearray((tmp_path / "database.dump").read_bytes())
    later[len(b"PGDMP") + 1] = 99  # of a version that this pg_restore does not know: no damage
    (tmp_path / "later.dump").write_bytes(later)
    with pytest.raises(SurveyappError, match="Install PostgreSQL's client") as refused:
        postgresql_copy.check(tmp_path / "later.dump")
    assert not isinstance(refused.value, Damaged)
    postgresql_copy.restore(engine, tmp_path / "database.dump", found.tables)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM epoch_keys")).scalar_one() == 0
    engine.dispose()


def test_rows_are_summed_up_while_pg_dump_reads_the_same_snapshot(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Of ten million responses each takes minutes."""
    url = empty_database(request.getfixturevalue("postgresql_server"), "dumped")
    engine, watching = make_engine(url), make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0050')"))
        connection.execute(text("CREATE TABLE files (id int, sha256 text, name text, size int)"))
    others = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'")
    seen = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        until = time.monotonic() + 10
        while "md5" in statement and not seen and time.monotonic() < until:
            with watching.connect() as connection:
                if connection.execute(others).scalar_one():
                    seen.append(statement)

    event.listen(engine, "before_cursor_execute", watch)
    found = postgresql_copy.copy(engine, tmp_path / "database.dump")
    assert seen and found.tables.keys() == {"alembic_version", "files"}
    for each in (engine, watching):
        each.dispose()


def test_an_older_pg_dump_than_the_server_is_told_with_both_versions_and_the_cure():
    said = (
        "pg_dump: error: aborting because of server version mismatch\n"
        "pg_dump: detail: server version: 18.4; pg_dump version: 15.18\n"
    )
    told = _told(said)
    assert "\n" not in told and "server version: 18.4; pg_dump version: 15.18. Install" in told


def test_the_password_of_a_database_is_in_no_list_of_processes():
    engine = make_engine(
        "postgresql+psycopg://ann:s3cr%40et@db.example:5433/surveys?sslmode=require"
    )
    arguments, environment = _connection(engine, ["--file=x"])
    assert environment == {"PGPASSWORD": "s3cr@et"}
    assert not re.search("s3cr", " ".join(arguments))
    for part in ("host=db.example", "port=5433", "dbname=surveys", "user=ann", "sslmode=require"):
        assert part in arguments[0]
    engine.dispose()
