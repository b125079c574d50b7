"""What stands in a journey's row beside its scores, read for all rows of a page at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from analysis.metrics import Share, share
from instruments.loader import Library
from surveyapp.journeys.portfolio import Listed
from surveyapp.results import definitions
from surveyapp.results.cells import NOTHING, RESPONSES, Key, Sums
from surveyapp.results.funnels.invitations_made import invitations
from surveyapp.results.journey import Ground, Place
from surveyapp.results.portfolio.headlines import everybody_published, shown_sums
from surveyapp.results.portfolio.kept_months import Months, months_by_key
from surveyapp.results.scope import Period
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.shown_cells import Cells
from surveyapp.results.view_models import End, Hidden, Priority
from surveyapp.results.weak_points import gaps, lowest
from surveyapp.store.models import Case, Journey, Stage, SurveyRow
from surveyapp.surveys.queries import surveys_in
from surveyapp.surveys.survey import Survey

MOST_GAPS = 3


@dataclass(frozen=True)
class Answers:
    """Submissions at the places whose number may be shown, and how many other places have some."""

    shown: int
    places_hidden: int


@dataclass(frozen=True)
class Gap:
    """A touchpoint to look at first."""

    journey: Listed
    priority: Priority


@dataclass(frozen=True)
class Details:
    """By journey, as far as there is any; ``gaps`` of all of them together."""

    weakest: Mapping[int, End]
    answers: Mapping[int, Answers]
    rates: Mapping[int, Share]
    overdue: Mapping[int, int]
    places: Mapping[int, tuple[int, int]]  # stages and touchpoints
    gaps: tuple[Gap, ...]
    told: tuple[Survey, ...]  # of which the number of answers may be shown, and there are some


def details(
    session: Session,
    shown: Sequence[Listed],
    when: Period,
    *,
    now: datetime,
    minimum: int,
    library: Library,
    keep: bool = False,
) -> Details:
    """What stands in the rows of a page beside the scores, for all of them at once."""
    bases = grounds(session, [each.id for each in shown], library)
    scales = {
        next(iter(scored), "")
        for base in bases.values()
        for place, scored in base.scored.items()
        if place is not None
    }
    surveys = [survey for base in bases.values() for survey in base.surveys]
    counted = months_by_key(session, [each.id for each in surveys], {*scales, RESPONSES}, keep=keep)
    found = {key: _cells(base, counted, when, minimum) for key, base in bases.items()}
    hidden = {
        survey.id
        for base in bases.values()
        for survey in base.surveys
        if _is_hidden(survey, found[base.journey.id], counted, when, minimum)
    }
    known = {each.id: each for each in shown}
    weakest = {key: next(lowest(base, found[key]), None) for key, base in bases.items()}
    told = [each for each in surveys if each.id not in hidden]
    return Details(
        weakest={key: end for key, end in weakest.items() if end is not None},
        answers={key: _answers(found[key]) for key in bases},
        rates=_rates(session, shown, told, when),
        overdue=_overdue(session, list(bases), now),
        places={
            key: (
                len(base.journey.stages),
                sum(len(stage.touchpoints) for stage in base.journey.stages),
            )
            for key, base in bases.items()
        },
        told=tuple(
            each
            for each in told
            if _within(counted.get((each.id, RESPONSES), {}), when, minimum)[0].n
        ),
        gaps=tuple(
            Gap(known[base.journey.id], priority)
            for base, priority in gaps([(base, found[key]) for key, base in bases.items()])[
                :MOST_GAPS
            ]
        ),
    )


def grounds(session: Session, ids: Collection[int], library: Library) -> dict[int, Ground]:
    """The maps and surveys of these journeys, without segments: only all customers are looked at."""
    journeys = session.scalars(
        select(Journey)
        .where(Journey.id.in_(ids))
        .options(selectinload(Journey.stages).selectinload(Stage.touchpoints))
    )
    surveys: dict[int, list[Survey]] = {}
    for survey in surveys_in(session, ids):
        surveys.setdefault(survey.journey_id, []).append(survey)
    return {
        journey.id: _ground(journey, surveys.get(journey.id, []), library) for journey in journeys
    }


def _ground(journey: Journey, surveys: Sequence[Survey], library: Library) -> Ground:
    at: dict[Place, list[Survey]] = {}
    for survey in surveys:
        at.setdefault(survey.touchpoint_id, []).append(survey)
    return Ground(
        journey=journey,
        surveys=tuple(surveys),
        scored={place: definitions.scored(rows, library=library) for place, rows in at.items()},
        segments={},
        sorting={},
        lying=overlaps(()),
        places={survey.id: survey.touchpoint_id for survey in surveys},
        targets=(),
    )


_Counted = Mapping[Key, Months]


def cells_of(
    session: Session,
    bases: Mapping[int, Ground],
    scales: Collection[str],
    when: Period,
    *,
    minimum: int,
) -> dict[int, Cells]:
    """The sums of these scales by journey, place and scale, with the reason for hiding each."""
    ids = [survey.id for base in bases.values() for survey in base.surveys]
    counted = months_by_key(session, ids, scales, keep=False)
    return {key: _cells(base, counted, when, minimum) for key, base in bases.items()}


def _cells(base: Ground, counted: _Counted, when: Period, minimum: int) -> Cells:
    """A journey's sums in the period by place and scale, with the reason for hiding each."""
    own = {
        (survey.id, scale): dict(months)
        for survey in base.surveys
        for (of, scale), months in counted.items()
        if of == survey.id
    }
    return {
        cell: _within(months, when, minimum) for cell, months in base.pooled_months(own).items()
    }


def _within(months: Months, when: Period, minimum: int) -> tuple[Sums, Hidden]:
    return shown_sums(months, everybody_published(months, minimum=minimum), when)


def _is_hidden(survey: Survey, found: Cells, counted: _Counted, when: Period, minimum: int) -> bool:
    """Whether the number of a survey's answers may not be shown: its place's may not, or its own."""
    _, reason = found.get((survey.touchpoint_id, RESPONSES), (NOTHING, Hidden.NO))
    return bool(reason or _within(counted.get((survey.id, RESPONSES), {}), when, minimum)[1])


def _answers(found: Cells) -> Answers:
    counted = [each for (_, scale), each in found.items() if scale == RESPONSES]
    return Answers(
        shown=sum(sums.n for sums, reason in counted if not reason),
        places_hidden=sum(bool(reason) for _, reason in counted),
    )


def _rates(
    session: Session, shown: Sequence[Listed], surveys: Sequence[Survey], when: Period
) -> dict[int, Share]:
    """Of the invitations made in the period to these surveys, how many were answered, by journey."""
    calendars = {each.id: each.calendar for each in shown}
    sent: dict[int, list[int]] = {}
    for calendar in set(calendars.values()):
        own = {each.id: each for each in surveys if calendars[each.journey_id] == calendar}
        for survey_id, states in invitations(session, list(own), when, calendar).items():
            completed = states.get("completed", 0)
            into = sent.setdefault(own[survey_id].journey_id, [0, 0])
            into[0] += completed
            into[1] += completed + states.get("opened", 0) + states.get("created", 0)
    return {journey: share(done, of) for journey, (done, of) in sent.items() if of}


def _overdue(session: Session, ids: Collection[int], now: datetime) -> dict[int, int]:
    """Cases that are not closed and past their day, by journey."""
    rows = session.execute(
        select(SurveyRow.journey_id, func.count())
        .join(Case, Case.survey_id == SurveyRow.id)
        .where(SurveyRow.journey_id.in_(ids), Case.state != "closed", Case.due_at < now)
        .group_by(SurveyRow.journey_id)
    )
    return {journey: n for journey, n in rows}  # noqa: C416  # rows are no pairs to mypy
