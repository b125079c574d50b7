"""The scores of a journey month by month, as what was changed in it is judged by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from analysis.metrics import NetPromoter, Share
from analysis.weighting import WeightedMean
from surveyapp.results import cells
from surveyapp.results.cells import NOTHING, MonthKey, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import estimate, figure
from surveyapp.results.journey import Cell, Ground, publications
from surveyapp.results.registered_changes.effect_months import counted, month_key
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.publication import Publication
from surveyapp.results.view_models import Figure, Hidden, Unit, Weighted
from surveyapp.results.weights.weighting import MonthWeights, month_weights
from surveyapp.store.models import EVERYBODY


@dataclass(frozen=True)
class Series:
    """A score's shown months at one place: sums and figures by counted month."""

    label: str
    scored: Scored
    months: Mapping[int, tuple[Sums, Figure]]
    told: Publication | None
    cell: Cell
    weights: MonthWeights | None = None  # where they are asked for

    @property
    def shown(self) -> list[int]:
        return [month for month, (_, each) in self.months.items() if each.shown]

    @property
    def weighted(self) -> dict[int, WeightedMean]:
        """The scores with weights, of the months that have some."""
        own = {month: each.weighted for month, (_, each) in self.months.items()}
        return {month: each.mean for month, each in own.items() if each and each.mean}

    def weighted_together(self, months: Sequence[int]) -> Weighted | None:
        """The score of these months with weights; None where none are asked for."""
        if self.weights is None:
            return None
        if not months:
            return Weighted(None)
        first, last = month_key(months[0]), month_key(months[-1])
        return self.weights.over(self.cell, self.scored, first, last)

    def together(self, months: Sequence[int]) -> tuple[Sums, Hidden]:
        """The sums of these months, and why not to show them."""
        if not months or self.told is None:
            return NOTHING, Hidden.NO
        ends = month_key(months[0]), month_key(months[-1])
        total = sum((self.months[m][0] for m in months if m in self.months), start=NOTHING)
        return total, self.told.why_hidden(EVERYBODY, *ends)


@dataclass(frozen=True)
class Points:
    """Monthly scores, each of so many answers whose variance is ``answer_variance``."""

    values: list[float]
    counts: list[float]
    answer_variance: float


def points(series: Series, months: Sequence[int]) -> Points:
    figures = [series.months[month][1] for month in months]
    return Points(
        [each.estimate or 0.0 for each in figures],
        [float(each.n or 0) for each in figures],
        answer_variance(series, months),
    )


def weighted_points(series: Series, months: Sequence[int]) -> Points:
    """With weights a month counts as its effective n, and single answers vary as its linearised error says,
    in the mean of all months as without weights."""
    means = [series.weighted[month] for month in months]
    spread = sum(each.n * each.error**2 * each.effective_n for each in means)
    return Points(
        [each.estimate for each in means],
        [each.effective_n for each in means],
        spread / max(1, sum(each.n for each in means)),
    )


def all_series(
    session: Session, base: Ground, *, minimum: int, weighted: bool = False
) -> dict[Cell, Series]:
    """Every score of a journey month by month, of all customers; those without answers left out."""
    scope = Scope(base.journey.id, weighted=weighted)
    weights = month_weights(session, base, scope, None, minimum=minimum)
    monthly = base.pooled_months(cells.monthly(session, base.ids, [EVERYBODY])[EVERYBODY])
    published = publications(session, base, minimum=minimum)
    names = {t.id: t.name for stage in base.journey.stages for t in stage.touchpoints}
    found = {}
    for place, scales in base.scored.items():
        for scale, scored in scales.items():
            sums, told = monthly.get((place, scale), {}), published.get((place, scale))
            if sums and told is not None:
                where = names[place] if place is not None else "Whole journey"
                cell = (place, scale)
                months = _months(scored, sums, told)
                if weights is not None:
                    months = _with_weights(cell, scored, months, weights)
                name = f"{where}: {scored.definition.short}"
                found[cell] = Series(name, scored, months, told, cell, weights)
    return found


def _with_weights(
    cell: Cell,
    scored: Scored,
    months: Mapping[int, tuple[Sums, Figure]],
    weights: MonthWeights,
) -> dict[int, tuple[Sums, Figure]]:
    return {
        month: (
            sums,
            replace(own, weighted=weights.of(cell, scored, month_key(month), own)),
        )
        for month, (sums, own) in months.items()
    }


def _months(
    scored: Scored, sums: Mapping[MonthKey, Sums], told: Publication
) -> dict[int, tuple[Sums, Figure]]:
    return {
        counted(month): (each, figure(scored, each, told.why_hidden(EVERYBODY, month, month)))
        for month, each in sorted(sums.items())
        if each.n
    }


def answer_variance(series: Series, months: Sequence[int]) -> float:
    """How far single answers of one month lie apart, as a variance in the figure's unit squared."""
    groups = [series.months[month][0] for month in months]
    spread = sum(each.n * _variance(series.scored, each) for each in groups)
    return spread / max(1, sum(each.n - 1 for each in groups))


def _variance(scored: Scored, sums: Sums) -> float:
    """The variance of single answers (divisor n) in the figure's unit squared."""
    found = estimate(scored, sums)
    if isinstance(found, Share):
        p = found.yes / found.n
        return 1e4 * p * (1 - p)
    if isinstance(found, NetPromoter):
        return 1e4 * (found.promoters + found.detractors) / found.n - found.estimate**2
    low, high = scored.definition.answers
    unit = 100 / (high - low) if scored.definition.unit is Unit.INDEX else 1.0
    return unit**2 * max(0.0, sums.total_squares / sums.n - (sums.total / sums.n) ** 2)
