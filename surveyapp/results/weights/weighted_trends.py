"""Trends of scores with weights: their months, their change and the control limits of the newest one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from surveyapp.results.cells import MonthKey, Sums
from surveyapp.results.control_limits import trend_limits
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import figure
from surveyapp.results.journey import Cell
from surveyapp.results.view_models import LATEST, Hidden, Month, Trend
from surveyapp.results.weights.weighted_changes import Pair, shown_or_hidden, weighted_contrasts
from surveyapp.results.weights.weighting import MonthWeights, PeriodWeights


@dataclass(frozen=True)
class Asked:
    """A score at a place, its ``sums`` in the period and in the one that is compared with, and whether the
    first of some months and the last ones were answered in different wordings.
    """

    cell: Cell
    scored: Scored
    sums: tuple[Sums, Sums]
    differ: Callable[[Sequence[MonthKey]], bool]


def weighted_trends(
    trends: Sequence[Trend],
    asked: Sequence[Asked],
    weights: MonthWeights,
    periods: tuple[PeriodWeights | None, PeriodWeights | None],
) -> tuple[Trend | None, ...]:
    """Each of these trends with weights; None where no month has any.

    A change is that of the ``periods``, where there are two; else of the last three months with weights
    against the first three, each of which is shown alone.
    """
    found, pairs = [], []
    for one, each in zip(trends, asked, strict=True):
        own = replace(one, months=tuple(map(_with_weights, one.months)))
        pair, other_words = _sides(own, each, weights, periods)
        found.append(replace(own, reworded=other_words))
        pairs.append((None, None) if other_words else pair)
    changes = weighted_contrasts(pairs)
    return tuple(
        replace(one, change=change, limits=trend_limits(one))
        if any(month.figure.shown for month in one.months)
        else None
        for one, change in zip(found, changes, strict=True)
    )


def _with_weights(month: Month) -> Month:
    own = month.figure
    return replace(month, figure=shown_or_hidden(own, own.weighted) if own.shown else own)


def _sides(
    own: Trend,
    each: Asked,
    weights: MonthWeights,
    periods: tuple[PeriodWeights | None, PeriodWeights | None],
) -> tuple[Pair, bool]:
    """The later and the earlier score that are compared, and whether their wordings differ."""
    now, before = periods
    if now is not None and before is not None:
        last, first = (
            by.of([each.cell], each.scored, figure(each.scored, sums, Hidden.NO))
            for by, sums in zip((now, before), each.sums, strict=True)
        )
        return (last, first), own.reworded
    months = [(m.first.year, m.first.month) for m in own.months if m.figure.shown]
    if len(months) < 2 * LATEST:
        return (None, None), False
    early, late = (
        weights.together(each.cell, each.scored, some)
        for some in (months[:LATEST], months[-LATEST:])
    )
    return (late, early), each.differ(months)
