"""Named versions of a map: saved, read, compared, removed and restored."""

from __future__ import annotations

import html

import pytest
from lxml.html import fromstring
from sqlalchemy import select

from surveyapp.journeys import actions, queries
from surveyapp.store.models import AuditEntry, MapVersion, Target
from surveyapp.web.installation import EXTENSION
from tests.results import bank
from tests.web.test_changes import app, made
from tests.web.world import add_user, session_key

__all__ = ["app", "made"]
pytestmark = pytest.mark.xdist_group("map_versions")


@pytest.fixture(scope="module")
def client(app, made):
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    return client


def test_a_version_is_saved_compared_with_now_removed_and_restored(app, client, made):
    base = f"/journeys/{made.journey}/map-versions"
    store = app.extensions[EXTENSION].store
    assert "No versions yet" in client.get(base).text
    assert "No differences between" in client.get(f"{base}/compare").text
    said = {"title": "Before <b>", "day": "2026-02-01", "note": "As it was"}
    for wrong in ({"title": " "}, {"day": "2999-01-01"}, {"day": "soon"}):
        refused = client.post(f"{base}/new", data=said | wrong)
        assert refused.status_code == 422 and "Nothing has been saved" in refused.text
    page = client.post(f"{base}/new", data=said, follow_redirects=True).text
    assert "Before &lt;b&gt; has been saved." in page
    twice = client.post(f"{base}/new", data=said)
    assert twice.status_code == 422 and "choose another name" in twice.text
    (listed,) = client.get(f"{base}.json").json["versions"]
    assert (listed["name"], listed["day"], listed["note"]) == (
        "Before <b>",
        "2026-02-01",
        "As it was",
    )
    stored = client.get(f"{base}/{listed['id']}.json").json["map"]

    with store.writing() as session:
        journey = queries.journey(session, made.journey)
        point = queries.touchpoint(session, made.journey, made.touchpoints["id"])
        described = {"channel": point.channel, "partner": "", "front_stage": ""}
        actions.edit_touchpoint(
            session, point, name="Video check <i>", ownership="partner", moment_of_truth=point.moment_of_truth,
            backstage="An agent <u>", user_id=None, **described,
        )  # fmt: skip
        actions.add_stage(session, journey, name="Leaving", user_id=None)
    found = client.get(f"{base}/compare.json").json
    assert (found["first"], found["second"]) == ("Before <b>", "Now")
    assert [(e["did"], e["noun"], e["name"]) for e in found["differences"]] == [
        ("added", "stage", "Leaving"),
        ("renamed", "touchpoint", "Video check <i>"),
    ]
    assert [(e["lane"], e["old"], e["new"]) for e in found["texts"]] == [
        ("Run by", "provider", "partner"),
        ("Backstage", "", "An agent <u>"),
    ]
    scores = found["scores"]
    assert scores["before"] == {"from": "2025-11", "to": "2026-01"} and scores["complete"]
    assert {each["key"].split(".")[0] for each in scores["scores"]} == {str(point.id)}
    page = client.get(f"{base}/compare").text
    assert "Run by a partner" in page and "An agent &lt;u&gt;" in page
    assert "Video check &lt;i&gt;" in page and "Touchpoint renamed" in page
    assert "1 added, 1 renamed, 2 texts differ" in page
    # The version is what it was: also drawn, and the other way round.
    assert client.get(f"{base}/{listed['id']}.json").json["map"] == stored
    drawn = client.get(f"{base}/{listed['id']}").text
    assert "Identity check" in drawn and "Video check" not in drawn and "<textarea" not in drawn
    back = client.get(f"{base}/compare.json?first=now&second={listed['id']}").json
    assert [each["did"] for each in back["differences"]] == ["removed", "renamed"]

    assert "Before &lt;b&gt;" in client.get(f"/journeys/{made.journey}/journey-map").text
    gone = client.post(f"{base}/{listed['id']}/remove", follow_redirects=True).text
    assert f'action="{base}/{listed["id"]}/restore"' in gone
    assert client.get(f"{base}/{listed['id']}").status_code == 404
    assert client.post(f"{base}/{listed['id']}/remove").status_code == 404
    assert client.post(f"{base}/new", data=said).status_code == 303  # its name is free again
    assert client.post(f"{base}/{listed['id']}/restore").status_code == 409
    with store.writing() as session:
        other = session.scalars(select(MapVersion).where(MapVersion.removed_at.is_(None))).one().id
    client.post(f"{base}/{other}/remove")
    page = client.post(f"{base}/{listed['id']}/restore", follow_redirects=True).text
    assert "Before <b> has been restored." in html.unescape(page)
    with store.reading() as session:
        did = set(session.scalars(select(AuditEntry.action)))
    assert {f"{verb} map version" for verb in ("save", "remove", "restore")} <= did


def test_a_map_is_compared_with_that_of_another_journey_that_one_may_read(app, client, made):
    base = f"/journeys/{made.journey}/map-versions/compare"
    with app.extensions[EXTENSION].store.writing() as session:
        other = bank.make_journey(session, "target-account", name="Account as it should be")
        journey = queries.journey(session, other.journey)
        journey.state = "target"
        actions.add_stage(session, journey, name="Moving house", user_id=None)
    found = client.get(f"{base}.json?first=now&second=journey-{other.journey}").json
    assert ("added", "Moving house") in [(e["did"], e["name"]) for e in found["differences"]]
    assert found["second"] == "Account as it should be (target)" and found["scores"] is None
    for wrong in ("journey-999999", "tomorrow", f"journey-{made.journey}", "0x1"):
        refused = client.get(f"{base}.json?second={wrong}")
        assert refused.status_code == 422 and "choose from the list" in refused.json["detail"]
    assert client.get(f"{base}.json?second=999999").status_code == 404


def test_the_gap_to_a_target_state_has_its_maps_and_targets_against_todays_scores(
    app, client, made
):
    store = app.extensions[EXTENSION].store
    gap = f"/journeys/{made.journey}/target-gap"
    assert "No target state" in client.get(gap).text
    with store.writing() as session:
        today = queries.journey(session, made.journey)
        session.add(Target(journey_id=today.id, metric="nps", value=10.0))
        session.add(Target(journey_id=today.id, metric="sjq", value=1.0))
        wanted = actions.create_journey(
            session, name="As it should be", provider="Northbank", state="target", user_id=None
        )
        session.add(Target(journey_id=wanted.id, metric="sjq", value=99.0))
        stage = today.stages[0]
        new = actions.add_stage(session, wanted, name=stage.name, code=stage.code, user_id=None)
        actions.add_touchpoint(session, new, name="Branch at home", user_id=None)
        form = {"name": wanted.name, "provider": "Northbank", "state": "target"}
        number, other, code = wanted.id, today.id, today.code
    edit = f"/journeys/{number}/edit"
    refused = client.post(edit, data=form | {"state": "current", "target_of": str(other)})
    assert refused.status_code == 422 and "choose the state Target" in refused.text
    assert client.post(edit, data=form | {"target_of": str(number)}).status_code == 422
    assert client.post(edit, data=form | {"target_of": str(other)}).status_code == 303
    told = client.get(f"/journeys/{number}.json").json
    assert (told["kind"], told["target_of"]) == ("journey", code)
    listed = {
        each["id"]: each["target_of"] for each in client.get("/journeys.json").json["journeys"]
    }
    assert (listed[number], listed[other]) == (code, None)
    found = client.get(f"{gap}.json?period=all").json
    assert {(each["metric"], each["value"]) for each in found["targets"]} == {
        ("nps", 10.0),
        ("sjq", 99.0),
    }
    standing = {each["metric"]: each["standing"] for each in found["targets"]}
    assert standing["sjq"] == "not reached"
    added = [each for each in found["differences"] if each["did"] == "added"]
    assert [each["name"] for each in added] == ["Branch at home"]
    page = client.get(f"{gap}?period=all").text
    assert "Branch at home" in page and "As it should be" in page and "not reached" in page
    assert client.get(f"{gap}?target={other}").status_code == 404
    # What today's journey asks can be aimed at, also at a place that it does not have.
    aims = f"/journeys/{number}/targets"
    offered = fromstring(client.get(f"{aims}/new").text).xpath(
        "//select[@name='what']/option/@value"
    )
    new_place = next(each for each in offered if "branch-at-home" in each and "csat" in each)
    assert not [each for each in offered if "branch-at-home" in each and "rate" in each]
    said = {"what": new_place, "segment_id": "0", "value": "80", "owner_id": ""}
    assert client.post(f"{aims}/new", data=said).status_code == 303
    rows = {e["metric"]: e for e in client.get(f"{aims}.json?period=all").json["targets"]}
    assert rows["sjq"]["standing"] == "not reached" and rows["sjq"]["figure"]["n"]
    assert rows["csat"]["figure"] is None
    assert "Branch at home (new in the target state)" in client.get(f"{gap}?period=all").text
    drawn = client.get(f"/journeys/{number}/journey-map?period=all").text
    assert "target 80%" in drawn and "not asked today" in drawn
    assert client.post(edit, data=form | {"target_of": ""}).status_code == 303
    assert "No target state" in client.get(gap).text
