"""While responses are being sorted into a segment, pages say so and show none of its numbers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from instruments.loader import BUILT_IN
from surveyapp.auth.api_keys import KeyScope, make
from surveyapp.installation import Installation
from surveyapp.journeys.segment_actions import create_segment, edit_segment
from surveyapp.reports.actions import ask_report
from surveyapp.reports.document import Paragraph
from surveyapp.reports.journeys import comparisons
from surveyapp.responses import rollups, sorting
from surveyapp.responses.sorting import sort_batch
from surveyapp.results.dashboards import segment_comparison
from surveyapp.results.scope import Scope
from surveyapp.store.models import NOTHING_SORTED, Job, Journey, Response, Segment, SurveyRow
from surveyapp.worker import run_job
from tests.web.conftest import World
from tests.web.world import answer


@pytest.fixture
def half_sorted(installation: Installation, world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """A segment of 16 customers, 8 of whom have been sorted into it."""
    with installation.store.writing() as session:
        session.execute(update(Job).values(state="done"))
        for other in session.scalars(select(Segment)).all():  # of nobody: they hide no score here
            other.rule, other.sorted_to = "region = Nowhere", NOTHING_SORTED
            sort_batch(session, other.id)
        there = session.scalar(select(func.count()).select_from(Response)) or 0
        survey = session.get_one(SurveyRow, world.here.survey_id)
        for region, value in (("Nordland", 10), ("South", 2)):
            for _ in range(16):
                answer(session, survey, nps=value, attributes={"region": region})
        segment, _ = create_segment(
            session, name="The north", rule="region = Nordland", user_id=None
        )
        with monkeypatch.context() as small:
            small.setattr(sorting, "BATCH", there + 8)
            sort_batch(session, segment.id)
        assert session.get_one(Segment, segment.id).sorted_to is not None
        return segment.id


@pytest.fixture
def staff(world: World, sign_in) -> FlaskClient:
    return sign_in(world.users["researcher"])


def finish(installation: Installation) -> list[Job]:
    with installation.store.reading() as session:
        waiting = list(session.scalars(select(Job.id).where(Job.state == "waiting")))
    for number in waiting:
        run_job(installation, number, worker="test")
    with installation.store.reading() as session:
        return [session.get_one(Job, number) for number in waiting]


def test_the_journey_of_a_half_sorted_segment_says_so_and_shows_it_when_it_is_complete(
    installation: Installation, world: World, staff, half_sorted: int
):
    address = f"/journeys/{world.here.journey_id}?period=all&segment={half_sorted}"
    page = staff.get(address)
    assert page.status_code == 409
    assert "still being assigned to the segment The north" in page.text
    assert "+100" not in page.text
    finish(installation)
    assert "+100" in staff.get(address).text


def test_the_comparison_leaves_a_half_sorted_segment_out_and_says_so(
    installation: Installation, world: World, staff, half_sorted: int
):
    address = f"/journeys/{world.here.journey_id}/results?period=all"
    page = staff.get(address).text
    assert "Responses are still being assigned to The north" in page
    assert "+100" not in page
    assert "No segments to compare" not in page
    finish(installation)
    page = staff.get(address).text
    assert "+100" in page
    assert "still being assigned" not in page


def test_the_list_of_segments_and_the_segments_own_page_say_that_it_is_being_sorted(
    installation: Installation, staff, half_sorted: int
):
    said = (
        "Responses are still being assigned.",
        "Responses are still being assigned to this segment",
    )
    pages = ("/segments", f"/segments/{half_sorted}")
    for words, page in zip(said, pages, strict=True):
        assert words in staff.get(page).text
    finish(installation)
    for words, page in zip(said, pages, strict=True):
        assert words not in staff.get(page).text


def test_a_report_on_a_half_sorted_segment_fails_with_what_to_wait_for(
    installation: Installation, world: World, half_sorted: int
):
    with installation.store.writing() as session:
        report = ask_report(
            session,
            kind="benchmark",
            scope=Scope(world.here.journey_id, segment_id=half_sorted),
            user_id=None,
        )
        number = report.job_id
    assert number is not None
    run_job(installation, number, worker="test")
    with installation.store.reading() as session:
        job = session.get_one(Job, number)
    assert job.state == "failed"
    assert "still being assigned to the segment The north" in job.error


def test_a_report_on_everybody_names_the_segments_that_it_leaves_out(
    installation: Installation, world: World, half_sorted: int
):
    def said() -> str:
        with installation.store.reading() as session:
            compared = segment_comparison(session, Scope(world.here.journey_id), library=BUILT_IN)
        blocks = comparisons.segments(compared, 5)
        return " ".join(str(block.text) for block in blocks if isinstance(block, Paragraph))

    left_out = "Left out, as responses are still being assigned to them: The north."
    assert left_out in said()
    finish(installation)
    assert "Left out" not in said()


def test_the_api_answers_409_for_a_half_sorted_segment(
    app, installation: Installation, world: World, half_sorted: int
):
    with installation.store.writing() as session:
        _, key = make(session, name="k", scopes=[KeyScope.READ_RESULTS], user_id=None)
        code = session.get_one(Journey, world.here.journey_id).code
    answered = app.test_client().get(
        f"/api/v1/journeys/{code}/results?segment=the-north",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answered.status_code == 409
    assert "still being assigned" in answered.json["detail"]


def test_a_quota_counts_those_sorted_so_far_and_the_page_says_so(
    installation: Installation, world: World, staff, half_sorted: int
):
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, world.here.survey_id)
        survey.logic = {"quotas": [{"most": 12, "segment": "the-north"}]}
    address = f"/journeys/{world.here.journey_id}/surveys/{survey.id}/theme"
    page = staff.get(address).text
    assert "8 of 12 so far; responses are still being assigned to this segment" in page
    finish(installation)
    page = staff.get(address).text
    assert "16 of 12" in page
    assert "so far" not in page


def test_rollups_of_the_earlier_rule_fill_no_quota(
    installation: Installation, world: World, staff, half_sorted: int
):
    finish(installation)
    with installation.store.writing() as session:
        known = session.get_one(Segment, half_sorted)
        edit_segment(session, known, name="The north", rule="region = East", user_id=None)
        survey = session.get_one(SurveyRow, world.here.survey_id)
        survey.logic = {"quotas": [{"most": 12, "segment": "the-north"}]}
    address = f"/journeys/{world.here.journey_id}/surveys/{survey.id}/theme"
    assert "0 of 12 so far" in staff.get(address).text


def test_a_job_that_has_failed_is_asked_for_again_by_saving_the_segment(
    installation: Installation, staff, half_sorted: int
):
    with installation.store.writing() as session:
        for job in session.scalars(select(Job)):
            job.state, job.error = "failed", "The worker stopped 3 times."
    assert "save the segment to restart it" in staff.get(f"/segments/{half_sorted}").text
    saved = staff.post(
        f"/segments/{half_sorted}", data={"name": "The north", "rule": "region = Nordland"}
    )
    assert saved.status_code == 303
    assert "/jobs/" in saved.location
    (job,) = finish(installation)
    assert (job.state, job.result) == ("done", {"responses": 24})
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
