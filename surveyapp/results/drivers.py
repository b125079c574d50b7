"""What goes with recommending: journey dimensions and touchpoint scores joined to the NPS answer.

The dimensions stand in the same submission as the answer; a touchpoint's score is joined by journey
run. Computed for reports in the worker: resampling is too slow for a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.drivers import MOST_PREDICTORS, RelativeImportance, needed, relative_importance
from analysis.errors import DataError
from analysis.threads import one_blas_thread
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.journeys.segments import parse
from surveyapp.results.answered import answered_in
from surveyapp.results.definitions import Scored
from surveyapp.results.journey import Ground, ground, hidden_cells
from surveyapp.results.scope import Period, Scope
from surveyapp.results.view_models import Definition, Hidden
from surveyapp.store.models import Response, Score

SEED = 20_260_101  # printed with the result, so that it can be repeated
_RESAMPLES = 1000
_COVERAGE = 0.5  # a touchpoint counts when it was answered on this share of the joined journeys

Rows = dict[int, dict[str, float]]  # run or response -> predictor or outcome -> score


@dataclass(frozen=True)
class Drivers:
    """What goes with the NPS answer among one kind of predictors.

    ``labels`` names the predictors that were looked at, ``left_out`` those that fewer than half of
    the customers gave, ``beyond`` those that are more than can be looked at together. Of ``joined``
    customers with the NPS answer and any predictor, ``n`` gave all that were looked at.
    ``found`` is None when fewer than two predictors are left, when ``n`` is below ``needed``, when
    the answers cannot be split, and when they are ``hidden``; then no number is set.
    """

    kind: str  # "dimensions" or "touchpoints"
    outcome: Definition
    labels: Mapping[str, str]
    n: int
    needed: int
    found: RelativeImportance | None
    joined: int = 0
    left_out: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    hidden: Hidden = Hidden.NO


def drivers(
    session: Session,
    scope: Scope,
    *,
    minimum_cell: int = 5,
    library: Library,
    resamples: int = _RESAMPLES,
) -> tuple[Drivers, ...]:
    """Relative importance of the journey's dimensions, then of its touchpoints. Raises NotFound.

    Whole months, by the day of the NPS answer; a segment by what is known with that answer. Hidden
    wherever the NPS itself is. Empty where the journey's end does not ask NPS or nothing stands
    beside it.
    """
    base, segment_id = ground(session, scope.journey_id, library=library), scope.segment_id
    name = base.segment(segment_id)
    outcome = next(
        (s for s in base.scored.get(None, {}).values() if s.scale.metric is Metric.NPS), None
    )
    if outcome is None:
        return ()
    wanted = None if name is None else parse(name.rule)
    when = scope.period
    answered = {
        response: (run, value)
        for response, run, value, attributes in _outcomes(session, base, outcome, when)
        if wanted is None or wanted.matches(attributes)
    }
    reasons = hidden_cells(
        session, base, when, [segment_id], minimum=minimum_cell, scales=[outcome.scale.id]
    )
    hidden = reasons.get((None, outcome.scale.id), {}).get(segment_id, Hidden.NO)
    kinds = (
        ("dimensions", _dimensions(base), _beside(session, base, outcome, answered)),
        ("touchpoints", _touchpoints(base), _along(session, base, outcome, answered)),
    )
    return tuple(
        Drivers(kind, outcome.definition, labels, 0, needed(len(labels)), None, hidden=hidden)
        if hidden
        else _drivers(kind, outcome.definition, labels, rows, resamples)
        for kind, labels, rows in kinds
        if len(labels) > 1 and rows
    )


def _drivers(
    kind: str, outcome: Definition, labels: dict[str, str], rows: Rows, resamples: int
) -> Drivers:
    given = {
        key: label
        for key, label in labels.items()
        if sum(key in row for row in rows.values()) >= _COVERAGE * len(rows)
    }
    kept = dict(list(given.items())[:MOST_PREDICTORS])
    # Without any predictor every row would hold "all" of them.
    complete = [row for row in rows.values() if row.keys() >= kept.keys()] if kept else []
    least = needed(len(kept))
    found = None
    if len(kept) > 1 and len(complete) >= least:
        predictors = np.array([[row[key] for key in kept] for row in complete])
        values = np.array([row[outcome.scale] for row in complete])
        try:
            with one_blas_thread():
                found = relative_importance(
                    predictors, values, list(kept), seed=SEED, resamples=resamples
                )
        except DataError:  # everybody answers the same, or one score is made of the others
            found = None
    return Drivers(
        kind,
        outcome,
        kept,
        len(complete),
        least,
        found,
        joined=len(rows),
        left_out=tuple(label for key, label in labels.items() if key not in given),
        beyond=tuple(label for key, label in given.items() if key not in kept),
    )


def _dimensions(base: Ground) -> dict[str, str]:
    """The parts of an index asked at the end, by the id of their score."""
    return {
        scored.scale.id: scored.definition.label
        for scored in base.scored.get(None, {}).values()
        if scored.scale.metric is Metric.INDEX and scored.scale.parent is not None
    }


def _touchpoints(base: Ground) -> dict[str, str]:
    """Each touchpoint's first score, by a key of touchpoint and score."""
    found = {}
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            first = _first(base, touchpoint.id)
            if first is not None:
                label = f"{touchpoint.name} ({first.definition.short})"
                found[f"{touchpoint.id}:{first.scale.id}"] = label
    return found


def _first(base: Ground, place: int) -> Scored | None:
    return next(
        (s for s in base.scored.get(place, {}).values() if s.definition.parent is None), None
    )


def _outcomes(
    session: Session, base: Ground, outcome: Scored, when: Period
) -> Iterator[tuple[int, int | None, float, dict[str, object]]]:
    """Response, run, NPS answer and attributes at the journey's end, in the order of arrival."""
    ends = [number for number, place in base.places.items() if place is None]
    query = (
        select(
            Response.id,
            Response.journey_run_id,
            Score.value,
            Response.attributes,
        )
        .join(Score, Score.response_id == Response.id)
        .where(Response.survey_id.in_(ends), Score.scale == outcome.scale.id)
        .where(*answered_in(session, base.journey.id, when))
        .order_by(Response.submitted_at, Response.id)
    )
    yield from session.execute(query)


def _beside(
    session: Session,
    base: Ground,
    outcome: Scored,
    answered: Mapping[int, tuple[int | None, float]],
) -> Rows:
    """The dimensions in the same submission as the answer, one row a response."""
    dimensions = _dimensions(base)
    if not dimensions:
        return {}
    ends = [number for number, place in base.places.items() if place is None]
    rows: Rows = {}
    query = (
        select(Score.response_id, Score.scale, Score.value)
        .join(Response, Response.id == Score.response_id)
        .where(Response.survey_id.in_(ends), Score.scale.in_(list(dimensions)))
    )
    for response, scale, value in session.execute(query):
        if response in answered:
            rows.setdefault(response, {outcome.scale.id: answered[response][1]})[scale] = value
    return rows


def _along(
    session: Session,
    base: Ground,
    outcome: Scored,
    answered: Mapping[int, tuple[int | None, float]],
) -> Rows:
    """The latest score of each touchpoint on the journey that the answer ended, one row a run."""
    rows: Rows = {}
    for run, value in answered.values():
        if run is not None:
            rows[run] = {outcome.scale.id: value}
    scales: dict[int, str] = {}
    for survey, place in base.places.items():
        first = None if place is None else _first(base, place)
        if first is not None:
            scales[survey] = first.scale.id
    query = (
        select(Response.journey_run_id, Response.survey_id, Score.scale, Score.value)
        .join(Score, Score.response_id == Response.id)
        .where(
            Response.survey_id.in_(list(scales)),
            Response.journey_run_id.is_not(None),
            Score.scale.in_(sorted(set(scales.values()))),
        )
        .order_by(Response.submitted_at, Response.id)
    )
    for run, survey, scale, value in session.execute(query):
        if run in rows and scales[survey] == scale:
            rows[run][f"{base.places[survey]}:{scale}"] = value
    return {run: row for run, row in rows.items() if len(row) > 1}
