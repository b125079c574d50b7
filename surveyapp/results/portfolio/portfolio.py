"""The portfolio: every journey that somebody may see, the worst first, in a handful of queries.

The scores of all chosen journeys are read to rank them and to correct their changes together; what
else stands in a row is read for the rows of one page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from analysis.change_power import ChangePower
from analysis.metrics import Share
from analysis.ranks import Rank
from instruments.loader import Library
from surveyapp.journeys.portfolio import Listed
from surveyapp.results.invariance.comparability import Comparability
from surveyapp.results.invariance.journey_verdicts import verdicts_between
from surveyapp.results.invariance.time_verdicts import end_verdicts
from surveyapp.results.journey import ground
from surveyapp.results.portfolio.details import Answers, Gap, details
from surveyapp.results.portfolio.headlines import (
    HEADLINES,
    Key,
    Monthly,
    headlines,
    power_of,
    with_changes,
)
from surveyapp.results.portfolio.ranking import ranking
from surveyapp.results.scope import Period, Scope, months_between, period
from surveyapp.results.targets.targets import beside_target, of_segment, targets_of
from surveyapp.results.view_models import Compared, End, Figure, Month, Weighted
from surveyapp.results.weights.weighted_changes import with_changes as with_weighted_changes
from surveyapp.results.weights.weighting import period_weights
from surveyapp.surveys.survey import Survey

PAGE = 25  # journeys
_SPARK = 12  # months
BY_NAME, BY_GROUP = "name", "group"
ORDERS = (*HEADLINES, BY_GROUP, BY_NAME)  # of a group, the worst first, too


@dataclass(frozen=True)
class Line:
    """A journey in the list. ``trend`` and ``rank`` are of the score that the list is ordered by.

    ``weakest`` is the stage with the lowest score against all others, None where fewer than two have
    answers. ``rate`` is None where nobody was invited or it may not be shown.
    """

    journey: Listed
    figures: tuple[Figure, ...]
    rank: Rank | None
    shares_rank: bool
    trend: tuple[Month, ...]
    weakest: End | None
    answers: Answers
    rate: Share | None
    overdue: int
    stages: int
    touchpoints: int

    @property
    def not_weighted(self) -> str:
        """Why none of its scores has weights, though population shares are known; else empty."""
        found = (each.weighted for each in self.figures if each.weighted is not None)
        return next((each.refused for each in found if each.of_all and each.any_shares), "")

    def figure(self, scale: str) -> Figure | None:
        """The figure of this scale; None where the journey does not ask it."""
        return next((each for each in self.figures if each.definition.scale == scale), None)


@dataclass(frozen=True)
class Portfolio:
    """One page of the list. ``total`` counts all journeys that were chosen, ``ranked`` those of them
    whose scores have ranks; ``power`` is of the first line's figure in the list's order. ``verdict``
    says whether ranks of an index are there: None where it is of another score, or nothing to compare.
    """

    lines: tuple[Line, ...]
    order: str  # a scale, BY_GROUP or BY_NAME
    scale: str  # that ranks, trends and the sentence are of
    total: int
    ranked: int
    page: int
    pages: int
    when: Period
    compared: Compared | None
    power: ChangePower | None
    gaps: tuple[Gap, ...]
    told: tuple[Survey, ...]  # surveys of the page's journeys that may be quoted from
    verdict: Comparability | None = None
    not_compared: tuple[str, ...] = ()  # names of journeys that the verdict does not speak of


@dataclass(frozen=True)
class Asked:
    """Which page of the list: the months, those compared with, the order and the page's number; and whether
    its scores have weights, too."""

    when: Period
    before: Period | None
    order: str = ""  # empty: by the score that most journeys have
    page: int = 1
    today: date = date.max  # the last month of trends where the period is open
    weighted: bool = False


def portfolio(
    session: Session,
    chosen: Sequence[Listed],
    asked: Asked,
    *,
    now: datetime,
    minimum_cell: int = 5,
    library: Library,
) -> Portfolio:
    """These journeys, the lowest score first, with what their rows show."""
    many = len(chosen) > PAGE
    ids = [each.id for each in chosen]
    found = headlines(session, ids, minimum=minimum_cell, library=library, keep=many)
    tests = end_verdicts(session, ids)
    changed = with_changes(found, asked.when, asked.before, tests)
    figures = _with_targets(session, ids, changed)
    order = asked.order or _usual(figures)
    scale = order if order in HEADLINES else _usual(figures)
    verdict = verdicts_between(session, found).get(scale)
    ranks = ranking(
        {
            journey: (each.scored, each.sums(asked.when)[0])
            for (journey, of), each in found.items()
            if of == scale and (verdict is None or (verdict.allows and journey in verdict.covered))
        }
    )
    ordered = _ordered(chosen, figures, ranks, scale)
    if order == BY_NAME:
        ordered = list(chosen)
    elif order == BY_GROUP:
        ordered = sorted(ordered, key=lambda each: (not each.group, each.group))
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(max(1, asked.page), pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    rows = details(
        session, shown, asked.when, now=now, minimum=minimum_cell, library=library, keep=many
    )
    if asked.weighted:
        numbers = [each.id for each in shown]
        figures |= _weighted(
            session, numbers, figures, asked, minimum=minimum_cell, library=library
        )
    firsts = [rank.first for rank in ranks.values()]
    lines = tuple(
        Line(
            journey=each,
            figures=tuple(figures[each.id, s] for s in HEADLINES if (each.id, s) in figures),
            rank=ranks.get(each.id),
            shares_rank=each.id in ranks and firsts.count(ranks[each.id].first) > 1,
            trend=_trend(found.get((each.id, scale)), asked),
            weakest=rows.weakest.get(each.id),
            answers=rows.answers[each.id],
            stages=rows.places[each.id][0],
            touchpoints=rows.places[each.id][1],
            rate=rows.rates.get(each.id),
            overdue=rows.overdue.get(each.id, 0),
        )
        for each in shown
    )
    return Portfolio(
        lines=lines,
        order=order,
        scale=scale,
        total=len(ordered),
        ranked=len(ranks),
        page=page,
        pages=pages,
        when=asked.when,
        compared=_compared(asked.before, figures),
        power=_power(found, lines, scale, asked),
        gaps=rows.gaps,
        told=rows.told,
        verdict=verdict,
        not_compared=tuple(
            each.name
            for each in shown
            if verdict is not None
            and verdict.allows
            and (each.id, scale) in found
            and each.id not in verdict.covered
        ),
    )


def _with_targets(
    session: Session, ids: Sequence[int], figures: Mapping[Key, Figure]
) -> dict[Key, Figure]:
    """The figures beside the targets of the journeys' ends."""
    aims = {journey: of_segment(targets) for journey, targets in targets_of(session, ids).items()}
    return {key: beside_target(each, "", aims[key[0]]) for key, each in figures.items()}


def _weighted(
    session: Session,
    journeys: Sequence[int],
    figures: Mapping[Key, Figure],
    asked: Asked,
    *,
    minimum: int,
    library: Library,
) -> dict[Key, Figure]:
    """The figures of these journeys with weights beside, or why they have none, and their changes."""
    keys: list[Key] = []
    now: list[Weighted] = []
    before: list[Weighted] = []
    for journey in journeys:
        own = {s: figures[journey, s] for s in HEADLINES if (journey, s) in figures}
        if not any(each.shown for each in own.values()):
            continue
        base = ground(session, journey, library=library)
        for when, into in ((asked.when, now), (asked.before, before)):
            if when is None:
                continue
            scope = Scope(journey, since=when.since, until=when.until, weighted=True)
            weights = period_weights(session, base, scope, minimum=minimum)
            for scale, each in own.items():
                of = each if when is asked.when or each.change is None else each.change.before
                cell, scored = (None, scale), base.scored[None][scale]
                into.append(weights.of([cell], scored, of) if weights else Weighted(None))
        keys += [(journey, scale) for scale in own]
    if asked.before is not None:
        changes = [figures[key].change for key in keys]
        reworded = [each is not None and each.reworded for each in changes]
        barring = [each.barring if each else None for each in changes]
        now = list(with_weighted_changes(now, before, reworded, barring))
    found = {key: replace(figures[key], weighted=of) for key, of in zip(keys, now, strict=True)}
    return _with_targets(session, journeys, found)


def _usual(figures: Mapping[Key, Figure]) -> str:
    """The score that most journeys have, the first of those that equally many have."""
    counts = {
        scale: sum(each.shown for (_, of), each in figures.items() if of == scale)
        for scale in HEADLINES
    }
    return max(HEADLINES, key=lambda scale: counts[scale])


def _ordered(
    chosen: Sequence[Listed],
    figures: Mapping[Key, Figure],
    ranks: Mapping[int, Rank],
    scale: str,
) -> list[Listed]:
    """By rank, within a rank by the estimate; those without a score last, as they came."""

    def place(each: Listed) -> tuple[bool, int, float]:
        shown = figures.get((each.id, scale))
        if shown is None or shown.estimate is None:
            return True, 0, 0.0
        rank = ranks.get(each.id)
        return False, rank.first if rank else len(ranks) + 1, shown.estimate

    return sorted(chosen, key=place)


def _compared(before: Period | None, figures: Mapping[Key, Figure]) -> Compared | None:
    if before is None or before.since is None or before.until is None:
        return None
    tested = sum(bool(each.change and each.change.contrast) for each in figures.values())
    return Compared(before.since, before.until, tested)


def _power(
    found: Mapping[Key, Monthly], lines: Sequence[Line], scale: str, asked: Asked
) -> ChangePower | None:
    first = found.get((lines[0].journey.id, scale)) if lines else None
    if first is None or asked.before is None:
        return None
    return power_of(first, asked.when, asked.before)


def _trend(each: Monthly | None, asked: Asked) -> tuple[Month, ...]:
    """The last twelve months up to the period's end."""
    if each is None:
        return ()
    last = asked.when.until or asked.today
    year = period(last, last).earlier(_SPARK - 1)
    if year is None or year.since is None:
        return ()
    return tuple(
        Month(first, each.figure(period(first, first)))
        for first in months_between(year.since, last)
    )
