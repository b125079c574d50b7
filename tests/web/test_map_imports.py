"""A map from a file is looked at first, and drawn once: on a new journey, or on an empty one."""

from __future__ import annotations

import io

from lxml.html import fromstring
from sqlalchemy import func, select

from surveyapp.journeys import actions
from surveyapp.store.models import Journey
from tests.validity import faults

GRID = b'Lane,Ask <b>,Get\nTouchpoints,"Desk\nPhone",Post\nGoals,Know,Have\nPartner,,DHL\nRisks,,Late\n'


def previewed(client, **sent: str):
    return client.post("/map-imports", data={"file": (io.BytesIO(GRID), "map.csv"), **sent})


def test_a_map_is_previewed_and_drawn_once(installation, world, sign_in):
    client = sign_in(world.users["researcher"])
    assert sign_in(world.users["manager"]).get("/map-imports").status_code == 403
    assert "From a file" in client.get("/journeys/new").text
    nameless = previewed(client)
    assert nameless.status_code == 422 and "Enter the name of the new journey." in nameless.text
    shown = previewed(client, name="Get <i>", provider="Northbank", state="target")
    assert shown.status_code == 200 and not faults(shown.text)
    assert "Ask &lt;b&gt;" in shown.text and "no partner runs" in shown.text
    form = next(each for each in fromstring(shown.text).forms if "draw" in (each.action or ""))
    sent = dict(form.form_values())
    first, second = (client.post(form.action, data=sent) for _ in range(2))
    assert first.status_code == 303 and first.location == second.location
    with installation.store.reading() as session:
        journey = session.scalars(select(Journey).where(Journey.name == "Get <i>")).one()
        assert (journey.state, [each.name for each in journey.stages]) == (
            "target",
            ["Ask <b>", "Get"],
        )
        number = journey.id
    text = client.get(f"/journeys/{number}/journey-map/export").text
    assert "ask-b,Ask <b>,desk,Desk,ownership,provider" in text and "get,Get,,,Risks,Late" in text
    assert client.get(f"/journeys/{number}/journey-map/export?format=pdf").status_code == 422
    broken = client.post("/map-imports/draw", data={**sent, "content": '{"stages": 1}'})
    assert broken.status_code == 422


def test_a_map_is_drawn_on_an_empty_journey_and_on_no_other(installation, world, sign_in):
    researcher = world.users["researcher"]
    client = sign_in(researcher)
    with installation.store.writing() as session:
        empty = actions.create_journey(
            session, name="Empty", provider="N", user_id=researcher.id
        ).id
        count = session.scalar(select(func.count()).select_from(Journey))
    assert "Import a map from a file" in client.get(f"/journeys/{empty}/journey-map").text
    assert previewed(client, into=str(world.here.journey_id)).status_code == 422
    form = fromstring(previewed(client, into=str(empty)).text).forms[-2:]
    (form,) = [each for each in form if "draw" in (each.action or "")]
    sent = dict(form.form_values())
    assert client.post(form.action, data=sent).status_code == 303
    assert client.post(form.action, data=sent).status_code == 409  # it has a map now
    assert client.post(form.action, data={**sent, "into": "999999"}).status_code == 404
    with installation.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Journey)) == count
        assert len(session.get_one(Journey, empty).stages) == 2
