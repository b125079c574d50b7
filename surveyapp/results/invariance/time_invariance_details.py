"""The tests of a journey's questionnaires over time with everything that their verdicts rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from instruments.loader import Library
from surveyapp.jobs.kinds import TEST_TIME_INVARIANCE
from surveyapp.results import phrases
from surveyapp.results.invariance.time_verdict_phrases import over_time_sentence, over_time_to_json
from surveyapp.results.invariance.time_verdicts import time_verdicts
from surveyapp.results.journey import Place, ground
from surveyapp.results.view_models import OverTime
from surveyapp.store.models import Job, TimeInvariance


@dataclass(frozen=True)
class TimeTest:
    """One questionnaire at one place; ``touchpoint`` is None at the journey's end."""

    touchpoint: str | None
    instrument: str
    short: str  # what the questionnaire is called
    over_time: OverTime
    fingerprint: str
    result: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """What the test says."""
        return over_time_sentence(self.over_time, self.short)


@dataclass(frozen=True)
class TimeTests:
    """The newest tests of a journey, by place and questionnaire; ``job``: the last one."""

    tests: tuple[TimeTest, ...]
    job: Job | None

    @property
    def is_running(self) -> bool:
        """Whether a test waits or runs."""
        return self.job is not None and self.job.state in ("waiting", "running")


def time_tests(
    session: Session, journey_id: int, *, minimum_cell: int, library: Library
) -> TimeTests:
    """Every stored test of a score that the journey still has, in the order in which pages show the scores.
    Raises NotFound.
    """
    base = ground(session, journey_id, library=library)
    verdicts = time_verdicts(session, base, minimum=minimum_cell).known
    points = [point for stage in base.journey.stages for point in stage.touchpoints]
    names = {point.id: point.name for point in points}
    order = {place: at for at, place in enumerate([0, *names])}
    asked = {
        place: [each.definition.instrument for each in scored.values()]
        for place, scored in base.scored.items()
    }
    known: dict[tuple[Place, str], tuple[OverTime, str]] = {}
    for (place, scale), found in verdicts.items():
        definition = base.scored[place][scale].definition
        known.setdefault((place, definition.instrument), (found, phrases.questionnaire(definition)))
    rows = session.scalars(
        select(TimeInvariance)
        .where(TimeInvariance.journey_id == journey_id)
        .options(undefer(TimeInvariance.result))
    ).all()
    tests = [
        TimeTest(
            names.get(row.place),
            row.instrument,
            short,
            found,
            row.fingerprint,
            row.result,
        )
        for row in sorted(
            (row for row in rows if (row.place or None, row.instrument) in known),
            key=lambda row: (
                order.get(row.place, 0),
                asked[row.place or None].index(row.instrument),
            ),
        )
        for found, short in [known[row.place or None, row.instrument]]
    ]
    job = session.scalars(
        select(Job)
        .where(Job.kind == TEST_TIME_INVARIANCE.name, Job.journey_id == journey_id)
        .order_by(Job.id.desc())
        .limit(1)
    ).first()
    return TimeTests(tuple(tests), job)


def time_tests_to_json(found: TimeTests) -> dict[str, Any]:
    """All tests, every digit of them."""
    return {
        "state": found.job.state if found.job else "not asked",
        "tests": [
            {
                "touchpoint": each.touchpoint,
                "instrument": each.instrument,
                **(over_time_to_json(each.over_time, each.short) or {}),
                "fingerprint": each.fingerprint,
                "result": dict(each.result),
            }
            for each in found.tests
        ],
    }
