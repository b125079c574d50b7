"""A stored analysis says how many answers under it were changed or erased after it had read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.corrections import correct, erase
from surveyapp.results.queries import analyses
from surveyapp.results.staleness import Staleness, staleness
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Deployment, Erasure, Job, Journey, Response
from tests.responses.makers import make_deployment, make_segment, some_answers, some_prepared

MINUTE = timedelta(minutes=1)


@pytest.fixture
def deployment(store: Store) -> Deployment:
    with store.writing() as session:
        made = make_deployment(session)
        store_bulk(session, made, some_prepared(12), roots=())
        other = make_deployment(
            session, asks=("nps",), journey=session.get_one(Journey, made.journey_id), name="Other"
        )
        store_bulk(session, other, [], roots=())
        return made


def analysed(store: Store, deployment: Deployment, **other: object) -> int:
    """A finished analysis whose job read the answers a minute ago; its number."""
    with store.writing() as session:
        job = Job(kind="validate_scale", started_at=utc_now() - MINUTE)
        session.add(job)
        session.flush()
        values = {
            "kind": "validate_scale",
            "instrument": "sjq",
            "deployment_id": deployment.id,
            "result": {"sample": {}},
            "created_at": utc_now() - timedelta(days=2),
            **other,
        }
        made = Analysis(journey_id=deployment.journey_id, job_id=job.id, **values)
        session.add(made)
        session.flush()
        return made.id


def found(store: Store, deployment: Deployment) -> dict[int, Staleness]:
    with store.reading() as session:
        return staleness(session, analyses(session, deployment.journey_id))


def change(store: Store, deployment: Deployment, place: int, seed: int = 99) -> None:
    with store.writing() as session:
        number = session.scalars(select(Response.id).order_by(Response.id)).all()[place]
        made = session.get_one(Deployment, deployment.id)
        assert correct(session, made, number, some_answers(seed), now=utc_now(), roots=()) is None


def take(store: Store, deployment: Deployment, place: int) -> None:
    with store.writing() as session:
        number = session.scalars(select(Response.id).order_by(Response.id)).all()[place]
        erase(session, session.get_one(Deployment, deployment.id), number, now=utc_now())


def test_what_was_changed_and_erased_afterwards_is_counted(store: Store, deployment):
    number = analysed(store, deployment)
    assert not found(store, deployment)[number]
    change(store, deployment, 0)
    change(store, deployment, 0, seed=98)
    change(store, deployment, 3)
    take(store, deployment, 5)
    now = found(store, deployment)[number]
    assert now == Staleness(corrected=2, erased=1)
    assert now.text == "2 answers changed, 1 erased"
    assert Staleness(erased=2).text == "2 answers erased"


def test_what_happened_before_or_came_afterwards_is_not(store: Store, deployment):
    change(store, deployment, 0)
    take(store, deployment, 5)
    with store.writing() as session:
        session.scalars(select(Erasure)).one().erased_at = utc_now() - timedelta(hours=1)
        for response in session.scalars(select(Response).where(Response.corrected_at.is_not(None))):
            response.corrected_at = utc_now() - timedelta(hours=1)
        late = session.scalars(select(Response).order_by(Response.id.desc())).first()
        late.submitted_at = utc_now() + timedelta(days=1)  # given after the analysis, then taken
    number = analysed(store, deployment)
    change(store, deployment, -1)
    assert not found(store, deployment)[number]


def test_only_answers_that_it_was_made_from_count(store: Store, deployment):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
        other = session.scalars(select(Deployment).where(Deployment.name == "Other")).one()
    of_segment = analysed(store, deployment, segment_id=north.id)
    of_journey = analysed(store, deployment, deployment_id=None)
    of_other = analysed(store, deployment, deployment_id=other.id, instrument="nps")
    unfinished = analysed(store, deployment, result=None)
    change(store, deployment, 0)  # of the north
    change(store, deployment, 1)  # of the south
    take(store, deployment, 2)
    now = found(store, deployment)
    assert now[of_segment] == Staleness(1, 1, at_most=True)
    assert now[of_segment].text == "1 answer changed, at most 1 erased"
    assert now[of_journey] == Staleness(2, 1)
    assert not now[of_other]
    assert unfinished not in now
