"""Statements that go to the driver: what they bind, what they say when they fail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from surveyapp.store import events
from surveyapp.store.columns import read_moment, utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Event, OptOut
from surveyapp.store.statements import Insertion, RawConnection, Statement


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 100])
def test_any_number_of_rows_goes_in_whole_and_in_order(store: Store, count: int):
    with store.writing_rows() as rows:
        events.publish_all(rows, "job", [{"number": k, "text": f"ä {k}"} for k in range(count)])
    with store.reading() as session:
        found = list(session.scalars(select(Event).order_by(Event.id)))
    assert [event.subject for event in found] == [
        {"number": k, "text": f"ä {k}"} for k in range(count)
    ]


def test_no_rows_are_no_statement(store: Store):
    """Not even an insert without rows, which each database would refuse in its own way."""
    said: list[str] = []

    class Overheard:
        """The driver's connection or cursor, every text that it executes written down."""

        def __init__(self, own: Any) -> None:
            self._own = own

        def cursor(self) -> Any:
            return Overheard(self._own.cursor())

        def execute(self, text: str, bound: Any) -> None:
            said.append(text)
            self._own.execute(text, bound)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._own, name)

    with store.writing_rows() as rows:
        overheard = RawConnection(Overheard(rows.connection), rows.dialect)
        events.publish_all(overheard, "job", [])
        assert said == []
        events.publish_all(overheard, "job", [{"number": 1}])
    assert [text.split()[0] for text in said] == ["INSERT"]
    with store.reading() as session:
        assert [event.subject for event in session.scalars(select(Event))] == [{"number": 1}]


def test_a_time_comes_back_as_it_was_given(store: Store):
    now = utc_now()
    with store.writing_rows() as rows:
        inserting = Insertion(insert(OptOut), rows.dialect)
        inserting.run_all(rows, [{"key": "a", "source": "staff", "created_at": now}])
        own = OptOut.__table__.c
        finding = Statement(
            select(own.created_at).where(own.key == bindparam("wanted")), rows.dialect
        )
        assert read_moment(finding.scalar(rows, {"wanted": "a"})) == now
        assert finding.scalar(rows, {"wanted": "b"}) is None
    assert read_moment(None) is None


def test_rows_that_share_a_value_each_have_it_and_the_others_their_own(store: Store):
    now, earlier = utc_now(), utc_now() - timedelta(days=1)
    times = {"a": now, "b": now, "c": earlier, "d": now}
    with store.writing_rows() as rows:
        Insertion(insert(OptOut), rows.dialect).run_all(
            rows, [{"key": k, "source": "staff", "created_at": at} for k, at in times.items()]
        )
    with store.reading() as session:
        found = session.scalars(select(OptOut))
        assert {each.key: each.created_at for each in found} == times


def test_an_error_is_sqlalchemys_and_shows_no_values(store: Store):
    secret = {"key": "ada@example.org", "source": "staff", "created_at": utc_now()}
    with pytest.raises(IntegrityError) as caught, store.writing_rows() as rows:
        inserting = Insertion(insert(OptOut), rows.dialect)
        inserting.run_all(rows, [secret])
        inserting.run_all(rows, [secret])
    assert "[parameters" not in str(caught.value)
    with store.reading() as session:
        assert session.scalars(select(OptOut)).all() == []


def test_what_a_failed_block_wrote_is_undone_and_the_connection_serves_again(store: Store):
    with pytest.raises(RuntimeError), store.writing_rows() as rows:
        events.publish_all(rows, "job", [{"number": 1}])
        raise RuntimeError
    with store.writing_rows() as rows:
        events.publish_all(rows, "job", [{"number": 2}])
    with store.reading() as session:
        assert [event.subject["number"] for event in session.scalars(select(Event))] == [2]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_is_away_is_a_database_error(kind: str, tmp_path: Path):
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"
    away = Store(
        f"sqlite:///{tmp_path}" if kind == "sqlite" else nowhere
    )  # a folder is no database
    with pytest.raises(DBAPIError), away.raw_connection():
        pass
    with pytest.raises(DBAPIError), away.writing_rows():
        pass
