"""Pain points and opportunities where they stand on a journey's map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from surveyapp.comments.pain_points import pain_points_of
from surveyapp.journeys.opportunities import opportunities_of
from surveyapp.store.models import Journey, Opportunity, PainPoint

PAIN_POINTS, OPPORTUNITIES = "pain_points", "opportunities"  # the codes of their lanes


@dataclass(frozen=True)
class PlacedRecord:
    """A record of a stage, or of the touchpoint ``at``; ``said`` is its severity or its state."""

    id: int
    title: str
    at: str
    said: str


# By lane, then by the number of a stage.
Records = Mapping[str, Mapping[int, tuple[PlacedRecord, ...]]]


def placed_records(session: Session, journey: Journey) -> Records:
    """The pain points that are open and the opportunities that are not ended, by stage; those of the
    journey as a whole stand on their own pages alone.
    """
    pains = [each for each in pain_points_of(session, journey.id) if each.state == "open"]
    chances = [
        each for each in opportunities_of(session, journey.id) if each.state in ("open", "doing")
    ]
    return {
        PAIN_POINTS: _by_stage(journey, ((each, each.severity) for each in pains)),
        OPPORTUNITIES: _by_stage(journey, ((each, each.state) for each in chances)),
    }


def _by_stage(
    journey: Journey, records: Iterable[tuple[PainPoint | Opportunity, str]]
) -> dict[int, tuple[PlacedRecord, ...]]:
    stages = {point.id: stage.id for stage in journey.stages for point in stage.touchpoints}
    found: dict[int, list[PlacedRecord]] = {}
    for row, said in records:
        for stage_id in _stage_of(row, stages):
            at = row.touchpoint.name if row.touchpoint is not None else ""
            found.setdefault(stage_id, []).append(PlacedRecord(row.id, row.title, at, said))
    return {stage_id: tuple(rows) for stage_id, rows in found.items()}


def _stage_of(row: PainPoint | Opportunity, stages: Mapping[int, int]) -> Iterator[int]:
    if row.touchpoint_id is not None and row.touchpoint_id in stages:
        yield stages[row.touchpoint_id]
    elif row.stage_id is not None:
        yield row.stage_id
