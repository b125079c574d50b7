"""A journey's outcome joined to the other scores of the same customer.

The dimensions stand in the same submission as the answer to the outcome; a touchpoint's score is joined
by journey run. Raw rows of all time and all segments are read, because what is hidden depends on all of
them: some seconds for a million responses, so that a page of a large journey asks first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.journeys.calendar import UTC_DAYS, calendar_of
from surveyapp.journeys.segments import parse
from surveyapp.journeys.weighting_cells import weighting_cells
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.responses.flags import unflagged
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.definitions import Scored
from surveyapp.results.journey import Cell, Ground, ground, hidden_cells
from surveyapp.results.months import month_of
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.customer_groups import segments_of, why_hidden, within
from surveyapp.results.suppression.group_publication import UNKNOWN
from surveyapp.results.view_models import Hidden
from surveyapp.results.weights.weighting import Weighting, weighting
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY, Response, Score

# What the scores are set against where the journey's end asks it: the first of these that it does.
_OUTCOMES = (Metric.NPS, Metric.CSAT, Metric.CES, Metric.INDEX)


@dataclass(frozen=True)
class Answer:
    """One answer to the outcome, with the ``scores`` beside it by key; ``group`` is the number of the cell of
    the population shares that the customer is in, UNKNOWN in none."""

    month: MonthKey
    segments: frozenset[int]
    value: float
    facet: Facet
    scores: dict[str, float] = field(default_factory=dict)
    n: int = 1  # a group of one
    group: int = UNKNOWN


@dataclass(frozen=True)
class Kind:
    """Scores of one kind: the "dimensions" or the "touchpoints", in the journey's order.

    ``labels`` and ``cells`` (where each is asked) by key. ``answers`` to the outcome that such a score
    can be joined to: each submission with the outcome, each journey run with it.
    """

    name: str
    labels: Mapping[str, str]
    cells: Mapping[str, Cell]
    answers: Sequence[Answer]


@dataclass(frozen=True)
class JoinedScores:
    """Both kinds, the outcome and every answer to it; ``hidden`` where it is in this scope."""

    base: Ground
    scope: Scope
    outcome: Scored
    answers: Sequence[Answer]
    kinds: tuple[Kind, ...]
    reasons: Mapping[Cell, Mapping[int, Hidden]]
    minimum_cell: int
    weighting: Weighting | None = None  # where weights are asked for
    group_rules: Mapping[int, str] = field(default_factory=dict)

    @property
    def hidden(self) -> Hidden:
        return self.hidden_at((None, self.outcome.scale.id))

    def hidden_at(self, cell: Cell) -> Hidden:
        """Why a score that is asked there is not shown."""
        return self.reasons.get(cell, {}).get(self.scope.segment_id, Hidden.NO)

    @property
    def has_others(self) -> bool:
        """Whether there are customers outside the scope's segment."""
        return not self.scope.of_everybody

    def others(self, answers: Sequence[Answer]) -> list[Answer]:
        """Those of the scope's months, channel and language, of all customers outside its segment."""
        inside = within(answers, self.scope.period, self.scope.facets)
        return [answer for answer in inside if self.scope.segment_id not in answer.segments]

    def why_others_hidden(self, answers: Sequence[Answer], *cells: Cell) -> Hidden:
        """Why not to tell of ``others``: they are everybody without the segment, and what is not told of
        everybody (their number, and scores in ``cells``) could be added up.
        """
        asked = ((None, self.outcome.scale.id), *cells)
        reasons = (self.reasons.get(cell, {}).get(EVERYBODY, Hidden.NO) for cell in asked)
        return next(filter(None, reasons), None) or self._why_hidden(answers, EVERYBODY)

    def in_scope(self, answers: Sequence[Answer]) -> list[Answer]:
        """Those of the scope's segment, months, channel and language."""
        inside = within(answers, self.scope.period, self.scope.facets)
        return [answer for answer in inside if self.scope.segment_id in answer.segments]

    def why_hidden(self, answers: Sequence[Answer]) -> Hidden:
        """Why not to tell how many of these, of all segments and all time, the scope holds."""
        return self._why_hidden(answers, self.scope.segment_id)

    def _why_hidden(self, answers: Sequence[Answer], segment: int) -> Hidden:
        alike = Counter((answer.month, answer.segments, answer.facet) for answer in answers)
        groups = [Answer(*key[:2], 0.0, key[2], n=n) for key, n in alike.items()]
        return why_hidden(
            groups,
            self.base.lying,
            self.scope.period,
            segment,
            minimum=self.minimum_cell,
            facets=self.scope.facets,
        )


def joined_scores(
    session: Session, scope: Scope, *, minimum_cell: int = 5, library: Library
) -> JoinedScores | None:
    """Both kinds of scores of a journey; None where its end asks no outcome. Raises NotFound."""
    base = ground(session, scope.journey_id, library=library)
    base.segment(scope.segment_id)
    outcome = _outcome(base)
    if outcome is None:
        return None
    dimensions, touchpoints = _dimensions(base, outcome), _touchpoints(base)
    scales = {outcome.scale.id, *(scored.scale.id for scored in touchpoints.values())}
    key = ("joined scores", base.journey.id, outcome.scale.id)
    answers, kinds = read_once(session, key, lambda: _read(session, base, outcome))
    return JoinedScores(
        base=base,
        scope=scope,
        outcome=outcome,
        answers=answers,
        kinds=kinds,
        reasons=hidden_cells(
            session,
            base,
            scope.period,
            sorted({EVERYBODY, scope.segment_id}),
            minimum=minimum_cell,
            scales=scales | set(dimensions),
            facets=scope.facets,
        ),
        minimum_cell=minimum_cell,
        weighting=weighting(session, base, scope, minimum=minimum_cell) if scope.weighted else None,
        group_rules=_group_rules(session, base) if scope.weighted else {},
    )


def _group_rules(session: Session, base: Ground) -> dict[int, str]:
    """The rules of the cells of the population shares, by the numbers of their groups."""
    stored = weighting_cells(session, base.journey.id)
    return {UNKNOWN - cell.id: rule for rule, cell in stored.items()}


def _read(
    session: Session, base: Ground, outcome: Scored
) -> tuple[Sequence[Answer], tuple[Kind, Kind]]:
    """Every answer to the outcome, and both kinds of scores beside it: of all segments and all time."""
    dimensions, touchpoints = _dimensions(base, outcome), _touchpoints(base)
    found = list(_outcomes(session, base, outcome))
    return [answer for *_, answer in found], (
        Kind(
            "dimensions",
            {key: scored.definition.label for key, scored in dimensions.items()},
            {key: (None, key) for key in dimensions},
            _beside(session, base, list(dimensions), found),
        ),
        Kind(
            "touchpoints",
            _labels(base, touchpoints),
            {_key(place, s): (place, s.scale.id) for place, s in touchpoints.items()},
            _along(session, base, touchpoints, found),
        ),
    )


def asks_outcome(session: Session, journey_id: int, *, library: Library) -> bool:
    """Whether the journey's end asks an outcome that scores can be joined to. Raises NotFound."""
    return _outcome(ground(session, journey_id, library=library)) is not None


def joinable(session: Session, journey_id: int, *, library: Library) -> dict[str, dict[str, str]]:
    """The labels by key of the scores of each kind that can stand beside the outcome, without answers.

    Empty where the journey's end asks no outcome. Raises NotFound.
    """
    base = ground(session, journey_id, library=library)
    outcome = _outcome(base)
    if outcome is None:
        return {}
    return {
        "dimensions": {k: s.definition.label for k, s in _dimensions(base, outcome).items()},
        "touchpoints": _labels(base, _touchpoints(base)),
    }


def _outcome(base: Ground) -> Scored | None:
    asked = [s for s in base.scored.get(None, {}).values() if s.definition.parent is None]
    return next((s for metric in _OUTCOMES for s in asked if s.scale.metric is metric), None)


def _dimensions(base: Ground, outcome: Scored) -> dict[str, Scored]:
    """The parts of an index asked at the end, by the id of their score; not those of the outcome."""
    return {
        scored.scale.id: scored
        for scored in base.scored.get(None, {}).values()
        if scored.scale.metric is Metric.INDEX
        and scored.scale.parent not in (None, outcome.scale.id)
    }


def _touchpoints(base: Ground) -> dict[int, Scored]:
    """Each touchpoint's first score."""
    return {
        touchpoint.id: scored
        for stage in base.journey.stages
        for touchpoint in stage.touchpoints
        for scored in list(base.scored.get(touchpoint.id, {}).values())[:1]
    }


def _labels(base: Ground, touchpoints: Mapping[int, Scored]) -> dict[str, str]:
    names = {t.id: t.name for stage in base.journey.stages for t in stage.touchpoints}
    return {
        _key(place, scored): f"{names[place]} ({scored.definition.short})"
        for place, scored in touchpoints.items()
    }


def _key(place: int, scored: Scored) -> str:
    return f"{place}:{scored.scale.id}"


def _outcomes(
    session: Session, base: Ground, outcome: Scored
) -> Iterator[tuple[int, int | None, Answer]]:
    """Response, run and answer at the journey's end, those of one run in the order of arrival."""
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    groups = {number: parse(rule) for number, rule in _group_rules(session, base).items()}
    segments: dict[str, tuple[frozenset[int], int]] = {}
    facets: dict[tuple[str, str, Any], Facet] = {}
    anonymous = {survey.id for survey in base.surveys if survey.is_anonymous}
    ends = [number for number, place in base.places.items() if place is None]
    for kind, calendar in ((True, UTC_DAYS), (False, calendar_of(base.journey))):
        surveys = [number for number in ends if (number in anonymous) is kind]
        if not surveys:
            continue
        rows = session.execute(
            select(
                Response.id,
                Response.journey_run_id,
                Score.value,
                cast(Response.attributes, Text),
                month_of(session, surveys, calendar),
                *facet_columns(),
            )
            .join(Score, Score.response_id == Response.id)
            .where(Response.survey_id.in_(surveys), Score.scale == outcome.scale.id)
            .order_by(Response.submitted_at, Response.id)
        )
        for response, run, value, known, written, channel, language, flagged in rows:
            if known not in segments:
                attributes = json.loads(known)
                inside = (number for number, rule in groups.items() if rule.matches(attributes))
                segments[known] = segments_of(rules, attributes), next(inside, UNKNOWN)
            told = (channel, language, flagged)
            if told not in facets:
                facets[told] = Facet(channel, language, bool(flagged))
            of, group = segments[known]
            yield (
                response,
                run,
                Answer(month_key(written), of, value, facets[told], {}, group=group),
            )


def _beside(
    session: Session,
    base: Ground,
    dimensions: Sequence[str],
    outcomes: Sequence[tuple[int, int | None, Answer]],
) -> list[Answer]:
    """Each submission with the outcome, with the dimensions that it gives."""
    if not dimensions:
        return []
    answers = {response: answer for response, _, answer in outcomes}
    ends = [number for number, place in base.places.items() if place is None]
    query = (
        select(Score.response_id, Score.scale, Score.value)
        .join(Response, Response.id == Score.response_id)
        .where(Response.survey_id.in_(ends), Score.scale.in_(dimensions))
    )
    beside: dict[int, dict[str, float]] = {}
    for response, scale, value in session.execute(query):
        beside.setdefault(response, {})[scale] = value
    return [_with(answer, beside.get(response, {})) for response, answer in answers.items()]


def _along(
    session: Session,
    base: Ground,
    touchpoints: Mapping[int, Scored],
    outcomes: Sequence[tuple[int, int | None, Answer]],
) -> list[Answer]:
    """Each run with the outcome, with the latest score of each touchpoint on it.

    An answer without a flag stands before a flagged one of the same run; flagged ones of touchpoints
    are not joined.
    """
    if not touchpoints:
        return []
    ordered = sorted(outcomes, key=lambda each: not each[2].facet.flagged)
    answers = {run: answer for _, run, answer in ordered if run is not None}
    at = {
        survey: touchpoints[place]
        for survey, place in base.places.items()
        if place is not None and place in touchpoints
    }
    query = (
        select(Response.journey_run_id, Response.survey_id, Score.scale, Score.value)
        .join(Score, Score.response_id == Response.id)
        .where(
            Response.survey_id.in_(list(at)),
            Response.journey_run_id.is_not(None),
            unflagged(),
            Score.scale.in_(sorted({scored.scale.id for scored in at.values()})),
        )
        .order_by(Response.submitted_at, Response.id)
    )
    along: dict[int, dict[str, float]] = {}
    for run, survey, scale, value in session.execute(query):
        place = base.places[survey]
        if place is not None and run in answers and at[survey].scale.id == scale:
            along.setdefault(run, {})[_key(place, at[survey])] = value
    return [_with(answer, along.get(run, {})) for run, answer in answers.items()]


def _with(answer: Answer, scores: dict[str, float]) -> Answer:
    # As ``replace`` gives it, which looks through the fields of every one of them.
    return Answer(
        answer.month,
        answer.segments,
        answer.value,
        answer.facet,
        scores,
        answer.n,
        answer.group,
    )
