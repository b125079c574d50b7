"""A stored analysis says how many answers under it were changed or erased after it had read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.corrections import correct
from surveyapp.responses.erasures import erase
from surveyapp.results.analyses.queries import analyses
from surveyapp.results.analyses.staleness import Staleness, staleness
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Erasure, Job, Journey, Response, SurveyRow
from tests.responses.makers import (
    SECRET,
    as_survey,
    make_segment,
    make_survey,
    some_answers,
    some_prepared,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def survey(store: Store) -> SurveyRow:
    with store.writing() as session:
        made = make_survey(session)
        store_bulk(session, as_survey(session, made), some_prepared(12), library=BUILT_IN)
        other = make_survey(
            session, asks=("nps",), journey=session.get_one(Journey, made.journey_id), name="Other"
        )
        store_bulk(session, as_survey(session, other), [], library=BUILT_IN)
        return made


def analysed(store: Store, survey: SurveyRow, **other: object) -> int:
    """A finished analysis whose job read the answers a minute ago; its number."""
    with store.writing() as session:
        job = Job(kind="validate_scale", started_at=utc_now() - MINUTE)
        session.add(job)
        session.flush()
        values = {
            "kind": "validate_scale",
            "instrument": "sjq",
            "survey_id": survey.id,
            "result": {"sample": {}},
            "created_at": utc_now() - timedelta(days=2),
            **other,
        }
        made = Analysis(journey_id=survey.journey_id, job_id=job.id, **values)
        session.add(made)
        session.flush()
        return made.id


def found(store: Store, survey: SurveyRow) -> dict[int, Staleness]:
    with store.reading() as session:
        return staleness(session, analyses(session, survey.journey_id))


def change(store: Store, survey: SurveyRow, place: int, seed: int = 99) -> None:
    with store.writing() as session:
        number = session.scalars(select(Response.id).order_by(Response.id)).all()[place]
        made = session.get_one(SurveyRow, survey.id)
        assert (
            correct(
                session,
                as_survey(session, made),
                number,
                some_answers(seed),
                now=utc_now(),
                library=BUILT_IN,
            )
            is None
        )


def take(store: Store, survey: SurveyRow, place: int) -> None:
    with store.writing() as session:
        number = session.scalars(select(Response.id).order_by(Response.id)).all()[place]
        erase(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            number,
            now=utc_now(),
            secret_key=SECRET,
        )


def test_what_was_changed_and_erased_afterwards_is_counted(store: Store, survey):
    number = analysed(store, survey)
    assert not found(store, survey)[number]
    change(store, survey, 0)
    change(store, survey, 0, seed=98)
    change(store, survey, 3)
    take(store, survey, 5)
    now = found(store, survey)[number]
    assert now == Staleness(corrected=2, erased=1)
    assert now.text == "2 answers changed, 1 erased"
    assert Staleness(erased=2).text == "2 answers erased"


def test_what_happened_before_or_came_afterwards_is_not(store: Store, survey):
    change(store, survey, 0)
    take(store, survey, 5)
    with store.writing() as session:
        session.scalars(select(Erasure)).one().erased_at = utc_now() - timedelta(hours=1)
        for response in session.scalars(select(Response).where(Response.corrected_at.is_not(None))):
            response.corrected_at = utc_now() - timedelta(hours=1)
        late = session.scalars(select(Response).order_by(Response.id.desc())).first()
        late.submitted_at = utc_now() + timedelta(days=1)  # given after the analysis, then taken
    number = analysed(store, survey)
    change(store, survey, -1)
    assert not found(store, survey)[number]


def test_only_answers_that_it_was_made_from_count(store: Store, survey):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
        other = session.scalars(select(SurveyRow).where(SurveyRow.name == "Other")).one()
    of_segment = analysed(store, survey, segment_id=north.id)
    of_journey = analysed(store, survey, survey_id=None)
    of_other = analysed(store, survey, survey_id=other.id, instrument="nps")
    unfinished = analysed(store, survey, result=None)
    change(store, survey, 0)  # of the north
    change(store, survey, 1)  # of the south
    take(store, survey, 2)
    now = found(store, survey)
    assert now[of_segment] == Staleness(1, 1, at_most=True)
    assert now[of_segment].text == "1 answer changed, at most 1 erased"
    assert now[of_journey] == Staleness(2, 1)
    assert not now[of_other]
    assert unfinished not in now
