"""The web application on real databases, and people signed in to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import User
from surveyapp.web.installation import EXTENSION
from tests.kept_rows import KeptRows
from tests.serving import serving
from tests.web.world import ROLES, Place, add_user, make_place, session_key


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty database, its forms without CSRF tokens (they have their own test)."""
    made = create_app(read({}, home=tmp_path / "home", database_url=database_url))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


@dataclass(frozen=True)
class World:
    """Somebody in each role, and two journeys that know nothing of each other."""

    users: dict[str, User]
    here: Place
    there: Place


Places = tuple[dict[str, int], Place, Place]


def _make(installation: Installation) -> Places:
    with installation.store.writing() as session:
        users = {role: add_user(session, role) for role in ROLES}
    owner = users["researcher"]
    here, there = (make_place(installation, name, owner) for name in ("Open", "Move"))
    return {role: user.id for role, user in users.items()}, here, there


@pytest.fixture(scope="session")
def kept_places(tmp_path_factory: pytest.TempPathFactory) -> KeptRows[Places]:
    return KeptRows(_make, tmp_path_factory.mktemp("places"))


@pytest.fixture
def world(installation: Installation, kept_places: KeptRows[Places]) -> World:
    ids, here, there = kept_places.fill(installation)
    with installation.store.reading() as session:
        return World({role: session.get_one(User, ids[role]) for role in ids}, here, there)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """A browser in which this user is signed in; the sign-in page has tests of its own."""

    def signed_in(user: User) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = session_key(app.extensions[EXTENSION], user)
        return client

    return signed_in


@pytest.fixture(scope="module")
def served(migrated_sqlite: Path, tmp_path_factory) -> Iterator[tuple[str, Installation]]:
    """The application behind a real socket, on SQLite: pages do not differ by database."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    with serving(app) as base:
        yield base, app.extensions[EXTENSION]
    app.extensions[EXTENSION].close()
