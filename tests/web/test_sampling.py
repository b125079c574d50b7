"""The page of whom to ask: rules are shown as they are, kept as typed, refused where they cannot work."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.responses.recounting import recount_journey
from surveyapp.responses.rollups import recount
from surveyapp.results.funnels import decision_kinds
from surveyapp.sampling import schedule
from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.interactions import receive
from surveyapp.sampling.quiet_hours import QuietHours, quiet_hours_of
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Contact, Interaction, Job, Journey, SurveyRow
from surveyapp.surveys.settings.sampling import Sampling
from surveyapp.worker import run_job
from tests.web.conftest import World

FORM = {
    "active": "y",
    "channels": "app\nweb\n",
    "outcomes": "",
    "rule": "region = North",
    "delay_minutes": "90",
    "quiet_from": "21:00",
    "quiet_to": "08:00",
    "share": "12.5",
    "most": "",
    "rest": "delay",
    "rest_days": "",
    "channel": "email",
    "expires_days": "30",
    "max_age_days": "7",
}


@pytest.fixture
def address(world: World) -> str:
    return f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/sampling"


@pytest.fixture
def researcher(world: World, sign_in):
    return sign_in(world.users["researcher"])


def test_the_rules_are_saved_and_shown_again(
    researcher, world: World, installation: Installation, address
):
    assert researcher.get(address).status_code == 200
    saved = researcher.post(address, data=FORM)
    assert (saved.status_code, saved.location) == (303, address)
    with installation.store.reading() as session:
        document = session.get_one(SurveyRow, world.here.survey_id).sampling
    sampling = Sampling.read(document)
    assert (sampling.active, sampling.share, sampling.most) == (True, 0.125, None)
    assert sampling.trigger.channels == ("app", "web")
    assert isinstance(quiet_hours_of(sampling), QuietHours)
    page = researcher.get(address).text
    for shown in ('value="12.5"', 'value="21:00"', "app\nweb", 'value="delay"', "checked"):
        assert shown in page
    off = {**FORM, "share": "100"}
    del off["active"]
    assert (
        "Customers are not invited"
        in researcher.post(address, data=off, follow_redirects=True).text
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rule": "region ="}, "rule, column"),
        ({"share": "0"}, "more than 0"),
        ({"share": "many"}, "Not a valid"),
        ({"quiet_to": ""}, "a start and an end"),
        ({"quiet_from": "25:00"}, "Not a valid"),
        ({"max_age_days": "0"}, "from 1 to 365"),
        ({"delay_minutes": ""}, "Enter the minutes"),
        ({"rest": "sleep"}, "Not a valid choice"),
        ({"touchpoints": "form"}, "has no field"),
    ],
)
def test_a_wrong_rule_comes_back_with_what_was_typed(researcher, address, wrong, said):
    page = researcher.post(address, data={**FORM, **wrong})
    assert page.status_code == 422
    assert said in page.text
    if "touchpoints" not in wrong:
        assert "app\nweb" in page.text


def test_a_journeys_end_asks_for_what_ends_it(
    researcher, world: World, installation: Installation, address
):
    with installation.store.writing() as session:
        session.get_one(SurveyRow, world.here.survey_id).touchpoint_id = None
        code = journey_of(session, world.here.journey_id).stages[0].touchpoints[0].code
    assert code in researcher.get(address).text
    assert "Nothing defines when the journey ends" in researcher.post(address, data=FORM).text
    assert "has no touchpoint" in researcher.post(address, data={**FORM, "touchpoints": "x"}).text
    saved = researcher.post(address, data={**FORM, "touchpoints": code})
    assert saved.status_code == 303


def test_interactions_come_in_by_a_file(world: World, installation: Installation, sign_in):
    client = sign_in(world.users["administrator"])
    address = f"/journeys/{world.here.journey_id}/sampling/interactions"
    with installation.store.reading() as session:
        journey = session.get_one(Journey, world.here.journey_id)
        point = journey.stages[0].touchpoints[0].code
    text = (
        "touchpoint,customer_ref,at,email,region\n"
        f"{point},4711,2026-03-19T10:00:00Z,anna@example.org,North\n"
        f"<b>,4712,2026-03-19 10:00,,South\n"
    )

    def send(content: str):
        file = (io.BytesIO(content.encode()), "in.csv")
        return client.post(address, data={"interactions": file})

    page = send(text)
    assert page.status_code == 200
    assert "2 rows: 1 stored, 0 already stored, 1 rejected" in page.text
    assert "&lt;b&gt;" in page.text
    assert "<b>&#39;" not in page.text
    with installation.store.reading() as session:
        assert session.scalars(select(Contact.email)).all() == ["anna@example.org"]
        assert session.scalars(select(Interaction.source)).all() == ["csv"]
        assert "4711" not in str(session.execute(select(Interaction.customer_ref)).all())
    assert "2 rows: 0 stored, 1 already stored" in send(text).text
    assert send("a,b\n1,2\n").status_code == 422
    assert send("touchpoint,customer_ref,at\n" + "x\n" * 50_001).status_code == 422
    assert client.post(address, data={}).status_code == 422


def test_silence_that_ends_a_run_is_set_on_the_journey(
    researcher, world: World, installation: Installation
):
    address = f"/journeys/{world.here.journey_id}/edit"
    form = {"name": "Open", "provider": "Northbank", "goal": "", "state": "current"}
    for typed, kept in (("45", 45), ("", None)):
        assert researcher.post(address, data={**form, "run_gap_days": typed}).status_code == 303
        with installation.store.reading() as session:
            assert session.get_one(Journey, world.here.journey_id).run_gap_days == kept
    assert researcher.post(address, data={**form, "run_gap_days": "0"}).status_code == 422


def test_a_journeys_time_zone_is_set_and_pages_say_which_one_they_go_by(
    researcher, world: World, installation: Installation
):
    number = world.here.journey_id
    address = f"/journeys/{number}/edit"
    form = {"name": "Open", "provider": "Northbank", "goal": "", "state": "current"}
    wrong = researcher.post(address, data={**form, "own_zone": "Europe/Nowhere"})
    assert wrong.status_code == 422 and "Europe/Nowhere" in wrong.text
    said = researcher.post(address, data={**form, "own_zone": "Asia/Tokyo"}, follow_redirects=True)
    assert "Responses are being counted by the new time zone" in said.text
    page = researcher.get(f"/journeys/{number}").text
    assert "by the days of Asia/Tokyo" in page and "Times are in UTC. Intervals" in page
    with installation.store.reading() as session:
        [job] = session.scalars(select(Job).where(Job.kind == "count_days")).all()
    assert job.parameters == {"journey_id": number}
    run_job(installation, job.id, worker="w")
    page = researcher.get(f"/journeys/{number}").text
    assert "days and months of this journey in Asia/Tokyo" in page
    assert "being counted" not in page
    with installation.store.reading() as session:
        assert session.get_one(Job, job.id).state == "done"
        assert recount(session) == []
    researcher.post(address, data={**form, "own_zone": ""})  # back, by the job of the next line
    recount_journey(installation.store, number, now=installation.now)


def test_what_came_of_asking_is_shown_with_its_reasons(
    researcher,
    world: World,
    installation: Installation,
    address,
    sign_in,
    monkeypatch: pytest.MonkeyPatch,
):
    journey_page = f"/journeys/{world.here.journey_id}/sampling"
    assert "Response funnel" not in researcher.get(address).text
    assert "No events in" in researcher.get(journey_page).text
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        change_sampling(session, survey, {"active": True}, user_id=None)
        journey = session.get_one(Journey, world.here.journey_id)
        told = [
            {
                "journey": journey.code,
                "touchpoint": journey.stages[0].touchpoints[0].code,
                "customer_ref": str(number),
                "at": utc_now(),
                "email": f"{number}@example.org" if number else "",
                "attributes": {"region": "North"},
            }
            for number in range(7)
        ]
        receive(session, told, secret_key=installation.secret_key, source="api", now=utc_now())
    schedule.decide(installation, utc_now())
    page = researcher.get(address).text
    assert "7 events, 6 invitations" in page
    assert "No address is known to which an invitation can be sent." in page
    assert "6 still to be sent" in page
    assert "No events in these months" in researcher.get(f"{address}?to=2020-01").text
    manager = sign_in(world.users["manager"])
    page = manager.get(f"{journey_page}?by=segment").text
    assert "By segment" in page
    assert "Open north" in page
    assert f'href="{address}"' not in page  # a manager may not edit surveys
    assert f'href="{address}"' in researcher.get(journey_page).text
    assert researcher.get(f"{journey_page}?from=March").status_code == 422
    monkeypatch.setattr(decision_kinds, "FEW", 5)
    assert "have not been counted by segment yet" in manager.get(f"{journey_page}?by=segment").text
    told = manager.get(f"{journey_page}.json?by=segment").get_json()
    assert (told["segments"], told["segments_reason"]) == (None, "not counted by the worker yet")
