"""A response whose answers have been read, and what of it goes into its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from instruments.loader import Library
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.runs import Visit
from surveyapp.store.public_ids import random_id, timed_id
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.survey import Survey

_NONE: Mapping[str, Any] = {}  # one for all rows: what is the same is prepared once for storing


@dataclass(frozen=True)
class Prepared:
    """A response whose answers have been read, {instrument: {item: value}}, ready to be stored.

    One that comes back from our own export brings the ``public_id`` that it had, which it keeps as its
    external id, and ``wordings`` and ``consent_version`` of when it was given.
    """

    answers: Mapping[str, Mapping[str, Any]]
    submitted_at: datetime
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    customer_ref: str | None = None  # a pseudonym
    external_id: str | None = None
    language: str | None = None
    started_at: datetime | None = None
    paradata: Mapping[str, Any] = field(default_factory=dict)  # how it was answered
    public_id: str | None = None
    wordings: Mapping[str, str] = field(default_factory=dict)
    consent_version: str | None = None
    originals: Mapping[str, str] = field(default_factory=dict)  # comments before they were masked


def visit_of(survey: Survey, prepared: Prepared) -> Visit | None:
    """What a journey run learns of it; None where nobody is known."""
    if survey.anonymity == "anonymous" or prepared.customer_ref is None:
        return None
    return Visit(prepared.customer_ref, prepared.submitted_at)


def ends_run(survey: Survey) -> bool:
    """Whether an answer ends the journey run: what is asked at no touchpoint is asked at the end."""
    return survey.at_end


def row_of(
    survey: Survey,
    prepared: Prepared,
    *,
    run: int | None,
    source: str,
    wordings: Mapping[str, str],
    calendar: Calendar,
) -> dict[str, Any]:
    """The row of a response. An anonymous one keeps its day by the journey's calendar alone, and no
    trace of an invitation.
    """
    anonymous = survey.anonymity == "anonymous"
    return {
        "public_id": random_id() if anonymous else timed_id(),
        "survey_id": survey.id,
        "invitation_id": None,
        "journey_run_id": run,
        "external_id": prepared.external_id,
        "source": source,
        "answers": prepared.answers,
        "wordings": {**wordings, **prepared.wordings} if prepared.wordings else wordings,
        "attributes": dict(prepared.attributes),
        "language": prepared.language or survey.language,
        "consent_version": survey.consent_version
        if prepared.consent_version is None
        else prepared.consent_version,
        "started_at": None if anonymous else prepared.started_at,
        "submitted_at": _day_of(prepared, calendar) if anonymous else prepared.submitted_at,
        "paradata": dict(prepared.paradata) if prepared.paradata else _NONE,
    }


def _day_of(prepared: Prepared, calendar: Calendar) -> datetime:
    """The day that an anonymous response keeps; one that comes back from our own export is a day already."""
    moment = prepared.submitted_at.astimezone(UTC)
    if prepared.public_id is not None and moment.time() == time():
        return moment
    return calendar.coarse(moment)


def wordings_of(survey: Survey, language: str, library: Library) -> dict[str, str]:
    """The id of each instrument's wording in this language."""
    is_own = language == survey.language
    return {
        ask.instrument: instrument.wording(language, ask.wording if is_own else None).id
        for ask, (instrument, _) in zip(survey.asks, survey.asked(library), strict=True)
    }
