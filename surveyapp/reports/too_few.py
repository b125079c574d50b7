"""Why a report would have no score to show."""

from __future__ import annotations

from surveyapp.results import phrases
from surveyapp.results.scope import Period
from surveyapp.results.view_models import JourneyOverview


def too_few(overview: JourneyOverview) -> str:
    """Why no score of an overview is shown, as a sentence; empty where one is."""
    if any(figure.shown for figure in overview.figures):
        return ""
    months = phrases.period(Period(overview.since, overview.until)) or "all time"
    if any(figure.suppressed for figure in overview.figures):
        return f"No score of {months} may be shown, to protect small groups."
    return f"There are too few answers of {months} for any score."
