"""Customers by the month of their first event in a journey, and how many came to its last stage since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from analysis.metrics import Share, share
from surveyapp.results.cells import MonthKey
from surveyapp.results.funnels.passages import Passage, Passages
from surveyapp.results.scope import months_between, period
from surveyapp.results.suppression.customer_groups import why_hidden
from surveyapp.results.view_models import Hidden

MOST_MONTHS = 12
# Why there are counts of cohorts and no scores; docs/researchers/what-stays-hidden.md, "Cohorts".
SCORES_REFUSED = (
    "Scores by cohort are not shown: a cohort answers over several months, so that its scores and those"
    " of the months could be subtracted down to a few customers. To compare cohorts, give customers an"
    " attribute such as the quarter in which they began, and create a segment for each of its values."
)


@dataclass(frozen=True)
class Cohort:
    """The customers of one month. ``reached``: by months since then the share that had come to the last
    stage, as far as events were reported; empty where hidden.
    """

    first: date
    customers: int | None
    reached: tuple[Share, ...]
    hidden: Hidden = Hidden.NO


@dataclass(frozen=True)
class Cohorts:
    """The last twelve months of a scope's history at most; ``months`` since are the columns."""

    stage: str  # the last one
    months: int
    rows: tuple[Cohort, ...]


def cohorts(found: Passages, *, minimum_cell: int = 5) -> Cohorts:
    """The cohorts of the scope's segment; a month is hidden where the number of its customers is."""
    scope, base = found.scope, found.base
    own = [each for each in found.passages if scope.segment_id in each.segments]
    reporting = [stage for stage in base.journey.stages if stage.touchpoints]
    if not own or found.latest is None:
        return Cohorts(reporting[-1].name if reporting else "", 0, ())
    since, until = scope.history.months
    begun = min(each.month for each in own)
    last = min(found.latest, until) if until else found.latest
    shown = months_between(date(*max(begun, since or begun), 1), date(*last, 1))[-MOST_MONTHS:]
    place = base.journey.stages.index(reporting[-1])
    counted = _counted(found.passages)
    rows = tuple(_cohort(found, counted, first, place, minimum_cell) for first in shown)
    columns = max((len(row.reached) for row in rows), default=0)
    return Cohorts(reporting[-1].name, columns, rows)


def _counted(passages: Sequence[Passage]) -> list[Passage]:
    """The same customers without how far they came: what is hidden asks for their number alone, and it
    is asked for each month.
    """
    alike: Counter[tuple[MonthKey, frozenset[int]]] = Counter()
    for each in passages:
        alike[each.month, each.segments] += each.n
    return [Passage(month, segments, (), n) for (month, segments), n in alike.items()]


def _cohort(
    found: Passages, counted: Sequence[Passage], first: date, place: int, minimum: int
) -> Cohort:
    month, segment = (first.year, first.month), found.scope.segment_id
    hidden = why_hidden(
        counted,
        found.base.lying,
        period(first, first),
        segment,
        minimum=minimum,
    )
    if hidden:
        return Cohort(first, None, (), hidden)
    own = [each for each in found.passages if each.month == month and segment in each.segments]
    customers = sum(each.n for each in own)
    if not customers:
        return Cohort(first, 0, ())
    came = [
        (months, each.n)
        for each in own
        for months in each.reached[place : place + 1]
        if months is not None
    ]
    return Cohort(
        first,
        customers,
        tuple(
            share(sum(n for months, n in came if months <= since), customers)
            for since in _observed(month, found.latest)
        ),
    )


def _observed(month: MonthKey, latest: MonthKey | None) -> Iterator[int]:
    """The months since a cohort's own in which events were reported, its own as 0."""
    if latest is not None:
        yield from range(min(MOST_MONTHS, 12 * (latest[0] - month[0]) + latest[1] - month[1] + 1))
