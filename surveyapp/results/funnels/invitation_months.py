"""Invitations sent and answered by month of the decision and segment: counted now, or as the worker kept them.

To count them looks at every decision with its event: a second for 200,000. Of large journeys the worker
makes them of the decisions that it keeps by month and by the segments that a customer is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.portfolio import listed
from surveyapp.journeys.segments import parse
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.funnels.decision_kinds import is_large, kept_kinds
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.journey import Ground, ground
from surveyapp.results.months import month_decided
from surveyapp.results.scope import ALL_TIME, Period, month_text
from surveyapp.sampling import funnel
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store.columns import utc_now
from surveyapp.store.models import EVERYBODY, InvitationCounts, Segment

_FRESH = timedelta(hours=1)  # older counts are of a worker that has stopped
_WHOLE: MonthKey = (0, 0)

BySegment = dict[MonthKey, dict[int, int]]
_Counts = Mapping[MonthKey, Mapping[int, tuple[int, int]]]


@dataclass(frozen=True)
class InvitationMonths:
    """Sent and answered by month and segment; ``is_known``: no invitation is without its customer's."""

    counts: _Counts
    is_known: bool

    def in_months(self, when: Period) -> tuple[BySegment, BySegment]:
        """Those sent and those answered; of all time as one month, which nothing is cut from."""
        sent: BySegment = {}
        answered: BySegment = {}
        for month, counts in self.counts.items():
            key = _WHOLE if when.whole else month
            for into, place in ((sent, 0), (answered, 1)):
                own = into.setdefault(key, {})
                for segment, pair in counts.items():
                    own[segment] = own.get(segment, 0) + pair[place]
        return sent, answered


def counted_now(session: Session, base: Ground, when: Period = ALL_TIME) -> InvitationMonths | None:
    """Every invitation of the journey; ``when``: of all time they are not told apart by month. None of a
    large journey, whose decisions a worker counts.
    """
    calendar = calendar_of(base.journey)
    if is_large(session, base.ids, calendar):
        return None
    made = _made(session, base, calendar)
    if not made:
        return InvitationMonths({}, is_known=False)
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    month = literal("0-0") if when.whole else month_decided(session, base.ids, calendar)
    read = funnel.answered_by_segment(session, base.ids, rules, month)
    counts = {month_key(written): own for written, own in read.items()}
    return InvitationMonths(counts, _sent(counts) == made)


def kept_counts(session: Session, base: Ground) -> InvitationMonths | None:
    """What the worker counted in the last hour by the segments of now; None where it did not."""
    row = session.get(InvitationCounts, base.journey.id)
    if row is None or row.rules != _rules(base) or row.counted_at < utc_now() - _FRESH:
        return None
    return InvitationMonths(_counts(row.months), row.is_known)


def count_due(installation: Installation, now: datetime) -> int:
    """Make the counts of large journeys of those of their decisions."""
    with installation.store.reading() as session:
        journeys = [each.id for each in listed(session) if each.state != "archived"]
    for number in journeys:
        with installation.store.reading() as session:
            base = ground(session, number, library=installation.library)
            calendar = calendar_of(base.journey)
            if INVITATIONS.counted_surveys(session, base.ids, calendar) < set(base.ids):
                continue  # until they are counted by day, nothing tells in which month one changed
            kept = session.get(InvitationCounts, number)
            if is_large(session, base.ids, calendar):
                counted = _count(session, base, now)
                if counted is None:
                    continue  # until its decisions are counted
            else:
                counted = None
        if counted is not None and not _is_as_kept(counted, kept):
            with installation.store.writing() as session:
                session.merge(counted)
        elif counted is None and kept is not None:
            with installation.store.writing() as session:
                session.delete(session.get_one(InvitationCounts, number))
    return 0  # nothing is left to do at once


def _is_as_kept(counted: InvitationCounts, kept: InvitationCounts | None) -> bool:
    """Whether nothing is to be written: the counts are the same, and were looked at lately."""
    if kept is None or counted.counted_at - kept.counted_at > _FRESH / 4:
        return False
    own, before = ((each.rules, each.is_known, each.months) for each in (counted, kept))
    return own == before


def _count(session: Session, base: Ground, now: datetime) -> InvitationCounts | None:
    """The counts of now, of the decisions as they were counted; None where these have not been."""
    calendar = calendar_of(base.journey)
    segments = session.scalars(select(Segment).order_by(Segment.id)).all()
    kinds = kept_kinds(session, base.journey.id, base.ids, segments, calendar)
    if kinds is None:
        return None
    months: dict[str, Any] = {}
    for (year, month), by_kind in kinds.items():
        own = {segment: [0, 0] for segment in (EVERYBODY, *base.segments)}
        for kind, counts in by_kind.items():
            for segment in kind & own.keys():
                own[segment][0] += counts.sent
                own[segment][1] += counts.completed
        by_segment = {str(segment): pair for segment, pair in own.items()}
        months[month_text(date(year, month, 1))] = {"segments": by_segment}
    # Of now both: what was counted by kind may lack the last minutes.
    decided = DECISIONS.numbers(session, base.ids, ("outcome",), calendar)
    _, sent, *_ = decided.get(("ask",), (0, 0))
    return InvitationCounts(
        journey_id=base.journey.id,
        rules=_rules(base),
        is_known=sent == _made(session, base, calendar),
        months=months,
        counted_at=now,
    )


def _made(session: Session, base: Ground, calendar: Calendar) -> int:
    invited = invitations(session, base.ids, ALL_TIME, calendar).values()
    return sum(n for states in invited for state, n in states.items() if state != "suppressed")


def _sent(counts: _Counts) -> int:
    return sum(by_segment.get(EVERYBODY, (0, 0))[0] for by_segment in counts.values())


def _counts(months: Mapping[str, Any]) -> _Counts:
    return {
        month_key(written): {
            int(segment): (pair[0], pair[1]) for segment, pair in own["segments"].items()
        }
        for written, own in months.items()
    }


def _rules(base: Ground) -> str:
    told = [base.journey.zone, *(f"{s}:{name.rule}" for s, name in sorted(base.segments.items()))]
    return sha256("\n".join([*told, *map(str, base.ids)]).encode()).hexdigest()
