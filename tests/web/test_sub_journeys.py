"""Sub-journeys: stages and touchpoints that lead to another journey, on the map, both pages and the list."""

from __future__ import annotations

import html

import pytest

from surveyapp.journeys import actions
from surveyapp.store.models import JourneyGrant
from tests.web.world import add_user


@pytest.fixture
def three(installation, sign_in):
    """A researcher in their browser, with three journeys of one stage and touchpoint each."""
    with installation.store.writing() as session:
        user = add_user(session, "researcher", password_hash="none")
        found = []
        for name in ("Account", "Card", "Lost card"):
            journey = actions.create_journey(
                session, name=name, provider="Northbank", user_id=user.id
            )
            stage = actions.add_stage(session, journey, name=f"{name} begins", user_id=None)
            point = actions.add_touchpoint(session, stage, name=f"Ask for {name}", user_id=None)
            found.append((journey.id, stage.id, point.id))
    return user, sign_in(user), found


def test_a_touchpoint_leads_to_a_journey_that_says_what_it_is_part_of(three):
    _, client, ((account, _, point), (card, stage, _), (lost, _, _)) = three
    base = f"/journeys/{account}/sub-journeys"
    assert "No stage or touchpoint of this journey leads" in client.get(base).text
    said = {"at": f"touchpoint-{point}", "leads_to": str(card)}
    assert client.post(base, data=said).status_code == 303
    assert "leads to Card already" in client.post(base, data=said).text
    other = {"at": f"stage-{stage}", "leads_to": str(lost)}
    assert client.post(f"/journeys/{card}/sub-journeys", data=other).status_code == 303
    told = client.get(f"{base}.json").json
    assert [(e["place"], e["leads_to"]) for e in told["sub_journeys"]] == [
        ("Ask for Account", "Card")
    ]
    assert (
        client.get(f"/journeys/{card}/sub-journeys.json").json["part_of"][0]["journey"] == "Account"
    )
    assert "↳ <bdi>Card</bdi>" in client.get(f"/journeys/{account}/journey-map").text
    assert "Part of" in client.get(f"/journeys/{card}/journey-map").text
    portfolio = client.get("/journeys").text
    assert portfolio.count("Part of") == 2
    step = {"do": "remove", "of": "touchpoint", "id": str(point)}
    refused = client.post(f"/journeys/{account}/journey-map/changes", data=step)
    assert refused.status_code == 409 and "it leads to another journey" in refused.text
    (link,) = told["sub_journeys"]
    assert client.post(f"{base}/{link['id']}/remove").status_code == 303
    assert client.post(f"{base}/{link['id']}/remove").status_code == 404
    assert client.get(f"{base}.json").json["sub_journeys"] == []


def test_no_journey_is_a_part_of_itself(three):
    _, client, ((account, _, point), (card, _, desk), (lost, _, end)) = three
    for journey, at, leads_to in ((account, point, card), (card, desk, lost)):
        said = {"at": f"touchpoint-{at}", "leads_to": str(leads_to)}
        assert client.post(f"/journeys/{journey}/sub-journeys", data=said).status_code == 303
    said = {"at": f"touchpoint-{end}", "leads_to": str(account)}
    refused = client.post(f"/journeys/{lost}/sub-journeys", data=said)
    assert refused.status_code == 422
    assert "Account leads to Lost card already" in html.unescape(refused.text)


def test_a_journey_that_somebody_may_not_read_is_not_named(installation, three, sign_in):
    _, client, ((account, _, point), (card, _, _), _) = three
    said = {"at": f"touchpoint-{point}", "leads_to": str(card)}
    assert client.post(f"/journeys/{account}/sub-journeys", data=said).status_code == 303
    with installation.store.writing() as session:
        reader = add_user(session, "manager", email="reader@example.org", password_hash="none")
        session.query(JourneyGrant).filter_by(user_id=reader.id).delete()
        session.add(JourneyGrant(user_id=reader.id, journey_id=account, kind="reader"))
    theirs = sign_in(reader)
    for path in ("journey-map", "sub-journeys", "sub-journeys.json"):
        page = theirs.get(f"/journeys/{account}/{path}")
        assert page.status_code == 200
        assert "Card" not in page.text, path
    assert theirs.get(f"/journeys/{card}/sub-journeys").status_code == 404
    assert theirs.post(f"/journeys/{account}/sub-journeys", data=said).status_code in (403, 404)
