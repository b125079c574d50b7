"""31: an audit log that somebody changed in the database is found out."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from threading import Thread

import pytest
from sqlalchemy import text

from surveyapp.cli import main
from surveyapp.store import audit_chain
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.worker import DUTIES


@pytest.fixture
def log(store: Store) -> Store:
    """Five entries, sealed in two rounds."""
    for count in (2, 3):
        with store.writing() as session:
            for number in range(count):
                record(session, None, "export responses", f"journey {number}", share=0.5, n=1)
        with store.writing() as session:
            assert audit_chain.seal(session) == count
    return store


def checked(store: Store, **options) -> audit_chain.Checked:
    with store.reading() as session:
        return audit_chain.check(session, **options)


def tamper(store: Store, *statements: str) -> None:
    """What an administrator of the database can do: switch the guards off and change rows."""
    if store.is_sqlite:
        with sqlite3.connect(str(store.engine.url.database)) as connection:
            for name in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name[0]}")
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    with store.engine.begin() as at:
        at.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            at.execute(text(statement))


def test_an_untouched_log_fits_and_a_second_round_changes_nothing(log: Store):
    found = checked(log)
    assert (found.last.place, found.misfit, found.unsealed) == (5, None, 0)
    with log.writing() as session:
        assert audit_chain.seal(session) == 0
        record(session, None, "sign in", "user a")
    assert checked(log, known=found.last).unsealed == 1


@pytest.mark.parametrize(
    ("statements", "place", "why"),
    [
        (["UPDATE audit_entries SET subject = 'x' WHERE id = 3"], 3, "was changed"),
        (["UPDATE audit_entries SET detail = '{\"n\": 2}' WHERE id = 1"], 1, "was changed"),
        (["UPDATE audit_entries SET user_id = NULL, at = '2020-01-01' WHERE id = 5"], 5, "changed"),
        (["UPDATE audit_seals SET hash = 'x' WHERE place = 2"], 2, "was changed"),
        (["DELETE FROM audit_entries WHERE id = 2"], 2, "was removed"),
        (["DELETE FROM audit_seals WHERE place = 4"], 5, "seals were removed"),
    ],
)
def test_the_first_entry_that_does_not_fit_is_named(log: Store, statements, place: int, why: str):
    tamper(log, *statements)
    misfit = checked(log).misfit
    assert misfit is not None
    assert (misfit.place, misfit.entry_id) == (place, place)
    assert why in misfit.why


def test_a_chain_that_was_cut_or_made_anew_differs_from_a_noted_link(log: Store):
    noted = checked(log).last
    tamper(
        log,
        "DELETE FROM audit_seals",
        "UPDATE audit_entries SET subject = 'x' WHERE id = 2",
    )
    misfit = checked(log, known=noted).misfit
    assert misfit is not None and "the chain ends at place 0" in misfit.why
    with log.writing() as session:
        audit_chain.seal(session)
    assert checked(log).misfit is None
    misfit = checked(log, known=noted).misfit
    assert misfit is not None and "the chain was made anew" in misfit.why


def test_seals_are_neither_changed_nor_deleted(log: Store):
    for change in ("UPDATE audit_seals SET hash = 'x'", "DELETE FROM audit_seals"):
        with pytest.raises(Exception, match="takes new entries only"), log.engine.begin() as at:
            at.execute(text(change))


def test_workers_side_by_side_make_one_chain_while_others_write(store: Store):
    errors: list[BaseException] = []

    def many(what) -> None:
        try:
            for _ in range(15):
                with store.writing() as session:
                    what(session)
        except BaseException as error:
            errors.append(error)

    def write(session) -> None:
        record(session, None, "read response", "survey a")

    tasks = (write, write, lambda session: audit_chain.seal(session, limit=3))
    threads = [Thread(target=many, args=(task,)) for task in (*tasks, tasks[-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.writing() as session:
        audit_chain.seal(session)
    assert errors == []
    found = checked(store)
    assert (found.last.place, found.misfit, found.unsealed) == (30, None, 0)


def test_commands_check_and_export_the_log(log: Store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", log.engine.url.render_as_string(False))

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["surveyapp", "audit", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, "".join(capsys.readouterr())

    newest = checked(log).last
    assert run("check") == (0, f"5 entries fit. Newest: {newest}\n")
    assert run("check", "--known", "5:x")[0] == 2
    out = tmp_path / "log"
    assert run("export", "--out", str(out))[0] == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [row["hash"] for row in rows][4:] == [newest.hash, ""]  # the export's own is the last
    assert rows[5]["action"] == "export audit log"
    assert run("export", "--out", str(out), "--format", "jsonl", "--since", "2999-01-01")[0] == 0
    assert [json.loads(line) for line in out.read_text().splitlines()] == [{"rows": 0}]
    tamper(log, "UPDATE audit_entries SET action = 'x' WHERE id = 2")
    code, said = run("check", "--known", str(newest))
    assert code == 2
    assert "Audit entry 2 (place 2) was changed" in said


def test_a_worker_seals_every_minute():
    assert DUTIES["seal audit log"][0] == 60
