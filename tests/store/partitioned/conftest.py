"""Databases that were filled and then partitioned, by month and by hash; emptied for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest

from surveyapp.store.db import Store
from surveyapp.store.models import Base
from surveyapp.store.partitioning import partition
from surveyapp.store.partitions import GROWING, By
from surveyapp.store.schema import upgrade
from tests.backups.conftest import empty_database
from tests.backups.filled import contents, fill
from tests.conftest import _EMPTY, DRIVER, MASTER

PARTS = 4
CONVERTED = datetime(2026, 5, 10, tzinfo=UTC)
ROWS = 5  # of each table, the growing ones' in March


@dataclass(frozen=True)
class Converted:
    by: By
    url: str
    before: dict[str, list[str]]
    after: dict[str, list[str]]
    moved: dict[str, int]
    empty: str  # the statements that empty it


@pytest.fixture(scope="session", params=list(By))
def converted(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[Converted]:
    by = request.param
    store = Store(empty_database(postgresql_server, f"by_{by}"), master_key=MASTER)
    upgrade(store.engine)
    fill(store, ROWS)
    before = contents(store)
    moved = partition(store, by, parts=PARTS, now=CONVERTED, progress=lambda *_: None)
    after = contents(store)
    keys = sorted({each.keys for each in GROWING} & after.keys())
    empty = "; ".join([_EMPTY, *(f"DELETE FROM {name}" for name in keys)])  # noqa: S608
    url = store.engine.url.render_as_string(hide_password=False)
    yield Converted(
        by, url, before, {n: after[n] for n in (*Base.metadata.tables, *keys)}, moved, empty
    )
    store.close()


@pytest.fixture
def database_url(converted: Converted) -> str:
    """Instead of the one for tests of both databases."""
    with psycopg.connect(
        converted.url.replace(DRIVER, "postgresql://"), autocommit=True
    ) as connection:
        connection.execute(converted.empty)
    return converted.url
