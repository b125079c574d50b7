"""Pages of the register of changes: on SQLite, as the pages do not differ by database."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.results import bank
from tests.validity import faults
from tests.web.world import add_user, session_key


@pytest.fixture(scope="module")
def app(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("changes")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    made = create_app(read({}, home=home))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def made(app: Flask) -> bank.Bank:
    with app.extensions[EXTENSION].store.writing() as session:
        found = bank.make_journey(session)
        bank.fill(session, found, a_place=60, months=6)
    return found


@pytest.fixture(scope="module")
def client(app: Flask, made: bank.Bank) -> FlaskClient:
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        user = add_user(session, "manager", password_hash="none")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    return client


def registered(client: FlaskClient, made: bank.Bank, title: str, day: str, *places: str) -> str:
    """The address of a new change."""
    said = {"title": title, "started_on": day, "places": list(places)}
    return client.post(f"/journeys/{made.journey}/changes/new", data=said).location


def test_a_manager_registers_corrects_removes_and_restores_a_change(client, made):
    base = f"/journeys/{made.journey}/changes"
    assert "No changes registered yet" in client.get(base).text
    point = f"touchpoint-{made.touchpoints['app']}"
    wrong = client.post(f"{base}/new", data={"title": "New app", "started_on": "soon"})
    assert wrong.status_code == 422 and "is not a day; write it as 2026-03-17." in wrong.text
    said = {"title": "New <app>", "started_on": "2026-02-17", "places": [point], "cost": "EUR 9"}
    ended = client.post(f"{base}/new", data={**said, "ended_on": "2026-02-01"})
    assert ended.status_code == 422 and "The last day is before the first." in ended.text
    page = client.post(f"{base}/new", data=said, follow_redirects=True)
    assert "New &lt;app&gt; has been registered." in page.text and "EUR 9" in page.text
    (listed,) = client.get(f"{base}.json").json["changes"]
    assert (listed["from"], listed["touchpoints"], listed["to"]) == ("2026-02-17", ["app"], None)
    address = f"{base}/{listed['id']}"
    filled = client.get(f"{address}/edit").text
    assert re.search(rf'checked[^>]*value="{point}"', filled)
    client.post(f"{address}/edit", data={**said, "made_by": "App team", "places": []})
    assert client.get(f"{address}.json").json["made_by"] == "App team"
    shown = client.get(base).text
    assert "Whole journey" in shown and "App team" in shown
    assert "Remove the change <bdi>New &lt;app&gt;</bdi>?" in client.get(f"{address}/remove").text
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert f'action="{address}/restore"' in gone and "No changes registered yet" in gone
    assert client.get(address).status_code == 404
    assert (
        "New &lt;app&gt; has been restored."
        in client.post(f"{address}/restore", follow_redirects=True).text
    )


def test_charts_and_their_tables_mark_a_change_of_the_whole_journey(client, made):
    registered(client, made, "New <fees>", "2026-03-17")
    page = client.get(f"/journeys/{made.journey}/results?period=all").text
    assert page.count('class="changed"') >= 2
    said = html.unescape(page)
    assert "(17 March 2026)." in said and ": <bdi>New <fees></bdi>" in said
    trend = client.get(f"/journeys/{made.journey}/results.json?period=all").json["trends"][0]
    (marked,) = [each for each in trend["changes"] if each["title"] == "New <fees>"]
    assert (marked["from"], marked["to"]) == ("2026-03-17", None)
    assert f"{marked['letter']}: <bdi>New <fees></bdi>" in said


def test_the_page_of_a_change_compares_before_and_after_and_with_a_control(client, made):
    point = made.touchpoints["id"]
    address = registered(client, made, "Shorter queue", "2026-02-01", f"touchpoint-{point}")
    control = f"{made.journey}:{made.touchpoints['pay']}.csat"
    page = html.unescape(client.get(f"{address}?score={point}.csat&control={control}").text)
    assert "Identity check: CSAT" in page and "Needs 30 answers" in page
    assert "In the months before" in page or "with shown scores" in page
    for limit in ("holds everything else", "in a straight line", "cannot prove it"):
        assert limit in page
    document = client.get(f"{address}.json?score={point}.csat&control={control}").json["effect"]
    assert document["chosen"] == f"{point}.csat" and document["control"]["label"]
    assert client.get(f"{address}?score=9.none").status_code == 422


def test_cost_and_return_are_told_in_three_cases_of_stated_assumptions(client, made):
    where = registered(client, made, "More staff", "2026-02-01")
    address = f"{where}/return"
    empty = client.get(address)
    assert empty.status_code == 200 and "Three cases" not in empty.text
    stated = "customers=10000&stay=0.2&margin=150&cost=20000&yearly=0&years=1&discount=0"
    page = client.get(f"{address}?{stated}")
    assert faults(page.text) == [] and "Three cases" in page.text
    cases = client.get(f"{address}.json?{stated}").json["cases"]
    assert cases["low"]["net"] <= cases["mid"]["net"] <= cases["high"]["net"]
    assert cases["mid"]["net"] == pytest.approx(cases["mid"]["gain"] * 20 * 150 - 20_000)
    for wrong in ("customers=many", "years=2.5", "years=99", "cost=-1", "margin=nan"):
        name = wrong.split("=")[0]
        others = "&".join(each for each in stated.split("&") if each.split("=")[0] != name)
        refused = client.get(f"{address}?{others}&{wrong}")
        assert refused.status_code == 422 and 'role="alert"' in refused.text, wrong


def test_an_action_is_planned_from_a_touchpoint_done_and_told_with_its_effect(client, made):
    base = f"/journeys/{made.journey}/action-plan"
    point = made.touchpoints["id"]
    filled = html.unescape(client.get(f"{base}/new?touchpoint={point}&reason=Low <score>").text)
    assert 'value="Improve Identity check"' in filled and "Low <score></textarea>" in filled
    assert re.search(rf'selected[^>]*value="touchpoint-{point}"', filled)
    said = {
        "title": "Shorten the wait", "place": f"touchpoint-{point}", "driver": "Low score",
        "due_on": "2026-02-01", "state": "open",
    }  # fmt: skip
    page = client.post(f"{base}/new", data=said, follow_redirects=True).text
    assert "Shorten the wait has been planned." in page and "overdue" in page
    (listed,) = client.get("/action-plan.json?overdue=1").json["actions"]
    assert listed["overdue"] and listed["touchpoint"] == "id" and listed["owner"] == "Manager"
    assert "No actions here" in client.get("/action-plan?state=done").text
    assert client.get("/action-plan?state=never").status_code == 422
    change = registered(client, made, "Shorter call", "2026-02-01", f"touchpoint-{point}")
    address = f"{base}/{listed['id']}"
    client.post(address, data={**said, "state": "done", "change_id": change.rpartition("/")[2]})
    told = html.unescape(client.get(base).text)
    assert "You said, we did" in told and "Shorter call" in told and "Needs 30 answers" in told
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert f'action="{address}/restore"' in gone
    assert (
        "Shorten the wait has been restored."
        in client.post(f"{address}/restore", follow_redirects=True).text
    )
