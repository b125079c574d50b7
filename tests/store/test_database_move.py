"""What SQLite holds is moved to PostgreSQL row by row, or nothing is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from surveyapp.errors import Damaged
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store import database_move
from surveyapp.store.database_move import _as_stored, _put, move
from surveyapp.store.db import Store
from surveyapp.store.models import Contact, Counter, Journey, Response
from surveyapp.store.row_digests import RowDigest
from surveyapp.store.schema import pending
from tests.backups.conftest import empty_database
from tests.backups.filled import ODD, fill
from tests.cli.conftest import Run, run
from tests.conftest import MASTER

__all__ = ["run"]


@pytest.fixture
def target(postgresql_server: str) -> str:
    return empty_database(postgresql_server, "moved")


@pytest.fixture
def source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path
) -> Iterator[Store]:
    """The filled database of a home, which the commands of the test use."""
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SURVEYAPP_MASTER_KEY", raising=False)
    (tmp_path / "home").mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, tmp_path / "home/surveyapp.db")
    installation = open_installation(read())
    installation.check_key()
    fill(installation.store, 5)
    yield installation.store
    installation.close()


def _digests(store: Store) -> dict[str, RowDigest]:
    found = {}
    with store.engine.connect() as connection:
        for table in _as_stored():
            found[table.name] = RowDigest()
            found[table.name].add(connection.execute(select(table)))
    return found


def test_every_row_arrives_and_numbers_go_on(
    run: Run, source: Store, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with source.writing() as session:
        session.add(Journey(id=70, code="gone", name="Gone", provider="Northbank"))
        session.flush()
        session.delete(session.get_one(Journey, 70))
    before = _digests(source)
    source.close()
    told = run("db", "move", target)
    assert told.code == 0, told.err
    assert f"rows of {len(before)} tables" in told.out
    assert not (tmp_path / "home/surveyapp.db").exists()
    assert (tmp_path / "home/surveyapp.db.moved").exists()
    forgotten = run("user", "list")
    assert forgotten.code == 2 and "set SURVEYAPP_DATABASE_URL to the new one" in forgotten.err
    assert not (tmp_path / "home/surveyapp.db").exists()
    monkeypatch.setattr(database_move, "_BATCH", 2)
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", target)
    installation = open_installation(read())
    installation.check_key()
    after, store = _digests(installation.store), installation.store
    assert not pending(store.engine)
    assert after.pop("audit_entries").rows == before.pop("audit_entries").rows + 1
    assert after == before
    with store.writing() as session:
        assert ODD[:9] in str(session.scalars(select(Contact.email)).first())
        assert session.scalars(select(func.count(Counter.name))).one() == 5
        document = session.get_one(Response, 1).answers
        assert document["a"][:3] == [0.1, 1e22, 0] and document[""] == {"n": 2**60, "e": 1e-7}
        after_gone = Journey(code="next", name="Next", provider="Northbank")
        session.add(after_gone)
        session.flush()
        assert after_gone.id == 71
    with pytest.raises(DBAPIError), store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
    installation.close()


def test_nothing_is_moved_while_a_process_has_the_database_open_or_into_one_with_tables(
    run: Run, source: Store, target: str, tmp_path: Path
):
    with source.reading() as session:
        assert session.scalar(select(func.count(Journey.id))) == 5
        told = run("db", "move", target)
    assert told.code == 2 and "Stop web server and workers first" in told.err
    source.close()
    other = Store(target, master_key=MASTER)
    with other.engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id int)"))
    told = run("db", "move", target)
    assert told.code == 2 and "such as theirs" in told.err
    assert inspect(other.engine).get_table_names() == ["theirs"]
    other.close()
    assert (tmp_path / "home/surveyapp.db").exists()
    for wrong in ("sqlite:///x.db", "postgresql://host/x", "postgresql+psycopg://127.0.0.1:9/x"):
        told = run("db", "move", wrong)
        assert told.code == 2 and "URL" in told.err and "SURVEYAPP" not in told.err


def test_a_row_that_postgresql_refuses_is_named(migrated_postgresql: tuple[str, object]):
    """SQLite takes a zero byte in a text."""
    new = Store(migrated_postgresql[0], master_key=MASTER)
    (table,) = (table for table in _as_stored() if table.name == "counters")
    rows = [{"name": name, "value": 1} for name in ("first", "a\x00b", "last")]
    with (
        new.engine.connect() as connection,
        pytest.raises(Damaged, match=r"counters: PostgreSQL refuses a row between \['first'\] and"),
    ):
        _put(connection, table, rows)
    new.close()


def test_a_row_that_changes_on_its_way_stops_the_move(source: Store, target: str):
    url = source.engine.url
    source.close()
    new = Store(target, master_key=MASTER)

    def change(_c, _cursor, statement: str, parameters, *_):  # type: ignore[no-untyped-def]
        if statement.startswith("INSERT INTO stages "):
            parameters[0]["name"] = "another"
        return statement, parameters

    event.listen(new.engine, "before_cursor_execute", change, retval=True)
    with pytest.raises(Damaged, match="stages: 5 rows were sent, 5 arrived, and they are not"):
        move(url, new, progress=lambda *_: None)
    assert inspect(new.engine).get_table_names() == []
    new.close()
    assert Path(str(url.database)).exists()
