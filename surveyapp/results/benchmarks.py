"""Scores beside benchmark values: a verdict only where the two are comparable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.benchmarks import BenchmarkDifference, benchmark_difference
from surveyapp.results import phrases
from surveyapp.results.benchmark_values import Value
from surveyapp.results.figure_json import definition_to_json, numbers_to_json
from surveyapp.results.view_models import Figure, JourneyOverview, Unit

MODE = "web"  # in which every survey here is answered


@dataclass(frozen=True)
class Benchmark:
    """A score beside a value of another population.

    ``against`` says why they are not comparable; ``difference`` is None then, without a shown score,
    and where the source gives no n (of a mean or NPS: no sd).
    """

    figure: Figure
    value: Value
    set_name: str
    against: tuple[str, ...]
    difference: BenchmarkDifference | None
    year: int  # of the score

    @property
    def verdict(self) -> str:
        """Significantly higher or lower, or not; empty where nothing may be said."""
        found = self.difference
        if found is None:
            return ""
        if found.low <= 0 <= found.high:
            return "not significantly different"
        return f"significantly {'higher' if found.estimate > 0 else 'lower'}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know: why there is no verdict, and how many years lie between."""
        found = [f"not comparable: {'; '.join(self.against)}"] if self.against else []
        if not found and self.figure.shown and self.difference is None:
            needs = "n" if self.figure.definition.unit is Unit.PERCENT else "n and sd"
            found.append(f"no interval: the source gives no {needs}")
        gap = abs(self.year - self.value.year)
        if gap:
            found.append("one year apart" if gap == 1 else f"{gap} years apart")
        return tuple(found)


def benchmarks(
    overview: JourneyOverview, values: Sequence[tuple[str, Value]], *, today: date
) -> tuple[Benchmark, ...]:
    """Every score of the journey's end and touchpoints' totals beside the values of its metric.

    Of touchpoints none: a benchmark is of a journey, firm or sector as a whole.
    """
    by_metric: dict[str, list[tuple[str, Value]]] = {}
    for name, value in values:
        by_metric.setdefault(value.metric, []).append((name, value))
    year = (overview.last_day or today).year
    found = []
    for figure in overview.end:
        for name, value in by_metric.get(figure.definition.scale, ()):
            against = tuple(_against(overview, figure, value))
            difference = None if against else _difference(figure, value)
            found.append(Benchmark(figure, value, name, against, difference, year))
    return tuple(found)


def _against(overview: JourneyOverview, figure: Figure, value: Value) -> Iterator[str]:
    """What keeps a score and a value of the same metric from being compared."""
    definition = figure.definition
    low, high = definition.answers
    yield from _differs("answer scale", value.scale, [f"{low} to {high}"])
    wordings = {
        each.wording for each in overview.instruments if each.instrument == definition.instrument
    }
    yield from _differs("wording", value.wording, sorted(wordings))
    yield from _differs("mode", value.mode, [MODE])
    if definition.unit is Unit.INDEX:
        yield "no invariance verdict: whether both populations read its items alike is not known"


def _differs(what: str, theirs: str, ours: Sequence[str]) -> Iterator[str]:
    if not theirs:
        yield f"the source does not say the {what}"
    elif ours != [theirs]:
        yield f"another {what} ({theirs}, here {phrases.listed(ours)})"


def _difference(figure: Figure, value: Value) -> BenchmarkDifference | None:
    estimate, low, high = figure.estimate, figure.low, figure.high
    is_share = figure.definition.unit is Unit.PERCENT
    if estimate is None or low is None or high is None or value.n is None:
        return None
    if not is_share and value.sd is None:
        return None
    if is_share and not 0 <= value.value <= 100:
        return None
    return benchmark_difference(
        (estimate, low, high), value.value, n=value.n, sd=None if is_share else value.sd
    )


def numbers(found: BenchmarkDifference | None) -> str:
    """The difference with its interval: "+5, 95% CI +2 to +8"; empty for none."""
    if found is None:
        return ""
    places = 1 if found.high - found.low < 2 else 0
    gap, low, high = (
        phrases.number(each, places, signed=True)
        for each in (found.estimate, found.low, found.high)
    )
    return f"{gap}, 95% CI {low} to {high}"


def benchmarks_to_json(found: Sequence[Benchmark], *, few: int) -> list[dict[str, Any]]:
    """Every comparison with its notes."""
    return [
        {
            "set": each.set_name,
            **{f"benchmark_{name}": value for name, value in each.value.to_json().items()},
            "score": {
                **definition_to_json(each.figure.definition),
                **numbers_to_json(each.figure, few=few),
            },
            "comparable": not each.against,
            "difference": each.difference.estimate if each.difference else None,
            "low": each.difference.low if each.difference else None,
            "high": each.difference.high if each.difference else None,
            "verdict": each.verdict or None,
            "notes": list(each.notes),
        }
        for each in found
    ]
