"""Why a report would have no score to show."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.results import phrases
from surveyapp.results.scope import Period
from surveyapp.results.view_models import JourneyOverview


def too_few(overview: JourneyOverview, words: Words = ENGLISH) -> str:
    """Why no score of an overview is shown, as a sentence; empty where one is."""
    if any(figure.shown for figure in overview.figures):
        return ""
    months = phrases.period(Period(overview.since, overview.until), words=words)
    if any(figure.suppressed for figure in overview.figures):
        if not months:
            return words.say("No score of all time may be shown, to protect small groups.")
        return words.say(
            "No score of {months} may be shown, to protect small groups.", months=months
        )
    if not months:
        return words.say("There are too few answers of all time for any score.")
    return words.say("There are too few answers of {months} for any score.", months=months)
