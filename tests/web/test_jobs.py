"""A job is cancelled by the person who asked for it, or an administrator, where that leaves nothing half done."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.jobs.kinds import SORT_SEGMENT, VALIDATE_SCALE, AnalysisPayload
from surveyapp.store.models import AuditEntry, Job


@pytest.fixture
def job(installation, world) -> int:
    with installation.store.writing() as session:
        asked = VALIDATE_SCALE.ask(
            session,
            AnalysisPayload(1),
            journey_id=world.here.journey_id,
            user_id=world.users["researcher"].id,
        )
        return asked.id


def state(installation, job: int) -> tuple[str, str]:
    with installation.store.reading() as session:
        found = session.get_one(Job, job)
        return found.state, found.error


def test_who_asked_for_a_job_cancels_it_once(installation, world, sign_in, job):
    researcher = sign_in(world.users["researcher"])
    assert "Cancel job" in researcher.get(f"/jobs/{job}").text
    page = researcher.post(f"/jobs/{job}/cancel", follow_redirects=True).text
    assert "The job is cancelled." in page
    assert "The job did not finish." in page
    again = researcher.post(f"/jobs/{job}/cancel", follow_redirects=True).text
    assert "The job had ended already." in again
    name = world.users["researcher"].name
    assert state(installation, job) == ("failed", f"Cancelled by {name}.")
    with installation.store.reading() as session:
        cancels = select(AuditEntry.subject).where(AuditEntry.action == "cancel job")
        assert session.scalars(cancels).all() == [f"job {job}"]


def test_nobody_else_cancels_it_but_an_administrator(installation, world, sign_in, job):
    assert sign_in(world.users["manager"]).post(f"/jobs/{job}/cancel").status_code == 404
    assert state(installation, job)[0] == "waiting"
    assert sign_in(world.users["administrator"]).post(f"/jobs/{job}/cancel").status_code == 303
    assert state(installation, job)[0] == "failed"


def test_what_must_not_stay_half_done_is_not_cancelled(installation, world, sign_in):
    with installation.store.writing() as session:
        job = Job(
            kind=SORT_SEGMENT.name,
            parameters={"segment_id": 1},
            created_by=world.users["researcher"].id,
        )
        session.add(job)
        session.flush()
        number = job.id
    researcher = sign_in(world.users["researcher"])
    assert "Cancel job" not in researcher.get(f"/jobs/{number}").text
    assert researcher.post(f"/jobs/{number}/cancel").status_code == 409
    assert state(installation, number)[0] == "waiting"
