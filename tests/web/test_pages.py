"""One noun a page: module, blueprint, addresses, templates; old addresses lead on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.store.models import User
from surveyapp.web.moved import moved
from surveyapp.web.pages import PAGES, SECTIONS
from tests.test_floors import FLOORS
from tests.web.conftest import World

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "surveyapp/web/templates"
# Addresses that people type, or that stand for the whole site.
WITHOUT_NOUN = {"account.sign_in", "account.sign_out", "journeys.home"}
CUSTOMERS = "respond"  # what customers see


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(read({}, home=tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_module_blueprint_and_addresses_share_one_noun(site: Flask, page):
    noun = page.name
    assert page.import_name == f"surveyapp.web.{noun}"
    assert (ROOT / f"surveyapp/web/{noun}.py").is_file()
    rules = [rule for rule in site.url_map.iter_rules() if rule.endpoint.startswith(f"{noun}.")]
    assert rules
    for rule in rules:
        if rule.endpoint not in WITHOUT_NOUN:
            assert noun.replace("_", "-") in re.split(r"[/.]", rule.rule), rule.rule


def test_each_template_is_in_the_folder_of_the_page_that_shows_it():
    nouns = {page.name for page in PAGES}
    for module in sorted((ROOT / "surveyapp/web").glob("*.py")):
        for folder in re.findall(r'render_template\(\s*"(\w+)/', module.read_text()):
            assert folder == module.stem, f"{module.name} shows a template of {folder}/"
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders - {CUSTOMERS} <= nouns


def test_each_room_has_a_folder_of_tests_with_its_noun():
    rooms = {path.parent.name for path in (ROOT / "surveyapp").glob("*/__init__.py")}
    assert {name for name in rooms if not (ROOT / "tests" / name).is_dir()} == set()
    assert {name for name in rooms if f"surveyapp.{name}" not in FLOORS} == set()


def test_every_section_begins_with_a_page_that_exists(site: Flask):
    assert len(PAGES) == len(set(PAGES))
    for section in SECTIONS:
        assert section.start in site.view_functions


def test_navigation_shows_what_one_may_open_and_where_one_is(
    world: World, sign_in: Callable[[User], FlaskClient]
):
    page = sign_in(world.users["manager"]).get("/cases").text
    navigation = page[page.index('class="sections"') : page.index("</nav>")]
    assert re.findall(r">([^<]+)</a>", navigation) == [
        "Journeys", "Segments", "Actions", "Alerts", "Cases", "Jobs",
    ]  # fmt: skip
    assert re.findall(r'aria-current="true">([^<]+)<', navigation) == ["Cases"]


OLD = (
    ("/journeys/3/deployments", "/journeys/3/surveys"),
    ("/journeys/3/deployments/14", "/journeys/3/surveys/14"),
    ("/journeys/3/deployments/14/asking", "/journeys/3/surveys/14/sampling"),
    ("/journeys/3/deployments/14/ways", "/journeys/3/surveys/14/channels"),
    ("/journeys/3/deployments/14/ways/poster.pdf", "/journeys/3/surveys/14/channels/poster.pdf"),
    ("/journeys/3/deployments/14/look/preview", "/journeys/3/surveys/14/theme/preview"),
    ("/journeys/3/deployments/14/loop", "/journeys/3/surveys/14/closed-loop"),
    ("/journeys/3/deployments/14/import", "/journeys/3/surveys/14/imports"),
    ("/journeys/3/deployments/14/messages/lists", "/journeys/3/surveys/14/campaigns"),
    ("/journeys/3/causes/pain-points/7", "/journeys/3/pain-points/7"),
    ("/journeys/3/asked", "/journeys/3/sampling"),
    ("/journeys/3/interactions", "/journeys/3/sampling/interactions"),
    ("/journeys/3/map", "/journeys/3/stages"),
    ("/journeys/3/map/stages/5", "/journeys/3/stages/5"),
    ("/journeys/3/map/touchpoints/6", "/journeys/3/stages/touchpoints/6"),
    ("/device", "/devices"),
)


@pytest.mark.parametrize(("old", "new"), OLD)
def test_an_old_address_leads_to_the_page_that_has_moved(site: Flask, old: str, new: str):
    answer = site.test_client().get(f"{old}?days=30&x=%C3%A4")
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{new}?days=30&x=%C3%A4")
    endpoint, _ = site.url_map.bind("localhost").match(new, method="GET")
    assert endpoint.split(".")[0] in {page.name for page in PAGES}


@pytest.mark.parametrize(
    "path", ["/", "/journeys/3", "/journeys/x/map", "//evil.example/map", "/devices"]
)
def test_other_addresses_stay_where_they_are(path: str):
    assert moved(path) is None


def test_a_page_that_never_was_is_not_found(site: Flask):
    assert site.test_client().get("/journeys/3/deploy").status_code == 404
