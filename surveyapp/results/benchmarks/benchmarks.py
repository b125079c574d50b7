"""Scores beside benchmark values: a verdict only where the two are comparable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.benchmarks import BenchmarkDifference, benchmark_difference
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results.benchmarks.values import Value
from surveyapp.results.figure_json import definition_to_json, numbers_to_json
from surveyapp.results.view_models import Figure, JourneyOverview, Unit

MODE = "web"  # in which every survey here is answered


_UNKNOWN = {
    "scale": msg("the source does not say the answer scale"),
    "wording": msg("the source does not say the wording"),
    "mode": msg("the source does not say the mode"),
    "invariance": msg(
        "no invariance verdict: whether both populations read its items alike is not known"
    ),
}
_OTHER = {
    "scale": msg("another answer scale ({theirs}, here {ours})"),
    "wording": msg("another wording ({theirs}, here {ours})"),
    "mode": msg("another mode ({theirs}, here {ours})"),
}


@dataclass(frozen=True)
class Against:
    """Why a score and a value are not comparable: ``what`` differs, or is not known of ``theirs``."""

    what: str  # "scale", "wording", "mode", "invariance"
    theirs: str = ""
    ours: tuple[str, ...] = ()

    def said(self, words: Words) -> str:
        """The reason in words."""
        if not self.theirs:
            return words.say(_UNKNOWN[self.what])
        ours = words.listed(self.ours)
        return words.say(_OTHER[self.what], theirs=words.name(self.theirs), ours=ours)


@dataclass(frozen=True)
class Benchmark:
    """A score beside a value of another population.

    ``against`` says why they are not comparable; ``difference`` is None then, without a shown score,
    and where the source gives no n (of a mean or NPS: no sd).
    """

    figure: Figure
    value: Value
    set_name: str
    against: tuple[Against, ...]
    difference: BenchmarkDifference | None
    year: int  # of the score

    @property
    def verdict(self) -> str:
        """Significantly higher or lower, or not; empty where nothing may be said."""
        return verdict_said(self, ENGLISH)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know: why there is no verdict, and how many years lie between."""
        return notes_said(self, ENGLISH)


def verdict_said(one: Benchmark, words: Words) -> str:
    """Significantly higher or lower, or not; empty where nothing may be said."""
    found = one.difference
    if found is None:
        return ""
    if found.low <= 0 <= found.high:
        return words.say("not significantly different")
    is_higher = found.estimate > 0
    return words.say(msg("significantly higher") if is_higher else msg("significantly lower"))


def notes_said(one: Benchmark, words: Words) -> tuple[str, ...]:
    """What a reader has to know: why there is no verdict, and how many years lie between."""
    found = []
    if one.against:
        reasons = "; ".join(each.said(words) for each in one.against)
        found.append(words.say("not comparable: {reasons}", reasons=reasons))
    elif one.figure.shown and one.difference is None:
        is_share = one.figure.definition.unit is Unit.PERCENT
        found.append(
            words.say(
                msg("no interval: the source gives no n")
                if is_share
                else msg("no interval: the source gives no n and sd")
            )
        )
    gap = abs(one.year - one.value.year)
    if gap:
        found.append(words.say_count("one year apart", "{n} years apart", n=gap))
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


def _against(overview: JourneyOverview, figure: Figure, value: Value) -> Iterator[Against]:
    """What keeps a score and a value of the same metric from being compared."""
    definition = figure.definition
    low, high = definition.answers
    yield from _differs("scale", value.scale, [f"{low} to {high}"])
    wordings = {
        each.wording for each in overview.instruments if each.instrument == definition.instrument
    }
    yield from _differs("wording", value.wording, sorted(wordings))
    yield from _differs("mode", value.mode, [MODE])
    if definition.unit is Unit.INDEX:
        yield Against("invariance")


def _differs(what: str, theirs: str, ours: Sequence[str]) -> Iterator[Against]:
    if not theirs or ours != [theirs]:
        yield Against(what, theirs, tuple(ours))


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


def numbers(found: BenchmarkDifference | None, words: Words = ENGLISH) -> str:
    """The difference with its interval: "+5, 95% CI +2 to +8"; empty for none."""
    if found is None:
        return ""
    places = 1 if found.high - found.low < 2 else 0
    gap, low, high = (
        words.number(each, places, signed=True) for each in (found.estimate, found.low, found.high)
    )
    return words.say("{difference}, 95% CI {low} to {high}", difference=gap, low=low, high=high)


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
