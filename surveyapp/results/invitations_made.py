"""Invitations by survey and state, counted in an index; those answered of an anonymous survey by its answers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.facets import Channel
from surveyapp.results import cells
from surveyapp.results.scope import Period
from surveyapp.store.models import INVITATION_STATES, Invitation
from surveyapp.surveys.queries import anonymous_surveys, answered_anonymously

# Of which an answer does not say whether it was invited; the empty one is of rollups of before.
_UNTOLD = {Channel.EMBED, Channel.KIOSK, ""}
# A message of ours that still waits or failed; who had none could not answer. A link is passed on.
# Its words stand in the statement, not as parameters: so both databases see that an index holds these.
TO_BE_SENT = and_(
    Invitation.token_seed.is_not(None),
    Invitation.channel != literal("link", literal_execute=True),
    Invitation.state == literal("created", literal_execute=True),
    Invitation.sent_at.is_(None),
)


def invitations(
    session: Session, surveys: Sequence[int], when: Period, calendar: Calendar
) -> dict[int, dict[str, int]]:
    """Invitations by survey and state, without those whose message was never sent; those answered of
    an anonymous survey by its answers.
    """
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
    # An anonymous survey keeps no used invitation: its answers say how many there were.
    for survey, n in _answered_anonymously(session, surveys, when, calendar).items():
        found.setdefault(survey, {})["completed"] = n
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
