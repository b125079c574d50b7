"""What an alert sees: the figure that pages show of its last complete months, and whether it crossed.

Only complete months are judged, so that no answer that comes in moves what an alert tells, and only
figures that pages show: what is hidden there is hidden here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from analysis.control_limits import ControlLimits
from instruments.loader import Library
from surveyapp.closed_loop.alert_rules import sides, threshold
from surveyapp.errors import NotFound, NotReady
from surveyapp.results import dashboards
from surveyapp.results.scope import Comparison, Period, Scope, recent
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Figure, Hidden, JourneyOverview, Trend
from surveyapp.store.models import Alert

CONTROL_MONTHS = 24  # that control limits rest on at most, with the one that is judged


@dataclass(frozen=True)
class Look:
    """An alert and its figure now, None where it is not asked there any more; of a weighted alert it is the
    score with weights, and ``not_weighted`` says why there is none.

    ``enough``: it is shown and rests on as many answers as the alert wants. ``limits`` are of a control
    chart; None with too few earlier months.
    """

    alert: Alert
    scope: Scope
    figure: Figure | None
    limits: ControlLimits | None
    enough: bool
    not_weighted: str = ""

    @property
    def period(self) -> Period:
        return self.scope.period

    @property
    def judged(self) -> bool:
        """Whether the figure allows a judgement at all."""
        if not self.enough or self.figure is None:
            return False
        if self.alert.kind == "change":
            return self.figure.change is not None and self.figure.change.contrast is not None
        if self.alert.kind == "control":
            return self.limits is not None
        return not self.alert.whole or self.figure.low is not None

    @property
    def crossed(self) -> bool:
        """Whether the figure is where the alert tells of it."""
        return self.side is not None

    @property
    def side(self) -> str | None:
        """On which of the sides that the alert watches the figure is: "below" or "above"."""
        if not self.judged:
            return None
        judge = _JUDGES[self.alert.kind]
        return next((side for side in sides(self.alert) if judge(self, side)), None)

    @property
    def is_new(self) -> bool:
        """Whether its crossing was not told yet: the first, or on the other side than the last."""
        alert = self.alert
        return self.crossed and (alert.armed or (alert.outside and alert.side != self.side))

    @property
    def back(self) -> bool:
        """Whether the figure is so far back that the next crossing is a new one.

        Of a threshold for the whole interval the estimate must be back: an interval that grows for want
        of answers is no recovery.
        """
        if not self.judged or self.crossed:
            return False
        return self.alert.kind != "threshold" or not any(
            _beyond(self.alert, self.estimate, side) for side in sides(self.alert)
        )

    @property
    def estimate(self) -> float | None:
        return self.figure.estimate if self.figure is not None else None


def _beyond(alert: Alert, number: float | None, side: str) -> bool:
    if number is None:
        return False
    limit = threshold(alert, side)
    return number < limit if side == "below" else number > limit


def _threshold(look: Look, side: str) -> bool:
    """By the estimate, or by the end of the interval that crosses last."""
    if look.figure is None or not look.alert.whole:
        return _beyond(look.alert, look.estimate, side)
    return _beyond(look.alert, look.figure.high if side == "below" else look.figure.low, side)


def _change(look: Look, side: str) -> bool:
    change = look.figure.change if look.figure is not None else None
    contrast = change.contrast if change is not None else None
    if contrast is None or not contrast.certain:
        return False
    return contrast.difference < 0 if side == "below" else contrast.difference > 0


def _control(look: Look, side: str) -> bool:
    if look.limits is None or look.estimate is None:
        return False
    return look.limits.breached(look.estimate) == (-1 if side == "below" else 1)


_JUDGES: dict[str, Callable[[Look, str], bool]] = {
    "threshold": _threshold,
    "change": _change,
    "control": _control,
}


def scope_of(alert: Alert, today: date) -> Scope:
    """The answers that an alert is about on this day: those of its last complete months."""
    when = recent(today, alert.months)
    return Scope(
        alert.journey_id,
        alert.segment_id,
        when.since,
        when.until,
        Comparison(alert.comparison),
        channel=alert.channel,
        language=alert.language,
        flagged=alert.flagged,
        weighted=alert.weighted,
    )


def _with_weights(figure: Figure) -> tuple[Figure, str]:
    """The score with weights; without a number where it has none, with the reason."""
    own = figure.weighted
    if not figure.shown or own is None:
        return figure, ""
    if own.figure is not None:
        return own.figure, ""
    hidden = Figure(figure.definition, None, None, None, None, None, Hidden.COMPLEMENT)
    return hidden, own.refused


def _at(overview: JourneyOverview, place: str) -> tuple[int | None, Sequence[Figure]]:
    """A place's touchpoint, where it is one, and its figures; none where the map has it no more."""
    if not place:
        return None, overview.end
    for stage in overview.stages:
        if place == place_of(stage.code):
            return None, stage.figures
        for each in stage.touchpoints:
            if place == place_of(stage.code, each.code):
                return each.id, each.figures
    return None, ()


class Looks:
    """Looks of alerts in one reading session: what several of them are about is read once."""

    def __init__(self, session: Session, *, minimum_cell: int, library: Library) -> None:
        self._session = session
        self._rules: dict[str, Any] = {"minimum_cell": minimum_cell, "library": library}
        self._overviews: dict[Scope, JourneyOverview] = {}
        self._trends: dict[Scope, tuple[Trend, ...]] = {}

    def look(self, alert: Alert, *, today: date) -> Look:
        """What the alert sees on this day of its journey's calendar."""
        scope = scope_of(alert, today)
        try:
            figure, limits = self._seen(alert, scope)
        except (NotFound, NotReady):  # its segment is gone, or answers are being sorted into it
            figure, limits = None, None
        reason = ""
        if alert.weighted and figure is not None:
            figure, reason = _with_weights(figure)
        n = figure.n if figure is not None and figure.shown else None
        enough = n is not None and n >= alert.minimum_n
        return Look(alert, scope, figure, limits, enough, reason)

    def _seen(self, alert: Alert, scope: Scope) -> tuple[Figure | None, ControlLimits | None]:
        if scope not in self._overviews:
            found = dashboards.journey_overview(self._session, scope, **self._rules)
            self._overviews[scope] = found
        point, figures = _at(self._overviews[scope], alert.place)
        figure = next((each for each in figures if each.definition.scale == alert.scale), None)
        if figure is None or alert.kind != "control":
            return figure, None
        return figure, self._limits(alert, scope, point)

    def _limits(self, alert: Alert, scope: Scope, point: int | None) -> ControlLimits | None:
        """Of the last complete month; None where it is not shown."""
        begin = replace(scope.period, since=scope.period.until).earlier(CONTROL_MONTHS - 1)
        if begin is None:
            return None
        long = replace(scope, since=begin.since, comparison=Comparison.NONE)
        if long not in self._trends:
            self._trends[long] = dashboards.trend(self._session, long, **self._rules)
        wanted = (point, alert.scale)
        for trend in self._trends[long]:
            if (trend.touchpoint_id, trend.definition.scale) == wanted and trend.months:
                own = trend.weighted if alert.weighted else trend
                last, until = trend.months[-1], scope.period.until
                is_last = until is not None and last.first == until.replace(day=1)
                shown = own is not None and own.months[-1].figure.shown
                return own.limits if own is not None and is_last and shown else None
        return None
