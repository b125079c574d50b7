"""Light and dark pages: one's own choice in a cookie, else the system's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import render_template_string
from flask.testing import FlaskClient

from instruments.loader import BUILT_IN
from surveyapp.app import create_app
from surveyapp.installation import Installation
from surveyapp.results.definitions import scored
from surveyapp.results.view_models import Figure, Hidden, Month, Trend
from surveyapp.settings import read
from surveyapp.store.models import User
from tests.responses.makers import unstored_survey
from tests.web.world import add_user

STATIC = Path(__file__).parent.parent.parent / "surveyapp/web/static"
STAFF = ("staff", "cases", "messages", "previews", "sampling", "translations")


def test_the_choice_is_kept_goes_back_to_its_page_and_can_be_undone(
    installation: Installation, sign_in: Callable[[User], FlaskClient]
):
    with installation.store.writing() as session:
        manager = add_user(session, "manager")
    client = sign_in(manager)
    assert "data-theme" not in client.get("/segments").text
    chosen = client.post("/appearance", data={"appearance": "dark", "next": "/segments?a=1"})
    assert (chosen.status_code, chosen.location) == (303, "/segments?a=1")
    assert (
        "HttpOnly" in chosen.headers["Set-Cookie"]
        and "SameSite=Lax" in chosen.headers["Set-Cookie"]
    )
    page = client.get("/segments").text
    assert '<html lang="en" data-theme="dark">' in page
    assert 'value="dark" aria-pressed="true"' in page
    elsewhere = client.post("/appearance", data={"appearance": "", "next": "https://example.org/"})
    assert elsewhere.location == "/journeys"
    assert "data-theme" not in client.get("/segments").text
    client.set_cookie("appearance", '"><script>')
    assert "data-theme" not in client.get("/segments").text


@pytest.mark.parametrize("name", STAFF)
def test_staff_stylesheets_name_colours_by_the_table_only(name: str):
    css = (STATIC / f"{name}.css").read_text()
    # A QR code and a logo stand on white whatever the page is.
    rules = [rule for rule in css.split("}") if ".qr" not in rule and ".logo-shown" not in rule]
    assert not [rule for rule in rules if "#" in rule.partition("{")[2]]


def test_the_table_behind_a_drawing_has_the_newest_month_first(tmp_path: Path):
    csat = scored([unstored_survey(("csat",))], library=BUILT_IN)["csat"].definition
    months = (
        Month(date(2026, 9, 1), Figure(csat, 120, 54.0, 46.0, 62.0, 3.7)),
        Month(date(2026, 10, 1), Figure(csat, None, None, None, None, None, Hidden.FEW)),
        Month(date(2026, 11, 1), Figure(csat, 90, 71.0, 62.0, 79.0, 3.7)),
    )
    app = create_app(read({}, home=tmp_path))
    source = "{% from 'parts.html' import trend_picture %}{{ trend_picture(trend, 'CSAT') }}"
    with app.test_request_context():
        page = render_template_string(source, trend=Trend(csat, None, None, None, months))
    table = page.partition("<table")[2]
    places = [table.index(text) for text in ("Nov 2026", "71%", "Oct 2026", "Sep 2026", "54%")]
    assert places == sorted(places)
    assert "46 to 62" in table and ">120<" in table
    assert 'class="newest" tabindex="0" role="group"' in page
