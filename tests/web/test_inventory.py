"""Somebody looks up which touchpoints are surveyed, on the page, as JSON and as files."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import fromstring
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from surveyapp.app import create_app
from surveyapp.auth.grants import give, take
from surveyapp.settings import read
from surveyapp.store.models import SurveyRow, Touchpoint, User
from surveyapp.tables.opened import open_table
from surveyapp.web.installation import EXTENSION
from tests.results import bank
from tests.validity import faults
from tests.web.world import add_user, session_key

pytestmark = pytest.mark.xdist_group("inventory_pages")  # its tests share what is made once

DAY = datetime(2025, 3, 10, 12, tzinfo=UTC)
LATER = datetime(2025, 5, 10, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    app: Flask
    users: dict[str, User]
    home: bank.Bank

    def client(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = session_key(self.app.extensions[EXTENSION], self.users[name])
        return client


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Two journeys of the same map. Of the first: "id" has 9 answers and a formula for its partner,
    "meet" has 4, one survey is closed, and one touchpoint has none.
    """
    home = tmp_path_factory.mktemp("inventory_pages")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing = True
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        users = {role: add_user(session, role) for role in ("administrator", "manager")}
        place = bank.make_journey(session, name="Loan <b>")
        other = bank.make_journey(session, "zanzibar", name="Zanzibar")
        give(session, users["manager"].id, "reader", place.journey, by=None)
        take(session, users["manager"].id, "reader", None, by=None)
        asked = {"csat": {"csat": 5}}
        bank.store_answers(
            session, place.surveys["id"], [(DAY, {}, asked)] * 4 + [(LATER, {}, asked)] * 5, {}
        )
        bank.store_answers(session, place.surveys["meet"], [(DAY, {}, asked)] * 4, {})
        partner = session.get_one(Touchpoint, place.touchpoints["id"])
        partner.ownership, partner.partner = "partner", "=Courier & Co"
        quiet = [each for each in place.touchpoints if each not in ("id", "meet")]
        session.get_one(SurveyRow, place.surveys[quiet[0]]).state = "closed"
        session.delete(session.get_one(SurveyRow, place.surveys[quiet[1]]))
        assert len(place.touchpoints) == len(other.touchpoints) > 4
    yield Made(app, users, place)
    app.extensions[EXTENSION].close()


def test_the_page_counts_what_is_surveyed_and_hides_few_responses(made: Made):
    client = made.client("manager")
    page, document = client.get("/inventory"), client.get("/inventory.json").json
    assert page.status_code == 200 and not faults(page.text)
    total = len(made.home.touchpoints)
    assert document["coverage"] == {
        "touchpoints": total,
        "open": total - 2,
        "closed": 1,
        "none": 1,
        "percent": 100 * (total - 2) / total,
    }
    assert f"<b>{total - 2} of {total}</b>" in page.text
    assert (document["moments_of_truth"]["touchpoints"], document["moments_of_truth"]["open"]) == (
        2,
        2,
    )
    rows = {each["touchpoint"]: each for each in document["touchpoints"]}
    shown = ("responses", "reason", "last_month")
    assert [rows["id"][each] for each in shown] == [9, None, "2025-05"]
    assert [rows["meet"][each] for each in shown] == [None, "hidden (fewer than 5)", None]
    assert page.text.count("hidden (fewer than 5)") == 1
    assert "Loan &lt;b&gt;" in page.text and "=Courier &amp; Co" in page.text


def test_nobody_sees_touchpoints_of_journeys_that_were_not_given(made: Made):
    own, everything = made.client("manager"), made.client("administrator")
    for address in ("/inventory", "/inventory/export"):
        assert "Zanzibar" not in own.get(address).text
        assert "Zanzibar" in everything.get(address).text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("partner==courier %26 co", {"id"}),
        ("ownership=partner", {"id"}),
        ("truth=1", {"id", "meet"}),
        ("truth=1&ownership=provider", {"meet"}),
        ("channel=post", set()),
    ],
)
def test_the_list_is_cut_as_asked(made: Made, asked: str, found: set[str]):
    rows = made.client("manager").get(f"/inventory.json?{asked}").json["touchpoints"]
    assert {each["touchpoint"] for each in rows} == found


def test_coverage_cuts_the_list_and_another_word_is_refused(made: Made):
    client = made.client("manager")
    for coverage in ("closed", "none"):
        document = client.get(f"/inventory.json?coverage={coverage}").json
        assert [each["coverage"] for each in document["touchpoints"]] == [coverage]
        assert document["coverage"]["percent"] == 0
    refused = client.get("/inventory?coverage=some")
    assert refused.status_code == 422 and "open, closed, none" in refused.text
    assert "No matching touchpoints" in client.get("/inventory?channel=post").text


def test_files_hold_the_rows_of_the_list_and_run_nothing(made: Made):
    client = made.client("manager")
    with client.get("/inventory/export?truth=1") as sent:
        rows = list(csv.DictReader(io.StringIO(sent.text.removeprefix("\ufeff"))))
        assert "inventory-2-rows.csv" in sent.headers["Content-Disposition"]
    first, second = sorted(rows, key=lambda row: row["touchpoint_code"])
    assert (first["partner"], first["responses"], first["last_month"]) == (
        *("'=Courier & Co", "9", "2025-05"),
    )
    assert (second["responses"], second["responses_hidden"]) == ("", "hidden (fewer than 5)")
    with client.get("/inventory/export?format=xlsx&truth=1") as sent:
        table = open_table(io.BytesIO(sent.data), "inventory.xlsx")
    partner = table.headings.index("partner")
    assert "=Courier & Co" in {row.cells[partner] for row in table.rows}
    assert client.get("/inventory/export?format=sav").status_code == 422


def test_a_file_is_previewed_and_carried_out_by_who_may_edit(made: Made):
    assert made.client("manager").get("/inventory/import").status_code == 403
    client = made.client("administrator")
    with client.get("/inventory/export") as kept:
        data = kept.data
    shown = client.post(
        "/inventory/import", data={**_token(client), "file": (io.BytesIO(data), "a.csv")}
    )
    assert "Nothing to change" in shown.text and not faults(shown.text)
    text = (
        "journey_code,stage,touchpoint,channel\nzanzibar,{0},Kiosk <i>,hall\nzanzibar,Nowhere,A,b\n"
    )
    stage = next(csv.DictReader(io.StringIO(data.decode().removeprefix("\ufeff"))))["stage"]
    content = io.BytesIO(text.format(stage).encode())
    shown = client.post("/inventory/import", data={**_token(client), "file": (content, "a.csv")})
    assert "Add 1 and change 0" in shown.text and "Kiosk &lt;i&gt;" in shown.text
    assert "no stage named" in shown.text and not faults(shown.text)
    form = next(each for each in fromstring(shown.text).forms if "apply" in each.action)
    done = client.post(form.action, data=dict(form.form_values()))
    assert done.status_code == 303
    assert "1 added, 0 changed" in client.get(done.location).text
    assert client.post(form.action, data=dict(form.form_values())).status_code == 409


def test_a_preview_of_more_than_an_ordinary_form_comes_back(made: Made):
    client = made.client("administrator")
    with client.get("/inventory/export") as kept:
        rows = csv.DictReader(io.StringIO(kept.text.removeprefix("\ufeff")))
        row = next(each for each in rows if each["journey_code"] == "zanzibar")
    names = ("journey_code", "stage_code", "touchpoint", "channel")
    lines = [",".join(names), f"{row['journey_code']},{row['stage_code']},Large,hall"]
    lines += [f"nowhere,x,Point {number},{'long ' * 10_000}" for number in range(30)]
    content = io.BytesIO("\n".join(lines).encode())
    shown = _posted(
        client, "/inventory/import", {**_token(client), "file": FileStorage(content, "a.csv")}
    )
    form = next(each for each in fromstring(shown.text).forms if "apply" in each.action)
    assert form.get("enctype") == "multipart/form-data"
    sent = dict(form.form_values())
    assert len(sent["sheet"]) > 1_500_000
    done = _posted(client, form.action, sent)
    assert done.status_code == 303 and "1 added" in client.get(done.location).text


def _posted(client: FlaskClient, address: str, values: dict[str, Any]) -> TestResponse:
    """A large form sent; the client itself would leave a file open."""
    boundary, body = encode_multipart(values)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post(address, data=body, content_type=kind)


def _token(client: FlaskClient) -> dict[str, str]:
    form = fromstring(client.get("/inventory/import").text).forms[-1]
    return {"csrf_token": dict(form.form_values())["csrf_token"]}
