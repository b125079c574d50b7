"""Every page of staff is answered by a hot standby: none of them writes where it only shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.web.guards import GUARD, PUBLIC
from surveyapp.web.installation import EXTENSION
from tests.standby import Standby, hot_standby
from tests.web.conftest import kept_places, sign_in, world
from tests.web.test_replica_reads import caught_up

__all__ = ["kept_places", "sign_in", "world"]

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(scope="module")
def standby(migrated_postgresql) -> Iterator[Standby]:
    with hot_standby(migrated_postgresql[0]) as started:
        yield started


@pytest.fixture
def app(database_url: str, tmp_path: Path, standby: Standby) -> Iterator[Flask]:
    about = {"database_url": database_url, "read_database_url": standby.url}
    made = create_app(read({}, home=tmp_path / "home", read_lag_seconds=3600, **about))
    made.testing = True
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask):
    return app.extensions[EXTENSION]


def test_no_page_asks_the_standby_for_what_only_the_primary_can_do(
    app: Flask, installation, world, sign_in
):
    browser, replica = sign_in(world.users["administrator"]), installation.store.replica
    places = asdict(world.here)
    caught_up(replica)
    shown, broken = 0, {}
    for rule in app.url_map.iter_rules():
        guard = getattr(app.view_functions[rule.endpoint], GUARD, PUBLIC)
        if "GET" not in (rule.methods or ()) or guard == PUBLIC or rule.arguments - places.keys():
            continue
        _, path = rule.build({name: places[name] for name in rule.arguments})
        replica.look()
        assert replica.state().fault == ""
        with browser.get(path) as answer:
            status = answer.status_code
        shown += status == 200
        if status >= 500 or replica.state().fault:
            broken[path] = (status, replica.state().fault)
    assert broken == {}
    assert shown > 80
