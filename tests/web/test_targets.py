"""Targets on a journey's pages: set and changed by who owns it, and shown where the metric stands."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest

from surveyapp.auth import grants
from surveyapp.reports.charts import trend_charts
from surveyapp.reports.journeys.targets import targets as chapter
from surveyapp.results import dashboards
from surveyapp.results.funnels.rates import response_rates
from surveyapp.results.scope import Scope
from surveyapp.results.targets.rows import target_rows
from tests.results import bank
from tests.web.world import add_user

ALL = "?period=all"


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_targets_are_set_shown_changed_and_removed(installation, sign_in):
    with installation.store.writing() as session:
        made = bank.filled(session, a_place=24, months=3)
        kim, manager = (add_user(session, role) for role in ("administrator", "manager"))
    admin = sign_in(kim)
    base = f"/journeys/{made.journey}"

    def set_one(client, what: str, value: object, segment: int = 0, **more):
        sent = {"what": what, "value": value, "segment_id": segment, "owner_id": "", **more}
        return client.post(f"{base}/targets/new", data=sent)

    assert "No targets yet" in words(admin.get(f"{base}/targets{ALL}"))
    offered = words(admin.get(f"{base}/targets/new"))
    assert "Onboarding, Identity check: Response rate" in offered
    # A manager who reads the journey sees targets and sets none; as its owner they set them.
    reader = sign_in(manager)
    assert reader.get(f"{base}/targets").status_code == 200
    assert "Set target" not in reader.get(f"{base}/targets").text
    assert set_one(reader, " sjq", 1).status_code == 403
    with installation.store.writing() as session:
        grants.give(session, manager.id, "owner", made.journey, by=None)
    assert set_one(reader, " sjq", 10, due="2027-03-31", owner_id=kim.id).status_code == 303

    refused = set_one(admin, " sjq", 10)
    assert refused.status_code == 422
    assert "has a target there already" in words(refused)
    assert "enter a number from −100 to 100" in words(set_one(admin, " nps", 101))
    assert set_one(admin, "onboarding/id csat", 99.5).status_code == 303
    assert set_one(admin, "daily response_rate", 99).status_code == 303
    north = made.segments["north"]
    assert set_one(admin, " nps", -100, north).status_code == 303

    shown = words(admin.get(f"{base}{ALL}"))
    assert "target 10 by 31 March 2027: reached" in shown
    assert shown.count("target 99.5%: not reached") == 1  # in the table of touchpoints
    listed = admin.get(f"{base}/targets.json{ALL}").json["targets"]
    assert [(each["place"], each["metric"], each["segment"], each["standing"]) for each in listed] == [
        ("", "sjq", None, "reached"),
        ("onboarding/id", "csat", None, "not reached"),
        ("daily", "response_rate", None, "not reached"),
        ("", "nps", "north", "reached"),
    ]  # fmt: skip
    rate = listed[2]
    assert rate["gap"] == rate["figure"]["estimate"] - 99
    assert len(admin.get(f"{base}/targets.json?period=all&segment={north}").json["targets"]) == 1
    document = admin.get(f"{base}.json{ALL}").json
    assert document["end"][0]["target"]["due"] == "2027-03-31"
    assert len(document["targets"]) == 3

    with installation.store.reading() as session:
        rules = {"library": installation.library, "minimum_cell": 5}
        scope = Scope(made.journey)
        trends = dashboards.trend(session, scope, **rules)
        drawn = trend_charts.trend(next(t for t in trends if t.target))
        assert "target 10" in re.sub(r"<[^>]+>", " ", drawn)
        overview = dashboards.journey_overview(session, scope, **rules)
        rows = target_rows(overview, response_rates(session, scope, **rules))
        _, lead, table = chapter(rows, 5)
        assert lead.text == "Of 3 targets: 1 reached, 0 open, 2 not reached."
        assert table.rows[0][5] == "reached"
        assert kim.name in table.rows[0][6]

    first = listed[0]["id"]
    edited = admin.get(f"{base}/targets/{first}")
    assert 'value="10.0"' in edited.text
    assert 'value="2027-03-31"' in edited.text
    assert (
        admin.post(f"{base}/targets/{first}", data={"value": "", "owner_id": ""}).status_code == 422
    )
    changed = {"value": 80, "due": "", "owner_id": ""}
    assert admin.post(f"{base}/targets/{first}", data=changed).status_code == 303
    assert "target 80: not reached" in words(admin.get(f"{base}{ALL}"))
    assert admin.post(f"{base}/targets/{first}/remove").status_code == 303
    assert admin.post(f"{base}/targets/{first}/remove").status_code == 404
    assert len(admin.get(f"{base}/targets.json{ALL}").json["targets"]) == 3
    assert date(2027, 3, 31).isoformat() in words(admin.get("/audit"))
