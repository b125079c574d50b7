"""Where the answers of two times were given to different wordings, and are not compared for it.

Other words can move a score by themselves. A test of invariance could tell that they do not, of scales
with several items; none is stored for two wordings, and for a single item there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results import cells, definitions
from surveyapp.results.cells import Key, MonthKey
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.publication import within
from surveyapp.store.models import EVERYBODY

Worded = Mapping[Key, str]  # by survey and questionnaire


def wordings_asked(base: Ground, library: Library) -> dict[Key, str]:
    """The wording of each questionnaire of each survey: a survey in the field keeps the one that it
    was published with, so that the words change where one survey follows another.
    """
    return {
        (survey.id, instrument.code): wording.id
        for survey in base.surveys
        for instrument, _, wording in definitions.asked(survey, library=library)
    }


def are_different(
    base: Ground,
    worded: Worded,
    counted: Mapping[int, set[MonthKey]],
    cell: Cell,
    *sides: Callable[[MonthKey], bool],
) -> bool:
    """Whether the answers of two sides were given to more than one wording.

    ``counted``: the months with answers to the cell's scale by survey; ``sides`` say which months are
    of a side.
    """
    place, scale = cell
    instrument = base.scored[place][scale].definition.instrument
    read = [
        {
            worded[survey.id, instrument]
            for survey in base.surveys
            if survey.touchpoint_id == place
            and (survey.id, instrument) in worded
            and any(map(side, counted.get(survey.id, ())))
        }
        for side in sides
    ]
    return all(read) and len(set().union(*read)) > 1


def reworded_cells(
    session: Session, base: Ground, scope: Scope, *, library: Library
) -> frozenset[Cell]:
    """The cells whose answers in the scope's period and in its baseline were to different wordings.

    Reads nothing where no place asks in two wordings.
    """
    baseline = scope.baseline
    if baseline is None:
        return frozenset()
    worded = wordings_asked(base, library)
    answered = months_answered(session, base, worded, facets=scope.facets)
    sides = [
        lambda month, ends=when.months: within(month, *ends) for when in (scope.period, baseline)
    ]
    return frozenset(
        cell
        for cell in _suspects(base, worded)
        if are_different(base, worded, answered.get(cell[1], {}), cell, *sides)
    )


def months_answered(
    session: Session, base: Ground, worded: Worded, *, facets: Facets = UNFLAGGED
) -> dict[str, dict[int, set[MonthKey]]]:
    """By scale and survey the months with answers, of the scales that some place asks in two wordings.

    Reads nothing where no place does.
    """
    scales = {scale for _, scale in _suspects(base, worded)}
    found: dict[str, dict[int, set[MonthKey]]] = {}
    if not scales:
        return found
    for (survey, scale), by_segment in cells.counts(
        session, base.ids, scales=scales, facets=facets
    ).items():
        months = by_segment.get(EVERYBODY, {})
        found.setdefault(scale, {})[survey] = {month for month, n in months.items() if n}
    return found


def _suspects(base: Ground, worded: Worded) -> list[Cell]:
    return [
        (place, scale)
        for place, scales in base.scored.items()
        for scale, scored in scales.items()
        if _asks_in_several(base, worded, place, scored.definition.instrument)
    ]


def _asks_in_several(base: Ground, worded: Worded, place: int | None, instrument: str) -> bool:
    here = {
        worded[survey.id, instrument]
        for survey in base.surveys
        if survey.touchpoint_id == place and (survey.id, instrument) in worded
    }
    return len(here) > 1
