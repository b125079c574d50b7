"""How long every survey's answers are kept, for administrators."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.responses import retention_rules
from surveyapp.responses.counting import countings
from surveyapp.responses.retention_rules import Leaving
from surveyapp.store.models import RetentionRound, RetentionRule
from surveyapp.surveys.queries import all_surveys
from surveyapp.surveys.survey import Survey
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

retention_list = Blueprint("retention_list", __name__, url_prefix="/retention-list")


@dataclass(frozen=True)
class Line:
    """A survey, its rule, the first month that goes by it, and its last receipt."""

    survey: Survey
    rule: RetentionRule | None
    next: Leaving | None
    last: RetentionRound | None


@retention_list.get("")
@requires(Permission.WATCH_SYSTEM)
def index() -> ResponseReturnValue:
    with installation().store.reading() as session:
        lines = _lines(session)
    few = installation().settings.minimum_cell
    return render_template("retention_list/index.html", lines=lines, few=few)


def _lines(session: Session) -> list[Line]:
    """Surveys with a rule first, the one whose answers go next at the beginning."""
    now = installation().now()
    calendars = {key: each.calendar for key, each in countings(session.connection()).items()}
    lines = []
    for survey in all_surveys(session):
        row, calendar = (
            retention_rules.rule_of(session, survey.id),
            calendars[survey.journey_id],
        )
        leaving = []
        if row is not None:
            leaving = retention_rules.forecast(
                *(session, survey, retention_rules.keep_rule(row), calendar),
                today=calendar.day(now),
                earliest=retention_rules.earliest_night(row, calendar, now),
            )
        rounds = retention_rules.rounds_of(session, survey.id, most=1)
        lines.append(Line(survey, row, next(iter(leaving), None), next(iter(rounds), None)))
    return sorted(lines, key=_order)


def _order(line: Line) -> tuple[bool, bool, str, str]:
    day = line.next.leaves_on.isoformat() if line.next else ""
    return line.rule is None, line.next is None, day, line.survey.name
