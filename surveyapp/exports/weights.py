"""The column of weights by population shares, for programs that compute weighted scores of their own."""

from __future__ import annotations

import json
from collections import Counter

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.weighting import raked_cells
from surveyapp.errors import Invalid
from surveyapp.exports.chosen import Chosen, held_by
from surveyapp.exports.columns import Batch, Column
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.journeys.population_shares import population_shares
from surveyapp.journeys.segments import parse
from surveyapp.journeys.weighting_cells import Values, cell_rules
from surveyapp.responses.flags import flags_of, unflagged
from surveyapp.results.weights.weighting import why_not_weighted
from surveyapp.store.models import Response
from surveyapp.surveys.survey import Survey


def check_weights(session: Session, wanted: Chosen, *, long: bool) -> None:
    """Raises Invalid where weights are asked for that the chosen responses cannot have; ``long``: one answer
    is a row.
    """
    if not wanted.scope.weighted:
        return
    if long:
        raise Invalid(
            "Weights are of responses; choose one response per row, or leave the weights out.",
            field="weighted",
        )
    if refused := why_not_weighted(session, wanted.scope):
        raise Invalid(refused, field="weighted")


def weight_column(session: Session, wanted: Chosen, surveys: list[Survey]) -> Column:
    """A weight for each response, with mean 1 in each survey: by them the chosen responses of a survey have
    the population's shares. Flagged responses have none, nor those whose value is not known or has no
    share; surveys that no weights meet the shares of are named in the column's label.

    Raises Invalid where the scope cannot be weighted.
    """
    check_weights(session, wanted, long=False)
    margins = population_shares(session, wanted.scope.journey_id)
    rules = {values: parse(rule) for values, rule in cell_rules(margins).items()}
    shares = {each.attribute: each.shares for each in margins}
    cells: dict[str, Values | None] = {}

    def cell_of(written: str) -> Values | None:
        if written not in cells:
            known = json.loads(written) or {}
            cells[written] = next((v for v, rule in rules.items() if rule.matches(known)), None)
        return cells[written]

    counted: dict[int, Counter[Values]] = {each.id: Counter() for each in surveys}
    attributes = cast(Response.attributes, Text)
    query = select(Response.survey_id, attributes, func.count()).where(
        *held_by(session, wanted, list(counted)), unflagged()
    )
    for number, written, n in session.execute(query.group_by(Response.survey_id, attributes)):
        if (cell := cell_of(written)) is not None:
            counted[number][cell] += n
    weights: dict[tuple[int, Values], float] = {}
    without = []
    for survey in surveys:
        sizes = counted[survey.id]
        if not sizes:
            continue
        try:
            found = raked_cells(list(sizes), list(sizes.values()), shares)
        except AnalysisError as error:
            without.append(f"{survey.code}: {error}")
            continue
        weights |= {(survey.id, c): float(w) for c, w in zip(sizes, found.values, strict=True)}

    def made(batch: Batch) -> list[Cell]:
        rows = zip(batch["survey_id"], batch["attributes"], batch["paradata"], strict=True)
        return [
            None if flags_of(paradata) else weights.get((survey, cell_of(json.dumps(known)) or ()))
            for survey, known, paradata in rows
        ]

    label = f"Weight by population shares ({', '.join(shares)}), mean 1 in each survey"
    label += f"; none for {'; '.join(without)}" if without else ""
    return Column(Variable("weight", label, Kind.NUMBER, Measure.SCALE), made)
