"""What a partner report prints, read from the same dashboards as the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import calendar_of
from surveyapp.reports.actions import scope_of
from surveyapp.reports.journeys.partner import Numbers
from surveyapp.results import dashboards
from surveyapp.results.answers.answer_shares import answer_shares
from surveyapp.results.comments.quotes import quotes_at
from surveyapp.results.partners import of_touchpoints, stands, touchpoints_of, trends_of
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import JourneyOverview
from surveyapp.results.weights.weighting import margins_of
from surveyapp.store.models import Report
from surveyapp.surveys.queries import surveys_of

MOST_QUOTES = 5  # of a touchpoint


def numbers_of(installation: Installation, session: Session, report: Report) -> Numbers:
    """The numbers of one partner's touchpoints. Raises Conflict where it runs none any more."""
    scope, partner = scope_of(report), report.parameters["partner"]
    rules: dict[str, Any] = {
        "minimum_cell": installation.settings.minimum_cell,
        "library": installation.library,
    }
    ids = touchpoints_of(report.journey, partner)
    if not ids:
        raise Conflict(
            f"No touchpoint of {report.journey.name} names {partner} any more; create the report for the"
            " partner that runs it now."
        )
    overview = of_touchpoints(dashboards.journey_overview(session, scope, **rules), ids)
    quotes = None
    if report.parameters.get("quotes"):
        quotes = _quotes(session, report, overview, scope)
    return Numbers(
        partner=partner,
        overview=overview,
        trends=trends_of(dashboards.trend(session, scope, **rules), ids),
        stands=stands(session, scope, ids, **rules),
        answers={each: answer_shares(session, scope, each, **rules) for each in ids},
        quotes=quotes,
        margins=margins_of(session, report.journey_id) if scope.weighted else (),
    )


def _quotes(
    session: Session, report: Report, overview: JourneyOverview, scope: Scope
) -> Mapping[int, Sequence[str]]:
    """Of touchpoints all of whose scores may be shown: a quote says that somebody answered."""
    if not scope.of_everybody:
        return {}
    surveys, calendar = surveys_of(session, report.journey_id), calendar_of(report.journey)
    return {
        point.id: quotes_at(
            session,
            [each for each in surveys if each.touchpoint_id == point.id],
            calendar,
            scope.period,
            scope.facets,
            most=MOST_QUOTES,
        )
        for point in overview.touchpoints
        if any(figure.shown for figure in point.figures)
        and not any(figure.suppressed for figure in point.figures)
    }
