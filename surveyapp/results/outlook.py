"""When a score will be known well enough: from what is shown of it, and from how fast answers come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from scipy.special import stdtrit
from sqlalchemy.orm import Session

from analysis.arrivals import ArrivalRate, Wait, arrival_rate, wait
from analysis.metrics import critical_z
from analysis.sample_size import (
    PLANNING_SD,
    DifferenceSize,
    SampleSize,
    difference_power,
    difference_size,
    sample_size,
)
from surveyapp.errors import Invalid
from surveyapp.results import cells
from surveyapp.results.view_models import Figure, Trend, Unit

WEEK = 7.0
MONTH = 365.2425 / 12
_MOST_WEEKS, _MOST_MONTHS = 8, 6
_ENOUGH = 30  # answers, from which their own spread is a better guess than the planning one
_LARGEST = 10**9


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to know: a margin, and a difference with a power, in points."""

    margin: float = 5.0
    difference: float = 5.0
    power: float = 0.8
    population: int | None = None


@dataclass(frozen=True)
class Arrivals:
    """Answers in complete weeks or months, the oldest first; ``days`` is how long each is."""

    counts: tuple[int, ...]
    days: float


@dataclass(frozen=True)
class Outlook:
    """How many answers it takes, and when they will be there.

    ``missing`` is None where the number so far is hidden, ``rate`` with fewer than two complete weeks
    or months. ``by`` is None where it is not reached at the present rate within five years,
    ``latest`` where it may not be.
    """

    figure: Figure
    wanted: Wanted
    sd: float
    own_sd: bool  # whether it is that of the answers so far
    size: SampleSize
    missing: int | None
    rate: ArrivalRate | None
    days: float  # that the rate is for
    by: date | None
    soonest: date | None
    latest: date | None
    change: DifferenceSize
    power_now: float | None  # of two groups with as many answers each as there are

    @property
    def reached(self) -> bool:
        return self.missing == 0


def outlook(figure: Figure, arrivals: Arrivals, wanted: Wanted, *, today: date) -> Outlook:
    """From a shown figure, complete weeks or months, and what is wanted. Raises Invalid."""
    definition = figure.definition
    own = _own_sd(figure)
    sd = PLANNING_SD[definition.metric] if own is None else own
    size = sample_size(wanted.margin, metric=definition.metric, sd=sd, population=wanted.population)
    missing = None if figure.n is None else max(0, size.n - figure.n)
    rate = arrival_rate(arrivals.counts) if len(arrivals.counts) > 1 else None
    longest = 260 * WEEK / arrivals.days
    waited = (
        Wait(None, None, None)
        if rate is None or missing is None
        else wait(missing, rate, longest=longest)
    )
    change, power_now = _difference(figure, wanted, sd)

    def day(periods: float | None) -> date | None:
        return None if periods is None else today + timedelta(math.ceil(periods * arrivals.days))

    return Outlook(
        figure=figure,
        wanted=wanted,
        sd=sd,
        own_sd=own is not None,
        size=size,
        missing=missing,
        rate=rate,
        days=arrivals.days,
        by=day(waited.weeks),
        soonest=day(waited.soonest),
        latest=day(waited.latest),
        change=change,
        power_now=power_now,
    )


def _own_sd(figure: Figure) -> float | None:
    """One answer's standard deviation as the shown interval gives it away; None where there are few
    answers, or the interval is cut off at the end of the scale.
    """
    low, high, n = figure.low, figure.high, figure.n
    if figure.estimate is None or low is None or high is None or n is None or n < _ENOUGH:
        return None
    if figure.definition.unit is Unit.PERCENT:
        return math.sqrt(figure.estimate * (100 - figure.estimate)) or None
    ends = figure.definition.axis
    if low <= ends[0] or high >= ends[1]:
        return None
    half = (high - low) / 2
    if figure.definition.unit is Unit.NPS:
        return half / critical_z(0.95) * math.sqrt(n + 3)  # the interval's own n (Rocks 2016)
    return half / float(stdtrit(n - 1, 0.975)) * math.sqrt(n)


def _difference(figure: Figure, wanted: Wanted, sd: float) -> tuple[DifferenceSize, float | None]:
    """Of a share from where it is now, upwards where there is room, else downwards."""
    is_share = figure.definition.unit is Unit.PERCENT
    base = (50.0 if figure.estimate is None else figure.estimate) if is_share else None
    gap = wanted.difference
    if base is not None and base + gap > 100:
        gap = -gap
        if base + gap < 0:
            raise Invalid(
                f"A difference of {wanted.difference:g} does not fit into 0 to 100 from"
                f" {base:.0f}%; give a smaller one.",
                field="difference",
            )
    common: dict[str, Any] = {
        "metric": figure.definition.metric,
        "base": base,
        "sd": None if is_share else sd,
    }
    change = difference_size(gap, power=wanted.power, **common)
    n = figure.n
    return change, None if n is None or n < 2 else difference_power(n, gap, **common)


def weekly(session: Session, survey_id: int, first: date | None, today: date) -> Arrivals:
    """Submissions of a survey in its last complete weeks, Monday to Sunday, at most eight.

    ``first`` is the day of its first answer: weeks before it, and that which it cut, are none.
    """
    monday = today - timedelta(today.weekday())
    begin = monday - timedelta(weeks=_MOST_WEEKS)
    if first is not None:
        begin = max(begin, first + timedelta(-first.weekday() % 7))
    if first is None or begin >= monday:
        return Arrivals((), WEEK)
    found = cells.daily(session, survey_id, since=begin, until=monday - timedelta(1))
    weeks = (monday - begin).days // 7
    counts = [0] * weeks
    for day, n in found.items():
        counts[(day - begin).days // 7] += n
    return Arrivals(tuple(counts), WEEK)


def monthly(trend: Trend, today: date) -> Arrivals:
    """Answers of the last complete months that are shown, at most six: none is skipped.

    The month of the first answer is none: the survey began within it.
    """
    counts: list[int] = []
    for month in reversed(trend.months[1:]):
        if (month.first.year, month.first.month) >= (today.year, today.month):
            continue
        if month.figure.n is None or len(counts) == _MOST_MONTHS:
            break
        counts.append(month.figure.n)
    if trend.months and counts:
        last = max(m.first for m in trend.months)
        silent = (today.year - last.year) * 12 + today.month - last.month - 1
        counts = ([0] * max(0, silent) + counts)[:_MOST_MONTHS]
    return Arrivals(tuple(reversed(counts)), MONTH)


def read_wanted(arguments: Mapping[str, str]) -> Wanted:
    """What the address asks for; empty values are the usual ones. Raises Invalid naming the field.

    >>> read_wanted({"margin": "3", "population": "1200"})
    Wanted(margin=3.0, difference=5.0, power=0.8, population=1200)
    """
    population = _number(arguments, "population", None, 1, _LARGEST)
    margin = _number(arguments, "margin", 5.0, 0.1, 100)
    difference = _number(arguments, "difference", 5.0, 0.1, 200)
    power = _number(arguments, "power", 80.0, 50, 99.9)
    if population is not None and not population.is_integer():
        raise Invalid("The population is a number of people; give a whole one.", field="population")
    return Wanted(
        margin=margin or 5.0,
        difference=difference or 5.0,
        power=(power or 80.0) / 100,
        population=None if population is None else int(population),
    )


def _number(
    arguments: Mapping[str, str], name: str, usual: float | None, least: float, most: float
) -> float | None:
    text = arguments.get(name, "").strip()
    if not text:
        return usual
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise Invalid(
            f"{name}={text[:20]} is not a number from {least:g} to {most:,.0f}.", field=name
        )
    return found


def outlook_to_json(found: Outlook) -> dict[str, Any]:
    """Every number, or null."""
    rate = found.rate
    return {
        "scale": found.figure.definition.scale,
        "answers": found.figure.n,
        "wanted": asdict(found.wanted),
        "sd": found.sd,
        "sd_from": "answers so far" if found.own_sd else "planning value",
        "needed": found.size.n,
        "missing": found.missing,
        "rate": None
        if rate is None
        else {
            "days": found.days,
            "estimate": rate.estimate,
            "low": rate.low,
            "high": rate.high,
            "periods": rate.weeks,
            "dispersion": rate.dispersion,
        },
        "expected": found.by,
        "soonest": found.soonest,
        "latest": found.latest,
        "difference": {
            "points": found.change.difference,
            "needed_each": found.change.n,
            "power_with_present_answers": found.power_now,
            "method": found.change.method,
        },
    }
