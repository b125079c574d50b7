"""Whole trips through the staff pages, from an empty installation to numbers and files."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask import Flask
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.journeys import actions, queries
from surveyapp.store.models import Analysis, Job, Report, Response, Segment, SurveyRow
from surveyapp.surveys.actions import create_survey
from surveyapp.worker import run_job
from tests.web.conftest import World
from tests.web.world import add_user, answer


@pytest.fixture
def researcher(installation: Installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    return sign_in(user)


def send(client, path: str, **form: object) -> str:
    """Post a form that is taken; returns where it leads."""
    taken = client.post(path, data=form)
    assert taken.status_code == 303, taken.text
    return taken.location


def draw(client, installation: Installation) -> tuple[int, int]:
    """A journey with two stages and a touchpoint; (journey id, touchpoint id)."""
    where = send(
        client, "/journeys/new", name="Open an account", provider="Northbank", state="current"
    )
    journey_id = int(re.search(r"/journeys/(\d+)/stages", where)[1])
    for stage in ("Decide", "Apply"):
        send(client, f"/journeys/{journey_id}/stages", name=stage)
    with installation.store.reading() as session:
        stage_id = queries.journey(session, journey_id).stages[1].id
    send(
        client, f"/journeys/{journey_id}/stages/{stage_id}/new",
        name="the application form", channel="website", ownership="provider", moment_of_truth="y",
    )  # fmt: skip
    with installation.store.reading() as session:
        return journey_id, queries.journey(session, journey_id).stages[1].touchpoints[0].id


def deploy(client, journey_id: int, place: object, asks: list[str], **other: object) -> int:
    form = {"name": f"At {place}", "place": str(place), "ask": asks, "anonymity": "pseudonymous"}
    where = send(client, f"/journeys/{journey_id}/surveys/new", **form, open_link="y", **other)
    return int(where.rsplit("/", 1)[1])


def run_jobs(installation: Installation) -> list[Job]:
    with installation.store.reading() as session:
        waiting = list(session.scalars(select(Job.id).where(Job.state == "waiting")))
    for job_id in waiting:
        run_job(installation, job_id, worker="test")
    with installation.store.reading() as session:
        return [session.get_one(Job, job_id) for job_id in waiting]


def test_empty_pages_say_what_to_do_next(researcher):
    assert "Create journey" in researcher.get("/journeys").text
    assert "Create segment" in researcher.get("/segments").text
    assert "No jobs yet" in researcher.get("/jobs").text
    where = send(researcher, "/journeys/new", name="Move", provider="P", state="target")
    base = where.removesuffix("/stages")
    assert "Add its stages and touchpoints" in researcher.get(base).text
    assert "No stages yet" in researcher.get(where).text
    assert "No responses yet" in researcher.get(f"{base}/responses").text
    assert "No reports yet" in researcher.get(f"{base}/reports").text
    assert "No surveys yet" in researcher.get(f"{base}/surveys").text
    assert "No segments to compare" in researcher.get(f"{base}/results").text


def test_from_a_drawn_map_to_the_score_of_a_customers_answer(
    app: Flask, researcher, installation: Installation
):
    journey_id, touchpoint_id = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, touchpoint_id, ["csat", "nps"])
    page = researcher.get(f"/journeys/{journey_id}/surveys/{survey_id}").text
    link = re.search(r'value="http://127\.0\.0\.1:8000(/s/\w+)"', page)[1]
    for value in (10, 10, 9, 8, 2):
        customer = app.test_client()
        form = customer.get(link).text
        key = re.search(
            r'name="form-key" [^>]*value="([^"]+)"|value="([^"]+)" name="form-key"', form
        )
        sent = customer.post(
            link,
            data={"csat-csat": "5", "nps-nps": str(value), "form-key": key[1] or key[2]},
        )
        assert sent.status_code == 303, sent.text
    overview = researcher.get(f"/journeys/{journey_id}?period=all").text
    assert "+40" in overview  # three promoters, one detractor, of five
    assert ">5<" in re.sub(r"\s", "", overview)
    seen = researcher.get(f"/journeys/{journey_id}/touchpoints/{touchpoint_id}?period=all").text
    assert "Net Promoter" in seen and "moment of truth" in seen
    listed = researcher.get(f"/journeys/{journey_id}/responses").text
    number = re.search(rf"/journeys/{journey_id}/responses/(\d+)\"", listed)[1]
    one = researcher.get(f"/journeys/{journey_id}/responses/{number}").text
    assert "How satisfied are you with the following: the application form?" in one
    assert "How likely are you to recommend Northbank" in one


def test_fewer_than_five_answers_are_withheld_on_every_page_of_numbers(
    app: Flask, researcher, installation: Installation
):
    journey_id, touchpoint_id = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, touchpoint_id, ["nps"])
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, survey_id)
        for _ in range(4):
            answer(session, survey, nps=10)
    for path in ("", f"/touchpoints/{touchpoint_id}"):
        page = researcher.get(f"/journeys/{journey_id}{path}?period=all").text
        assert "hidden (fewer than 5)" in page
        assert "+100" not in page


def test_an_answer_can_be_closed_off_and_opened_again(
    app: Flask, researcher, installation: Installation
):
    journey_id, _ = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, "end", ["nps"])
    base = f"/journeys/{journey_id}/surveys/{survey_id}"
    with installation.store.reading() as session:
        link = session.get_one(SurveyRow, survey_id).link
    for state, status in (("closed", 410), ("open", 200)):
        send(researcher, f"{base}/state", state=state)
        assert app.test_client().get(f"/s/{link}").status_code == status
    assert researcher.post(f"{base}/state", data={"state": "gone"}).status_code == 422


def test_a_survey_without_questions_is_refused_on_its_page(researcher, installation: Installation):
    journey_id, touchpoint_id = draw(researcher, installation)
    form = {"name": "Nothing", "place": str(touchpoint_id), "anonymity": "anonymous"}
    refused = researcher.post(f"/journeys/{journey_id}/surveys/new", data=form)
    assert refused.status_code == 422
    assert "Choose 1 to" in refused.text
    assert 'value="Nothing"' in refused.text  # what was typed is kept


def test_qr_codes_hold_the_open_link(researcher, installation: Installation):
    journey_id, _ = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, "end", ["nps"])
    base = f"/journeys/{journey_id}/surveys/{survey_id}"
    drawn = researcher.get(f"{base}/qr.svg")
    assert drawn.mimetype == "image/svg+xml" and b"<svg" in drawn.data
    printed = researcher.get(f"{base}/qr.png?download=1")
    assert printed.data.startswith(b"\x89PNG")
    assert printed.headers["Content-Disposition"].startswith("attachment")


def test_single_use_links_are_made_from_a_list_and_counted(
    app, researcher, installation: Installation
):
    journey_id, _ = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, "end", ["nps"])
    base = f"/journeys/{journey_id}/surveys/{survey_id}"
    listed = b"customer_ref;Region;Tenure (years)\nc1;North;3\nc2;South;0\n"
    made = researcher.post(f"{base}/links", data={"customers": (io.BytesIO(listed), "c.csv")})
    rows = list(csv.DictReader(io.StringIO(made.text.removeprefix("\ufeff"))))
    assert [(row["customer_ref"], row["Region"], row["Tenure_years"]) for row in rows] == [
        ("c1", "North", "3"),
        ("c2", "South", "0"),
    ]
    opened = app.test_client().get(rows[0]["link"].removeprefix("http://127.0.0.1:8000"))
    assert opened.status_code == 200
    page = re.sub(r"\s+", " ", researcher.get(base).text)
    assert "1 opened, 0 answered" in page


def test_a_file_of_answers_comes_in_with_every_refused_row_told(
    app: Flask, installation: Installation, sign_in, world: World
):
    administrator = sign_in(world.users["administrator"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}"
    rows = b"external_id,nps\na,10\nb,11\nc,9\n"
    sent = administrator.post(f"{base}/imports", data={"answers": (io.BytesIO(rows), "old.csv")})
    assert sent.status_code == 303
    waiting = administrator.get(sent.location).text
    assert "progress.js" in waiting and 'http-equiv="refresh"' in waiting
    run_jobs(installation)
    preview = re.sub(r"\s+", " ", administrator.get(sent.location).text)
    assert "2 rows of 3 will be stored" in preview and "outside 0 to 10" in preview
    confirmed = administrator.post(sent.location, data={"step": "import", "conflicts": "refuse"})
    batch = administrator.get(confirmed.location).text
    assert "progress.js" in batch and 'http-equiv="refresh"' in batch
    with installation.store.reading() as session:
        number = session.scalars(select(Job.id).where(Job.state == "waiting")).one()
    job = f"/jobs/{number}"
    assert administrator.get(f"{job}.json").json["state"] == "waiting"
    run_jobs(installation)
    told = re.sub(r"\s+", " ", administrator.get(job).text)
    assert "Rejected rows" in told and "<dt>Stored</dt><dd>2</dd>" in told
    assert "outside 0 to 10" in told
    # Somebody else's job is nobody's business.
    assert sign_in(world.users["manager"]).get(job).status_code == 404
    assert sign_in(world.users["manager"]).get(f"{job}.json").status_code == 404


def test_a_segment_filters_the_journey_once_its_job_is_done(
    app, researcher, installation: Installation
):
    journey_id, touchpoint_id = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, touchpoint_id, ["nps"])
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, survey_id)
        for region, value in (("North", 10), ("South", 2)):
            for _ in range(8):
                answer(session, survey, nps=value, attributes={"region": region})
    job = send(researcher, "/segments/new", name="The north", rule="region = North")
    run_jobs(installation)
    assert "done" in researcher.get(job).text
    with installation.store.reading() as session:
        segment = session.scalars(select(Segment)).one()
    page = researcher.get(f"/journeys/{journey_id}?period=all&segment={segment.id}").text
    assert "+100" in page and f'<option value="{segment.id}" selected>' in page
    results = researcher.get(f"/journeys/{journey_id}/results?period=all").text
    assert "The north" in results and "above all other customers" in results
    refused = researcher.post(f"/segments/{segment.id}", data={"name": "N", "rule": "region ="})
    assert refused.status_code == 422 and "column" in refused.text


def test_a_report_is_asked_for_made_and_downloaded(
    app: Flask, installation: Installation, sign_in, world
):
    with installation.store.writing() as session:
        first = session.get_one(SurveyRow, world.here.survey_id)
        journey = queries.journey(session, world.here.journey_id)
        call = actions.add_touchpoint(session, journey.stages[0], name="Call", user_id=None)
        second = create_survey(
            session, journey, name="After the call", touchpoint=call,
            asks=[{"instrument": "nps"}], user_id=None, library=BUILT_IN,
        )  # fmt: skip
        for survey in (first, second):  # one dot alone would not be drawn
            for value in (10, 9, 9, 8, 7, 6, 3):
                answer(session, survey, nps=value)
        session.execute(Job.__table__.delete().where(Job.state == "waiting"))
    manager = sign_in(world.users["manager"])
    base = f"/journeys/{world.here.journey_id}/reports"
    all_time = {"from": "", "to": ""}  # the months that are proposed end before today's answers
    assert send(manager, f"{base}/new", about="benchmark", segment="", **all_time) == base
    with installation.store.reading() as session:
        report = session.scalars(select(Report).order_by(Report.id.desc())).first()
    files = ("tables.docx", "tables.tex", "tables.zip", "figures.zip", "figures/1.svg")
    for file in (f"{report.id}.pdf", *(f"{report.id}/{name}" for name in files)):
        assert manager.get(f"{base}/{file}").status_code == 409
    assert "data-progress" in manager.get(base).text
    done = run_jobs(installation)
    assert [(job.state, job.error) for job in done] == [("done", "")]
    with manager.get(f"{base}/{report.id}.pdf") as file:
        assert file.status_code == 200
        assert file.mimetype == "application/pdf"
        assert file.data.startswith(b"%PDF")
        assert file.headers["Content-Disposition"].startswith("attachment")
    page = manager.get(base).text
    assert "Download PDF" in page
    for name in files:
        taken = manager.get(f"{base}/{report.id}/{name}")
        assert taken.status_code == 200
        assert taken.headers["Content-Disposition"].startswith("attachment")
        assert name.startswith("figures/") or f'href="{base}/{report.id}/{name}"' in page
    assert manager.get(f"{base}/{report.id}/figures/99.png").status_code == 404
    with installation.store.writing() as session:
        session.get_one(Report, report.id).content_id = None  # as an earlier version left it
    taken = manager.get(f"{base}/{report.id}/tables.docx")
    assert taken.status_code == 409 and "Create the report again" in taken.text
    assert "tables.docx" not in manager.get(base).text


def test_a_scale_is_validated_by_a_button_and_its_failure_is_told(
    app: Flask, researcher, installation: Installation
):
    """Too few answers: the page says so in a sentence, and nothing else breaks."""
    journey_id, _ = draw(researcher, installation)
    survey_id = deploy(researcher, journey_id, "end", ["sjq"], **{"key-sjq": "sjq-9"})
    page = researcher.get(f"/journeys/{journey_id}/results").text
    assert "Validate scale" in page
    where = send(
        researcher, f"/journeys/{journey_id}/analyses", scale=f"{survey_id}:sjq", segment=""
    )
    assert "data-progress" in researcher.get(where).text
    with installation.store.reading() as session:
        assert session.scalars(select(Analysis)).one().parameters["key"] == "sjq-9"
    run_jobs(installation)
    assert "The analysis failed" in researcher.get(where).text
    refused = researcher.post(f"/journeys/{journey_id}/analyses", data={"scale": "9:sjq"})
    assert refused.status_code == 422


def test_pages_of_responses_lead_on_and_back(
    app: Flask, installation: Installation, sign_in, world: World
):
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        for _ in range(119):
            answer(session, survey)
    client, base = (
        sign_in(world.users["researcher"]),
        f"/journeys/{world.here.journey_id}/responses",
    )

    def numbers(text: str) -> list[int]:
        return [int(n) for n in re.findall(rf'{base}/(\d+)"', text)]

    def step(text: str, words: str) -> str:
        found = re.search(rf'href="([^"]+)">(?:← )?{words}', text)
        return found[1].replace("&amp;", "&") if found else ""

    first = client.get(base).text
    second = client.get(step(first, "Older")).text
    third = client.get(step(second, "Older")).text
    assert [len(numbers(page)) for page in (first, second, third)] == [50, 50, 20]
    everything = numbers(first) + numbers(second) + numbers(third)
    with installation.store.reading() as session:
        query = select(Response.id).where(Response.survey_id == world.here.survey_id)
        newest = query.order_by(Response.submitted_at.desc(), Response.id.desc())
        assert everything == list(session.scalars(newest))
    assert not step(third, "Older")
    assert numbers(client.get(step(third, "Newer")).text) == numbers(second)
    back = client.get(step(second, "Newer")).text
    assert numbers(back) == numbers(first)
    assert not step(back, "Newer")


def test_filters_stand_in_the_address_and_are_kept_by_the_download(
    app: Flask, installation: Installation, sign_in, world: World
):
    client = sign_in(world.users["researcher"])
    base = f"/journeys/{world.here.journey_id}/responses"
    page = client.get(f"{base}?survey={world.here.survey_id}&from=2020-01").text
    assert f"export.csv?from=2020-01&amp;survey={world.here.survey_id}" in page
    assert "No matching responses" in client.get(f"{base}?to=2020-01").text
    with client.get(f"{base}/export.csv?to=2020-01") as sent:
        assert sent.text.count("\n") == 1  # the headings alone
