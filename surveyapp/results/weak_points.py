"""Which stage and which touchpoints are weakest, and how certain that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, figure
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.shapes import Hidden, LowestStage, Priority, Sides, profile
from surveyapp.store.models import Touchpoint

# A cell's sums with the reason for hiding them; hidden sums never reach a figure.
Cells = dict[Cell, tuple[Sums, Hidden]]


def stage_sums(
    base: Ground, touchpoints: Sequence[Touchpoint], found: Cells
) -> Iterator[tuple[Scored, Sums]]:
    """A stage's sums a scale, of the shown touchpoints only: a total that held a hidden one would
    give it away by subtraction.
    """
    scored: dict[str, Scored] = {}
    pooled: dict[str, Sums] = {}
    for touchpoint in touchpoints:
        for scale, entry in base.scored.get(touchpoint.id, {}).items():
            sums, reason = found.get((touchpoint.id, scale), (NOTHING, Hidden.NO))
            scored.setdefault(scale, entry)
            pooled[scale] = pooled.get(scale, NOTHING) + (NOTHING if reason else sums)
    for scale, entry in scored.items():
        yield entry, pooled[scale]


def lowest(base: Ground, found: Cells) -> Iterator[LowestStage]:
    """The stage with the lowest figure of each scale, against every other stage."""
    by_scale: dict[str, list[tuple[str, Scored, Sums]]] = {}
    for stage in base.journey.stages:
        for scored, sums in stage_sums(base, stage.touchpoints, found):
            if sums.n >= 2 and scored.definition.parent is None:
                by_scale.setdefault(scored.scale.id, []).append((stage.name, scored, sums))
    for stages in by_scale.values():
        if len(stages) < 2:
            continue
        ranked = sorted(stages, key=lambda row: figure(row[1], row[2], Hidden.NO).estimate or 0.0)
        (name, scored, sums), *others = ranked
        contrasts = differences([(scored, sums, other) for _, _, other in others])
        yield LowestStage(
            definition=scored.definition,
            stage=name,
            figure=figure(scored, sums, Hidden.NO),
            against=tuple(
                (other, contrast)
                for (other, _, _), contrast in zip(others, contrasts, strict=True)
                if contrast is not None
            ),
        )


def sides(base: Ground, found: Cells) -> Sides | None:
    """The lowest and the highest dimension of the first index asked at the journey's end; Holm's
    correction counts every pair of its dimensions.
    """
    end = base.scored.get(None, {})
    asked = profile([scored.definition for scored in end.values()])
    totals = {definition.parent for definition in asked}
    parts: list[tuple[Scored, Sums]] = []
    for definition in asked:
        sums, reason = found.get((None, definition.scale), (NOTHING, Hidden.NO))
        if definition.scale not in totals and not reason and sums.n >= 2:
            parts.append((end[definition.scale], sums))
    if len({scored.definition.answers for scored, _ in parts}) > 1:
        return None  # one contrast's formula knows one answer scale
    if len(parts) < 2:
        return None
    ranked = sorted(parts, key=lambda part: figure(part[0], part[1], Hidden.NO).estimate or 0.0)
    pairs = list(combinations(ranked, 2))
    contrasts = differences([(first[0], first[1], second[1]) for first, second in pairs])
    widest = contrasts[pairs.index((ranked[0], ranked[-1]))]
    if widest is None:
        return None
    return Sides(figure(*ranked[0], Hidden.NO), figure(*ranked[-1], Hidden.NO), widest)


def priorities(base: Ground, found: Cells) -> tuple[Priority, ...]:
    """Touchpoints below the others on the first scale that they ask, in the order to look at them:
    certain before uncertain, moments of truth before the rest, the lowest first.
    """
    asked: list[tuple[str, Touchpoint, Scored, Sums]] = []
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            for scale, scored in list(base.scored.get(touchpoint.id, {}).items())[:1]:
                sums, reason = found.get((touchpoint.id, scale), (NOTHING, Hidden.NO))
                if not reason and sums.n >= 2:
                    asked.append((stage.name, touchpoint, scored, sums))
    totals: dict[str, Sums] = {}
    for _, _, scored, sums in asked:
        totals[scored.scale.id] = totals.get(scored.scale.id, NOTHING) + sums
    contrasts = differences(
        [(scored, sums, totals[scored.scale.id] - sums) for _, _, scored, sums in asked]
    )
    rows = [
        Priority(
            stage=stage,
            touchpoint_id=touchpoint.id,
            touchpoint=touchpoint.name,
            moment_of_truth=touchpoint.moment_of_truth,
            figure=figure(scored, sums, Hidden.NO),
            against_rest=contrast,
        )
        for (stage, touchpoint, scored, sums), contrast in zip(asked, contrasts, strict=True)
        if contrast is not None and contrast.difference < 0
    ]

    def order(row: Priority) -> tuple[bool, bool, float]:
        return (not row.against_rest.certain, not row.moment_of_truth, row.against_rest.difference)

    return tuple(sorted(rows, key=order))
