"""Of several processes that upgrade one database, one works and the others wait for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from surveyapp.errors import SettingsError
from surveyapp.store.db import Store
from surveyapp.store.schema import revision, upgrade
from surveyapp.store.upgrade_lock import alone
from tests.backups.conftest import empty_database
from tests.conftest import BACKENDS

_IMPATIENT = 1  # seconds


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'upgraded.db'}"
    return empty_database(request.getfixturevalue("postgresql_server"), "upgraded")


def test_one_of_three_works_and_the_others_find_it_done(url: str):
    made: list[int] = []

    def one(number: int) -> str | None:
        store = Store(url, _IMPATIENT)

        def executed(_c: object, _cursor: object, statement: str, *_: object) -> None:
            if "CREATE TABLE journeys" in statement:
                made.append(number)

        event.listen(store.engine, "after_cursor_execute", executed)
        upgrade(store.engine, "0002")
        with store.engine.connect() as connection:
            found = revision(connection)
        store.close()
        return found

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == ["0002"] * 3
    assert len(made) == 1


def test_who_waits_is_not_limited_by_the_time_that_pages_wait(
    url: str, caplog: pytest.LogCaptureFixture
):
    """And refuses a newer schema that has come meanwhile, as it would have at its start."""
    holder, waiting = Store(url, _IMPATIENT), Store(url, _IMPATIENT)
    upgrade(holder.engine, "0001")
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            upgrade(waiting.engine, "0002")
        except SettingsError as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    with alone(holder.engine):
        thread.start()
        time.sleep(_IMPATIENT + 0.3)
        assert thread.is_alive() and failed == []
        assert "Another process is upgrading" in caplog.text
        with holder.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    thread.join()
    assert "9999, which is newer" in str(failed)
    holder.close()
    waiting.close()
