"""A database that goes away and comes back stops nothing for good."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial

import pytest

from surveyapp.installation import Installation
from surveyapp.jobs.running import run_waiting
from surveyapp.jobs.sweep import Sweep
from surveyapp.periodic import Failures, repeat
from surveyapp.store import queue
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Job
from tests.jobs.conftest import Outage


class Clock:
    """Time that passes while somebody rests, and what happens at its moments."""

    def __init__(self, *, end: float) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self._end = end
        self._events: list[tuple[float, Callable[[], object]]] = []

    def at(self, moment: float, happens: Callable[[], object]) -> None:
        self._events.append((moment, happens))

    def rest(self, seconds: float) -> bool:
        self.rests.append(seconds)
        self.now += max(seconds, 0.001)
        while self._events and self._events[0][0] <= self.now:
            self._events.pop(0)[1]()
        return self.now >= self._end

    def __call__(self) -> float:
        return self.now


def test_a_worker_lives_through_an_outage_and_runs_what_was_asked_for_after_it(
    installation: Installation, outage: Outage, caplog: pytest.LogCaptureFixture
):
    """No message announces the job: the worker finds the row by itself."""
    clock, numbers = Clock(end=1300), []

    def ask_again() -> None:
        outage.end()
        with installation.store.writing() as session:
            numbers.append(queue.ask(session, "add", {}).id)

    clock.at(60, outage.begin)
    clock.at(1200, ask_again)
    run = partial(run_waiting, installation, worker="w", work={"add": lambda *_: {"sum": 2}})
    with caplog.at_level(logging.WARNING, logger="surveyapp"):
        repeat(run, clock.rest, name="running jobs", seconds=5.0, failures=Failures(clock))
    with installation.store.reading() as session:
        assert session.get_one(Job, numbers[0]).state == "done"
    backed_off = [seconds for seconds in clock.rests if seconds not in {0.0, 0.5, 5.0}]
    assert backed_off[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    lines = [record for record in caplog.records if "running jobs" in record.getMessage()]
    assert len(lines) <= 1140 / 60 + 2
    assert re.search(r"works again after \d+ failures", lines[-1].getMessage())


def test_the_sweep_lives_through_an_outage_and_takes_no_job_from_who_was_cut_off(
    installation: Installation, outage: Outage
):
    """While nobody could write a heartbeat, its absence says nothing."""
    with installation.store.writing() as session:
        number = queue.ask(session, "add", {}).id
        claimed = queue.claim(session, number, worker="cut off")
    assert claimed is not None

    def states() -> str:
        with installation.store.reading() as session:
            return session.get_one(Job, number).state

    def fall_silent() -> None:
        with installation.store.writing() as session:
            session.get_one(Job, number).heartbeat_at = utc_now() - 2 * queue.SILENCE

    seen: list[str] = []
    clock = Clock(end=2000)
    clock.at(200, outage.begin)
    clock.at(1000, outage.end)
    clock.at(1001, fall_silent)
    clock.at(1110, lambda: seen.append(states()))
    clock.at(1300, lambda: seen.append(states()))
    repeat(
        Sweep(installation, clock),
        clock.rest,
        name="the sweep",
        seconds=10.0,
        failures=Failures(clock),
    )
    assert seen == ["running", "waiting"]


def test_listening_begins_anew_after_an_outage(installation: Installation, outage: Outage):
    if installation.store.is_sqlite:
        return  # its rows are looked at twice a second instead
    woken: list[float] = []
    clock = Clock(end=200)
    clock.at(0.0, lambda: None)
    rounds = iter([outage.begin, outage.end])

    def over() -> bool:
        """Asked each second of listening: the first time the connection breaks under it."""
        event = next(rounds, None)
        if event is outage.begin:
            event()
        return event is None

    clock.at(20, outage.end)
    listen = partial(queue.listen, installation.store, over, lambda: woken.append(clock.now))
    repeat(listen, clock.rest, name="listening", seconds=300.0, failures=Failures(clock))
    assert len(woken) >= 2
