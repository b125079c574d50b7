"""A job ends when somebody cancels it, and when it takes more time or memory than it may."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import pytest

from surveyapp.installation import Installation
from surveyapp.jobs import limits
from surveyapp.jobs.limits import UnderWay
from surveyapp.jobs.running import run
from surveyapp.store import queue
from tests.jobs.test_running import ask, job

MEGABYTE = 1024 * 1024


def limited(installation: Installation, **changes: int) -> Installation:
    return replace(installation, settings=replace(installation.settings, **changes))


def test_a_job_that_is_stopped_ends_at_its_next_step_and_leaves_no_result(installation):
    number = ask(installation)
    steps: list[str] = []

    def work(_installation, _asked, progress):
        steps.append("begun")
        with installation.store.writing() as session:
            assert queue.stop(session, number, "Cancelled by Anna.")
        progress(100, "Ending")
        steps.append("went on")

    assert run(installation, number, worker="w", work={"add": work})
    ended = job(installation, number)
    assert (ended.state, ended.error, ended.result) == ("failed", "Cancelled by Anna.", None)
    assert steps == ["begun"]
    with installation.store.writing() as session:
        assert not queue.stop(session, number, "Cancelled again.")


def test_a_job_that_waits_is_not_begun_once_it_is_stopped(installation):
    number = ask(installation)
    with installation.store.writing() as session:
        assert queue.stop(session, number, "Cancelled by Anna.")
    assert not run(installation, number, worker="w", work={})


@pytest.mark.parametrize(
    ("minutes_ago", "state", "ends"),
    [(9, "running", ""), (10.5, "failed", ""), (12, "failed", "10 minutes")],
)
def test_a_job_beyond_its_time_is_stopped_and_then_its_process(
    installation, minutes_ago, state, ends
):
    number = ask(installation)
    with installation.store.writing() as session:
        queue.claim(session, number, worker="w")
    under_way = UnderWay({number: monotonic() - 60 * minutes_ago})
    said = limits.exceeded(limited(installation, job_minutes=10), under_way, held=0)
    assert ends in said
    assert bool(said) == bool(ends)
    assert job(installation, number).state == state
    assert ("longer than the 10 minutes" in job(installation, number).error) == (state == "failed")


def test_a_worker_beyond_its_memory_stops_its_jobs_and_ends(installation):
    number = ask(installation)
    with installation.store.writing() as session:
        queue.claim(session, number, worker="w")
    own = limited(installation, job_megabytes=2000)
    under_way = UnderWay({number: monotonic()})
    assert limits.exceeded(own, under_way, held=1999 * MEGABYTE) == ""
    assert limits.exceeded(own, UnderWay(), held=3000 * MEGABYTE) == ""  # no job is to blame
    assert limits.exceeded(own, under_way, held=3000 * MEGABYTE) == "it held 3000 MB"
    assert "more than the 2000 MB" in job(installation, number).error
    assert 10 * MEGABYTE < limits.resident_bytes() < 100_000 * MEGABYTE
