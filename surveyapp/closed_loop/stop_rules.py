"""Tell a journey's owner when a survey knows enough, and when it will not by the day that was planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import staff_messages
from surveyapp.closed_loop.rules import watchable
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.results import phrases
from surveyapp.results.answers.answered import journey_calendar
from surveyapp.results.outlook import Outlook, Wanted
from surveyapp.results.survey_outlook import survey_outlook
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, StopRule, SurveyRow, User
from surveyapp.surveys.queries import survey_of, surveys
from surveyapp.surveys.survey import Survey

LARGEST = 10**9


@dataclass(frozen=True)
class Plan:
    """What is to be reached: a margin in points, or so many answers, and by which day."""

    scale: str
    margin: float
    population: int | None = None
    answers: int | None = None
    due: date | None = None


def set_stop_rule(
    session: Session, row: SurveyRow, plan: Plan, *, user_id: int, installation: Installation
) -> StopRule:
    """Have the journey's owner and this user told once of each; a plan that changes is told anew.

    Raises Invalid, naming the field.
    """
    survey = survey_of(row)
    if plan.scale not in watchable(survey, library=installation.library):
        raise Invalid("Choose a score of this survey.", field="scale")
    if plan.answers is not None and not 1 <= plan.answers <= LARGEST:
        raise Invalid(f"Enter 1 to {LARGEST:,} answers, as a whole number.", field="answers")
    rule = session.get(StopRule, row.id)
    if rule is None:
        rule = StopRule(survey_id=row.id)
        session.add(rule)
    elif plan_of(rule) == plan:
        return rule
    for name, value in vars(plan).items():
        setattr(rule, name, value)
    rule.set_by, rule.set_at = user_id, installation.now()
    rule.reached_at = rule.late_at = rule.looked_on = None
    session.flush()
    record(session, user_id, "set stop rule", f"survey {row.code}"[:120], scale=plan.scale)
    return rule


def remove_stop_rule(session: Session, row: SurveyRow, *, user_id: int) -> None:
    """Have nobody told any more."""
    rule = session.get(StopRule, row.id)
    if rule is not None:
        session.delete(rule)
        record(session, user_id, "clear stop rule", f"survey {row.code}"[:120])


def plan_of(rule: StopRule) -> Plan:
    """What a stored rule waits for."""
    return Plan(rule.scale, rule.margin, rule.population, rule.answers, rule.due)


def stop_rules_due(installation: Installation, now: datetime) -> int:
    """Judge the rules of open surveys, each once a day; how many were told of."""
    query = (
        select(StopRule)
        .join(SurveyRow, SurveyRow.id == StopRule.survey_id)
        .where(StopRule.reached_at.is_(None))
        .order_by(StopRule.survey_id)
    )
    told = 0
    with installation.store.reading() as session:
        rules = session.scalars(query).all()
        known = surveys(session, {rule.survey_id for rule in rules})
        days = {
            rule.survey_id: journey_calendar(session, known[rule.survey_id].journey_id).day(now)
            for rule in rules
        }
    for rule in rules:
        if rule.looked_on != days[rule.survey_id]:
            told += _judge(installation, rule, known[rule.survey_id], days[rule.survey_id], now)
    return told


def _judge(
    installation: Installation, rule: StopRule, survey: Survey, today: date, now: datetime
) -> int:
    plan = plan_of(rule)
    with installation.store.reading() as session:
        found = survey_outlook(
            session,
            survey,
            plan.scale,
            Wanted(margin=plan.margin, population=plan.population),
            today=today,
            minimum_cell=installation.settings.minimum_cell,
            library=installation.library,
        )
    values: dict[str, object] = {"looked_on": today}
    reached = found is not None and _is_reached(plan, found)
    late = found is not None and not reached and rule.late_at is None and _is_late(plan, found)
    if reached:
        values["reached_at"] = now
    elif late:
        values["late_at"] = now
    claim = update(StopRule).where(
        StopRule.survey_id == rule.survey_id,
        StopRule.set_at == rule.set_at,
        or_(StopRule.looked_on.is_(None), StopRule.looked_on < today),
    )
    with installation.store.writing() as session:
        claimed = session.scalar(claim.values(**values).returning(StopRule.survey_id))
        if claimed is None or found is None or not (reached or late):
            return 0
        _tell(session, rule, survey, found, installation, reached=reached)
    return 1


def _is_reached(plan: Plan, found: Outlook) -> bool:
    n = found.figure.n
    return found.reached or (plan.answers is not None and n is not None and n >= plan.answers)


def _is_late(plan: Plan, found: Outlook) -> bool:
    """Whether the day will pass at the present rate; a rate or a number that is not known says nothing."""
    if plan.due is None or found.rate is None or found.missing is None:
        return False
    return found.by is None or found.by > plan.due


def _tell(
    session: Session,
    rule: StopRule,
    survey: Survey,
    found: Outlook,
    installation: Installation,
    *,
    reached: bool,
) -> None:
    journey = session.get_one(Journey, survey.journey_id)
    title = f"{survey.name}: enough answers" if reached else f"{survey.name}: behind its plan"
    text = _text(rule, survey, found, installation.settings.base_url, reached=reached)
    what = "reached" if reached else "late"
    wanted = (journey.owner_id, rule.set_by)
    for number in dict.fromkeys(each for each in wanted if each is not None):
        user = session.get_one(User, number)
        if may_on(session, account_of(user), Permission.READ_RESULTS, survey.journey_id):
            key = f"stop rule {survey.id} of {rule.set_at:%Y-%m-%dT%H:%M:%S} {what} to {number}"
            staff_messages.write(
                session, key, "stop rule", survey.id, to=user.email, subject=title, text=text
            )


def _text(rule: StopRule, survey: Survey, found: Outlook, base_url: str, *, reached: bool) -> str:
    figure = found.figure
    n = "hidden" if figure.n is None else f"{figure.n:,}"
    page = f"{base_url.rstrip('/')}/journeys/{survey.journey_id}/surveys/{survey.id}/sample-size"
    if reached:
        first = f"{figure.definition.label} has the answers that were planned."
    else:
        by = f"on {phrases.day(found.by)}" if found.by else "not within five years"
        span = f", {phrases.day(found.soonest)} at the earliest" if found.soonest else ""
        first = (
            f"At the present rate {figure.definition.label} has the answers that were planned"
            f" {by}{span}: after {phrases.day(rule.due)}."
        )
    lines = (
        first,
        "",
        f"Score: {phrases.value(figure)}{f', {phrases.interval(figure)}' if figure.low else ''}",
        f"Answers: {n}; a margin of ±{rule.margin:g} needs {found.size.n:,}",
        *([f"Planned number of answers: {rule.answers:,}"] if rule.answers else []),
        f"Survey: {survey.name} ({survey.journey})",
        "",
        f"When will we know: {page}?measure={rule.scale}&margin={rule.margin:g}",
        "",
    )
    return "\n".join(lines)
