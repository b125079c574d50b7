"""Rollups to the numbers of pages, reports and exports: a handful of sums, never raw rows.

Screen, PDF and export read these functions and nothing else, so that they cannot differ. Periods
are whole months; figures of small groups, and those that would give them away, are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results import cells, definitions
from surveyapp.results.cells import NOTHING, RESPONSES
from surveyapp.results.changes import changes
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.figures import differences, figure
from surveyapp.results.flagged_out import flagged_out
from surveyapp.results.funnels.rates import response_rates
from surveyapp.results.invariance.rewordings import reworded_cells
from surveyapp.results.invariance.segment_verdicts import gate, segment_verdicts
from surveyapp.results.invariance.time_verdicts import in_period, time_verdicts
from surveyapp.results.journey import Cell, Ground, Place, ground, hidden_cells
from surveyapp.results.scope import Period, Scope, period
from surveyapp.results.suppression import counted_once as suppression
from surveyapp.results.suppression.complements import beside
from surveyapp.results.suppression.complements import sides as sides_of
from surveyapp.results.suppression.shown_cells import Cells, shown_cells
from surveyapp.results.targets.targets import of_segment, place_of, with_targets
from surveyapp.results.trends import trend
from surveyapp.results.view_models import (
    LATEST,
    Advice,
    Beside,
    Change,
    Compared,
    ComparisonRow,
    Figure,
    Hidden,
    JourneyOverview,
    OverTime,
    SegmentComparison,
    SegmentFigure,
    StageOverview,
    TouchpointOverview,
    Weighted,
)
from surveyapp.results.weak_points import advice, lowest, sides, stage_sums, told_cells
from surveyapp.results.weights.weighted_changes import weighted_cells
from surveyapp.results.weights.weighted_ends import weighted_advice, weighted_ends
from surveyapp.results.weights.weighting import (
    PeriodWeights,
    baseline_weights,
    period_weights,
    weights_of_months,
)
from surveyapp.store.models import EVERYBODY, Stage

__all__ = ["journey_overview", "response_rates", "segment_comparison", "trend"]


def journey_overview(
    session: Session,
    scope: Scope,
    *,
    minimum_cell: int = 5,
    library: Library,
) -> JourneyOverview:
    """Stages, touchpoints and the journey's end with every figure. Raises NotFound."""
    base = ground(session, scope.journey_id, library=library)
    segment_id, when = scope.segment_id, scope.period
    segment = base.segment(segment_id)
    found, extra = _found(session, base, scope, minimum=minimum_cell, library=library)
    changed = extra.changes
    bounds = {"since": when.since, "until": when.until}
    segments = [EVERYBODY, segment_id]
    answered, flagged = cells.days_by_flag(
        session, base.ids, segments, **bounds, facets=scope.facets
    )
    left_out = {survey: n for survey, (n, *_) in flagged[segment_id].items()}
    if scope.flagged:
        answered = cells.days(session, base.ids, segments, **bounds, facets=scope.facets)
    days = _shown_days(base, answered[segment_id], found)
    total, shown, hidden = _responses(base, scope, found, minimum=minimum_cell)
    stages = tuple(_stages(base, found, extra))
    journey = base.journey
    overview = JourneyOverview(
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
        first_day=min((first for first, _ in days), default=None),
        last_day=max((last for _, last in days), default=None),
        responses=total,
        responses_shown=shown,
        places_hidden=hidden,
        end=_figures(base, None, found, extra),
        stages=stages,
        lowest=tuple(lowest(base, found)),
        advice=_advice(session, base, scope, changed, answered[EVERYBODY], minimum=minimum_cell),
        sides=sides(base, found),
        weighted_ends=weighted_ends(base, found, extra.weights, extra.weighted),
        instruments=definitions.instruments_asked(base.surveys, library=library),
        minimum_cell=minimum_cell,
        zone=journey.zone,
        compared=_compared(scope, changed),
        facets=scope.facets,
        flagged=flagged_out(session, base, scope, left_out, minimum=minimum_cell),
        beside_tested=sum(one.contrast is not None for one in extra.beside.values()),
    )
    return with_targets(overview, of_segment(base.targets, segment_id))


def segment_comparison(
    session: Session,
    scope: Scope,
    *,
    segment_ids: Sequence[int] | None = None,
    minimum_cell: int = 5,
    library: Library,
) -> SegmentComparison:
    """Every figure for everybody and each segment (all when None), and how each segment differs
    from everybody else. Raises NotFound, NotReady for one that is still being sorted.

    It stands beside a page of any segment: which one the scope is of changes nothing.
    """
    base = ground(session, scope.journey_id, library=library)
    wanted = list(base.segments) if segment_ids is None else list(dict.fromkeys(segment_ids))
    names = tuple(name for name in map(base.segment, wanted) if name is not None)
    ids = [name.id for name in names]
    by_segment = shown_cells(
        session, base, scope.period, [EVERYBODY, *ids], minimum=minimum_cell, facets=scope.facets
    )
    places = [
        (stage, touchpoint, code, cell, scored)
        for stage, touchpoint, code, place in _places(base)
        for scored in base.scored.get(place, {}).values()
        for cell in [(place, scored.scale.id)]
    ]
    keys = [(cell, scored, segment) for *_, cell, scored in places for segment in ids]
    contrasts = dict(
        zip(
            [(cell, segment) for cell, _, segment in keys],
            differences(
                [
                    (scored, *sides_of(cell, by_segment[segment], by_segment[EVERYBODY])[:2])
                    for cell, scored, segment in keys
                ]
            ),
            strict=True,
        )
    )
    verdicts = segment_verdicts(session, base, minimum=minimum_cell)
    alike = {name.id: verdicts.on(name.id) for name in names}
    rows = tuple(
        ComparisonRow(
            stage=stage,
            touchpoint=touchpoint,
            place=code,
            everybody=figure(scored, *by_segment[EVERYBODY].get(cell, (NOTHING, Hidden.NO))),
            segments=tuple(
                SegmentFigure(
                    segment=name,
                    figure=figure(scored, *by_segment[name.id].get(cell, (NOTHING, Hidden.NO))),
                    against_rest=gate(contrasts[(cell, name.id)], alike[name.id].get(cell)),
                    alike=alike[name.id].get(cell),
                )
                for name in names
            ),
        )
        for stage, touchpoint, code, cell, scored in places
    )
    compared = sum(contrast is not None for contrast in contrasts.values())
    return SegmentComparison(
        base.journey.id, names, rows, compared, tuple(base.sorting.values()), verdicts.is_running
    )


@dataclass(frozen=True)
class _Extra:
    """What stands beside a figure: its change, a segment's difference from all others, and it with weights."""

    changes: Mapping[Cell, Change]
    beside: Mapping[Cell, Beside]
    weights: PeriodWeights | None
    weighted: Mapping[Cell, Weighted]

    def of(self, found: Figure, cell: Cell) -> Figure:
        return replace(
            found,
            change=self.changes.get(cell),
            beside=self.beside.get(cell),
            weighted=self.weighted.get(cell),
        )


def _found(
    session: Session, base: Ground, scope: Scope, *, minimum: int, library: Library
) -> tuple[Cells, _Extra]:
    """The sums of the scope's period, and what they are compared with."""
    segment, baseline = scope.segment_id, scope.baseline
    segments = sorted({EVERYBODY, segment})

    def shown(when: Period, wanted: Sequence[int]) -> dict[int, Cells]:
        return shown_cells(session, base, when, wanted, minimum=minimum, facets=scope.facets)

    now = shown(scope.period, segments)
    weights = period_weights(session, base, scope, minimum=minimum)
    changed, reworded = {}, set[Cell]()
    barred: dict[Cell, OverTime] = {}
    with_weights: tuple[Cells, PeriodWeights] | None = None
    if baseline is not None:
        reworded = set(reworded_cells(session, base, scope, library=library))
        before = shown(baseline, [segment])[segment]
        barred = time_verdicts(session, base, minimum=minimum).barring_all(
            in_period(scope.period), in_period(baseline)
        )
        changed = changes(base, now[segment], before, reworded=reworded, barred=barred)
        if earlier := baseline_weights(session, base, scope, minimum=minimum):
            with_weights = before, earlier
    weighted: Mapping[Cell, Weighted] = {}
    if weights is not None:
        at_present = now[segment], weights
        weighted = weighted_cells(base, at_present, with_weights, reworded=reworded, barred=barred)
    others: Mapping[Cell, Beside] = {}
    if not scope.of_everybody:
        alike = segment_verdicts(session, base, minimum=minimum).on(segment)
        others = beside(base, now[segment], now[EVERYBODY], alike)
    return now[segment], _Extra(changed, others, weights, weighted)


def _compared(scope: Scope, changed: Mapping[Cell, Change]) -> Compared | None:
    baseline = scope.baseline
    if baseline is None or baseline.since is None or baseline.until is None:
        return None
    tested = sum(change.contrast is not None for change in changed.values())
    return Compared(baseline.since, baseline.until, tested)


def _places(base: Ground) -> Iterator[tuple[str | None, str | None, str, Place]]:
    """The journey's end, then touchpoint by touchpoint: names of stage and touchpoint, code, place."""
    yield None, None, "", None
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            code = place_of(stage.code, touchpoint.code)
            yield stage.name, touchpoint.name, code, touchpoint.id


def _figures(base: Ground, place: Place, found: Cells, extra: _Extra) -> tuple[Figure, ...]:
    return tuple(
        extra.of(
            figure(scored, *found.get((place, scale), (NOTHING, Hidden.NO))),
            (place, scale),
        )
        for scale, scored in base.scored.get(place, {}).items()
    )


def _stages(base: Ground, found: Cells, extra: _Extra) -> Iterator[StageOverview]:
    for stage in base.journey.stages:
        yield StageOverview(
            id=stage.id,
            code=stage.code,
            name=stage.name,
            goal=stage.goal,
            figures=tuple(_pooled(base, stage, found, extra)),
            touchpoints=tuple(
                TouchpointOverview(
                    id=touchpoint.id,
                    code=touchpoint.code,
                    name=touchpoint.name,
                    channel=touchpoint.channel,
                    ownership=touchpoint.ownership,
                    moment_of_truth=touchpoint.moment_of_truth,
                    figures=_figures(base, touchpoint.id, found, extra),
                )
                for touchpoint in stage.touchpoints
            ),
        )


def _pooled(base: Ground, stage: Stage, found: Cells, extra: _Extra) -> Iterator[Figure]:
    """A stage's figures; with weights where every touchpoint that is pooled has some."""
    for scored, sums, reason in stage_sums(base, stage.touchpoints, found):
        own = figure(scored, sums, reason)
        if extra.weights is None:
            yield own
            continue
        told = told_cells(stage.touchpoints, scored.scale.id, found)
        yield replace(own, weighted=extra.weights.of(told, scored, own))


def _responses(
    base: Ground, scope: Scope, found: Cells, *, minimum: int
) -> tuple[int | None, int, int]:
    """Submissions at all places, at those that may be shown, and how many places may not.

    A sum that holds hidden numbers is shown for everybody and all time only: those of segments,
    periods and channels could be subtracted from it.
    """
    counted = [found.get((place, RESPONSES), (NOTHING, Hidden.NO)) for place in base.scored]
    counts = [(sums.n, reason) for sums, reason in counted]
    shown = sum(n for n, reason in counts if not reason)
    hidden = sum(bool(reason) for _, reason in counts)
    alone = scope.period.whole and scope.of_everybody and scope.facets == UNFLAGGED
    if hidden and not (alone and suppression.sum_may_be_shown(counts, minimum=minimum)):
        return None, shown, hidden
    return sum(n for n, _ in counts), shown, hidden


def _shown_days(
    base: Ground, answered: Mapping[int, tuple[int, date, date]], found: Cells
) -> list[tuple[date, date]]:
    """First and last day of answers by survey, where their number may be shown."""
    return [
        (first, last)
        for survey, (_, first, last) in answered.items()
        if not found.get((base.places[survey], RESPONSES), (NOTHING, Hidden.NO))[1]
    ]


def _advice(
    session: Session,
    base: Ground,
    scope: Scope,
    changed: Mapping[Cell, Change],
    answered: Mapping[int, tuple[int, date, date]],
    *,
    minimum: int,
) -> Advice | None:
    """What to do first: from the period, and from the last three months in which anybody answered of
    one with an open end.
    """
    if not answered:
        return None
    when, segment = scope.period, scope.segment_id
    last = max(last for _, _, last in answered.values())
    if when.length is not None:
        latest = said = when
    else:
        since = last.replace(day=1)
        for _ in range(LATEST - 1):
            since = (since - timedelta(days=1)).replace(day=1)
        # Open where the period is: an end behind the last answer cuts nothing off.
        latest = Period(max(since, when.since or since), when.until)
        said = period(latest.since, last)
    scales = {next(iter(found), "") for place, found in base.scored.items() if place is not None}
    facets = scope.facets
    monthly = cells.monthly(session, base.ids, [segment], scales=scales, facets=facets)
    reasons = hidden_cells(
        session, base, latest, [segment], minimum=minimum, scales=scales, facets=facets
    )
    first, end = latest.months
    found: Cells = {}
    for cell, months in base.pooled_months(monthly[segment]).items():
        within = [
            sums
            for month, sums in months.items()
            if (first is None or month >= first) and (end is None or month <= end)
        ]
        if within:
            found[cell] = sum(within, start=NOTHING), reasons[cell].get(segment, Hidden.NO)
    made = advice(base, found, said, changed)
    weights = weights_of_months(session, base, scope, latest, minimum=minimum)
    return made if made is None or weights is None else weighted_advice(base, found, made, weights)
