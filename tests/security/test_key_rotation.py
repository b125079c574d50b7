"""After the signing key is changed, links and forms given out before work until the overlap is over."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from flask import Flask

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.store import signing_keys
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import make_survey
from tests.web.respondents import form_key, opened, single_use


@pytest.fixture
def settings(migrated_sqlite, tmp_path):
    path = tmp_path / "surveyapp.db"
    shutil.copy(migrated_sqlite, path)
    return read({}, home=tmp_path / "home", database_url=f"sqlite:///{path}")


def started(settings) -> Flask:
    app = create_app(settings)
    app.testing = True
    return app


def test_links_and_open_forms_outlive_a_change_of_the_key_for_as_long_as_was_said(settings):
    app = started(settings)
    whole = app.extensions[EXTENSION]
    with whole.store.writing() as session:
        survey = make_survey(session, asks=("nps",))
    first, second = single_use(whole, survey, {}, {})
    client = app.test_client()
    form = {"nps-nps": "7", "form-key": form_key(opened(client, first))}
    now = whole.now() - timedelta(minutes=5)  # so that the new key signs already
    with whole.store.writing() as session:
        signing_keys.rotate(session, whole.secret_key, overlap=timedelta(days=1), now=now)
    whole.close()
    restarted = started(settings)
    client = restarted.test_client()
    assert client.post(first, data=form).status_code == 303
    fresh = opened(client, second)
    with restarted.extensions[EXTENSION].store.writing() as session:
        ends = session.query(signing_keys.SigningKey).filter_by(id=1).one()
        ends.until = whole.now() - timedelta(seconds=1)
    restarted.extensions[EXTENSION].close()
    later = started(settings)
    client = later.test_client()
    assert client.get(second).status_code == 404
    with later.extensions[EXTENSION].store.reading() as session:
        link = session.get_one(type(survey), survey.id).link
    assert client.get(f"/s/{link}").status_code == 200
    assert 'name="form-key"' in fresh
    later.extensions[EXTENSION].close()
