"""The scales of a journey that can be validated."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.surveys.asks import Ask
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

FEWEST_ITEMS = 3  # of a factor


@dataclass(frozen=True)
class OfferedScale:
    """A scale as a survey asks it; ``title`` is in the survey's language."""

    survey: Survey
    ask: Ask
    title: str


def scales_offered(session: Session, journey_id: int, library: Library) -> list[OfferedScale]:
    """Each scale of several items that a survey of the journey asks."""
    found = []
    for survey in surveys_of(session, journey_id):
        for ask in survey.asks:
            instrument = library.load(ask.instrument, ask.version)
            key = instrument.keys.get(ask.key or "")
            if key is not None and any(len(each) >= FEWEST_ITEMS for each in key.scales.values()):
                title = instrument.wording(survey.language, ask.wording).title
                found.append(OfferedScale(survey, ask, title))
    return found


def offered_scale(
    session: Session, survey: Survey, instrument: str, library: Library
) -> OfferedScale:
    """The scale of this instrument at the survey. Raises Invalid for one that is not offered there."""
    here = [
        each
        for each in scales_offered(session, survey.journey_id, library)
        if each.survey.id == survey.id
    ]
    for each in here:
        if each.ask.instrument == instrument:
            return each
    known = ", ".join(each.ask.instrument for each in here)
    raise Invalid(
        f"{instrument!r} is no scale of several items in this survey; "
        + (f"choose among {known}" if known else "it asks none"),
        field="instrument",
    )
