"""How weighted scores differ from each other: from one period to another, tested together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from analysis.compare import holm
from analysis.weighted_difference import weighted_difference
from surveyapp.results.cells import NOTHING
from surveyapp.results.figures import LEVEL, figure
from surveyapp.results.invariance.time_verdicts import gate_change
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.suppression.shown_cells import Cells
from surveyapp.results.view_models import Change, Contrast, Figure, Hidden, OverTime, Weighted
from surveyapp.results.weights.weighting import PeriodWeights

_NONE = (NOTHING, Hidden.NO)
Pair = tuple[Weighted | None, Weighted | None]


def weighted_contrasts(pairs: Sequence[Pair]) -> tuple[Contrast | None, ...]:
    """First minus second of each pair of scores with weights, p corrected for their number (Holm 1979).

    None where one has none, or no spread to judge by.
    """
    found = [
        weighted_difference(first.mean, second.mean)
        if first and second and first.mean and second.mean
        else None
        for first, second in pairs
    ]
    corrected = iter(holm([each.p for each in found if each is not None]))
    return tuple(
        None
        if each is None
        else Contrast(
            each.estimate,
            each.low,
            each.high,
            p := next(corrected),
            certain=(each.low > 0 or each.high < 0) and p < LEVEL,
        )
        for each in found
    )


def with_changes(
    now: Sequence[Weighted],
    before: Sequence[Weighted],
    reworded: Sequence[bool],
    barring: Sequence[OverTime | None],
) -> tuple[Weighted, ...]:
    """The scores with their changes from those ``before``; ``reworded`` ones are not compared, and no change
    that a test is ``barring`` is called significant.
    """
    contrasts = weighted_contrasts(
        [
            (None, None) if other_words else (each, earlier)
            for each, earlier, other_words in zip(now, before, reworded, strict=True)
        ]
    )
    return tuple(
        each
        if each.figure is None
        else replace(
            each,
            figure=replace(
                each.figure,
                change=Change(
                    shown_or_hidden(each.figure, earlier),
                    gate_change(contrast, test),
                    other_words,
                    test,
                ),
            ),
        )
        for each, earlier, contrast, other_words, test in zip(
            now, before, contrasts, reworded, barring, strict=True
        )
    )


def shown_or_hidden(own: Figure, weighted: Weighted | None) -> Figure:
    """A figure with weights; where it has none, one without a number in the place of ``own``."""
    if weighted is not None and weighted.figure is not None:
        return weighted.figure
    return Figure(own.definition, None, None, None, None, None, Hidden.COMPLEMENT)


def weighted_cells(
    base: Ground,
    now: tuple[Cells, PeriodWeights],
    before: tuple[Cells, PeriodWeights] | None,
    *,
    reworded: Collection[Cell] = (),
    barred: Mapping[Cell, OverTime] = MappingProxyType({}),
) -> dict[Cell, Weighted]:
    """Every score that the journey asks with weights, and its change where there is one ``before``."""
    asked = [
        ((place, scale), scored)
        for place, scales in base.scored.items()
        for scale, scored in scales.items()
    ]

    def of(side: tuple[Cells, PeriodWeights]) -> list[Weighted]:
        shown, weights = side
        return [
            weights.of([cell], scored, figure(scored, *shown.get(cell, _NONE)))
            for cell, scored in asked
        ]

    found: Sequence[Weighted] = of(now)
    if before is not None:
        found = with_changes(
            found,
            of(before),
            [cell in reworded for cell, _ in asked],
            [barred.get(cell) for cell, _ in asked],
        )
    return {cell: each for (cell, _), each in zip(asked, found, strict=True)}
