"""Invitations counted by the day on which they were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import ColumnElement, Connection, Table, case, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import Calendar
from surveyapp.sampling.counted_by_day import CountedByDay, Tally, more
from surveyapp.sampling.invitation_steps import OPENED, STARTED, TO_BE_SENT
from surveyapp.store.models import (
    Invitation,
    InvitationChange,
    InvitationCounting,
    InvitationRollup,
)

_INVITATIONS = cast(Table, Invitation.__table__)
_COUNTED_AS = tuple(case((came, 1), else_=0) for came in (OPENED, STARTED, TO_BE_SENT))


def _tally(
    at: Session | Connection, zones: Mapping[int, str], within: Sequence[ColumnElement[bool]]
) -> Tally:
    """The surveys' invitations within these bounds, counted by their zones' days."""
    own = _INVITATIONS.c
    query = select(own.survey_id, own.created_at, own.channel, own.state, *_COUNTED_AS)
    calendars = {survey: Calendar(zone) for survey, zone in zones.items()}
    tally: Tally = {}
    # A sum, so that the databases look for these numbers and not for all invitations to the surveys.
    those = (own.survey_id + 0).in_(zones)
    for survey, made_at, channel, state, *told in at.execute(query.where(those, *within)):
        day = calendars[survey].day(made_at)
        more(tally, (survey, day, channel, state, *map(bool, told)), (1,))
    return tally


INVITATIONS = CountedByDay(
    "invitations",
    _INVITATIONS,
    cast(Table, InvitationRollup.__table__),
    cast(Table, InvitationChange.__table__),
    cast(Table, InvitationCounting.__table__),
    number="invitation_id",
    moment="made_at",
    alike=("channel", "state", "is_opened", "is_started", "is_waiting"),
    sums={"n": "change"},
    tally=_tally,
)
