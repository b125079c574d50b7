"""Changes to what a survey's messages say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.distribution.click import clickable
from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.distribution import Distribution


def change_messages(
    session: Session,
    row: SurveyRow,
    raw: Mapping[str, Any],
    *,
    user_id: int | None,
    library: Library,
) -> Distribution:
    """Keep what the survey's messages say from now on. Raises Invalid(field=)."""
    settings, survey = Distribution.read(raw), survey_of(row)
    known_languages = survey.offered(library)
    foreign = sorted(set(settings.texts) - set(known_languages))
    if foreign:
        raise Invalid(
            f"The survey is not available in {foreign[0]!r}; it is available in"
            f" {', '.join(known_languages)}.",
            field="texts",
        )
    known = [each.name for each in clickable(survey, survey.language, library)]
    if settings.one_click and settings.one_click not in known:
        raise Invalid(
            "This question cannot be answered in a message; choose one with a scale"
            " of at most 11 points.",
            field="one_click",
        )
    row.distribution = settings.written()
    record(
        session,
        user_id,
        "change messages",
        f"survey {survey.code}",
        languages=sorted(settings.texts),
        one_click=settings.one_click,
        reminders=list(settings.reminders),
    )
    return settings
