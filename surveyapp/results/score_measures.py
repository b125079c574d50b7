"""The scores of a journey of which can be asked how many answers they need, with the pace of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.results import cells, dashboards
from surveyapp.results.outlook import (
    Arrivals,
    Wanted,
    monthly,
    outlook,
    outlook_to_json,
    weekly,
)
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Figure
from surveyapp.store.models import EVERYBODY
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class ScoreMeasure:
    """A score that can be asked for: what the address says, what it is called, and its numbers."""

    code: str
    name: str
    place: int | None
    figure: Figure
    arrivals: Arrivals


Measures = Sequence[ScoreMeasure]


def score_measures(
    session: Session, journey_id: int, *, today: date, minimum_cell: int, library: Library
) -> list[ScoreMeasure]:
    """Every score of the journey, its end first, with the months of answers that are shown."""
    scope = Scope(journey_id)
    trends = dashboards.trend(session, scope, minimum_cell=minimum_cell, library=library)
    overview = dashboards.journey_overview(
        session, scope, minimum_cell=minimum_cell, library=library
    )
    found: list[ScoreMeasure] = []
    places: list[tuple[int | None, str, tuple[Figure, ...]]] = [(None, "", overview.end)]
    places += [(point.id, f"{point.name}: ", point.figures) for point in overview.touchpoints]
    for place, name, figures in places:
        for figure in figures:
            scale = figure.definition.scale
            trend = next(
                t for t in trends if (t.touchpoint_id, t.definition.scale) == (place, scale)
            )
            code = scale if place is None else f"{place}:{scale}"
            label = f"{name}{figure.definition.label}"
            found.append(ScoreMeasure(code, label, place, figure, monthly(trend, today)))
    return found


def survey_measures(
    session: Session, own: Survey, measures: Measures, *, today: date
) -> list[ScoreMeasure]:
    """Those at the survey's place, with the pace of its own complete weeks where it may be told."""
    found = [
        replace(each, code=each.figure.definition.scale, name=each.figure.definition.label)
        for each in measures
        if each.place == own.touchpoint_id
    ]
    if own.anonymity == "anonymous":  # of which no week is told apart
        return found
    answered = cells.days(session, [own.id], [EVERYBODY])[EVERYBODY].get(own.id)
    weeks = weekly(session, own.id, answered[1] if answered else None, today)
    return [replace(each, arrivals=weeks) for each in found]


def chosen_measure(measures: Measures, asked: str) -> ScoreMeasure | None:
    """The measure of this code, without one the first; None where nothing is asked. Raises Invalid."""
    asked = asked.strip()
    for each in measures:
        if asked in ("", each.code):
            return each
    if not measures:
        return None
    known = ", ".join(each.code for each in measures)
    raise Invalid(f"measure={asked[:60]} is not asked here; use one of {known}.", field="measure")


def outlook_document(
    measures: Measures, chosen: ScoreMeasure | None, wanted: Wanted, *, today: date
) -> dict[str, object]:
    """The chosen measure with its outlook, and the codes of all; null where nothing is asked."""
    return {
        "measure": None if chosen is None else chosen.code,
        "measures": [each.code for each in measures],
        "outlook": None
        if chosen is None
        else outlook_to_json(outlook(chosen.figure, chosen.arrivals, wanted, today=today)),
    }
