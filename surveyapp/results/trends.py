"""Figures month by month, from rollups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
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
from surveyapp.results.invariance.time_verdicts import Side, gate_change, in_period, time_verdicts
from surveyapp.results.journey import Cell, Ground, Place, ground, publications
from surveyapp.results.registered_changes.markers import Placed, placed_changes
from surveyapp.results.scope import Period, Scope
from surveyapp.results.suppression.publication import Publication
from surveyapp.results.targets.targets import of_segment, place_of
from surveyapp.results.view_models import LATEST, Figure, Hidden, Marker, Month, Trend, Worded
from surveyapp.results.weights.weighted_trends import Asked, weighted_trends
from surveyapp.results.weights.weighting import baseline_weights, month_weights, period_weights
from surveyapp.store.models import EVERYBODY


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
    base, segment_id = ground(session, scope.journey_id, library=library), scope.segment_id
    base.segment(segment_id)
    baseline, window_months = scope.baseline, scope.history.months

    def is_seen(place: Place) -> bool:
        return at is None or place in at

    by_segment = cells.monthly(session, base.ids, [EVERYBODY], facets=scope.facets)
    if segment_id != EVERYBODY:
        seen = [each for each in base.ids if not baseline or is_seen(base.places[each])]
        by_segment |= cells.monthly(session, seen, [segment_id], facets=scope.facets)
    everybody = base.pooled_months(by_segment[EVERYBODY])
    found = base.pooled_months(by_segment[segment_id])
    published = publications(session, base, minimum=minimum_cell, facets=scope.facets)
    worded = wordings_asked(base, library)
    reworded = reworded_cells(session, base, scope, library=library)
    placed = placed_changes(session, base.journey)
    between = (_ends(baseline), _ends(scope.period)) if baseline else None
    verdicts = time_verdicts(session, base, minimum=minimum_cell)
    sides = [in_period(when) for when in (scope.period, baseline)] if baseline else []
    compared = change_sums(session, base, scope, minimum=minimum_cell)
    targets = of_segment(base.targets, segment_id)
    weights = month_weights(session, base, scope, at, minimum=minimum_cell)

    def with_weights(own: Figure, scored: Scored, place: Place, month: MonthKey) -> Figure:
        if weights is None or not is_seen(place):
            return own
        return replace(own, weighted=weights.of((place, scored.scale.id), scored, month, own))

    places: list[tuple[str | None, str | None, int | None, str]] = [(None, None, None, "")]
    for stage in base.journey.stages:
        places += [
            (stage.name, t.name, t.id, place_of(stage.code, t.code)) for t in stage.touchpoints
        ]
    result = []
    ends = []
    asked: list[Asked] = []
    for stage_name, touchpoint, place, code in places:
        for scale, scored in base.scored.get(place, {}).items():
            told = published.get((place, scale))
            months = found.get((place, scale), {})
            whole = everybody.get((place, scale), {})
            if baseline and not is_seen(place):
                months = dict.fromkeys(told.counts.get(segment_id, {}) if told else (), NOTHING)
            window = list(_every_month(months, window_months))
            looked_at = window if is_seen(place) or not baseline else []
            reasons = {
                month: told.why_hidden(segment_id, month, month) if told else Hidden.NO
                for month, _ in looked_at
            }
            alone = {month for month, sums in looked_at if sums.n and not reasons[month]}
            others = {} if segment_id == EVERYBODY else _others(months, whole, alone, told)
            shown = tuple(
                Month(
                    date(*month, 1),
                    with_weights(figure(scored, sums, reasons[month]), scored, place, month),
                    figure(scored, others[month], Hidden.NO) if month in others else None,
                )
                for month, sums in looked_at
            )
            last, first = compared.get((place, scale), (NOTHING, NOTHING))
            other_words = (place, scale) in reworded
            differ = partial(
                _differ, base, worded, _answered(by_segment[EVERYBODY], scale), (place, scale)
            )
            asked.append(Asked((place, scale), scored, (last, first), differ))
            told_by = sides
            if not baseline:
                first, last = _first_and_last([s for m, s in window if m in alone])
                told_by = _sides_of(sorted(alone))
                other_words = first.n > 0 and differ(sorted(alone))
            if other_words:
                first = last = NOTHING
            ends.append((scored, first, last))
            wordings = _wordings(worded, by_segment[EVERYBODY], base, (place, scale), window)
            result.append(
                Trend(
                    *(scored.definition, stage_name, touchpoint, place, shown),
                    wordings=wordings,
                    between=between,
                    target=targets.get((code, scale)),
                    markers=_markers(placed, place, window),
                    reworded=other_words,
                    barring=verdicts.barring((place, scale), *told_by),
                )
            )
    changes = differences([(scored, last, first) for scored, first, last in ends])
    done = [
        replace(one, change=gate_change(change, one.barring), limits=trend_limits(one))
        for one, change in zip(result, changes, strict=True)
    ]
    if weights is None:
        return tuple(done)
    periods = (
        period_weights(session, base, scope, minimum=minimum_cell),
        baseline_weights(session, base, scope, minimum=minimum_cell),
    )
    with_them = weighted_trends(done, asked, weights, periods)
    return tuple(
        replace(one, weighted=_gated(each, one)) for one, each in zip(done, with_them, strict=True)
    )


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


def _differ(
    base: Ground,
    worded: Mapping[Key, str],
    answered: Mapping[int, set[MonthKey]],
    cell: Cell,
    months: Sequence[MonthKey],
) -> bool:
    """Whether the first of these months and the last ones were answered in different wordings."""
    return are_different(base, worded, answered, cell, *_sides_of(months))


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
