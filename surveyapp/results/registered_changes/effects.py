"""What the scores did where something was changed: before and after, as a series, and against a control.

All from the sums of whole months that may be shown, of all customers; nothing is estimated from a
hidden month.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from analysis.difference_in_differences import LEAST_SIDE as LEAST_CONTROLLED
from analysis.difference_in_differences import DifferenceInDifferences, difference_in_differences
from analysis.errors import DataError
from analysis.interrupted_series import LEAST, LEAST_SIDE, InterruptedSeries, interrupted_series
from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.time_gate import FREE, Barred, among, time_gate
from surveyapp.results.invariance.time_verdicts import gate_change
from surveyapp.results.journey import Cell, Place, ground
from surveyapp.results.registered_changes.effect_months import (
    EffectMonths,
    counted,
    effect_months,
    first_day,
    month_key,
)
from surveyapp.results.registered_changes.effect_series import (
    Points,
    Series,
    all_series,
    weighted_points,
)
from surveyapp.results.registered_changes.effect_series import points as plain_points
from surveyapp.results.registered_changes.markers import Placed, placed_changes
from surveyapp.results.view_models import (
    Contrast,
    Definition,
    Figure,
    Hidden,
    Marker,
    Month,
    Trend,
)
from surveyapp.results.weights.weighted_changes import weighted_contrasts

LEAST_ANSWERS = 30  # on either side of a change


@dataclass(frozen=True)
class Missing:
    """What is missing for an estimate: on which side, how much is there and needed, of what.

    ``enough`` is the first day on which there will be enough at the present rate; None where that
    cannot be told, as for the side before, to which nothing is added any more.
    """

    side: str  # "before", "after", "in all"
    have: int
    need: int
    what: str  # "months", "answers"
    enough: date | None = None


@dataclass(frozen=True)
class BeforeAfter:
    """A score in the months before and after a change; ``contrast`` is after minus before (Holm).

    ``barred``: what keeps the sides from being compared.
    """

    key: str  # that chooses it in an address
    label: str
    definition: Definition
    before: Figure
    after: Figure
    contrast: Contrast | None
    missing: Missing | None
    barred: Barred = FREE
    weighted: Contrast | None = None  # of the scores with weights


@dataclass(frozen=True)
class SeriesEffect:
    """The segmented regression of one score; ``found`` is None where something is ``missing``, or the sides
    were answered in different wordings. ``weighted`` is that of the score with weights, where these are asked
    for.
    """

    found: InterruptedSeries | None
    missing: Missing | None
    barred: Barred = FREE
    weighted: SeriesEffect | None = None


@dataclass(frozen=True)
class ControlEffect:
    """A score against that of a control; ``trend`` has both, the control as the rest. ``weighted`` is the
    same of both scores with weights, where these are asked for.
    """

    label: str
    trend: Trend
    found: DifferenceInDifferences | None
    missing: Missing | None
    barred: Barred = FREE
    weighted: ControlEffect | None = None


@dataclass(frozen=True)
class ChangeEffect:
    """What is known of a change's effect.

    ``before`` and ``after`` are the first and last day of the months compared as a whole, None without
    any. ``overlapping`` are other changes that fall into the months looked at, ``control_changes``
    those at the control.
    """

    rows: tuple[BeforeAfter, ...]
    chosen: BeforeAfter | None
    series: SeriesEffect | None
    control: ControlEffect | None
    controls: tuple[tuple[str, str], ...]  # (key, label) to choose from
    before: tuple[date, date] | None
    after: tuple[date, date] | None
    overlapping: tuple[Marker, ...] = ()
    control_changes: tuple[Marker, ...] = ()


PointsOf = Callable[[Sequence[int]], Points]


class Effects:
    """A change's journey, read once, with the months on both sides."""

    def __init__(
        self,
        session: Session,
        journey_id: int,
        change_id: int,
        *,
        today: date,
        minimum_cell: int,
        library: Library,
        weighted: bool = False,
    ) -> None:
        self.session, self.minimum, self.library = session, minimum_cell, library
        self.is_weighted = weighted
        self.base = ground(session, journey_id, library=library)
        self.placed = placed_changes(session, self.base.journey)
        self.own = next(each for each in self.placed if each.change.id == change_id)
        self.months: EffectMonths = effect_months(self.own.change)
        self.gate = time_gate(session, self.base, minimum=minimum_cell, library=library)
        self.today = counted((today.year, today.month))
        self.series = all_series(session, self.base, minimum=minimum_cell, weighted=weighted)

    def effect(
        self, chosen: str = "", control: str = "", *, others: Sequence[int] = ()
    ) -> ChangeEffect:
        """Everything about the change; ``chosen`` and ``control`` are keys of a row and of a control.

        ``others``: ids of further journeys whose scores may be a control. Raises Invalid for a key that
        is none.
        """
        rows = self._rows()
        if not rows:
            return ChangeEffect((), None, None, None, (), None, None)
        row = next((each for each in rows if each.key == chosen), None if chosen else rows[0])
        if row is None:
            raise Invalid(f"score={chosen[:20]} is not here; choose from the list.", field="score")
        cell = cell_of(row.key)
        series = self.series[cell]
        controls = self._controls(cell, others)
        against = controls.get(control)
        if control and against is None:
            raise Invalid(
                f"control={control[:20]} is not here; choose from the list.", field="control"
            )
        window = self.months.windows(list(range(min(series.months), self.today + 1)))
        return ChangeEffect(
            rows,
            row,
            self._interrupted(cell, series),
            self._against(cell, series, against[0]) if against else None,
            tuple((key, other.label) for key, (other, _) in controls.items()),
            before=_ends(window[0]),
            after=_ends(window[1]),
            overlapping=self._overlapping(self.placed, cell[0], window),
            control_changes=self._overlapping(against[1], None, window) if against else (),
        )

    def _rows(self) -> tuple[BeforeAfter, ...]:
        """The scores that the change concerns: those of its touchpoints, then those of the end."""
        own = [
            (cell, series)
            for cell, series in self.series.items()
            if series.scored.definition.parent is None
            and (cell[0] is None or (self.own.touchpoints and self.own.concerns(cell[0])))
        ]
        own.sort(key=lambda each: each[0][0] is None)
        sides = [self._sides(series) for _, series in own]
        barred = [
            self._barred(cell, *self.months.windows(sorted(series.months))) for cell, series in own
        ]
        contrasts = differences(
            [
                (series.scored, NOTHING, NOTHING)
                if late[1] or early[1] or _few(early[0], late[0]) or bar.reworded
                else (series.scored, late[0], early[0])
                for (_, series), (early, late), bar in zip(own, sides, barred, strict=True)
            ]
        )
        windows = [self.months.windows(sorted(series.months)) for _, series in own]
        with_weights = [
            tuple(series.weighted_together(months) for months in window)
            for (_, series), window in zip(own, windows, strict=True)
        ]
        weighted = weighted_contrasts(
            [
                (None, None) if contrast is None else (late, early)
                for (early, late), contrast in zip(with_weights, contrasts, strict=True)
            ]
        )
        return tuple(
            BeforeAfter(
                key_of(cell),
                series.label,
                series.scored.definition,
                replace(figure(series.scored, *early), weighted=by[0]),
                replace(figure(series.scored, *late), weighted=by[1]),
                gate_change(contrast, bar.by),
                self._few_answers(early, late),
                bar,
                gate_change(beside, bar.by),
            )
            for (cell, series), (early, late), contrast, bar, by, beside in zip(
                own, sides, contrasts, barred, with_weights, weighted, strict=True
            )
        )

    def _barred(self, cell: Cell, early: Sequence[int], late: Sequence[int]) -> Barred:
        return self.gate.of(cell, *(among(map(month_key, side)) for side in (early, late)))

    def _sides(self, series: Series) -> tuple[tuple[Sums, Hidden], tuple[Sums, Hidden]]:
        early, late = self.months.windows(sorted(series.months))
        return series.together(early), series.together(late)

    def _few_answers(self, early: tuple[Sums, Hidden], late: tuple[Sums, Hidden]) -> Missing | None:
        if early[1] or late[1]:
            return None  # the figures say why
        if early[0].n < LEAST_ANSWERS:
            return Missing("before", early[0].n, LEAST_ANSWERS, "answers")
        if late[0].n >= LEAST_ANSWERS:
            return None
        return Missing("after", late[0].n, LEAST_ANSWERS, "answers", self._answered(late[0].n))

    def _answered(self, n: int) -> date | None:
        """The month by which there are enough answers at the rate of the months so far."""
        passed = self.today - self.months.after + 1
        if n == 0 or passed < 1 or self.months.end is not None:
            return None
        more = -(-(LEAST_ANSWERS - n) * passed // n)
        return first_day(self.today + more + 1)

    def _interrupted(self, cell: Cell, series: Series) -> SeriesEffect:
        found = self._segmented(cell, series.shown, partial(plain_points, series))
        if self.is_weighted:
            weighted = self._segmented(
                cell, list(series.weighted), partial(weighted_points, series)
            )
            return replace(found, weighted=weighted)
        return found

    def _segmented(self, cell: Cell, shown: Sequence[int], points: PointsOf) -> SeriesEffect:
        early, late = self.months.sides(shown)
        missing = self._few_months(early, late, least_side=LEAST_SIDE, least=LEAST)
        barred = self._barred(cell, early, late)
        if missing is not None or barred.reworded:
            return SeriesEffect(None, missing, barred)
        own = points([*early, *late])
        found = interrupted_series(
            [*early, *late],
            own.values,
            own.counts,
            change=self.months.after,
            answer_variance=own.answer_variance,
        )
        return SeriesEffect(found, None, barred)

    def _against(self, cell: Cell, series: Series, control: Series) -> ControlEffect:
        trend = self._trend(series, control)
        both = [month for month in series.shown if month in control.shown]
        found = self._controlled(
            cell,
            (control.label, trend),
            both,
            partial(plain_points, series),
            partial(plain_points, control),
        )
        if self.is_weighted:
            both = [month for month in series.weighted if month in control.weighted]
            points = (partial(weighted_points, each) for each in (series, control))
            weighted = self._controlled(cell, (control.label, trend), both, *points)
            return replace(found, weighted=weighted)
        return found

    def _controlled(
        self,
        cell: Cell,
        named: tuple[str, Trend],
        both: Sequence[int],
        points: PointsOf,
        points_of_control: PointsOf,
    ) -> ControlEffect:
        early, late = self.months.sides(both)
        missing = self._few_months(early, late, least_side=LEAST_CONTROLLED, least=0)
        barred = self._barred(cell, early, late)
        if missing is not None or barred.reworded:
            return ControlEffect(*named, None, missing, barred)
        months = [*early, *late]
        own, control = points(months), points_of_control(months)
        try:
            found = difference_in_differences(
                months,
                own.values,
                control.values,
                list(zip(own.counts, control.counts, strict=True)),
                change=self.months.after,
                answer_variances=(own.answer_variance, control.answer_variance),
            )
        except DataError:  # months so far apart that a trend cannot be fitted
            found = None
        return ControlEffect(*named, found, None, barred)

    def _few_months(
        self, early: Sequence[int], late: Sequence[int], *, least_side: int, least: int
    ) -> Missing | None:
        if len(early) < least_side:
            return Missing("before", len(early), least_side, "months")
        need = max(least_side, least - len(early))
        if len(late) >= need:
            return None
        if self.months.end is not None and self.months.end < self.today:
            return Missing("after", len(late), need, "months")
        begin = max(self.today, self.months.after - 1)
        return Missing("after", len(late), need, "months", first_day(begin + need - len(late) + 1))

    def _trend(self, series: Series, control: Series) -> Trend:
        nothing = figure(series.scored, NOTHING, Hidden.NO)
        months = tuple(
            Month(
                first_day(month),
                series.months[month][1] if month in series.months else nothing,
                control.months[month][1] if month in control.months else None,
            )
            for month in range(min(series.months), max(series.months) + 1)
        )
        first = self.own.marker.first
        there = any((m.first.year, m.first.month) == (first.year, first.month) for m in months)
        return Trend(
            *(series.scored.definition, None, series.label, None, months),
            markers=(self.own.marker,) if there else (),
        )

    def _controls(
        self, cell: Cell, others: Sequence[int]
    ) -> dict[str, tuple[Series, Sequence[Placed]]]:
        """The same score where the change was not made, with the changes that were made there."""
        found: dict[str, tuple[Series, Sequence[Placed]]] = {}
        if cell[0] is not None:
            for (place, scale), series in self.series.items():
                untouched = place is not None and not self.own.concerns(place)
                if scale == cell[1] and untouched:
                    at = [each for each in self.placed if each.concerns(place)]
                    found[f"{self.base.journey.id}:{key_of((place, scale))}"] = series, at
        for number in others:
            base = ground(self.session, number, library=self.library)
            placed = placed_changes(self.session, base.journey)
            for (place, scale), series in all_series(
                self.session, base, minimum=self.minimum, weighted=self.is_weighted
            ).items():
                if scale == cell[1] and (place is None) == (cell[0] is None):
                    at = [each for each in placed if each.concerns(place)]
                    named = replace(series, label=f"{base.journey.name}: {series.label}")
                    found[f"{number}:{key_of((place, scale))}"] = named, at
        return found

    def _overlapping(
        self, placed: Sequence[Placed], place: Place, window: tuple[list[int], list[int]]
    ) -> tuple[Marker, ...]:
        months = [month for side in window for month in side]
        if not months:
            return ()
        return tuple(
            each.marker
            for each in placed
            if each is not self.own
            and each.concerns(place)
            and min(months)
            <= counted((each.marker.first.year, each.marker.first.month))
            <= max(months)
        )


def _few(early: Sums, late: Sums) -> bool:
    return min(early.n, late.n) < LEAST_ANSWERS


def _ends(months: Sequence[int]) -> tuple[date, date] | None:
    return (first_day(months[0]), first_day(months[-1])) if months else None


def key_of(cell: Cell) -> str:
    """How an address names a score at a place: "12.csat", "end.nps"."""
    place, scale = cell
    return f"{'end' if place is None else place}.{scale}"


def cell_of(key: str) -> Cell:
    """The score that ``key_of`` wrote."""
    place, _, scale = key.partition(".")
    return None if place == "end" else int(place), scale
