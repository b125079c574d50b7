"""The outlook of one score of a survey: what its page says, for whoever is to be told of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results import cells, dashboards
from surveyapp.results.outlook import Outlook, Wanted, monthly, outlook, weekly
from surveyapp.results.scope import Scope
from surveyapp.store.models import EVERYBODY
from surveyapp.surveys.survey import Survey


def survey_outlook(
    session: Session,
    survey: Survey,
    scale: str,
    wanted: Wanted,
    *,
    today: date,
    minimum_cell: int,
    library: Library,
) -> Outlook | None:
    """Of the score at the survey's place, by its complete weeks; None where it is not asked any more.

    An anonymous survey's pace is that of the months that are shown: no week of it is told apart.
    """
    scope = Scope(survey.journey_id)
    seen = dashboards.journey_overview(session, scope, minimum_cell=minimum_cell, library=library)
    place = next((each for each in seen.touchpoints if each.id == survey.touchpoint_id), None)
    figures = place.figures if place is not None else seen.end
    figure = next((each for each in figures if each.definition.scale == scale), None)
    if figure is None:
        return None
    if survey.anonymity != "anonymous":
        answered = cells.days(session, [survey.id], [EVERYBODY])[EVERYBODY].get(survey.id)
        arrivals = weekly(session, survey.id, answered[1] if answered else None, today)
        return outlook(figure, arrivals, wanted, today=today)
    trends = dashboards.trend(session, scope, minimum_cell=minimum_cell, library=library)
    own = next(
        each
        for each in trends
        if (each.touchpoint_id, each.definition.scale) == (survey.touchpoint_id, scale)
    )
    return outlook(figure, monthly(own, today), wanted, today=today)
