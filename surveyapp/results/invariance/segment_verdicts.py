"""Whether a segment's scores of several items may be compared with those of all other customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.comparability import FEWEST
from analysis.rules import RULES
from instruments.schema import Metric
from surveyapp.jobs.kinds import TEST_SEGMENT_INVARIANCE
from surveyapp.results.invariance.comparability import Verdicts, changed_much
from surveyapp.results.journey import Cell, Ground, Place, publications
from surveyapp.results.view_models import Alike, Contrast
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY, Job, SegmentInvariance

Answers = Mapping[tuple[Place, str], Mapping[int, int]]  # by place and questionnaire, then segment
_FEWEST_ITEMS = 3  # of a scale that can be tested: two are no model of one factor


@dataclass(frozen=True)
class SegmentVerdicts:
    """The verdicts of a journey by place, questionnaire and segment; ``gated``: the cells that need one."""

    known: Mapping[tuple[Place, str, int], Alike]
    gated: Mapping[Cell, str]  # its questionnaire
    is_running: bool = False

    def on(self, segment_id: int) -> dict[Cell, Alike]:
        """The verdict on each score of a segment that needs one; not so of a single question."""
        untested = Alike(Verdicts.NOT_TESTED)
        return {
            cell: self.known.get((cell[0], code, segment_id), untested)
            for cell, code in self.gated.items()
        }


def gated_instruments(base: Ground) -> list[tuple[Place, str]]:
    """Places with the questionnaires there whose scores are indexes of three items or more together."""
    return sorted(
        {(place, code) for (place, _), code in gated_cells(base).items()},
        key=lambda each: (each[0] or 0, each[1]),
    )


def gated_cells(base: Ground) -> dict[Cell, str]:
    """The scores that are compared by a verdict only, with their questionnaires."""
    found: dict[Cell, str] = {}
    for place, scales in base.scored.items():
        items: dict[str, set[str]] = {}
        for scored in scales.values():
            if scored.definition.metric is Metric.INDEX:
                items.setdefault(scored.definition.instrument, set()).update(scored.scale.items)
        for scale, scored in scales.items():
            code = scored.definition.instrument
            several = scored.definition.metric is Metric.INDEX and len(scored.scale.items) > 1
            if several and len(items[code]) >= _FEWEST_ITEMS:
                found[place, scale] = code
    return found


def scores_counted(session: Session, base: Ground, *, minimum: int) -> Answers:
    """How many scores each segment has of all time, the most of a questionnaire's scales."""
    gated = gated_cells(base)
    told = publications(session, base, minimum=minimum, scales={scale for _, scale in gated})
    found: dict[tuple[Place, str], dict[int, int]] = {}
    for cell, code in gated.items():
        counts = told[cell].counts if cell in told else {}
        own = found.setdefault((cell[0], code), {})
        for segment, months in counts.items():
            own[segment] = max(own.get(segment, 0), sum(months.values()))
    return found


def segment_verdicts(session: Session, base: Ground, *, minimum: int) -> SegmentVerdicts:
    """What the newest tests say of all segments of a journey, read once in a snapshot."""
    key = ("segment verdicts", base.journey.id, minimum)
    return read_once(session, key, lambda: _segment_verdicts(session, base, minimum))


def _segment_verdicts(session: Session, base: Ground, minimum: int) -> SegmentVerdicts:
    gated = gated_cells(base)
    if not gated or not base.segments:
        return SegmentVerdicts({}, gated)
    tests = session.scalars(
        select(SegmentInvariance).where(SegmentInvariance.journey_id == base.journey.id)
    ).all()
    answers = scores_counted(session, base, minimum=minimum) if tests else {}
    known = {}
    for test in tests:
        place, segment = test.place or None, base.segments.get(test.segment_id)
        if segment is None or segment.rule != test.rule:
            continue  # it was a test of other customers
        now = answers.get((place, test.instrument), {}).get(test.segment_id, 0)
        stale = test.rules_version != RULES or changed_much(now, test.answers)
        known[place, test.instrument, test.segment_id] = _alike(test, stale=stale)
    running = session.scalar(
        select(Job.id)
        .where(
            Job.kind == TEST_SEGMENT_INVARIANCE.name,
            Job.journey_id == base.journey.id,
            Job.state.in_(("waiting", "running")),
        )
        .limit(1)
    )
    return SegmentVerdicts(known, gated, running is not None)


def needs_test(session: Session, base: Ground, *, minimum: int) -> bool:
    """Whether any segment with enough scores has no test, or one that is stale."""
    if not base.segments or not gated_cells(base):
        return False
    known = segment_verdicts(session, base, minimum=minimum).known
    for (place, code), counted in scores_counted(session, base, minimum=minimum).items():
        everybody = counted.get(EVERYBODY, 0)
        for segment in base.segments:
            own = counted.get(segment, 0)
            found = known.get((place, code, segment))
            if min(own, everybody - own) >= FEWEST and (found is None or found.stale):
                return True
    return False


def _alike(test: SegmentInvariance, *, stale: bool) -> Alike:
    moment: datetime = test.tested_at
    return Alike(
        Verdicts(test.verdict),
        tuple(test.released),
        test.inside,
        test.outside,
        test.needed,
        moment,
        stale,
    )


def gate(contrast: Contrast | None, alike: Alike | None) -> Contrast | None:
    """The difference, not to be called significant where nothing says that the score means the same."""
    return replace(contrast, certain=False) if contrast and is_barred(contrast, alike) else contrast


def is_barred(contrast: Contrast | None, alike: Alike | None) -> bool:
    """Whether there is a difference that may not be called significant."""
    return contrast is not None and alike is not None and not alike.allows
