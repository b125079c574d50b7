"""Decisions counted by the day on which they were made, with what came of their invitations.

What a decision says and what its invitation says are noted apart, each by the triggers of its own table:
a message that leaves while its customer opens it then counts once for both, whichever is stored first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import ColumnElement, Connection, Table, case, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.sampling.counted_by_day import CountedByDay, Tally, more
from surveyapp.store.models import (
    Decision,
    DecisionChange,
    DecisionCounting,
    DecisionRollup,
    Invitation,
)

_DECISIONS = cast(Table, Decision.__table__)
_SUMS = ("n", "sent", "opened", "started", "completed", "held_back")


def _tally(
    at: Session | Connection, zones: Mapping[int, str], within: Sequence[ColumnElement[bool]]
) -> Tally:
    """The surveys' decisions within these bounds, counted by their zones' days."""
    own, asked = _DECISIONS.c, Invitation
    completed = asked.completed_at.is_not(None)
    started = asked.started_at.is_not(None) | completed
    opened = asked.opened_at.is_not(None) | started
    held_back = (asked.state == "suppressed") & asked.sent_at.is_(None)
    gone = (own.outcome == "ask") & own.invitation_id.is_(None)
    steps = (own.sent_at.is_not(None), gone, opened, started, completed, held_back)
    query = (
        select(own.survey_id, own.decided_at, own.outcome, own.reason)
        .add_columns(*(case((reached, 1), else_=0) for reached in steps))
        .select_from(_DECISIONS)
        .outerjoin(asked, asked.id == own.invitation_id)
        .where((own.survey_id + 0).in_(zones), *within)  # by their numbers, not by surveys
    )
    calendars = {survey: Calendar(zone) for survey, zone in zones.items()}
    tally: Tally = {}
    for survey, decided_at, outcome, reason, sent, used, *of_invitation in at.execute(query):
        day = calendars[survey].day(decided_at)
        more(tally, (survey, day, outcome, reason), (1, sent, used, used, used, 0))
        if any(of_invitation):
            more(tally, (survey, day, "ask", ""), (0, 0, *of_invitation))
    return tally


DECISIONS = CountedByDay(
    "decisions",
    _DECISIONS,
    cast(Table, DecisionRollup.__table__),
    cast(Table, DecisionChange.__table__),
    cast(Table, DecisionCounting.__table__),
    number="decision_id",
    moment="decided_at",
    alike=("outcome", "reason"),
    sums={name: name for name in _SUMS},
    tally=_tally,
)
