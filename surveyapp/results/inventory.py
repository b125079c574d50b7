"""The inventory: every touchpoint of the journeys that somebody may read, and whether it is surveyed.

Who is surveyed where is read for all of them; numbers of responses only for the rows that are shown,
with the reasons for hiding them that the journeys' own pages have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.results.cells import NOTHING, RESPONSES, MonthKey, Sums
from surveyapp.results.portfolio.headlines import everybody_published, shown_sums
from surveyapp.results.portfolio.kept_months import months_by_key
from surveyapp.results.scope import ALL_TIME
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import Journey, Stage, Touchpoint
from surveyapp.surveys.queries import surveys_in
from surveyapp.surveys.survey import Survey

PAGE = 100  # touchpoints
BATCH = 250  # touchpoints whose responses are counted at once


class Coverage(StrEnum):
    """Whether customers are asked at a touchpoint: by a survey that takes answers now, by none that
    does (a draft, a closed one, one out of its dates), or by no survey at all.
    """

    OPEN = "open"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True)
class InventorySearch:
    """Which touchpoints to list; what is empty does not choose. Archived journeys only if asked for."""

    name: str = ""  # a part of the touchpoint's
    channel: str = ""
    ownership: str = ""
    partner: str = ""
    coverage: str = ""
    truth: bool = False  # only moments of truth
    archived: bool = False

    def finds(self, each: InventoryPlace) -> bool:
        """Whether the touchpoint is one of those."""
        return (
            (self.archived or each.state != "archived")
            and self.name.casefold() in each.name.casefold()
            and self.channel.casefold() in ("", each.channel.casefold())
            and self.ownership in ("", each.ownership)
            and self.partner.casefold() in ("", each.partner.casefold())
            and self.coverage in ("", each.coverage)
            and (each.moment_of_truth or not self.truth)
        )


@dataclass(frozen=True)
class InventoryPlace:
    """A touchpoint with the surveys placed at it. ``state`` is its journey's."""

    id: int
    journey_id: int
    journey_code: str
    journey: str
    state: str
    stage_code: str
    stage: str
    code: str
    name: str
    channel: str
    ownership: str
    partner: str
    moment_of_truth: bool
    surveys: tuple[Survey, ...]
    coverage: Coverage


@dataclass(frozen=True)
class Answered:
    """Responses at a touchpoint, 0 where their number is hidden, and why it is.

    ``last_month`` is the first day of the month of the last one; None without one, or where hidden.
    """

    responses: int = 0
    hidden: Hidden = Hidden.NO
    last_month: date | None = None


@dataclass(frozen=True)
class CoverageCounts:
    """Touchpoints, and how many of them take answers, have only other surveys, or have none.

    All touchpoints are counted and none is sampled, so there is no interval.
    """

    total: int
    open: int
    closed: int
    none: int

    @property
    def percent(self) -> float | None:
        """Of all, those that take answers, in per cent; None of nothing."""
        return 100 * self.open / self.total if self.total else None


def inventory_places(
    session: Session, granted: Select[int] | None, *, now: datetime
) -> list[InventoryPlace]:
    """Every touchpoint, by journey in the order of the list, within it in the customer's order.

    ``granted`` are the ids of the journeys that whoever asks may read; None: all.
    """
    query = (
        select(Journey, Stage, Touchpoint)
        .join(Stage, Stage.journey_id == Journey.id)
        .join(Touchpoint, Touchpoint.stage_id == Stage.id)
        .order_by(
            *(Journey.state == "archived", Journey.name, Journey.id),
            *(Stage.position, Stage.id, Touchpoint.position, Touchpoint.id),
        )
    )
    if granted is not None:
        query = query.where(Journey.id.in_(granted))
    rows = session.execute(query).all()
    placed = _placed(session, {journey.id for journey, _, _ in rows})
    return [
        InventoryPlace(
            id=point.id,
            journey_id=journey.id,
            journey_code=journey.code,
            journey=journey.name,
            state=journey.state,
            stage_code=stage.code,
            stage=stage.name,
            code=point.code,
            name=point.name,
            channel=point.channel,
            ownership=point.ownership,
            partner=point.partner,
            moment_of_truth=point.moment_of_truth,
            surveys=tuple(own := placed.get(point.id, [])),
            coverage=_coverage(own, now),
        )
        for journey, stage, point in rows
    ]


def _placed(session: Session, journeys: Collection[int]) -> dict[int, list[Survey]]:
    found: dict[int, list[Survey]] = {}
    ids = sorted(journeys)
    for at in range(0, len(ids), 500):  # a database takes so many parameters at once
        for survey in surveys_in(session, ids[at : at + 500]):
            if survey.touchpoint_id is not None:
                found.setdefault(survey.touchpoint_id, []).append(survey)
    return found


def _coverage(surveys: Sequence[Survey], now: datetime) -> Coverage:
    if any(survey.is_open(now) for survey in surveys):
        return Coverage.OPEN
    return Coverage.CLOSED if surveys else Coverage.NONE


def coverage_counts(places: Iterable[InventoryPlace]) -> CoverageCounts:
    """How many of these touchpoints are surveyed."""
    found = [each.coverage for each in places]
    return CoverageCounts(len(found), *(found.count(each) for each in Coverage))


def inventory_answers(
    session: Session, places: Sequence[InventoryPlace], *, minimum: int
) -> dict[int, Answered]:
    """Responses by touchpoint, of all customers and all time, hidden as its own page hides them."""
    ids = [survey.id for each in places for survey in each.surveys]
    counted = months_by_key(session, ids, {RESPONSES}, keep=False) if ids else {}
    return {
        each.id: _answered(
            [counted.get((survey.id, RESPONSES), {}) for survey in each.surveys], minimum
        )
        for each in places
    }


def _answered(by_survey: Iterable[Mapping[MonthKey, Sums]], minimum: int) -> Answered:
    months: dict[MonthKey, Sums] = {}
    for own in by_survey:
        for month, sums in own.items():
            months[month] = months.get(month, NOTHING) + sums
    sums, hidden = shown_sums(months, everybody_published(months, minimum=minimum), ALL_TIME)
    if hidden:
        return Answered(hidden=hidden)
    last = max((month for month, own in months.items() if own.n), default=None)
    return Answered(sums.n, last_month=None if last is None else date(*last, 1))


def answered_places(
    session: Session, places: Sequence[InventoryPlace], *, minimum: int
) -> Iterator[tuple[InventoryPlace, Answered]]:
    """Each touchpoint with its responses, some hundred counted at a time."""
    for at in range(0, len(places), BATCH):
        some = places[at : at + BATCH]
        answers = inventory_answers(session, some, minimum=minimum)
        yield from ((each, answers[each.id]) for each in some)
