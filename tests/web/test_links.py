"""No page leads its reader to a closed door or to nothing."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.store.models import SurveyRow
from surveyapp.web.installation import EXTENSION
from tests.web.conftest import World
from tests.web.world import ROLES, answer

_LINK = re.compile(r'href="(/[^"#]*)[^"]*"')


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """On SQLite alone: where a page leads is the same on both, and test_guards opens each on both."""
    path = tmp_path / "surveyapp.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.mark.parametrize("role", ROLES)
def test_every_link_opens_for_whoever_sees_it(
    app: Flask, world: World, sign_in, installation: Installation, role: str
):
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        for _ in range(6):
            answer(session, survey)
    client = sign_in(world.users[role])
    waiting, seen = ["/journeys"], {"/journeys"}
    while waiting:
        path = waiting.pop()
        with client.get(path) as page:
            assert page.status_code == 200, path
            if page.mimetype != "text/html" or path.startswith("/s/"):
                continue
            for found in _LINK.findall(page.text):
                link = html.unescape(found)
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
    assert len(seen) > {"administrator": 35, "researcher": 30, "manager": 14}[role]
    assert ("/users" in seen) is (role == "administrator")


def test_stylesheets_use_no_colour_or_size_that_nobody_defines(tmp_path):
    app = create_app(read({}, home=tmp_path))
    client = app.test_client()
    with client.get("/static/staff.css") as own, client.get("/stylesheet.css") as shared:
        used = set(re.findall(r"var\((--[\w-]+)", own.text))
        defined = set(re.findall(r"(--[\w-]+):", own.text + shared.text))
    assert {name for name in used - defined if not name.startswith("--bs-")} == set()
    assert ".heat-1 {" in shared.text and ".heat-7 {" in shared.text
    app.extensions[EXTENSION].close()
