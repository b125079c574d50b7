"""Changes to whom a survey asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.sampling.touchpoint_codes import TouchpointCodes
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, SurveyRow
from surveyapp.surveys.settings.sampling import Sampling


def change_sampling(
    session: Session, survey: SurveyRow, raw: Mapping[str, Any], *, user_id: int | None
) -> Sampling:
    """Set whom the survey asks from now on. Raises Invalid for rules that cannot work."""
    sampling = Sampling.read(raw)
    named = sampling.trigger.touchpoints
    if named and survey.touchpoint_id is not None:
        raise Invalid(
            "This survey is about a single touchpoint; leave out the touchpoints that"
            " end the journey.",
            field="touchpoints",
        )
    if named:
        journey = session.get_one(Journey, survey.journey_id)
        places = TouchpointCodes(session.connection())
        for name in named:
            places.find(journey.code, name)
    ends = survey.touchpoint_id is None
    if sampling.active and ends and not (named or sampling.trigger.outcomes):
        raise Invalid(
            "Nothing defines when the journey ends; name the touchpoints or outcomes that end it.",
            field="touchpoints",
        )
    survey.sampling = sampling.written()
    subject = f"survey {survey.code}"
    record(session, user_id, "change sampling", subject, active=sampling.active)
    return sampling
