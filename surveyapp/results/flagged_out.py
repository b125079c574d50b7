"""How many flagged answers a scope leaves out, as far as that may be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from surveyapp.results.cells import RESPONSES
from surveyapp.results.journey import Ground, Place, hidden_cells
from surveyapp.results.scope import Scope


def flagged_out(
    session: Session, base: Ground, scope: Scope, by_survey: Mapping[int, int], *, minimum: int
) -> int | None:
    """The sum of the flagged answers to each survey; None where it would give away a small group of them.

    It is told where the scope's answers could be shown with the flagged ones and without, at every place
    that has any: it is what the two differ by.
    """
    if scope.flagged or not by_survey:
        return 0
    places: set[Place] = {base.places[survey] for survey in by_survey}
    for facets in (replace(scope.facets, flagged=True), scope.facets):
        reasons = hidden_cells(
            session,
            base,
            scope.period,
            [scope.segment_id],
            minimum=minimum,
            scales=[RESPONSES],
            facets=facets,
        )
        if any(
            reasons[place, RESPONSES][scope.segment_id]
            for place in places
            if (place, RESPONSES) in reasons
        ):
            return None
    return sum(by_survey.values())
