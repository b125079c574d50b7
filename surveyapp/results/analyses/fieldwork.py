"""How the answers of an analysis came about: dates, invitations and what became of them, and who answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.calendar import Calendar
from surveyapp.results.analyses.characteristics import Characteristic, characteristics
from surveyapp.results.answers.answered import journey_calendar, segment_rule
from surveyapp.results.funnels.rates import response_rates
from surveyapp.results.scope import Scope
from surveyapp.sampling import funnel
from surveyapp.store.models import Analysis, Invitation, Response, SurveyRow
from surveyapp.surveys.queries import surveys_of

NAME = "fieldwork"  # in a stored result
_CHUNK = 5_000


@dataclass(frozen=True)
class Respondent:
    """What is known of somebody who answered; ``analysed``: their answers are in the analysis."""

    analysed: bool
    attributes: Mapping[str, Any]
    first: date
    last: date


@dataclass(frozen=True)
class Invited:
    """What became of the invitations to the surveys of an analysis.

    ``sent`` were handed over or sent, ``returned`` of them came back, ``completed`` were answered;
    ``broken_off`` were begun and ``opened`` only opened. ``opening_known``: no survey is anonymous,
    which would keep no trace of either. ``not_sent`` were withdrawn before they were sent.
    """

    sent: int
    returned: int
    completed: int
    opened: int
    broken_off: int
    not_sent: int
    opening_known: bool

    @property
    def delivered(self) -> int:
        """Sent and not known to have come back."""
        return self.sent - self.returned


@dataclass(frozen=True)
class Fieldwork:
    """Dates as ISO texts in the journey's ``zone``; ``invited`` is None for a segment, of which the
    invitations do not tell. ``minimum_cell``: the smallest group that is told of.
    """

    first_day: str
    last_day: str
    zone: str
    n: int
    minimum_cell: int
    characteristics: tuple[Characteristic, ...]
    invited: Invited | None


def fieldwork(
    session: Session,
    analysis: Analysis,
    people: Iterable[Respondent],
    instruments: Collection[str],
    *,
    minimum_cell: int,
    library: Library,
) -> Fieldwork | None:
    """What is known of the respondents of an analysis of these instruments; None for too few of them.

    people: everybody in the journey who was asked the instruments.
    """
    first, last, n = date.max, date.min, 0

    def counted() -> Iterator[tuple[bool, Mapping[str, Any]]]:
        nonlocal first, last, n
        for person in people:
            if person.analysed:
                first, last, n = min(first, person.first), max(last, person.last), n + 1
            yield person.analysed, person.attributes

    known = characteristics(counted(), minimum=minimum_cell)
    if n < minimum_cell:
        return None
    whole = analysis.segment_id is None
    return Fieldwork(
        first.isoformat(),
        last.isoformat(),
        journey_calendar(session, analysis.journey_id).zone,
        n,
        minimum_cell,
        known,
        _invited(session, analysis, instruments, library) if whole else None,
    )


def respondents(session: Session, analysis: Analysis, instrument: str) -> Iterator[Respondent]:
    """Everybody in the analysis' journey who was asked the instrument, in the order of arrival."""
    rule = segment_rule(session, analysis.segment_id)
    calendar = journey_calendar(session, analysis.journey_id)
    query = (
        select(
            *(Response.survey_id, Response.attributes, Response.submitted_at),
            SurveyRow.anonymity == "anonymous",
        )
        .join(SurveyRow)
        .where(
            SurveyRow.journey_id == analysis.journey_id,
            Response.answers[instrument].as_string().is_not(None),
        )
        .order_by(Response.id)
        .execution_options(yield_per=_CHUNK)
    )
    for survey, attributes, moment, anonymous in session.execute(query):
        day = answered_on(calendar, moment, anonymous=anonymous)
        analysed = analysis.survey_id in (None, survey)
        yield Respondent(
            analysed and (rule is None or rule.matches(attributes)), attributes, day, day
        )


def answered_on(calendar: Calendar, moment: datetime, *, anonymous: bool) -> date:
    """The day of an answer, in the journey's days."""
    return calendar.day(moment, anonymous=anonymous)


def _invited(
    session: Session, analysis: Analysis, instruments: Collection[str], library: Library
) -> Invited:
    surveys = [
        survey
        for survey in surveys_of(session, analysis.journey_id)
        if analysis.survey_id in (None, survey.id)
        and not {ask.instrument for ask in survey.asks}.isdisjoint(instruments)
    ]
    ids = {survey.id for survey in surveys}
    sums: Counter[str] = Counter()
    for rate in response_rates(session, Scope(analysis.journey_id), library=library):
        if rate.survey_id in ids:
            sums["sent"] += rate.sent
            sums["completed"] += rate.completed or 0
            sums["opened"] += (rate.opened or 0) - (rate.completed or 0)
            sums["not_sent"] += rate.not_sent
    returned = funnel.returned(session, ids).total()
    begun = session.scalar(
        select(func.count()).where(
            Invitation.survey_id.in_(ids),
            Invitation.state == "opened",
            Invitation.started_at.is_not(None),
        )
    )
    return Invited(
        sent=sums["sent"],
        returned=returned,
        completed=sums["completed"],
        opened=sums["opened"] - (begun or 0),
        broken_off=begun or 0,
        not_sent=sums["not_sent"],
        opening_known=all(survey.anonymity != "anonymous" for survey in surveys),
    )
