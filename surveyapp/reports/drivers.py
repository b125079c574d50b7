"""The benchmark report's chapter on drivers of NPS; nothing in it speaks of causes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analysis.drivers import Driver, RelativeImportance
from instruments.schema import Metric
from surveyapp.reports import charts
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.results import phrases
from surveyapp.results.drivers import SEED, Drivers
from surveyapp.results.view_models import Definition, Figure, Unit

_SURE = 0.95  # of the resamples, in which it is the largest of all
_WHAT = {
    "dimensions": "The journey's dimensions",
    "touchpoints": "Touchpoints",
}


def drivers(found: Sequence[Drivers], *, few: int = 5) -> Iterator[Block]:
    """A chart for the dimensions and one for the touchpoints; nothing where nothing can be joined."""
    if not found:
        return
    yield Heading("Drivers of NPS")
    yield Paragraph(
        "Customers differ in how likely they are to recommend. The charts show how"
        " much of the variance in the likelihood to recommend is associated with each"
        " score. An association is not a cause: customers who are satisfied with one"
        " thing are often satisfied with others.",
        leads=True,
    )
    for each in found:
        if each.found is not None:
            yield _chart(each, each.found)
        else:
            yield Paragraph(f"{_WHAT[each.kind]}: {_why_not(each, few)}", Tone.NOTE)


def _why_not(each: Drivers, few: int) -> str:
    """Why nothing is shown; numbers of fewer than ``few`` customers are not told."""
    if each.hidden:
        return f"not shown: {phrases.hidden(each.hidden, few=few)}."
    left = _left_out(each)
    if len(each.labels) < 2:
        given = "only " + next(iter(each.labels.values())) if each.labels else "none"
        return (
            "not compared, as this requires two scores that at least half of the"
            f" customers gave; {given} was given by half of the"
            f" {_customers(each.joined, few)} who answered the recommendation question"
            f" and gave any of the scores.{left}"
        )
    names = phrases.listed(list(each.labels.values()))
    if each.n < each.needed:
        return (
            f"{_customers(each.n, few)} answered the recommendation question and gave"
            f" all of these scores: {names}. At least {each.needed} are needed.{left}"
        )
    return (
        f"{_customers(each.n, few)} answered the recommendation question and gave all"
        f" of these scores: {names}. They cannot be compared: one is constant, or is"
        f" determined by the others.{left}"
    )


def _customers(n: int, few: int) -> str:
    if 0 < n < few:
        return f"fewer than {few} customers"
    return f"{n:,} customers" if n else "no customers"


def _left_out(each: Drivers) -> str:
    said = ""
    if each.left_out:
        said += f" Left out, as fewer than half gave them: {phrases.listed(each.left_out)}."
    if each.beyond:
        most = len(each.labels)
        said += f" Left out, as at most {most} are compared: {phrases.listed(each.beyond)}."
    return said


def _chart(each: Drivers, found: RelativeImportance) -> Chart:
    column = charts.Column(_definition("", ""), axis=(0.0, _end(found)))
    ordered = sorted(found.drivers, key=lambda driver: -driver.part)
    rows = [
        charts.Row(each.labels[d.name], [_figure(d, each.labels[d.name], found.n)]) for d in ordered
    ]
    joined = "joined by journey" if each.kind == "touchpoints" else "in one submission"
    whole = f"{phrases.number(100 * found.r_squared)}%"
    ends = f"{phrases.number(100 * found.low)} to {phrases.number(100 * found.high)}"
    return Chart(
        _title(each, found),
        charts.dots(rows, [column]),
        f"{_WHAT[each.kind]}: percentage of the variance in the likelihood to"
        f" recommend (0 to 10) associated with each score, {joined}. Together they"
        f" account for {whole} ({ends}). n = {found.n:,}. Decomposed by LMG, the"
        " average over all orders in which the scores can enter a regression; lines"
        f" are 95% intervals from {found.resamples:,} resamples (seed {SEED}), which"
        f" are slightly too high near zero.{_left_out(each)}",
    )


def _title(each: Drivers, found: RelativeImportance) -> str:
    first = found.largest
    if first.first >= _SURE:
        label = each.labels[first.name]
        return f"{label[:1].upper()}{label[1:]} is most strongly associated with recommending"
    return f"{_WHAT[each.kind]} and recommending: none is the largest in 95% of the resamples"


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
        text="Share of the variance in the likelihood to recommend.",
        interval="Percentile bootstrap, 95%",
    )


def _end(found: RelativeImportance) -> float:
    """A round end of the axis beyond every interval."""
    return min(100.0, 10.0 * math.ceil(10 * max(driver.high for driver in found.drivers)))
