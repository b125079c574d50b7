"""A segment's figures beside those of all other customers."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.segment_verdicts import gate
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.suppression.shown_cells import Cells
from surveyapp.results.view_models import Alike, Beside, Hidden

_NONE = (NOTHING, Hidden.NO)


def sides(cell: Cell, inside: Cells, everybody: Cells) -> tuple[Sums, Sums, Hidden]:
    """The sums of a segment and of everybody outside it, nothing where either may not be shown: what a
    reader could subtract from everybody is hidden with it.
    """
    (own, hidden), (every, all_hidden) = inside.get(cell, _NONE), everybody.get(cell, _NONE)
    reason = all_hidden or hidden
    return (NOTHING, NOTHING, reason) if reason else (own, every - own, Hidden.NO)


def beside(
    base: Ground, inside: Cells, everybody: Cells, alike: Mapping[Cell, Alike]
) -> dict[Cell, Beside]:
    """Every cell that the journey asks against all other customers, p corrected for all (Holm).

    ``alike``: the verdict on each score that is significantly different by one only.
    """
    asked = [
        ((place, scale), scored)
        for place, scales in base.scored.items()
        for scale, scored in scales.items()
    ]
    found = [(scored, *sides(cell, inside, everybody)) for cell, scored in asked]
    contrasts = differences([(scored, own, rest) for scored, own, rest, _ in found])
    return {
        cell: Beside(figure(scored, rest, reason), gate(contrast, alike.get(cell)), alike.get(cell))
        for (cell, _), (scored, _, rest, reason), contrast in zip(
            asked, found, contrasts, strict=True
        )
    }
