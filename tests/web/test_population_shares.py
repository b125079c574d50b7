"""Population shares of a journey: set, changed and removed on their page, and what the results make of them."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from sqlalchemy import select

from surveyapp.store.models import AuditEntry, Target
from tests.results import bank
from tests.web.world import add_user

ALL = "?period=all"


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_shares_are_set_used_changed_and_removed(installation, sign_in):
    with installation.store.writing() as session:
        made = bank.filled(session, a_place=24, months=2)
        researcher, manager = (add_user(session, role) for role in ("researcher", "manager"))
    client, reader = sign_in(researcher), sign_in(manager)
    base = f"/journeys/{made.journey}"
    shares = f"{base}/population-shares"
    results = f"{base}/results{ALL}"
    sent = {
        "attribute": "region",
        "lines": "North 50\nSouth 30\nEast 20",
        "source": "Customer register",
        "counted_on": "2025-12-31",
    }

    assert "No population shares yet" in words(client.get(shares))
    assert "Weighting" not in words(client.get(results))
    assert "set them first" in words(client.get(f"{results}&weighted=yes"))
    refused = client.post(f"{shares}/new", data={**sent, "lines": "North 50\nSouth 40"})
    assert refused.status_code == 422 and "add up to 90%" in words(refused)
    assert reader.post(f"{shares}/new", data=sent).status_code == 403
    assert client.post(f"{shares}/new", data=sent).status_code == 303
    assert "known already" in words(client.post(f"{shares}/new", data=sent))
    assert "still being counted" in words(client.get(f"{results}&weighted=yes"))
    assert "Not weighted: Answers are still" in words(
        client.get("/journeys?period=all&weighted=yes")
    )
    bank.count_cells(installation.store)
    known = reader.get(shares)
    assert "North 50%, South 30%, East 20%" in words(known) and "Set shares" not in known.text
    (told,) = reader.get(f"{shares}.json").json["population_shares"]
    assert told["shares"] == {"North": 0.5, "South": 0.3, "East": 0.2}

    page = client.get(f"{results}&weighted=yes")
    assert "Customer register" in words(page) and "Effective n" in words(page)
    assert "Weighted by population shares" in words(page)
    assert "as if the answers had the known shares of all customers by region" in words(page)
    found = client.get(f"{base}/results.json{ALL}&weighted=yes").json
    assert found["weighted"]["refused"] is None
    row = next(each for each in found["weighted"]["scores"] if each["unweighted"]["scale"] == "nps")
    n = row["weighted"]["n"]
    assert n + row["left_out"] == row["unweighted"]["n"] and row["effective_n"] < n
    assert row["left_out"] and "Left out of the weights" in words(page)
    assert client.get(f"{base}/results.json{ALL}").json["weighted"] is None
    # The journey's page and months have them beside; other pages say that theirs are not.
    whole = client.get(f"{base}{ALL}&weighted=yes")
    assert "weighted +" in words(whole) and "effective n" in words(whole)
    told_there = client.get(f"{base}.json{ALL}&weighted=yes").json
    nps = next(each for each in told_there["end"] if each["scale"] == "nps")
    assert nps["weighted"]["estimate"] == row["weighted"]["estimate"]
    assert nps["estimate"] == row["unweighted"]["estimate"]
    assert "weighted" in words(
        client.get(f"{base}/touchpoints/{made.touchpoints['pay']}{ALL}&weighted=yes")
    )
    other = client.get(f"{base}/funnel{ALL}&weighted=yes")
    assert "Scores here are not weighted" in words(other)
    assert "weighted=yes#weighted" in unescape(other.text)
    north = made.segments["north"]
    assert "not of a segment" in words(client.get(f"{results}&weighted=yes&segment={north}"))
    assert client.get(f"{results}&weighted=perhaps").status_code == 422
    file = client.get(f"{base}/responses/export.csv?weighted=yes")
    answers = [
        (float(each["weight"]), float(each["score.nps"]))
        for each in csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff")))
        if each["score.nps"] and each["weight"]
    ]
    assert len(answers) == n
    mean = sum(w * 100 * ((v >= 9) - (v <= 6)) for w, v in answers) / sum(w for w, _ in answers)
    assert mean == pytest.approx(row["weighted"]["estimate"], rel=1e-9)
    long = client.get(f"{base}/responses/export?format=csv&form=long&weighted=yes")
    assert long.status_code == 422 and "one response per row" in words(long)
    wanted = {"purpose": "Board", "days": "30"}
    link = client.post(
        f"{base}/share-links/new", data={"of": f"{base}/answers{ALL}&weighted=yes", **wanted}
    )
    address = re.search(r"/shared/[\w-]+", link.text)
    assert address is not None
    seen = words(client.get(address[0]))
    assert "The table has the shares with weights" in seen and "are no score of their own" in seen
    told_parts = client.get(f"{base}/answers.json{ALL}&weighted=yes").json["questions"]
    (likely,) = (each for each in told_parts if each["item"] == "nps.nps")
    down, _, up = (each["weighted"]["estimate"] for each in likely["groups"])
    assert up - down == pytest.approx(row["weighted"]["estimate"])
    assert sum(each["weighted"]["estimate"] for each in likely["answers"]) == pytest.approx(100)
    drivers = client.get(f"{base}/drivers.json{ALL}&weighted=yes")
    assert drivers.status_code == 200
    assert "Weighted" in words(client.get(f"{base}/drivers{ALL}&weighted=yes"))
    made_link = client.post(
        f"{base}/share-links/new", data={"of": f"{base}{ALL}&weighted=yes", **wanted}
    )
    address = re.search(r"/shared/[\w-]+", made_link.text)
    assert address is not None
    seen = words(client.get(address[0]))
    assert "Customer register" in seen and "effective n" in seen
    portfolio = client.get("/journeys.json?period=all&weighted=yes").json["journeys"][0]
    (there,) = (each for each in portfolio["figures"] if each["scale"] == "nps")
    assert there["weighted"]["estimate"] == row["weighted"]["estimate"]
    assert "By population shares" in words(client.get("/journeys"))

    with installation.store.writing() as session:
        session.add(Target(journey_id=made.journey, place="", metric="nps", value=15))
    (target,) = client.get(f"{base}/targets.json{ALL}&weighted=yes").json["targets"]
    gap = target["weighted"]["gap"]
    assert gap == pytest.approx(row["weighted"]["estimate"] - 15) != target["gap"]
    low = row["weighted"]["low"]
    assert target["weighted"]["low"] == pytest.approx(low - 15)
    assert "weighted: " in words(client.get(f"{base}/targets{ALL}&weighted=yes"))
    assert "effective n" in words(client.get(f"{base}/journey-map{ALL}&weighted=yes"))
    assert "effective n" not in words(client.get(f"{base}/journey-map{ALL}"))
    assert "but not by both at once" in words(page)
    assert re.search(r"Key findings .* Weighted [+−]\d+, 95% CI", words(whole))

    edit = f"{shares}/{told['id']}"
    uncounted = client.get(f"{edit}?frame=yes")  # nobody is in the contact frame
    assert uncounted.status_code == 200
    assert "No customer of the contact frame" in words(uncounted)
    assert "No customer of the contact frame" in words(client.get(f"{shares}/new?frame=plan"))
    changed = {**sent, "lines": "North 40\nSouth 40\nEast 20"}
    del changed["attribute"]
    assert client.post(edit, data={**changed, "counted_on": ""}).status_code == 422
    assert client.post(edit, data=changed).status_code == 303
    assert "North 40%" in words(client.get(shares))
    assert reader.post(f"{edit}/remove").status_code == 403
    assert client.post(f"{edit}/remove").status_code == 303
    assert client.post(f"{edit}/remove").status_code == 404
    assert client.get(f"{shares}.json").json["population_shares"] == []
    with installation.store.reading() as session:
        said = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [each for each in said if "population shares" in each] == [
        "set population shares",
        "change population shares",
        "remove population shares",
    ]
