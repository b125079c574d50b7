"""Every score of a journey without and with weights, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results.cells import NOTHING
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import figure
from surveyapp.results.journey import Cell, Ground, ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.shown_cells import shown_cells
from surveyapp.results.view_models import Figure, Hidden, Margin, Weighted
from surveyapp.results.weights.weighting import period_weights, weighting
from surveyapp.store.models import EVERYBODY


@dataclass(frozen=True)
class WeightedRow:
    """A score without and with weights; ``refused`` says why there is none with them, else empty.

    ``weighted`` counts the answers that have weights; ``left_out`` those without, whose value of an
    attribute is not known or has no share.
    """

    place: str
    figure: Figure
    weighted: Figure | None = None
    design_effect: float | None = None
    effective_n: float | None = None
    left_out: int | None = None
    refused: str = ""


@dataclass(frozen=True)
class WeightedScores:
    """Every score of a scope, in the map's order, the journey's end first; ``refused`` of all where no row is
    shown."""

    margins: tuple[Margin, ...]
    rows: tuple[WeightedRow, ...] = ()
    refused: str = ""


def weighted_scores(
    session: Session, scope: Scope, *, minimum_cell: int = 5, library: Library
) -> WeightedScores:
    """Every score of all customers in the scope's months, weighted by the population shares. Raises NotFound.

    What cannot be weighted is refused by name, in each row or for all of them.
    """
    base = ground(session, scope.journey_id, library=library)
    by = weighting(session, base, scope, minimum=minimum_cell)
    if by.refused:
        return WeightedScores(by.margins, refused=by.refused)
    shown = shown_cells(session, base, scope.period, [EVERYBODY], minimum=minimum_cell)[EVERYBODY]
    weights = period_weights(session, base, replace(scope, weighted=True), minimum=minimum_cell)
    rows = []
    for cell, place, scored in _places(base):
        own = figure(scored, *shown.get(cell, (NOTHING, Hidden.NO)))
        found = weights.of([cell], scored, own) if weights else Weighted(None)
        rows.append(
            WeightedRow(
                place,
                own,
                found.figure,
                found.design_effect,
                found.effective_n,
                found.left_out,
                found.refused,
            )
        )
    return WeightedScores(by.margins, tuple(rows))


def _places(base: Ground) -> Iterable[tuple[Cell, str, Scored]]:
    for scale, scored in base.scored.get(None, {}).items():
        yield (None, scale), "", scored
    for stage in base.journey.stages:
        for point in stage.touchpoints:
            for scale, scored in base.scored.get(point.id, {}).items():
                yield (point.id, scale), f"{stage.name}: {point.name}", scored
