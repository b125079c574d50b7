"""Rollups to the numbers of pages, reports and exports: a handful of sums, never raw rows.

Screen, PDF and export read these functions and nothing else, so that they cannot differ. Periods
are whole months; figures of small groups, and those that would give them away, are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from surveyapp.results import cells, definitions
from surveyapp.results.cells import NOTHING, RESPONSES, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, figure
from surveyapp.results.journey import Cell, Ground, Period, Place, ground, hidden_cells, period
from surveyapp.results.rates import response_rates
from surveyapp.results.shapes import (
    ComparisonRow,
    Figure,
    Hidden,
    JourneyOverview,
    SegmentComparison,
    SegmentFigure,
    StageOverview,
    TouchpointOverview,
)
from surveyapp.results.trends import trend
from surveyapp.results.weak_points import Cells, lowest, priorities, sides, stage_sums
from surveyapp.store.models import EVERYBODY

__all__ = ["journey_overview", "response_rates", "segment_comparison", "trend"]


def journey_overview(
    session: Session,
    journey_id: int,
    *,
    segment_id: int = EVERYBODY,
    since: date | None = None,
    until: date | None = None,
    minimum_cell: int = 5,
    roots: Sequence[str | Path] = (),
) -> JourneyOverview:
    """Stages, touchpoints and the journey's end with every figure. Raises NotFound.

    ``since`` and ``until`` are widened to whole months.
    """
    base = ground(session, journey_id, roots=roots)
    segment, when = base.segment(segment_id), period(since, until)
    found = _cells(session, base, when, [segment_id], minimum=minimum_cell)[segment_id]
    answered = cells.days(session, base.ids, since=when.since, until=when.until)
    stages = tuple(_stages(base, found))
    journey = base.journey
    return JourneyOverview(
        journey_id=journey.id,
        code=journey.code,
        name=journey.name,
        provider=journey.provider,
        goal=journey.goal,
        state=journey.state,
        version=journey.version,
        segment=segment,
        since=when.since,
        until=when.until,
        first_day=min((first for _, first, _ in answered.values()), default=None),
        last_day=max((last for _, _, last in answered.values()), default=None),
        responses=_responses(base, found),
        end=_figures(base, None, found),
        stages=stages,
        lowest=tuple(lowest(base, found)),
        priorities=priorities(base, found),
        sides=sides(base, found),
        fielded=definitions.fielded(base.deployments, roots=roots),
        minimum_cell=minimum_cell,
    )


def segment_comparison(
    session: Session,
    journey_id: int,
    *,
    segment_ids: Sequence[int] | None = None,
    since: date | None = None,
    until: date | None = None,
    minimum_cell: int = 5,
    roots: Sequence[str | Path] = (),
) -> SegmentComparison:
    """Every figure for everybody and each segment (all when None), and how each segment differs
    from everybody else. Raises NotFound.
    """
    base = ground(session, journey_id, roots=roots)
    wanted = list(base.segments) if segment_ids is None else list(dict.fromkeys(segment_ids))
    names = tuple(name for name in map(base.segment, wanted) if name is not None)
    ids = [name.id for name in names]
    by_segment = _cells(
        session, base, period(since, until), [EVERYBODY, *ids], minimum=minimum_cell
    )
    places = [
        (stage, touchpoint, cell, scored)
        for stage, touchpoint, place in _places(base)
        for scored in base.scored.get(place, {}).values()
        for cell in [(place, scored.scale.id)]
    ]
    keys = [(cell, scored, segment) for *_, cell, scored in places for segment in ids]
    contrasts = dict(
        zip(
            [(cell, segment) for cell, _, segment in keys],
            differences([_against_rest(by_segment, *key) for key in keys]),
            strict=True,
        )
    )
    rows = tuple(
        ComparisonRow(
            stage=stage,
            touchpoint=touchpoint,
            everybody=figure(scored, *by_segment[EVERYBODY].get(cell, (NOTHING, Hidden.NO))),
            segments=tuple(
                SegmentFigure(
                    segment=name,
                    figure=figure(scored, *by_segment[name.id].get(cell, (NOTHING, Hidden.NO))),
                    against_rest=contrasts[(cell, name.id)],
                )
                for name in names
            ),
        )
        for stage, touchpoint, cell, scored in places
    )
    compared = sum(contrast is not None for contrast in contrasts.values())
    return SegmentComparison(base.journey.id, names, rows, compared)


def _against_rest(
    by_segment: dict[int, Cells], cell: Cell, scored: Scored, segment: int
) -> tuple[Scored, Sums, Sums]:
    """A segment and everybody outside it; nothing where either may not be shown."""
    everybody, all_hidden = by_segment[EVERYBODY].get(cell, (NOTHING, Hidden.NO))
    inside, inside_hidden = by_segment[segment].get(cell, (NOTHING, Hidden.NO))
    if all_hidden or inside_hidden:
        return scored, NOTHING, NOTHING
    return scored, inside, everybody - inside


def _cells(
    session: Session, base: Ground, when: Period, segments: Sequence[int], *, minimum: int
) -> dict[int, Cells]:
    summed = cells.sums(session, base.ids, segments, since=when.since, until=when.until)
    reasons = hidden_cells(session, base, when, segments, minimum=minimum)
    return {
        segment: {
            cell: (sums, reasons[cell].get(segment, Hidden.NO))
            for cell, sums in base.pooled(summed[segment]).items()
        }
        for segment in segments
    }


def _places(base: Ground) -> Iterator[tuple[str | None, str | None, Place]]:
    """The journey's end, then touchpoint by touchpoint: names of stage and touchpoint, place."""
    yield None, None, None
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            yield stage.name, touchpoint.name, touchpoint.id


def _figures(base: Ground, place: Place, found: Cells) -> tuple[Figure, ...]:
    return tuple(
        figure(scored, *found.get((place, scale), (NOTHING, Hidden.NO)))
        for scale, scored in base.scored.get(place, {}).items()
    )


def _stages(base: Ground, found: Cells) -> Iterator[StageOverview]:
    for stage in base.journey.stages:
        yield StageOverview(
            id=stage.id,
            code=stage.code,
            name=stage.name,
            goal=stage.goal,
            figures=tuple(
                figure(scored, sums, Hidden.NO)
                for scored, sums in stage_sums(base, stage.touchpoints, found)
            ),
            touchpoints=tuple(
                TouchpointOverview(
                    id=touchpoint.id,
                    code=touchpoint.code,
                    name=touchpoint.name,
                    channel=touchpoint.channel,
                    ownership=touchpoint.ownership,
                    moment_of_truth=touchpoint.moment_of_truth,
                    figures=_figures(base, touchpoint.id, found),
                )
                for touchpoint in stage.touchpoints
            ),
        )


def _responses(base: Ground, found: Cells) -> int | None:
    """Submissions at all places; None when those of a place are hidden."""
    counted = [found.get((place, RESPONSES), (NOTHING, Hidden.NO)) for place in base.scored]
    if any(reason for _, reason in counted):
        return None
    return sum(sums.n for sums, _ in counted)
