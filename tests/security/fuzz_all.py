"""10,000 hostile inputs to every route, form, file and operation (``make fuzz``).

``FUZZ_SEED`` repeats the inputs of an earlier run, ``FUZZ_INPUTS`` says how many there are.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from surveyapp.store.db import Store
from surveyapp.store.schema import upgrade
from tests.conftest import BACKENDS
from tests.fuzzing.attack import Attack
from tests.fuzzing.databases import Database, Postgresql, Sqlite
from tests.fuzzing.target import make_target


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path)
    server = request.getfixturevalue("postgresql_server")
    store = Store(server)
    upgrade(store.engine)
    store.close()
    return Postgresql(server)


def test_nothing_fails_nothing_waits_and_the_database_stays_whole(
    database: Database, tmp_path: Path
):
    seed = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 10**9)
    count = int(os.environ.get("FUZZ_INPUTS", "10000"))
    print(f"\nFUZZ_SEED={seed} FUZZ_INPUTS={count}", flush=True)
    target = make_target(database, tmp_path)
    attack = Attack(target, seed)
    began = time.monotonic()
    attack.run(count, all_jobs=True)
    target.installation.close()
    seconds, slowest = attack.slowest
    print(f"{len(attack.ways)} routes and operations, {time.monotonic() - began:.0f} s in all")
    print(f"slowest {seconds:.2f} s: {slowest[:300]}")
    print(*attack.failures, sep="\n\n")
    assert attack.failures == [], f"{len(attack.failures)} failures; FUZZ_SEED={seed}"
