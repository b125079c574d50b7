"""Invitations sent and answered by month of the decision and segment: counted now, or as the worker kept them.

To count them looks at every decision with its event: a second for 200,000. Of large journeys the worker
keeps the counts of each month, and counts again those months in which something changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import literal
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.portfolio import listed
from surveyapp.journeys.segments import parse
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.journey import Ground, ground
from surveyapp.results.months import month_decided, months_decided
from surveyapp.results.scope import ALL_TIME, Period, month_text
from surveyapp.sampling import funnel
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.store.columns import utc_now
from surveyapp.store.models import EVERYBODY, InvitationCounts

FEW = 20_000  # invitations of a journey: counted in a tenth of a second, on each page
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


def counted_now(session: Session, base: Ground, when: Period = ALL_TIME) -> InvitationMonths:
    """Every invitation of the journey; ``when``: of all time they are not told apart by month."""
    calendar = calendar_of(base.journey)
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
    """Count again what changed in the invitations of large journeys."""
    with installation.store.reading() as session:
        journeys = [each.id for each in listed(session) if each.state != "archived"]
    for number in journeys:
        with installation.store.reading() as session:
            base = ground(session, number, library=installation.library)
            calendar = calendar_of(base.journey)
            if INVITATIONS.counted_surveys(session, base.ids, calendar) < set(base.ids):
                continue  # until they are counted by day, nothing tells in which month one changed
            kept = session.get(InvitationCounts, number)
            by_survey = INVITATIONS.numbers(session, base.ids, ("survey_id",), calendar)
            n = sum(own for own, *_ in by_survey.values())
            counted = _count(session, base, kept, now) if n > FEW else None
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


def _count(
    session: Session, base: Ground, kept: InvitationCounts | None, now: datetime
) -> InvitationCounts:
    """The counts of now, months without a change as they were kept; once a day all are counted."""
    calendar, rules = calendar_of(base.journey), _rules(base)
    marks = _marks(session, base, calendar)
    is_usable = kept is not None and kept.rules == rules and kept.counted_at.date() == now.date()
    before = kept.months if kept is not None and is_usable else {}
    parsed = {segment: parse(name.rule) for segment, name in base.segments.items()}
    months: dict[str, Any] = {}
    for first in months_decided(session, base.ids, calendar):
        written = month_text(first)
        mark = marks.get(written, "")
        if before.get(written, {}).get("mark") == mark:
            months[written] = before[written]
            continue
        begin, end = calendar.bounds(first, _last(first))
        read = funnel.answered_by_segment(
            session, base.ids, parsed, literal(written), begin=begin, end=end
        )
        counted = {str(segment): list(pair) for segment, pair in read.get(written, {}).items()}
        months[written] = {"mark": mark, "segments": counted}
    known = _sent(_counts(months)) == _made(session, base, calendar)
    return InvitationCounts(
        journey_id=base.journey.id, rules=rules, is_known=known, months=months, counted_at=now
    )


def _marks(session: Session, base: Ground, calendar: Calendar) -> dict[str, str]:
    """By month what differs when invitations made in it do: how many there are in which state."""
    states: dict[str, list[str]] = {}
    by = ("month", "survey_id", "state", "is_waiting")
    counted = INVITATIONS.numbers(session, base.ids, by, calendar)
    for ((year, month), *parts), (n, *_) in counted.items():
        if n:
            written = month_text(date(year, month, 1))
            states.setdefault(written, []).append(" ".join(map(str, (*parts, n))))
    return {
        written: sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]
        for written, parts in states.items()
    }


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


def _last(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
