"""Threats 17 and 24 with several hosts: the key of an epoch is known to all of them, survives the crash of
PostgreSQL in copies, and is destroyed everywhere once the epoch is over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from surveyapp.app import create_app
from surveyapp.installation import Installation, open_installation
from surveyapp.responses.release_duty import copy_keys, release_all
from surveyapp.settings import read
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import SharedEpochKey
from surveyapp.store.shared_epoch_keys import SharedEpochKeys
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import SECRET
from tests.security.anonymous import NAMES, answer, bank

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def app(database_url: str, tmp_path: Path):
    made = create_app(read({}, home=tmp_path / "web", database_url=database_url, secret_key=SECRET))
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[list[Installation]]:
    """Two worker hosts with homes of their own."""
    opened = [
        open_installation(
            read({}, home=tmp_path / name, database_url=database_url, secret_key=SECRET)
        )
        for name in ("one", "two")
    ]
    yield opened
    for each in opened:
        each.close()


def copies(host: Installation) -> set[str]:
    folder = host.settings.home / "epochs"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def copied(hosts: list[Installation]) -> list[int]:
    return [copy_keys(each, each.now()) for each in hosts]


def test_a_key_is_in_the_database_and_in_copies_until_the_epoch_is_over(app, workers):
    installation = app.extensions[EXTENSION]
    made = bank(installation, NAMES[:5])
    for name in NAMES[:4]:
        answer(app.test_client(), made.paths[name], 3)
    (name,) = installation.epoch_keys.names()
    key = installation.epoch_keys.read(name)
    assert copied(workers) == [1, 1] and copied(workers) == [0, 0]
    assert copies(workers[0]) == copies(workers[1]) == {name}
    assert copies(installation) == set()  # a host without a worker keeps none
    with installation.store.reading() as session:
        sealed = bytes(session.scalars(select(SharedEpochKey.sealed)).one())
    assert key is not None and key not in sealed
    with installation.store.writing() as session:  # as a crash of PostgreSQL leaves the table
        session.execute(delete(SharedEpochKey))
    assert installation.epoch_keys.read(name) is None
    assert copied(workers) == [1, 0]
    assert installation.epoch_keys.read(name) == key
    assert app.test_client().get(made.paths[NAMES[0]]).status_code == 404  # used, and known to be
    answer(app.test_client(), made.paths[NAMES[4]], 3)
    assert release_all(workers[0], workers[0].now()) == 5
    assert copies(workers[0]) == set()
    long_ago = time.time() - 61
    os.utime(workers[1].settings.home / "epochs" / name, (long_ago, long_ago))
    assert copied(workers) == [0, 1]
    assert copies(workers[1]) == workers[1].epoch_keys.names() == set()


def test_another_secret_key_reads_none_of_them(app):
    installation = app.extensions[EXTENSION]
    made = bank(installation, NAMES[:1])
    answer(app.test_client(), made.paths[NAMES[0]], 3)
    (name,) = installation.epoch_keys.names()
    stranger = SharedEpochKeys(
        installation.store, EpochKeys(installation.settings.home, SECRET[::-1])
    )
    assert stranger.read(name) is None


def test_no_write_ahead_log_and_no_replica_gets_the_table(app):
    installation = app.extensions[EXTENSION]
    with installation.store.reading() as session:
        kept = session.connection().exec_driver_sql(
            "SELECT relpersistence FROM pg_class WHERE relname IN"
            " ('shared_epoch_keys', 'anonymity_epochs') ORDER BY relname DESC"
        )
        assert [row[0] for row in kept] == ["u", "p"]


def test_a_folder_that_hosts_share_is_still_a_choice(app, tmp_path: Path):
    installation = app.extensions[EXTENSION]
    settings = replace(installation.settings, epoch_keys=str(tmp_path / "shared"))
    assert not isinstance(replace(installation, settings=settings).epoch_keys, SharedEpochKeys)
