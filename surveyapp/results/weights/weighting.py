"""A journey's scores as they would be if its answers had the known shares of its population.

Everything comes from rollups of the cells of the attributes: how many answered of each, and the sums of
their scores. So a weighted score costs months, not answers. Where a cell could not be told of, no score that
rests on it is shown (``group_publication``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

import numpy as np
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.metrics import summarize
from analysis.scoring import ScoredScale
from analysis.weighting import (
    CellWeights,
    WeightedMean,
    raked_cells,
    weighted_mean_of_cells,
)
from instruments.schema import Metric
from surveyapp.journeys.population_shares import population_shares
from surveyapp.journeys.weighting_cells import (
    MOST_CELLS,
    Values,
    cell_rules,
    combinations,
    weighting_cells,
)
from surveyapp.results import cells, phrases
from surveyapp.results.cells import NOTHING, MonthKey, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.journey import (
    Cell,
    Ground,
    Place,
)
from surveyapp.results.scope import Period, Scope, period
from surveyapp.results.suppression.group_publication import UNKNOWN
from surveyapp.results.suppression.publication import Publication
from surveyapp.results.view_models import Definition, Figure, Margin, Weighted
from surveyapp.results.weights.weighted_groups import ToldGroups, groups_told
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY, PopulationShares, WeightingCell

MOST_GROUPS = 24  # cells with answers: of more, few are large enough, and the check takes long
COUNTING = "Answers are still being counted by the values of the population shares; try again in a few minutes."
_JOIN = "join it with another value in the population shares"
_INTERVAL = "Linearised, Student's t, 95%"
_NO_GROUP = "Hidden, because a small group of customers could be told apart; join values that few customers have."

_ByGroup = Mapping[int, Sums]
_Months = Mapping[Cell, Mapping[MonthKey, Sums]]
_NOBODY = ToldGroups(frozenset(), {})


@dataclass(frozen=True)
class Weighting:
    """What scores of all customers are weighted by; ``refused`` says why none is, else empty.

    ``groups``: the values of each cell by its number, which no segment has.
    """

    margins: tuple[Margin, ...]
    refused: str = ""
    groups: Mapping[int, Values] = field(default_factory=dict)
    told: ToldGroups = _NOBODY

    def score(
        self, several: Sequence[Cell], scored: Scored, sums: _ByGroup, when: Period
    ) -> Weighted:
        """A score of these cells together in some months, of the ``sums`` of each group in them."""
        if self.refused:
            return Weighted(None, refused=self.refused, of_all=True, any_shares=bool(self.margins))
        return _score(self, several, scored, sums, when)


@dataclass(frozen=True)
class PeriodWeights:
    """The weighted scores of a period."""

    by: Weighting
    when: Period
    sums: Mapping[Cell, _ByGroup]

    def of(self, several: Sequence[Cell], scored: Scored, own: Figure) -> Weighted:
        """That of these cells together, nothing where ``own``, it without weights, is not shown."""
        if not own.shown:
            return Weighted(None)
        sums: dict[int, Sums] = {}
        for cell in several:
            for number, each in self.sums.get(cell, {}).items():
                sums[number] = sums.get(number, NOTHING) + each
        return self.by.score(several, scored, sums, self.when)

    def shares(
        self, cell: Cell, scored: Scored, answers: Sequence[Collection[int]]
    ) -> tuple[WeightedMean, ...]:
        """The percentages of a score of one question whose answer is one of these, where the score itself may
        be told with weights (``of``): the answers of each group are known where its score is."""
        sums = self.sums.get(cell, {})
        known = sorted((self.by.groups[n], own) for n, own in sums.items() if n in self.by.groups)
        weights = _weights(
            tuple(values for values, _ in known),
            tuple(own.n for _, own in known),
            _shares_of(self.by),
        )
        counts = [[sum(own.bins[each] for each in some) for _, own in known] for some in answers]
        return tuple(
            weighted_mean_of_cells([100.0 * n for n in given], [1e4 * n for n in given], weights)
            for given in counts
        )


@dataclass(frozen=True)
class MonthWeights:
    """The same month by month."""

    by: Weighting
    everybody: _Months
    groups: Mapping[int, _Months]

    def of(self, cell: Cell, scored: Scored, month: MonthKey, own: Figure) -> Weighted:
        """That of a month, nothing where ``own``, it without weights, is not shown."""
        if not own.shown:
            return Weighted(None)
        return self.by.score([cell], scored, self._sums(cell, month), _month(month))

    def over(self, cell: Cell, scored: Scored, first: MonthKey, last: MonthKey) -> Weighted:
        """That of the months from the first to the last one."""
        months = (month for month in self.everybody.get(cell, {}) if first <= month <= last)
        when = period(date(*first, 1), date(*last, 1))
        return self.by.score([cell], scored, self._added(cell, months), when)

    def together(self, cell: Cell, scored: Scored, months: Iterable[MonthKey]) -> Weighted:
        """That of several months, each of which has one of its own."""
        return _told(self.by, scored, self._added(cell, months))

    def _added(self, cell: Cell, months: Iterable[MonthKey]) -> dict[int, Sums]:
        sums: dict[int, Sums] = {}
        for month in months:
            for number, each in self._sums(cell, month).items():
                sums[number] = sums.get(number, NOTHING) + each
        return sums

    def _sums(self, cell: Cell, month: MonthKey) -> dict[int, Sums]:
        """Those of each group, with the rest as the group that is not known."""
        everybody = self.everybody.get(cell, {}).get(month)
        if everybody is None:
            return {}
        groups = {n: own.get(cell, {}).get(month, NOTHING) for n, own in self.groups.items()}
        return _with_rest(everybody, groups)


def period_weights(
    session: Session, base: Ground, scope: Scope, *, minimum: int
) -> PeriodWeights | None:
    """The weighted scores of a scope's period; None where none are asked for."""
    return weights_of_months(session, base, scope, scope.period, minimum=minimum)


def baseline_weights(
    session: Session, base: Ground, scope: Scope, *, minimum: int
) -> PeriodWeights | None:
    """Those of the months that the scope is compared with; None where there are none, or no weights."""
    return weights_of_months(session, base, scope, scope.baseline, minimum=minimum)


def weights_of_months(
    session: Session, base: Ground, scope: Scope, when: Period | None, *, minimum: int
) -> PeriodWeights | None:
    """Those of other months than the scope's; None where there are none, or no weights are asked for."""
    if not scope.weighted or when is None:
        return None
    by = weighting(session, base, scope, minimum=minimum)
    if by.refused:
        return PeriodWeights(by, when, {})
    # A page's parts ask for the same months, each for itself.
    key = ("group sums", base.journey.id, when, minimum)
    sums = read_once(session, key, lambda: _group_sums(session, base, by, when))
    return PeriodWeights(by, when, sums)


def month_weights(
    session: Session, base: Ground, scope: Scope, at: Collection[Place] | None, *, minimum: int
) -> MonthWeights | None:
    """The weighted scores of every month ``at`` these places, all if None; None where none are asked for."""
    if not scope.weighted:
        return None
    by = weighting(session, base, scope, minimum=minimum)
    if by.refused:
        return MonthWeights(by, {}, {})
    numbers = _stored(by)
    ids = [each for each in base.ids if at is None or base.places[each] in at]
    found = cells.monthly(session, ids, [EVERYBODY, *numbers])
    pooled = {segment: base.pooled_months(own) for segment, own in found.items()}
    groups = {number: pooled[segment] for segment, number in numbers.items()}
    return MonthWeights(by, pooled[EVERYBODY], groups)


def weighting(session: Session, base: Ground, scope: Scope, *, minimum: int) -> Weighting:
    """What the scores of this scope are weighted by. A scope, or shares, that none can be weighted by is
    refused by name."""
    if refused := why_not_weighted(session, scope):
        return Weighting(margins_of(session, base.journey.id), refused)
    key = ("weighting", base.journey.id, minimum)
    return read_once(session, key, lambda: _weighting(session, base, minimum))


def _group_sums(
    session: Session, base: Ground, by: Weighting, when: Period
) -> dict[Cell, dict[int, Sums]]:
    """The sums of each group in a period, of those that have answers."""
    numbers = _stored(by)
    found = cells.sums(session, base.ids, [EVERYBODY, *numbers], since=when.since, until=when.until)
    pooled = {segment: base.pooled(own) for segment, own in found.items()}
    return {
        cell: _with_rest(everybody, {n: pooled[s].get(cell, NOTHING) for s, n in numbers.items()})
        for cell, everybody in pooled[EVERYBODY].items()
    }


def _stored(by: Weighting) -> dict[int, int]:
    """The groups' numbers by those of their rollups."""
    return {UNKNOWN - number: number for number in by.groups}


def _with_rest(everybody: Sums, of_cells: Mapping[int, Sums]) -> dict[int, Sums]:
    """Those of cells with answers, and of who is in none."""
    found = {number: sums for number, sums in of_cells.items() if sums.n}
    rest = everybody - sum(found.values(), start=NOTHING)
    return found | {UNKNOWN: rest} if rest.n else found


def margins_of(session: Session, journey_id: int) -> tuple[Margin, ...]:
    """The known shares of a journey's customers, by the name of the attribute."""
    return tuple(
        Margin(each.attribute, each.shares, each.source, each.counted_on)
        for each in _shares_known(session, journey_id)
    )


def _shares_known(session: Session, journey_id: int) -> Sequence[PopulationShares]:
    """The known shares, read once in a snapshot: a page asks for them several times."""
    key = ("population shares", journey_id)
    return read_once(session, key, lambda: population_shares(session, journey_id))


def _cells_of(session: Session, journey_id: int) -> Mapping[str, WeightingCell]:
    key = ("weighting cells", journey_id)
    return read_once(session, key, lambda: weighting_cells(session, journey_id))


@lru_cache(maxsize=1024)
def _month(month: MonthKey) -> Period:
    day = date(*month, 1)
    return period(day, day)


def why_not_weighted(session: Session, scope: Scope) -> str:
    """Why no score of this scope can be weighted, with the cure; empty where scores can be."""
    if refused := why_never_weighted(session, scope):
        return refused
    return COUNTING if being_counted(session, scope.journey_id) else ""


def being_counted(session: Session, journey_id: int) -> bool:
    """Whether answers are still being counted by the values of the shares, which takes minutes."""
    rules = cell_rules(_shares_known(session, journey_id))
    stored = _cells_of(session, journey_id)
    return any(rule in stored and stored[rule].sorted_to is not None for rule in rules.values())


def why_never_weighted(session: Session, scope: Scope) -> str:
    """The same but for what passes by itself: that answers are still being counted."""
    if not scope.of_everybody:
        return (
            "The shares are those of all customers, and not of a segment; choose all customers to see"
            " weighted scores."
        )
    if scope.channel or scope.language or scope.flagged:
        return (
            "Weighted scores are of all channels and languages, without flagged answers; take these"
            " filters off to see them."
        )
    known = _shares_known(session, scope.journey_id)
    if not known:
        return "No population shares are known for this journey; set them first."
    rules = cell_rules(known)
    if not rules:
        return (
            f"The shares have {combinations(known)} combinations of values; answers are weighted by at most"
            f" {MOST_CELLS}. Join values, or remove an attribute."
        )
    stored = _cells_of(session, scope.journey_id)
    if any(rule not in stored for rule in rules.values()):
        return "Answers are not counted by these shares yet; open one of the shares and save it."
    return ""


def _weighting(session: Session, base: Ground, minimum: int) -> Weighting:
    margins = margins_of(session, base.journey.id)
    rules = cell_rules(_shares_known(session, base.journey.id))
    stored = _cells_of(session, base.journey.id)
    numbers = {UNKNOWN - stored[rule].id: values for values, rule in rules.items()}
    by_number = {UNKNOWN - stored[rule].id: rule for rule in rules.values()}
    groups = groups_told(session, base, by_number, minimum=minimum)
    if len(groups.there) > MOST_GROUPS:
        return Weighting(
            margins,
            f"The answers are of {len(groups.there)} combinations of values; scores are weighted"
            f" by at most {MOST_GROUPS}. Join values, or remove an attribute.",
        )
    there = {number: values for number, values in numbers.items() if number in groups.there}
    return Weighting(margins, "", there, groups)


def _score(
    by: Weighting,
    several: Sequence[Cell],
    scored: Scored,
    sums: _ByGroup,
    when: Period,
) -> Weighted:
    months, groups = when.months, tuple(sorted(sums))
    for cell in several:
        if by.told.is_hidden(cell, months, groups):
            shown = by.told.shown[cell]
            reason = _NO_GROUP if shown is None else _hidden(shown, groups, months)
            return Weighted(None, refused=reason, hidden=True)
    return _told(by, scored, sums)


def _told(by: Weighting, scored: Scored, sums: _ByGroup) -> Weighted:
    """A score of sums whose groups may be told of."""
    known = {by.groups[number]: own for number, own in sums.items() if number in by.groups}
    for at, margin in enumerate(by.margins):
        absent = sorted(set(margin.shares) - {values[at] for values in known})
        if absent:
            return Weighted(
                None,
                refused=f"Nobody answered whose {margin.attribute} is {absent[0]}; {_JOIN}, since nobody"
                " can speak for them.",
            )
    try:
        found = _weighted_mean(scored.scale, tuple(sorted(known.items())), _shares_of(by))
    except AnalysisError as error:
        said = str(error)
        return Weighted(None, refused=f"{said[:1].upper()}{said[1:]}.")
    unknown = sums[UNKNOWN].n if UNKNOWN in sums else 0
    return Weighted(_figure(scored, found), found, unknown)


def _shares_of(by: Weighting) -> _Shares:
    return tuple((each.attribute, tuple(each.shares.items())) for each in by.margins)


_Shares = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]


@lru_cache(maxsize=8192)  # months that are over are the same on every page
def _weighted_mean(
    scale: ScoredScale, known: tuple[tuple[Values, Sums], ...], shares: _Shares
) -> WeightedMean:
    """Raises AnalysisError."""
    weights = _weights(
        tuple(values for values, _ in known), tuple(sums.n for _, sums in known), shares
    )
    points = [score_points(scale, sums) for _, sums in known]
    return weighted_mean_of_cells([p for p, _ in points], [q for _, q in points], weights)


@lru_cache(maxsize=4096)  # the scores of one survey have the same answers
def _weights(
    order: tuple[Values, ...],
    counts: tuple[int, ...],
    shares: _Shares,
) -> CellWeights:
    return raked_cells(order, counts, {name: dict(own) for name, own in shares})


def _hidden(
    shown: Publication, groups: Sequence[int], months: tuple[MonthKey | None, MonthKey | None]
) -> str:
    """Why a score of these months has no weights, with the longer period that it has some in."""
    since, until = months
    for first, last in [run for group in groups for run in shown.runs.get(group, ())]:
        if since is not None and first < since <= last:
            since = first
        if until is not None and first <= until < last:
            until = last
    if (since, until) == months or any(shown.why_hidden(each, since, until) for each in groups):
        return "Hidden, because some group has too few answers in these months."
    longer = period(_day(since), _day(until))
    return (
        "Hidden, because some group has too few answers in these months;"
        f" {phrases.period(longer)} can be shown."
    )


def _day(month: MonthKey | None) -> date | None:
    return None if month is None else date(*month, 1)


def score_points(scale: ScoredScale, sums: Sums) -> tuple[float, float]:
    """The sum of what each answer contributes to the score's estimate, which is their mean, and the sum of
    its squares: of an index 0 to 100, of an NPS 100 for a promoter and -100 for a detractor, of a share 100
    or 0."""
    low, high = scale.minimum, scale.maximum
    if scale.metric is Metric.INDEX:
        unit = 100 / (high - low)
        total = unit * (sums.total - sums.n * low)
        return total, unit**2 * (sums.total_squares - 2 * low * sums.total + sums.n * low**2)
    table = np.array([_point(scale, answer) for answer in range(low, high + 1)])
    counts = np.array(sums.bins[low : high + 1], dtype=float)
    return float(table @ counts), float(table**2 @ counts)


@lru_cache(maxsize=256)
def _point(scale: ScoredScale, answer: int) -> float:
    """The estimate of this answer alone."""
    histogram = [int(place == answer) for place in range(scale.minimum, scale.maximum + 1)]
    total, squares = float(answer), float(answer**2)
    return summarize(scale, n=1, total=total, total_squares=squares, histogram=histogram).estimate


def _figure(scored: Scored, found: WeightedMean) -> Figure:
    low, high = scored.definition.axis
    return Figure(
        _linearised(scored.definition),
        found.n,
        found.estimate,
        max(low, found.low),
        min(high, found.high),
        None,
    )


@lru_cache(maxsize=1024)
def _linearised(definition: Definition) -> Definition:
    """The same score, whose interval is a weighted one."""
    return replace(definition, interval=_INTERVAL)
