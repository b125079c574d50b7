"""Which stages, dimensions and touchpoints score low with weights, by the rules of those without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from surveyapp.results.cells import NOTHING
from surveyapp.results.figures import figure
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.suppression.shown_cells import Cells
from surveyapp.results.view_models import (
    Advice,
    End,
    Figure,
    Hidden,
    Sides,
    Weighted,
    WeightedEnds,
    profile,
)
from surveyapp.results.weak_points import asked_first, ends_of, stage_sums, told_cells
from surveyapp.results.weights.weighted_changes import weighted_contrasts
from surveyapp.results.weights.weighting import PeriodWeights


def weighted_ends(
    base: Ground, found: Cells, weights: PeriodWeights | None, weighted: Mapping[Cell, Weighted]
) -> WeightedEnds | None:
    """The lowest stage of each scale and the sides of the profile with weights; None where no weights are
    asked for. Where one of the scores that would be compared has none, nothing is said of them all.
    """
    if weights is None:
        return None
    return WeightedEnds(dict(_stages(base, found, weights)), _sides(base, found, weighted))


def weighted_advice(base: Ground, found: Cells, made: Advice, weights: PeriodWeights) -> Advice:
    """The same touchpoints with the differences of weighted scores; Holm's correction counts all that were
    looked at. ``found`` and ``weights`` are of the advice's months."""
    asked, _ = asked_first(base, found)
    cells = [(point.id, scored.scale.id) for _, point, scored, _ in asked]
    pairs = []
    for (_, _, scored, sums), cell in zip(asked, cells, strict=True):
        others = [each for each in cells if each[1] == cell[1] and each != cell]
        rest = sum((found[each][0] for each in others), start=NOTHING)
        own = weights.of([cell], scored, figure(scored, sums, Hidden.NO))
        pairs.append((own, weights.of(others, scored, figure(scored, rest, Hidden.NO))))
    contrasts = dict(zip(cells, weighted_contrasts(pairs), strict=True))
    rows = tuple(
        replace(row, weighted=contrasts.get((row.touchpoint_id, row.figure.definition.scale)))
        for row in made.rows
    )
    return replace(made, rows=rows)


def _stages(base: Ground, found: Cells, weights: PeriodWeights) -> Iterator[tuple[str, End]]:
    by_scale: dict[str, list[tuple[str, Weighted]]] = {}
    for stage in base.journey.stages:
        for scored, sums, _ in stage_sums(base, stage.touchpoints, found):
            if sums.n < 2 or scored.definition.parent is not None:
                continue
            told = told_cells(stage.touchpoints, scored.scale.id, found)
            own = weights.of(told, scored, figure(scored, sums, Hidden.NO))
            by_scale.setdefault(scored.scale.id, []).append((stage.name, own))
    for scale, stages in by_scale.items():
        if ends := _ends(stages):
            yield scale, ends[0]


def _sides(base: Ground, found: Cells, weighted: Mapping[Cell, Weighted]) -> Sides | None:
    asked = profile([scored.definition for scored in base.scored.get(None, {}).values()])
    totals = {definition.parent for definition in asked}
    parts: list[tuple[str, Weighted]] = []
    scales = set()
    for definition in asked:
        cell = (None, definition.scale)
        sums, reason = found.get(cell, (NOTHING, Hidden.NO))
        if definition.scale not in totals and not reason and sums.n >= 2:
            parts.append((definition.label, weighted.get(cell, Weighted(None))))
            scales.add(definition.answers)
    ends = _ends(parts) if len(scales) == 1 else None
    return Sides(*ends) if ends else None


def _ends(parts: Sequence[tuple[str, Weighted]]) -> tuple[End, End] | None:
    figures: list[tuple[str, Figure]] = [
        (name, each.figure) for name, each in parts if each.figure is not None
    ]
    if len(figures) < max(2, len(parts)):
        return None
    return ends_of(
        figures, lambda pairs: weighted_contrasts([(parts[i][1], parts[j][1]) for i, j in pairs])
    )
