"""The languages in which a survey's customers are written to: those that its page speaks."""

from __future__ import annotations

from instruments.loader import Library
from surveyapp.responses.reading import asked_instrument
from surveyapp.store.models import SurveyRow
from surveyapp.surveys import languages


def offered(survey: SurveyRow, library: Library) -> tuple[str, ...]:
    """The survey's own language first, then the others that customers may choose."""
    instruments = [asked_instrument(ask, library) for ask in survey.asks]
    return languages.offered(survey.languages, instruments, survey.language)
