"""The benchmark report's chapter on what goes with recommending; nothing in it speaks of causes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analysis.drivers import Driver, RelativeImportance
from instruments.schema import Metric
from surveyapp.reports import charts
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.results import phrases
from surveyapp.results.drivers import SEED, Drivers
from surveyapp.results.shapes import Definition, Figure, Unit

_SURE = 0.95  # of the resamples
_WHAT = {
    "dimensions": "The journey's dimensions",
    "touchpoints": "Touchpoints",
}


def drivers(found: Sequence[Drivers]) -> Iterator[Block]:
    """A chart for the dimensions and one for the touchpoints; nothing where nothing can be joined."""
    if not found:
        return
    yield Heading("What goes with recommending")
    yield Paragraph(
        "Customers differ in how likely they are to recommend. The charts show how much of these "
        "differences goes with each score. They say what goes together, not what causes what: "
        "whoever is pleased with one thing is often pleased with others.",
        leads=True,
    )
    for each in found:
        if each.found is not None:
            yield _chart(each, each.found)
        else:
            yield Paragraph(
                f"{_WHAT[each.kind]}: {each.n:,} customers gave all of these scores and the answer "
                f"on recommending; at least {each.needed}, whose answers differ, are needed.",
                Tone.NOTE,
            )


def _chart(each: Drivers, found: RelativeImportance) -> Chart:
    column = charts.Column(_definition("", ""), axis=(0.0, _end(found)))
    ordered = sorted(found.drivers, key=lambda driver: -driver.part)
    rows = [
        charts.Row(each.labels[d.name], [_figure(d, each.labels[d.name], found.n)]) for d in ordered
    ]
    joined = "joined by journey" if each.kind == "touchpoints" else "in one submission"
    whole = f"{phrases.number(100 * found.r_squared)} %"
    ends = f"{phrases.number(100 * found.low)} to {phrases.number(100 * found.high)}"
    return Chart(
        _title(each, found),
        charts.dots(rows, [column]),
        f"{_WHAT[each.kind]}: percentage of the differences in the answer on recommending (0 to 10) "
        f"that goes with each score, {joined}. Together they account for {whole} ({ends}). "
        f"n = {found.n:,}. Split by LMG, the average over all orders in which the scores can enter a "
        f"regression; lines are 95 % intervals of {found.resamples:,} resamples (seed {SEED}), which "
        "near zero lie somewhat too high.",
    )


def _title(each: Drivers, found: RelativeImportance) -> str:
    first = found.largest
    if first.first >= _SURE:
        label = each.labels[first.name]
        return f"{label[:1].upper()}{label[1:]} goes most closely with recommending"
    return f"{_WHAT[each.kind]} and recommending: none stands out for certain"


def _figure(driver: Driver, label: str, n: int) -> Figure:
    return Figure(
        _definition(driver.name, label),
        n,
        100 * driver.part,
        100 * driver.low,
        100 * driver.high,
        None,
    )


def _definition(name: str, label: str) -> Definition:
    return Definition(
        scale=f"driver:{name}",
        instrument="",
        metric=Metric.SHARE,
        label=label,
        short=label,
        unit=Unit.PERCENT,
        axis=(0.0, 100.0),
        text="Part of the variance of the answer on recommending.",
        interval="Percentile bootstrap, 95 %",
    )


def _end(found: RelativeImportance) -> float:
    """A round end of the axis beyond every interval."""
    return min(100.0, 10.0 * math.ceil(10 * max(driver.high for driver in found.drivers)))
