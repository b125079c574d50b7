"""Through a pooler in transaction mode nothing of ours stays with a connection that others get next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from surveyapp.backups import postgresql_copy
from surveyapp.errors import SurveyappError
from surveyapp.store import queue
from surveyapp.store.db import Store
from surveyapp.store.models import OptOut
from surveyapp.store.poolers import pools_transactions, waits_without_limit
from tests.pooler import pooled

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
_LIMIT = text("SHOW lock_timeout")


@pytest.fixture
def through(store: Store) -> Iterator[Store]:
    """The same database, behind a pooler."""
    with pooled(make_url(str(store.engine.url.render_as_string(hide_password=False)))) as url:
        made = Store(url.render_as_string(hide_password=False), lock_seconds=1)
        yield made
        made.close()


def test_a_pooler_is_told_from_the_server_itself(store: Store, through: Store):
    assert (pools_transactions(store.engine), pools_transactions(through.engine)) == (False, True)


def test_a_wait_for_somebody_elses_lock_ends_and_leaves_no_limit_behind(
    store: Store, through: Store
):
    with store.writing() as session:
        session.execute(text("LOCK TABLE opt_outs IN ACCESS EXCLUSIVE MODE"))
        begun = monotonic()
        with pytest.raises(OperationalError, match="lock timeout"), through.writing() as other:
            other.get(OptOut, "nobody")
        with pytest.raises(OperationalError, match="lock timeout"), through.writing_rows() as at:
            at.connection.cursor().execute("SELECT 1 FROM opt_outs")
        assert monotonic() - begun < 5
    assert waits_without_limit(through.engine)
    assert not waits_without_limit(store.engine)


def test_jobs_are_looked_for_where_nothing_is_heard(through: Store):
    looked: list[None] = []
    queue.listen(through, over=lambda: bool(looked), woken=lambda: looked.append(None))
    assert len(looked) == 1


def test_no_backup_takes_the_tables_from_who_gets_its_connection_next(
    through: Store, tmp_path: Path
):
    with pytest.raises(SurveyappError, match="address of the database server itself"):
        postgresql_copy.copy(through.engine, tmp_path / "dump")
    with pytest.raises(SurveyappError, match="address of the database server itself"):
        postgresql_copy.restore(through.engine, tmp_path / "dump", {})
    assert list(tmp_path.glob("dump")) == []
