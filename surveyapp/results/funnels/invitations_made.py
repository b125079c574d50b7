"""Invitations by survey and state, from rollups or an index; those answered of an anonymous survey by its answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.facets import Channel
from surveyapp.results import cells
from surveyapp.results.scope import Period
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.sampling.invitation_steps import TO_BE_SENT
from surveyapp.store.models import INVITATION_STATES, Invitation
from surveyapp.surveys.queries import anonymous_surveys, answered_anonymously

# Of which an answer does not say whether it was invited; the empty one is of rollups of before.
_UNTOLD = {Channel.EMBED, Channel.KIOSK, ""}


def invitations(
    session: Session, surveys: Sequence[int], when: Period, calendar: Calendar
) -> dict[int, dict[str, int]]:
    """Invitations by survey and state, without those whose message was never sent; those answered of
    an anonymous survey by its answers.
    """
    known = INVITATIONS.counted_surveys(session, surveys, calendar)
    found = _counted(session, known, when, calendar)
    others = [survey for survey in surveys if survey not in known]
    for survey, states in _one_by_one(session, others, when, calendar).items() if others else ():
        found[survey] = states
    # An anonymous survey keeps no used invitation: its answers say how many there were.
    for survey, n in _answered_anonymously(session, surveys, when, calendar).items():
        found.setdefault(survey, {})["completed"] = n
    return found


def _counted(
    session: Session, surveys: Collection[int], when: Period, calendar: Calendar
) -> dict[int, dict[str, int]]:
    """The same of surveys whose invitations are counted by day."""
    found: dict[int, dict[str, int]] = {}
    if surveys:
        by, days = ("survey_id", "state", "is_waiting"), {"since": when.since, "until": when.until}
        made = INVITATIONS.numbers(session, surveys, by, calendar, **days)
        for (survey, state, waits), (n,) in made.items():
            own = found.setdefault(survey, {})
            own[state] = own.get(state, 0) + (0 if waits else n)
    return found


def _one_by_one(
    session: Session, surveys: Collection[int], when: Period, calendar: Calendar
) -> dict[int, dict[str, int]]:
    """The same of surveys whose invitations a worker has not counted yet."""
    made: list[ColumnElement[bool]] = [
        Invitation.survey_id.in_(surveys),
        # All there are: so the index, which has the state before the time, is read for the period alone.
        Invitation.state.in_(INVITATION_STATES),
    ]
    begin, end = calendar.bounds(when.since, when.until)
    if begin is not None:
        made.append(Invitation.created_at >= begin)
    if end is not None:
        made.append(Invitation.created_at < end)
    own = (Invitation.survey_id, Invitation.state)
    found: dict[int, dict[str, int]] = {}
    # All, and then those that wait: each is counted in an index, without looking at rows.
    for survey, state, n in session.execute(select(*own, func.count()).where(*made).group_by(*own)):
        found.setdefault(survey, {})[state] = n
    waiting = select(*own, func.count()).where(*made, TO_BE_SENT).group_by(*own)
    for survey, state, n in session.execute(waiting):
        found[survey][state] -= n
    return found


def _answered_anonymously(
    session: Session, surveys: Sequence[int], when: Period, calendar: Calendar
) -> dict[int, int]:
    """How many invitations of each anonymous survey were answered in a period, by the channels of its
    answers; those that came embedded or by a kiosk may have been invited, too, and are looked at.
    """
    anonymous = anonymous_surveys(session, surveys)
    if not anonymous:
        return {}
    told = cells.by_channel(session, anonymous, since=when.since, until=when.until)
    found = {survey: n for survey, by in told.items() if (n := by.get(Channel.INVITATION, 0))}
    open_ = [survey for survey, by in told.items() if not by.keys().isdisjoint(_UNTOLD)]
    if open_:
        begin, end = calendar.bounds(when.since, when.until, anonymous=True)
        found |= answered_anonymously(session, open_, begin=begin, end=end)
    return found
