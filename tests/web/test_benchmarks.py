"""Benchmark sets are previewed, imported and removed; a journey's scores stand beside them."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from instruments.loader import BUILT_IN
from surveyapp.reports.journeys.benchmark_sets import benchmark_sets as chapter
from surveyapp.results import dashboards
from surveyapp.results.benchmarks.benchmarks import benchmarks
from surveyapp.results.benchmarks.sets import values_of
from surveyapp.results.scope import Scope
from tests.results import bank
from tests.web.world import add_user

ALL = "?period=all"


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_a_set_is_previewed_imported_compared_and_removed(installation, sign_in):
    wording = BUILT_IN.load("nps").wording("en").id
    with installation.store.writing() as session:
        made = bank.filled(session, a_place=24, months=3)
        bank.make_journey(session, "mortgage")
        users = [add_user(session, role) for role in ("administrator", "manager")]
    admin, reader = map(sign_in, users)
    head = "metric,value,year,population,source,n,sd,scale,wording,mode\n"
    text = f"{head}nps,-90,2024,Banks,A study,900,80,0 to 10,{wording},web\nnps,900,2024,Banks,S,,,,,\n"

    def upload(client):
        file = (io.BytesIO(text.encode()), "banks.csv")
        return client.post("/benchmarks/new", data={"name": "Banks", "file": file})

    assert upload(reader).status_code == 403
    assert "No set has been imported yet." in words(reader.get("/benchmarks"))
    preview = upload(admin)
    assert preview.status_code == 200
    assert "B3, value: “900” is not such a number" in words(preview) or "row 3, value" in words(
        preview
    )
    assert "1 of 2 rows can be imported" in words(preview)
    assert "No set has been imported yet." in words(admin.get("/benchmarks"))  # not before
    rows = unescape(re.search(r'name="rows" value="([^"]*)"', preview.text)[1])
    for wrong in ("", "3", '[{"metric": "nps"}]'):
        assert (
            admin.post("/benchmarks/import", data={"name": "B", "rows": wrong}).status_code == 422
        )
    sent = {"name": "Banks", "rows": rows}
    assert reader.post("/benchmarks/import", data=sent).status_code == 403
    assert admin.post("/benchmarks/import", data=sent).status_code == 303
    assert admin.post("/benchmarks/import", data=sent).status_code == 409
    listed = reader.get("/benchmarks.json").json
    assert [each["name"] for each in listed["sets"]] == ["Banks"]
    assert len(listed["facts"]) == 14

    base = f"/journeys/{made.journey}"
    assert "significantly higher" in words(reader.get(f"{base}{ALL}"))
    found = reader.get(f"{base}.json{ALL}").json["benchmarks"]
    assert [(each["set"], each["comparable"], each["verdict"]) for each in found] == [
        ("Banks", True, "significantly higher")
    ]
    document = reader.get(f"{base}/benchmarks.json{ALL}").json
    assert [each["set"] for each in document["benchmarks"]].count("Context, not a target") == 9
    others = {each["scale"]: each for each in document["journeys"]}
    assert others["nps"]["percentile"] is None  # one other journey, without answers
    assert others["nps"]["others"][0]["state"] == "no answers yet"
    assert "no invariance verdict" in others["sjq"]["note"]
    assert "does not say the wording" in words(reader.get(f"{base}/benchmarks{ALL}"))
    with installation.store.reading() as session:
        scope = Scope(made.journey)
        overview = dashboards.journey_overview(session, scope, library=BUILT_IN)
        beside = benchmarks(overview, values_of(session, ["nps"]), today=installation.now().date())
    table = list(chapter(beside, 5))[1]
    assert table.rows[0][4].startswith("significantly higher\n+")

    number = listed["sets"][0]["id"]
    assert admin.post(f"/benchmarks/{number}/remove").status_code == 303
    assert admin.post(f"/benchmarks/{number}/remove").status_code == 404
    assert reader.get(f"{base}.json{ALL}").json["benchmarks"] == []
