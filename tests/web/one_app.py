"""One application for all tests of a module, over a home of its own, and a researcher who is signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.web.world import add_user, session_key


def one_app(migrated: Path, folders: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application over a copy of an empty database, closed at the end."""
    home = folders.mktemp("home")
    shutil.copy(migrated, home / "surveyapp.db")
    made = create_app(read({}, home=home, log_level="ERROR"))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


def researcher(app: Flask) -> FlaskClient:
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    return client
