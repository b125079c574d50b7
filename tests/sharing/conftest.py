"""The staff's pages beside the store, on one database for a module: what is saved does not differ."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import JourneyGrant, User
from surveyapp.web.installation import EXTENSION
from tests.web.conftest import sign_in
from tests.web.world import Place, add_user, make_place

__all__ = ["sign_in"]


@pytest.fixture(scope="package")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="INFO"))  # what is logged is tested
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="package")
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@dataclass(frozen=True)
class People:
    """Two journeys; Ada and Bo edit both of them, Cy reads the first alone."""

    here: Place
    there: Place
    ada: User
    bo: User
    cy: User


@pytest.fixture(scope="package")
def people(installation: Installation) -> People:
    with installation.store.writing() as session:
        owner, ada, bo = (
            add_user(session, "manager", email=f"{name}@example.org", name=name.capitalize())
            for name in ("owner", "ada", "bo")
        )
        cy = User(email="cy@example.org", name="Cy", role="manager", password_hash="")
        session.add(cy)
    here, there = (make_place(installation, name, owner) for name in ("Open", "Move"))
    with installation.store.writing() as session:
        for user in (ada, bo):
            for row in session.query(JourneyGrant).filter_by(user_id=user.id):
                session.delete(row)
            session.flush()
            for kind in ("editor", "comments"):
                session.add(JourneyGrant(user_id=user.id, kind=kind))
        session.add(JourneyGrant(user_id=cy.id, journey_id=here.journey_id, kind="reader"))
    return People(here, there, ada, bo, cy)


@pytest.fixture
def ada(people: People, sign_in) -> FlaskClient:
    return sign_in(people.ada)


@pytest.fixture
def bo(people: People, sign_in) -> FlaskClient:
    return sign_in(people.bo)


@pytest.fixture
def cy(people: People, sign_in) -> FlaskClient:
    return sign_in(people.cy)
