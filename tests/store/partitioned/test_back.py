"""A database whose partitions were undone is what it was before it had any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from surveyapp.errors import Conflict
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.store.months_ahead import make_months
from surveyapp.store.partition_state import partition_state
from surveyapp.store.partitioning import partition
from surveyapp.store.partitions import GROWING, By, partitioned_by
from surveyapp.store.schema import upgrade
from surveyapp.store.unpartitioning import unpartition
from tests.backups.conftest import empty_database
from tests.backups.filled import contents, fill
from tests.conftest import MASTER
from tests.store.partitioned.conftest import CONVERTED, PARTS, ROWS

pytestmark = pytest.mark.xdist_group("partitioned")

_SHAPE = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "SELECT table_name, column_name, data_type, is_nullable, column_default"
    " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " ORDER BY 1, 2",
    "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT pg_get_serial_sequence(relname, 'id') FROM pg_class WHERE relname IN ('responses', 'decisions')"
    " ORDER BY 1",
)


def shape(connection: Connection) -> list[list[Any]]:
    return [[tuple(row) for row in connection.execute(text(each))] for each in _SHAPE]


@pytest.fixture(params=list(By))
def undone(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[tuple[Store, Any]]:
    """A database that was filled, partitioned and united again, and what it was before."""
    store = Store(empty_database(postgresql_server, f"back_{request.param}"), master_key=MASTER)
    upgrade(store.engine)
    fill(store, ROWS)
    with store.engine.connect() as connection:
        before = contents(store), shape(connection)
    partition(store, request.param, parts=PARTS, now=CONVERTED, progress=lambda *_: None)
    with store.engine.connect() as connection:
        state = partition_state(connection, CONVERTED)
    assert state is not None and state.by == request.param
    assert {each.name for each in state.tables} == {each.name for each in GROWING}
    ahead = {each.name: each.months_ahead for each in state.tables}
    assert ahead == {
        each.name: 3 if request.param == By.MONTH and each.moment else None for each in GROWING
    }
    assert state.behind == ()
    with store.engine.connect() as connection:
        late = partition_state(connection, CONVERTED.replace(year=2027))
    assert late is not None
    assert bool(late.behind) == (request.param == By.MONTH)
    yield store, before
    store.close()


def _die(_percent: int, step: str) -> None:
    if step == "scores":
        raise RuntimeError


def test_nothing_differs_once_partitions_are_undone(undone: tuple[Store, Any]):
    store, (rows, made) = undone
    with store.engine.connect() as connection:
        partitioned = shape(connection)
    with pytest.raises(RuntimeError):
        unpartition(store, progress=_die)
    with store.engine.connect() as connection:  # what fails on the way leaves all as it was
        assert shape(connection) == partitioned
    assert unpartition(store, progress=lambda *_: None) == {each.name: ROWS for each in GROWING}
    after, log = contents(store), AuditEntry.__tablename__
    assert len(after.pop(log)) == len(rows.pop(log)) + 2
    assert after == rows
    with store.engine.connect() as connection:
        found = shape(connection)
        differing = [set(now) ^ set(then) for now, then in zip(found, made, strict=True)]
        assert differing == [set()] * len(made)
        assert partitioned_by(connection) is None
        assert partition_state(connection, CONVERTED) is None
    assert make_months(store, CONVERTED) == 0
    again = "INSERT INTO responses SELECT * FROM responses WHERE id = 1"
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(text(again))
    with pytest.raises(Conflict, match="no partitions"):
        unpartition(store, progress=lambda *_: None)
