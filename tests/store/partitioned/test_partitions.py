"""A partitioned PostgreSQL holds what it held, keeps once what is to be once, and reads where rows are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from surveyapp.backups import postgresql_copy
from surveyapp.errors import Conflict
from surveyapp.store.db import Store, make_engine
from surveyapp.store.inserts import insert as insert_once
from surveyapp.store.models import (
    AuditEntry,
    Base,
    Case,
    Decision,
    DecisionChange,
    Interaction,
    Invitation,
    InvitationChange,
    OutgoingMessage,
    Response,
    Score,
)
from surveyapp.store.months_ahead import make_months
from surveyapp.store.partitioning import partition
from surveyapp.store.partitions import GROWING, By, partitioned_by, partitions_of
from tests.backups.conftest import client_programs, empty_database
from tests.backups.filled import fill
from tests.cli.conftest import Run, run, run_stored
from tests.store.partitioned.conftest import CONVERTED, PARTS, ROWS, Converted

__all__ = ["client_programs", "run", "run_stored"]

pytestmark = pytest.mark.xdist_group("partitioned")

GROWING_NAMES = {each.name for each in GROWING}


def test_every_row_is_where_it_was_and_its_keys_beside_it(converted: Converted):
    log = AuditEntry.__tablename__
    before, after = converted.before, dict(converted.after)
    keys = {name: rows for name, rows in after.items() if name not in before}
    assert converted.moved == dict.fromkeys(GROWING_NAMES, ROWS)
    assert len(after.pop(log)) == len(before[log]) + 1
    assert {name: rows for name, rows in before.items() if name in after} == {
        name: rows for name, rows in after.items() if name in before
    }
    assert {len(rows) for rows in keys.values()} == {ROWS}
    assert ("decision_keys" in keys) == (converted.by == By.MONTH)


def test_it_differs_from_the_models_in_keys_alone(converted: Converted, store: Store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = _flat(compare_metadata(context, Base.metadata))
        parts = {p for name in GROWING_NAMES for p in partitions_of(connection, name)}
    beside = {each.keys for each in GROWING} | parts
    others = [
        (kind, getattr(what, "name", what))
        for kind, what, *_ in found
        if getattr(getattr(what, "table", what), "name", "") not in beside
    ]
    # Keys that partitions cannot hold unique are indexes; what referred to a row refers to its keys.
    assert {kind for kind, _ in others} <= {
        *("add_constraint", "remove_constraint", "add_index", "remove_index"),
        *("add_fk", "remove_fk"),
    }
    with store.engine.connect() as connection:
        for each in GROWING:
            table = Base.metadata.tables[each.name]
            named = {i["name"] for i in inspect(connection).get_indexes(each.name)}
            unique = {c.name for c in table.constraints if str(c.name).startswith("uq_")}
            assert named >= {index.name for index in table.indexes} | unique


def _flat(differences: list[Any]) -> list[tuple[Any, ...]]:
    return [d for each in differences for d in (each if isinstance(each, list) else [each])]


def test_what_has_partitions_gets_none_again(converted: Converted, store: Store, run_stored: Run):
    with store.engine.connect() as connection:
        assert partitioned_by(connection) == converted.by
    told = run_stored("db", "partition", "--by", "hash")
    assert told.code == 2 and f"partitioned by {converted.by} already" in told.err
    for given in ([], ["--by", "hash", "--back"]):
        told = run_stored("db", "partition", *given)
        assert told.code == 2 and "Say --by month, --by hash or --back" in told.err


def test_a_key_is_unique_over_all_partitions(store: Store):
    """One of several that come at once, without an error where the statement allows for it, and with the
    one of an index where it does not.
    """
    fill(store)
    rows = [
        {**_copy(store, Response, 1), "submitted_at": datetime(2026, month, 1, tzinfo=UTC)}
        for month in range(1, 9)
    ]
    for number, row in enumerate(rows, start=100):
        row |= {"id": number, "external_id": None, "invitation_id": None, "submission_key": "once"}
        row["public_id"] = f"00000000-0000-0000-0000-{number:012}"

    def add(row: dict[str, Any]) -> int:
        once = (
            insert_once(cast(Table, Response.__table__), "postgresql")
            .on_conflict_do_nothing()
            .returning(Response.id)
        )
        with store.writing() as session:
            return len(session.execute(once, [row]).all())

    with ThreadPoolExecutor(len(rows)) as threads:
        assert sum(threads.map(add, rows)) == 1
    taken = {"submission_key": "another", "invitation_id": 2}
    with pytest.raises(IntegrityError), store.writing() as session:
        session.execute(insert(Response), [{**rows[0], **taken, "id": 200}])
    for kind, changes in (
        (OutgoingMessage, {"id": 300, "created_at": CONVERTED}),
        (Invitation, {"id": 300, "created_at": CONVERTED}),
        (Interaction, {"id": 300, "at": CONVERTED}),
    ):
        with pytest.raises(IntegrityError), store.writing() as session:
            session.execute(insert(kind.__table__), [{**_copy(store, kind, 1), **changes}])


def test_changes_of_invitations_are_noted_in_every_partition(store: Store):
    fill(store)
    months = [datetime(2026, month, 3, tzinfo=UTC) for month in (1, 3, 5, 11)]
    copied = _copy(store, Invitation, 2) | {"state": "created"}
    rows = [
        {**copied, "id": 50 + n, "token_hash": f"{n}", "created_at": at}
        for n, at in enumerate(months)
    ]
    theirs = Invitation.id >= 50
    for change in (
        insert(Invitation).values(rows),
        update(Invitation).where(theirs).values(state="opened"),
        delete(Invitation).where(theirs),
    ):
        with store.writing() as session:
            session.execute(change)
    with store.reading() as session:
        own = InvitationChange
        noted = select(own.made_at, own.state, own.change).where(own.invitation_id >= 50)
        found = sorted(map(tuple, session.execute(noted)))
    changes = (("created", -1), ("created", 1), ("opened", -1), ("opened", 1))
    assert found == [(at, *change) for at in months for change in changes]


def test_changes_of_decisions_and_their_invitations_are_noted_in_every_partition(store: Store):
    fill(store)
    with store.writing() as session:
        asked = session.scalars(select(Decision.id)).all()
        unsent = {"opened_at": None, "started_at": None, "completed_at": None, "state": "created"}
        session.execute(update(Invitation).values(unsent))
        session.execute(update(Decision).values(outcome="ask", reason="", sent_at=None))
        session.execute(delete(DecisionChange))
    for change in (
        update(Decision).values(sent_at=CONVERTED),
        update(Invitation).values(opened_at=CONVERTED),
        update(Decision).values(invitation_id=None),
    ):
        with store.writing() as session:
            session.execute(change)
    with store.reading() as session:
        own = DecisionChange
        sums = [func.sum(each) for each in (own.n, own.sent, own.opened, own.completed)]
        query = select(own.decision_id, *sums).group_by(own.decision_id)
        found = {number: tuple(told) for number, *told in session.execute(query)}
    assert found == dict.fromkeys(asked, (0, 1, 1, 1))


def test_a_changed_key_is_free_and_a_removed_row_takes_along_what_is_its(store: Store):
    fill(store)
    with store.writing() as session:
        session.get_one(OutgoingMessage, 1).key = "renamed"
        case = session.scalars(select(Case.id).where(Case.response_id == 1)).one()
    with store.writing() as session:
        session.execute(
            insert(OutgoingMessage.__table__),
            [{**_copy(store, OutgoingMessage, 2), "id": 50, "key": "1"}],
        )
        session.execute(delete(Response).where(Response.id == 1))
    with store.reading() as session:
        assert session.get(Case, case).response_id is None  # type: ignore[union-attr]
        assert session.scalar(select(func.count()).where(Score.response_id == 1)) == 0
        assert session.scalars(text("SELECT id FROM response_keys ORDER BY id")).all() == [2, 3]
        keys = text("SELECT key FROM outgoing_message_keys WHERE id IN (1, 50) ORDER BY id")
        assert session.scalars(keys).all() == ["renamed", "1"]
    with store.writing() as session:  # each goes with its keys, and frees them
        session.execute(delete(Response))
    with store.reading() as session:
        assert session.scalars(text("SELECT id FROM response_keys")).all() == []


def _copy(store: Store, kind: type[Base], number: int) -> dict[str, Any]:
    with store.reading() as session:
        row = session.execute(
            select(kind.__table__).where(kind.__table__.c.id == number)
        ).mappings()
        return dict(row.one())


def test_a_query_reads_the_partitions_that_can_have_its_rows(converted: Converted, store: Store):
    by_time = "SELECT * FROM responses WHERE submitted_at >= '2026-06-01Z' AND submitted_at < '2026-07-01Z'"
    asked = {
        By.MONTH: {
            by_time: {"responses_2026_06"},
            "SELECT * FROM interactions WHERE at >= '2026-07-01Z' AND at < '2026-09-01Z'": {
                *("interactions_2026_07", "interactions_2026_08"),
            },
            "SELECT * FROM responses WHERE id = 7": set(),
        },
        By.HASH: {
            "SELECT * FROM responses WHERE id = 7": None,
            "SELECT * FROM invitations WHERE token_hash = 'x'": None,
            "SELECT * FROM decisions WHERE interaction_id = 7": None,
            "UPDATE outgoing_messages SET attempts = 1 WHERE id = 7": None,
        },
    }[converted.by]
    if converted.by == By.MONTH:
        asked |= {"SELECT * FROM scores WHERE response_id = 7": None}
    with store.engine.connect() as connection:
        for statement, wanted in asked.items():
            plan = "\n".join(connection.execute(text(f"EXPLAIN {statement}")).scalars())
            tables = {p for name in GROWING_NAMES for p in partitions_of(connection, name)}
            read = {name for name in tables if f" on {name} " in plan}
            if wanted is None:
                assert len(read) == 1, plan
            elif wanted:
                assert read == wanted, plan
            else:
                assert len(read) > PARTS, plan  # a number alone tells no month


@pytest.mark.parametrize("converted", [By.MONTH], indirect=True)
def test_months_are_made_ahead_and_no_row_is_refused_or_lost(converted: Converted, store: Store):
    fill(store)
    late = CONVERTED + timedelta(days=200)  # long after the last partition
    with store.writing() as session:
        for month in (1, 12):
            message = {**_copy(store, OutgoingMessage, 1), "id": 60 + month, "key": f"late {month}"}
            message["created_at"] = datetime(2026, month, 30, tzinfo=UTC)
            session.execute(insert(OutgoingMessage.__table__), [message])
    with ThreadPoolExecutor(2) as workers:
        made = list(workers.map(lambda _: make_months(store, late), range(2)))
    assert max(made) == 20 and make_months(store, late) == 0  # November to February, five tables
    with store.engine.connect() as connection:
        counted = text(
            "SELECT tableoid::regclass::text FROM outgoing_messages WHERE id > 60 ORDER BY id"
        )
        assert connection.scalars(counted).all() == [
            *("outgoing_messages_other", "outgoing_messages_2026_12"),
        ]
        keys = text("SELECT count(*) FROM outgoing_message_keys WHERE key LIKE 'late %'")
        assert connection.scalar(keys) == 2
    with pytest.raises(IntegrityError), store.writing() as session:
        session.execute(insert(OutgoingMessage.__table__), [{**message, "id": 90}])
    with store.writing() as session:
        session.execute(delete(OutgoingMessage).where(OutgoingMessage.id == 72))
    with store.engine.connect() as connection:
        assert connection.scalar(keys) == 1


@pytest.mark.parametrize("converted", [By.MONTH], indirect=True)
def test_a_backup_is_restored_with_its_partitions(
    converted: Converted, store: Store, tmp_path: Path, postgresql_server: str
):
    fill(store)
    found = postgresql_copy.copy(store.engine, tmp_path / "database.dump")
    with store.engine.connect() as connection:
        parts = partitions_of(connection, "responses")
    assert not found.tables.keys() & set(parts)
    assert found.tables["responses"].rows == found.tables["response_keys"].rows == 3
    engine = make_engine(empty_database(postgresql_server, "by_restored"))
    postgresql_copy.restore(engine, tmp_path / "database.dump", found.tables)
    with engine.begin() as connection:
        assert partitioned_by(connection) == converted.by
        connection.execute(delete(Response.__table__).where(Response.__table__.c.id == 1))
        assert connection.scalar(text("SELECT count(*) FROM response_keys")) == 2
    engine.dispose()


def test_sqlite_is_not_partitioned(migrated_sqlite: Path):
    store = Store(f"sqlite:///{migrated_sqlite}")
    with pytest.raises(Conflict, match="db move"):
        partition(store, By.HASH, parts=2, now=CONVERTED, progress=lambda *_: None)
    assert make_months(store, CONVERTED) == 0
    store.close()
