"""How a period's figures differ from those of the months that it is compared with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from sqlalchemy.orm import Session

from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.time_verdicts import gate_change
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.shown_cells import Cells, shown_cells
from surveyapp.results.view_models import Change, Hidden, OverTime

_NONE = (NOTHING, Hidden.NO)


def changes(
    base: Ground,
    now: Cells,
    before: Cells,
    *,
    reworded: Collection[Cell] = (),
    barred: Mapping[Cell, OverTime] = MappingProxyType({}),
) -> dict[Cell, Change]:
    """The change of every cell that the journey asks, p corrected for all of them (Holm).

    ``reworded`` cells were answered in different wordings then and now, and are not compared. Those of
    ``barred`` mean something else then and now: their change is not called significant.
    """
    asked = [
        ((place, scale), scored)
        for place, scales in base.scored.items()
        for scale, scored in scales.items()
    ]
    contrasts = differences(
        [
            (scored, *((NOTHING, NOTHING) if cell in reworded else _sides(cell, now, before)))
            for cell, scored in asked
        ]
    )
    return {
        cell: Change(
            figure(scored, *before.get(cell, _NONE)),
            gate_change(contrast, barred.get(cell)),
            cell in reworded,
            barred.get(cell),
        )
        for (cell, scored), contrast in zip(asked, contrasts, strict=True)
    }


def change_sums(
    session: Session, base: Ground, scope: Scope, *, minimum: int
) -> dict[Cell, tuple[Sums, Sums]]:
    """By cell the sums of the scope's period and those compared with, nothing where one is hidden.

    Empty where the scope is compared with nothing.
    """
    segment, baseline = scope.segment_id, scope.baseline
    if baseline is None:
        return {}
    now, before = (
        shown_cells(session, base, when, [segment], minimum=minimum, facets=scope.facets)[segment]
        for when in (scope.period, baseline)
    )
    return {cell: _sides(cell, now, before) for cell in (*now, *before)}


def _sides(cell: Cell, now: Cells, before: Cells) -> tuple[Sums, Sums]:
    (sums, hidden), (earlier, was_hidden) = now.get(cell, _NONE), before.get(cell, _NONE)
    return (NOTHING, NOTHING) if hidden or was_hidden else (sums, earlier)
