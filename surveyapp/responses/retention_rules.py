"""How long a survey's answers are kept: the rule, and what goes by it when.

Whole months go, never a part of one: no figure of a month is made of what happens to be left in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.tally import RESPONSES
from surveyapp.store.audit import record
from surveyapp.store.models import (
    EVERYBODY,
    Journey,
    MonthlyRollup,
    Response,
    RetentionRound,
    RetentionRule,
)
from surveyapp.surveys.survey import Survey

LONGEST = 600  # months
NOTICE = timedelta(days=7)  # between the announcement and the first night
_SHOWN_MONTHS = 13


class Method(StrEnum):
    """What happens to answers that are old enough."""

    DELETE = "delete"
    ANONYMISE = "anonymise"


@dataclass(frozen=True)
class KeepRule:
    """Answers stay for so many full months after the month in which they were given."""

    months: int
    method: Method

    def before(self, today: date) -> date:
        """The first day that is kept.

        >>> KeepRule(12, Method.DELETE).before(date(2026, 11, 29))
        datetime.date(2025, 11, 1)
        """
        return _first_of_month(today, -self.months)

    def leaves_on(self, day: date) -> date:
        """The day in whose night an answer of ``day`` goes.

        >>> KeepRule(12, Method.DELETE).leaves_on(date(2025, 10, 3))
        datetime.date(2026, 11, 1)
        """
        return _first_of_month(day, self.months + 1)


@dataclass(frozen=True)
class Leaving:
    """The answers of one month, and the day in whose night they go."""

    month: date  # its first day
    leaves_on: date
    answers: int


def read_rule(months: int | None, method: str) -> KeepRule:
    """The rule of a form. Raises Invalid."""
    if months is None or not 1 <= months <= LONGEST:
        raise Invalid(f"Keep answers for 1 to {LONGEST} months.", field="months")
    if method not in set(Method):
        raise Invalid(f"{method[:40]!r} is no method; use {', '.join(Method)}.", field="method")
    return KeepRule(months, Method(method))


def rule_of(session: Session, survey_id: int) -> RetentionRule | None:
    """The rule's row, None where answers are kept for good."""
    return session.get(RetentionRule, survey_id)


def keep_rule(row: RetentionRule) -> KeepRule:
    """The rule in a row."""
    return KeepRule(row.months, Method(row.method))


def set_rule(
    session: Session, survey: Survey, rule: KeepRule, *, user_id: int | None, now: datetime
) -> RetentionRule:
    """Keep answers by this rule from now on; another one than before is announced anew."""
    row = rule_of(session, survey.id)
    if row is None:
        row = RetentionRule(survey_id=survey.id, months=rule.months, method=rule.method)
        session.add(row)
    elif keep_rule(row) == rule:
        return row
    row.months, row.method = rule.months, rule.method
    row.chosen_at, row.chosen_by = now, user_id
    row.announced_at = row.done_on = None
    session.flush()
    detail = {"months": rule.months, "method": str(rule.method)}
    record(session, user_id, "set retention", f"survey {survey.code}", **detail)
    return row


def clear_rule(session: Session, survey: Survey, *, user_id: int | None) -> None:
    """Keep the survey's answers for good."""
    own = delete(RetentionRule).where(RetentionRule.survey_id == survey.id)
    if session.scalar(own.returning(RetentionRule.survey_id)) is not None:
        record(session, user_id, "clear retention", f"survey {survey.code}")


def to_go(survey: Survey, rule: KeepRule) -> list[ColumnElement[bool]]:
    """What holds for the survey's responses that the rule has not dealt with."""
    own = [Response.survey_id == survey.id]
    return [*own, Response.anonymised.is_(False)] if rule.method is Method.ANONYMISE else own


def earliest_night(row: RetentionRule, calendar: Calendar, now: datetime) -> date:
    """The day in whose night anything may go: some days after staff are told of it."""
    return calendar.day((row.announced_at or now) + NOTICE)


def forecast(
    session: Session,
    survey: Survey,
    rule: KeepRule,
    calendar: Calendar,
    *,
    today: date,
    earliest: date,
) -> list[Leaving]:
    """What goes in the next year, the month that goes first at the beginning; months without answers
    are left out. All that is older than the first month shown is counted with it.
    """
    begin, given = _first_of_month(rule.before(today), -_SHOWN_MONTHS), _given(session, survey)
    found = []
    for step in range(2 * _SHOWN_MONTHS):
        month, following = _first_of_month(begin, step), _first_of_month(begin, step + 1)
        first = month if step else date.min
        answers = sum(n for each, n in given.items() if first <= each < following)
        if answers and rule.method is Method.ANONYMISE:
            answers -= _anonymised(session, survey, calendar, first, following)
        if answers:
            found.append(Leaving(month, max(rule.leaves_on(month), earliest), answers))
    return found


def _given(session: Session, survey: Survey) -> dict[date, int]:
    """How many answers the survey has of each month, by the month's first day."""
    shown = select(Journey.generation).where(Journey.id == survey.journey_id).scalar_subquery()
    own = MonthlyRollup
    query = select(own.month, func.sum(own.n)).where(
        own.survey_id == survey.id,
        own.generation == shown,
        own.segment_id == EVERYBODY,
        own.scale == RESPONSES,
    )
    rows = session.execute(query.group_by(own.month).order_by(own.month))
    return {date(*divmod(month, 100), 1): int(n) for month, n in rows}


def _anonymised(
    session: Session, survey: Survey, calendar: Calendar, first: date, following: date
) -> int:
    """How many answers from the first day to before the following one have been anonymised."""
    own = [Response.survey_id == survey.id, Response.anonymised]
    own.append(Response.submitted_at < calendar.begin(following, anonymous=survey.is_anonymous))
    if first > date.min:
        own.append(Response.submitted_at >= calendar.begin(first, anonymous=survey.is_anonymous))
    return session.scalar(select(func.count()).select_from(Response).where(*own)) or 0


def first_leaving(
    session: Session, survey: Survey, rule: KeepRule, calendar: Calendar
) -> date | None:
    """The day in whose night the oldest answer goes; None without answers that would."""
    for month, answers in _given(session, survey).items():
        gone = 0
        if answers and rule.method is Method.ANONYMISE:
            gone = _anonymised(session, survey, calendar, month, _first_of_month(month, 1))
        if answers > gone:
            return rule.leaves_on(month)
    return None


def rounds_of(session: Session, survey_id: int, *, most: int = 24) -> list[RetentionRound]:
    """The receipts of the survey's nights, the latest first."""
    own = select(RetentionRound).where(RetentionRound.survey_id == survey_id)
    return list(session.scalars(own.order_by(RetentionRound.id.desc()).limit(most)))


def _first_of_month(day: date, months: int) -> date:
    """The first day of the month that is so many months after the day's."""
    count = day.year * 12 + day.month - 1 + months
    return date(max(count // 12, 1), count % 12 + 1, 1)
