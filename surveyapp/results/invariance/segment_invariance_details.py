"""The tests between a journey's segments with everything that their verdicts rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from instruments.loader import Library
from surveyapp.jobs.kinds import TEST_SEGMENT_INVARIANCE
from surveyapp.results import phrases
from surveyapp.results.invariance.segment_verdict_phrases import alike_sentence, alike_to_json
from surveyapp.results.invariance.segment_verdicts import segment_verdicts
from surveyapp.results.journey import ground
from surveyapp.results.view_models import Alike
from surveyapp.store.models import Job, SegmentInvariance


@dataclass(frozen=True)
class SegmentTest:
    """One segment on one questionnaire at one place; ``touchpoint`` is None at the journey's end."""

    segment: str
    touchpoint: str | None
    instrument: str
    short: str  # what the questionnaire is called
    alike: Alike
    tested_at: datetime
    fingerprint: str
    result: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """What the test says."""
        return alike_sentence(self.alike, self.short)


@dataclass(frozen=True)
class SegmentTests:
    """The newest tests of a journey, by place, questionnaire and segment; ``job``: the last one."""

    tests: tuple[SegmentTest, ...]
    job: Job | None

    @property
    def is_running(self) -> bool:
        """Whether a test waits or runs."""
        return self.job is not None and self.job.state in ("waiting", "running")


def segment_tests(
    session: Session, journey_id: int, *, minimum_cell: int, library: Library
) -> SegmentTests:
    """Every stored test of a segment whose rule is still the same. Raises NotFound."""
    base = ground(session, journey_id, library=library)
    verdicts = segment_verdicts(session, base, minimum=minimum_cell)
    points = [point for stage in base.journey.stages for point in stage.touchpoints]
    names = {point.id: point.name for point in points}
    order = {place: at for at, place in enumerate([0, *names])}
    names_of = {
        scored.definition.instrument: phrases.questionnaire(scored.definition)
        for scales in base.scored.values()
        for scored in reversed(scales.values())
    }
    rows = session.scalars(
        select(SegmentInvariance)
        .where(SegmentInvariance.journey_id == journey_id)
        .options(undefer(SegmentInvariance.result))
    ).all()
    found = [
        SegmentTest(
            base.segments[row.segment_id].name,
            names.get(row.place),
            row.instrument,
            names_of.get(row.instrument, row.instrument),
            verdicts.known[key],
            row.tested_at,
            row.fingerprint,
            row.result,
        )
        for row in sorted(rows, key=lambda row: (order.get(row.place, 0), row.instrument, row.id))
        for key in [(row.place or None, row.instrument, row.segment_id)]
        if key in verdicts.known
    ]
    job = session.scalars(
        select(Job)
        .where(Job.kind == TEST_SEGMENT_INVARIANCE.name, Job.journey_id == journey_id)
        .order_by(Job.id.desc())
        .limit(1)
    ).first()
    return SegmentTests(tuple(found), job)


def segment_tests_to_json(found: SegmentTests) -> dict[str, Any]:
    """All tests, every digit of them."""
    return {
        "state": found.job.state if found.job else "not asked",
        "tests": [
            {
                "segment": each.segment,
                "touchpoint": each.touchpoint,
                "instrument": each.instrument,
                **(alike_to_json(each.alike, each.short) or {}),
                "fingerprint": each.fingerprint,
                "result": dict(each.result),
            }
            for each in found.tests
        ],
    }
