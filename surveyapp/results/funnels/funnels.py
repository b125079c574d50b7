"""Non-response: whom we asked, whom not and why, and what came of it; with rates and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.metrics import Share, share
from surveyapp.journeys.calendar import UTC_DAYS, Calendar
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.funnels.decision_kinds import kinds_by_month
from surveyapp.results.scope import ALL_TIME, Period
from surveyapp.results.suppression.customer_groups import NO_FACET, why_hidden
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import within
from surveyapp.results.view_models import Hidden
from surveyapp.sampling import funnel as counting
from surveyapp.sampling.funnel import Counts
from surveyapp.sampling.reasons import Reason
from surveyapp.store.models import EVERYBODY, Segment
from surveyapp.surveys.survey import Survey

Rate = Share | None  # 0 to 100 with Wilson's interval; None of nobody


@dataclass(frozen=True)
class FunnelStage:
    """How many came this far, and which share of the step that ``of`` names."""

    name: str
    n: int
    of: str
    rate: Rate


@dataclass(frozen=True)
class Why:
    """How many were not asked for one reason, and which share of all decisions that is."""

    words: str
    sentence: str
    n: int
    rate: Rate


@dataclass(frozen=True)
class Funnel:
    """One or several surveys' decisions: ``decided`` is ``asked`` and all of ``reasons``.

    Of the asked, ``waiting`` are still to be sent and ``held_back`` were not sent in the end.
    """

    decided: int
    asked: int
    waiting: int
    held_back: int
    steps: tuple[FunnelStage, ...]
    reasons: tuple[Why, ...]

    @property
    def answered(self) -> FunnelStage:
        return self.steps[-1]


@dataclass(frozen=True)
class Row:
    """The funnel of one survey; ``stage`` and ``touchpoint`` are None at the journey's end."""

    survey: Survey
    stage: str | None
    touchpoint: str | None
    funnel: Funnel


@dataclass(frozen=True)
class SegmentRow:
    """The funnel of one segment, None where ``hidden`` says why it is not shown."""

    name: str
    hidden: Hidden
    funnel: Funnel | None


@dataclass(frozen=True)
class _Asked:
    """Customers alike in month and segments who were asked."""

    month: MonthKey
    segments: frozenset[int]
    n: int
    facet: Facet = NO_FACET


def funnels(
    session: Session,
    surveys: Sequence[Survey],
    when: Period = ALL_TIME,
    calendar: Calendar = UTC_DAYS,
) -> tuple[Row, ...]:
    """The funnel of each survey, of decisions made in these whole months; a few queries."""
    ids = [survey.id for survey in surveys]
    found = counting.by_survey(session, ids, calendar, since=when.since, until=when.until)
    return tuple(_row(survey, found[survey.id]) for survey in surveys)


def by_segment(
    session: Session,
    surveys: Sequence[Survey],
    when: Period = ALL_TIME,
    calendar: Calendar = UTC_DAYS,
    *,
    minimum_cell: int = 5,
) -> tuple[SegmentRow, ...] | None:
    """The funnel of everybody and of each segment, of surveys taken together; None of a large journey until
    a worker has counted it.

    A segment of which fewer than ``minimum_cell`` were asked is hidden, and so is what would give
    it away, by another period too. What an anonymous survey does not keep is left out for all.
    """
    segments = list(session.scalars(select(Segment).order_by(Segment.name, Segment.id)))
    if not segments or not surveys:
        return ()
    numbers = [survey.id for survey in surveys]
    by_id = sorted(segments, key=lambda segment: segment.id)
    months = kinds_by_month(session, surveys[0].journey_id, numbers, by_id, calendar)
    if months is None:
        return None
    asked = [
        _Asked(month, inside, counts.asked)
        for month, kinds in months.items()
        for inside, counts in kinds.items()
        if counts.asked
    ]
    since, until = when.months
    found = dict.fromkeys((EVERYBODY, *(segment.id for segment in segments)), Counts())
    for month, kinds in months.items():
        if within(month, since, until):
            for inside, counts in kinds.items():
                for number in inside:
                    found[number] += counts
    lying = overlaps(tuple((segment.id, segment.rule) for segment in segments))
    hidden = {
        number: why_hidden(asked, lying, when, number, minimum=minimum_cell) for number in found
    }
    names = {EVERYBODY: "All customers", **{segment.id: segment.name for segment in segments}}
    anonymous = any(survey.anonymity == "anonymous" for survey in surveys)
    return tuple(
        SegmentRow(
            names[number],
            hidden[number],
            _funnel(counts, anonymous=anonymous) if hidden[number] is Hidden.NO else None,
        )
        for number, counts in found.items()
    )


def of_list(counts: Counts, *, anonymous: bool) -> Funnel:
    """The funnel of a list of customers; ``counts`` decided about each who stands on it."""
    return _funnel(counts, anonymous=anonymous, decided="on list")


def _row(survey: Survey, counts: Counts) -> Row:
    return Row(
        survey,
        survey.stage,
        None if survey.at_end else survey.touchpoint,
        _funnel(counts, anonymous=survey.anonymity == "anonymous"),
    )


def _funnel(counts: Counts, *, anonymous: bool, decided: str = "interactions") -> Funnel:
    sent = counts.sent
    delivered = sent - counts.returned
    steps = [
        FunnelStage("Invited", counts.asked, decided, _rate(counts.asked, counts.decided)),
        FunnelStage("Sent", sent, "asked", _rate(sent, counts.asked)),
        FunnelStage("Delivered", delivered, "sent", _rate(delivered, sent)),
    ]
    if not anonymous:
        steps += [
            FunnelStage("Opened", counts.opened, "sent", _rate(counts.opened, sent)),
            FunnelStage("Started", counts.started, "sent", _rate(counts.started, sent)),
        ]
    steps.append(FunnelStage("Answered", counts.completed, "sent", _rate(counts.completed, sent)))
    order = {reason.value: reason for reason in Reason}
    reasons = sorted(counts.skipped.items(), key=lambda each: -each[1])
    return Funnel(
        decided=counts.decided,
        asked=counts.asked,
        waiting=max(0, counts.asked - sent - counts.held_back),
        held_back=counts.held_back,
        steps=tuple(steps),
        reasons=tuple(
            Why(order[name].words, order[name].sentence, n, _rate(n, counts.decided))
            for name, n in reasons
            if name in order
        ),
    )


def _rate(n: int, of: int) -> Rate:
    """None too where more came than were counted: an answer before its message was marked as sent."""
    return share(n, of) if of and n <= of else None
