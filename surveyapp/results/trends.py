"""Figures month by month, from rollups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results import cells
from surveyapp.results.cells import NOTHING, Key, MonthKey, Sums
from surveyapp.results.changes import change_sums
from surveyapp.results.control_limits import trend_limits
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.rewordings import are_different, reworded_cells, wordings_asked
from surveyapp.results.invariance.time_verdicts import (
    Side,
    TimeVerdicts,
    gate_change,
    in_period,
    time_verdicts,
)
from surveyapp.results.journey import Cell, Ground, Place, ground, publications
from surveyapp.results.registered_changes.markers import Placed, placed_changes
from surveyapp.results.scope import Period, Scope
from surveyapp.results.suppression.publication import Publication
from surveyapp.results.targets.targets import Places, of_segment, place_of
from surveyapp.results.view_models import LATEST, Figure, Hidden, Marker, Month, Trend, Worded
from surveyapp.results.weights.weighted_trends import Asked, weighted_trends
from surveyapp.results.weights.weighting import (
    MonthWeights,
    baseline_weights,
    month_weights,
    period_weights,
)
from surveyapp.store.models import EVERYBODY


@dataclass(frozen=True)
class _History:
    """What every figure's months are made of, read once for all of them."""

    base: Ground
    scope: Scope
    at: Collection[Place] | None
    own: Mapping[Cell, dict[MonthKey, Sums]]  # of the segment
    everybody: Mapping[Cell, dict[MonthKey, Sums]]
    by_survey: Mapping[Key, Mapping[MonthKey, Sums]]  # everybody's
    published: Mapping[Cell, Publication]
    worded: Mapping[Key, str]
    reworded: Collection[Cell]
    placed: Sequence[Placed]
    verdicts: TimeVerdicts
    compared: Mapping[Cell, tuple[Sums, Sums]]  # the last and the first
    targets: Places
    weights: MonthWeights | None

    def is_seen(self, place: Place) -> bool:
        """Whether the months of the place are looked at."""
        return self.at is None or place in self.at

    def is_window_of(self, place: Place) -> bool:
        """Whether its months are needed: to be shown, or because a change is made up of them."""
        return self.is_seen(place) or not self.scope.baseline

    def differ(self, cell: Cell, months: Sequence[MonthKey]) -> bool:
        """Whether the first of these months and the last ones were answered in different wordings."""
        answered = _answered(self.by_survey, cell[1])
        return are_different(self.base, self.worded, answered, cell, *_sides_of(months))


@dataclass(frozen=True)
class _Where:
    """A place by the names that a trend carries."""

    stage: str | None
    touchpoint: str | None
    place: Place
    code: str


@dataclass(frozen=True)
class _Told:
    """A figure's trend before its change is tested together with all others."""

    trend: Trend
    first: Sums
    last: Sums
    asked: Asked


def trend(
    session: Session,
    scope: Scope,
    *,
    at: Collection[Place] | None = None,
    minimum_cell: int = 5,
    library: Library,
) -> tuple[Trend, ...]:
    """Every figure by month: the journey's end first, then touchpoint by touchpoint.

    ``at``: the places whose months are looked at, all if omitted. Of others there is the change, which is
    tested together with theirs, and no month where the months do not make up the change.

    Months too few to be shown alone are hidden together with as many neighbours as make up a group
    that may be known, so that no month follows from the sum of all. A change is that of the period
    against the one that it is compared with, else of the last three shown months against the first
    three. Raises NotFound.
    """
    history = _history(session, scope, at, minimum=minimum_cell, library=library)
    told = [
        _told(history, where, scale, scored)
        for where in _places(history.base)
        for scale, scored in history.base.scored.get(where.place, {}).items()
    ]
    changes = differences([(each.asked.scored, each.last, each.first) for each in told])
    done = [
        replace(
            each.trend,
            change=gate_change(change, each.trend.barring),
            limits=trend_limits(each.trend),
        )
        for each, change in zip(told, changes, strict=True)
    ]
    if history.weights is None:
        return tuple(done)
    periods = (
        period_weights(session, history.base, scope, minimum=minimum_cell),
        baseline_weights(session, history.base, scope, minimum=minimum_cell),
    )
    with_them = weighted_trends(done, [each.asked for each in told], history.weights, periods)
    return tuple(
        replace(one, weighted=_gated(each, one)) for one, each in zip(done, with_them, strict=True)
    )


def _history(
    session: Session,
    scope: Scope,
    at: Collection[Place] | None,
    *,
    minimum: int,
    library: Library,
) -> _History:
    base, segment_id = ground(session, scope.journey_id, library=library), scope.segment_id
    base.segment(segment_id)
    by_segment = cells.monthly(session, base.ids, [EVERYBODY], facets=scope.facets)
    if segment_id != EVERYBODY:
        seen = [
            each for each in base.ids if not scope.baseline or at is None or base.places[each] in at
        ]
        by_segment |= cells.monthly(session, seen, [segment_id], facets=scope.facets)
    return _History(
        base,
        scope,
        at,
        own=base.pooled_months(by_segment[segment_id]),
        everybody=base.pooled_months(by_segment[EVERYBODY]),
        by_survey=by_segment[EVERYBODY],
        published=publications(session, base, minimum=minimum, facets=scope.facets),
        worded=wordings_asked(base, library),
        reworded=reworded_cells(session, base, scope, library=library),
        placed=placed_changes(session, base.journey),
        verdicts=time_verdicts(session, base, minimum=minimum),
        compared=change_sums(session, base, scope, minimum=minimum),
        targets=of_segment(base.targets, segment_id),
        weights=month_weights(session, base, scope, at, minimum=minimum),
    )


def _places(base: Ground) -> Iterator[_Where]:
    """The journey's end, then its touchpoints in their order."""
    yield _Where(None, None, None, "")
    for stage in base.journey.stages:
        for t in stage.touchpoints:
            yield _Where(stage.name, t.name, t.id, place_of(stage.code, t.code))


def _told(history: _History, where: _Where, scale: str, scored: Scored) -> _Told:
    place, cell = where.place, (where.place, scale)
    baseline, published = history.scope.baseline, history.published.get((where.place, scale))
    months = history.own.get(cell, {})
    if not history.is_window_of(place):
        own = published.counts.get(history.scope.segment_id, {}) if published else ()
        months = dict.fromkeys(own, NOTHING)
    window = list(_every_month(months, history.scope.history.months))
    looked_at = window if history.is_window_of(place) else []
    reasons = {
        month: published.why_hidden(history.scope.segment_id, month, month)
        if published
        else Hidden.NO
        for month, _ in looked_at
    }
    alone = {month for month, sums in looked_at if sums.n and not reasons[month]}
    last, first = history.compared.get(cell, (NOTHING, NOTHING))
    asked = Asked(cell, scored, (last, first), partial(history.differ, cell))
    if baseline:
        sides = [in_period(when) for when in (history.scope.period, baseline)]
        is_reworded = cell in history.reworded
    else:
        first, last = _first_and_last([sums for month, sums in window if month in alone])
        sides = _sides_of(sorted(alone))
        is_reworded = first.n > 0 and history.differ(cell, sorted(alone))
    if is_reworded:
        first = last = NOTHING
    found = Trend(
        scored.definition,
        where.stage,
        where.touchpoint,
        place,
        _shown(history, cell, scored, looked_at, reasons),
        wordings=_wordings(history.worded, history.by_survey, history.base, cell, window),
        between=(_ends(baseline), _ends(history.scope.period)) if baseline else None,
        target=history.targets.get((where.code, scale)),
        markers=_markers(history.placed, place, window),
        reworded=is_reworded,
        barring=history.verdicts.barring(cell, *sides),
    )
    return _Told(found, first, last, asked)


def _shown(
    history: _History,
    cell: Cell,
    scored: Scored,
    looked_at: Sequence[tuple[MonthKey, Sums]],
    reasons: Mapping[MonthKey, Hidden],
) -> tuple[Month, ...]:
    """The months of a figure, each beside that of all other customers where both may be shown."""
    months, whole = dict(looked_at), history.everybody.get(cell, {})
    alone = {month for month, sums in looked_at if sums.n and not reasons[month]}
    of_all = history.scope.segment_id == EVERYBODY
    others = {} if of_all else _others(months, whole, alone, history.published.get(cell))
    return tuple(
        Month(
            date(*month, 1),
            _weighted(history, cell, scored, month, figure(scored, sums, reasons[month])),
            figure(scored, others[month], Hidden.NO) if month in others else None,
        )
        for month, sums in looked_at
    )


def _weighted(
    history: _History, cell: Cell, scored: Scored, month: MonthKey, own: Figure
) -> Figure:
    if history.weights is None or not history.is_seen(cell[0]):
        return own
    return replace(own, weighted=history.weights.of(cell, scored, month, own))


def _gated(weighted: Trend | None, one: Trend) -> Trend | None:
    """The score with weights under the same gate."""
    if weighted is None:
        return None
    change = gate_change(weighted.change, one.barring)
    return replace(weighted, change=change, barring=one.barring)


def _sides_of(months: Sequence[MonthKey]) -> list[Side]:
    """The first of these months and the last ones."""
    ends = set(months[:LATEST]), set(months[-LATEST:])
    return [each.__contains__ for each in ends]


def _others(
    months: Mapping[MonthKey, Sums],
    everybody: dict[MonthKey, Sums],
    alone: set[MonthKey],
    published: Publication | None,
) -> dict[MonthKey, Sums]:
    """The sums of all other customers, of the months in which segment and everybody may be shown."""
    told = [
        month
        for month in alone
        if published is not None and not published.why_hidden(EVERYBODY, month, month)
    ]
    return {month: everybody[month] - months.get(month, NOTHING) for month in told}


def _ends(when: Period) -> tuple[date, ...]:
    return tuple(day for day in (when.since, when.until) if day)


def _answered(
    everybody: Mapping[Key, Mapping[MonthKey, Sums]], scale: str
) -> dict[int, set[MonthKey]]:
    """By survey the months with answers to a scale."""
    return {
        survey: {month for month, sums in months.items() if sums.n}
        for (survey, own), months in everybody.items()
        if own == scale
    }


def _wordings(
    worded: Mapping[Key, str],
    everybody: Mapping[Key, Mapping[MonthKey, Sums]],
    base: Ground,
    cell: Cell,
    window: Sequence[tuple[MonthKey, Sums]],
) -> tuple[Worded, ...]:
    """The wordings at a place in the window's months, by the first month of each."""
    place, scale = cell
    instrument = base.scored[place][scale].definition.instrument
    shown = {month for month, _ in window}
    first: dict[str, MonthKey] = {}
    for survey in base.surveys:
        months = everybody.get((survey.id, scale), {})
        answered = [month for month, sums in months.items() if sums.n and month in shown]
        if survey.touchpoint_id == place and answered:
            wording = worded[survey.id, instrument]
            first[wording] = min(first.get(wording, answered[0]), *answered)
    return tuple(
        Worded(wording, date(*month, 1))
        for wording, month in sorted(first.items(), key=lambda each: (each[1], each[0]))
    )


def _markers(
    placed: Sequence[Placed], place: Place, window: Sequence[tuple[MonthKey, Sums]]
) -> tuple[Marker, ...]:
    """The changes at a place in the window's months."""
    shown = {month for month, _ in window}
    return tuple(
        each.marker
        for each in placed
        if each.concerns(place) and (each.marker.first.year, each.marker.first.month) in shown
    )


def _first_and_last(shown: Sequence[Sums]) -> tuple[Sums, Sums]:
    """The first and the last three months together; nothing when they would overlap."""
    if len(shown) < 2 * LATEST:
        return NOTHING, NOTHING
    return (
        sum(shown[:LATEST], start=NOTHING),
        sum(shown[-LATEST:], start=NOTHING),
    )


def _every_month(
    months: dict[MonthKey, Sums], window: tuple[MonthKey | None, MonthKey | None]
) -> Iterator[tuple[MonthKey, Sums]]:
    """Months from the first to the last with answers, empty ones between them included."""
    if not months:
        return
    since, until = window
    month, last = min(months), max(months)
    while month <= last:
        if (since is None or month >= since) and (until is None or month <= until):
            yield month, months.get(month, NOTHING)
        year, number = month
        month = (year + number // 12, number % 12 + 1)
