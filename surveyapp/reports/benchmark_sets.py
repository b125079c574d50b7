"""The report's chapter on imported benchmarks: scores beside values of other populations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Estimate, Heading, Quantity, Table
from surveyapp.reports.scores import score
from surveyapp.results import benchmarks, phrases
from surveyapp.results.benchmarks import Benchmark


def benchmark_sets(found: Sequence[Benchmark], few: int) -> Iterator[Block]:
    """Nothing where no set has a value of the journey's measures."""
    if not found:
        return
    yield Heading("Beside other populations")
    yield Table(
        title="Scores and imported benchmarks",
        columns=[
            Column("Measure", 0.12),
            Column("Score", 0.09, align="r"),
            Column("Benchmark", 0.12, align="r"),
            Column("Population, year, source", 0.35),
            Column("Difference", 0.32),
        ],
        cells=[_row(each, few) for each in found],
        note="Another population each: context, not a target. A verdict stands only where metric, answer"
        " scale, wording and mode are the same and the source gives its uncertainty. The interval of"
        f" the difference joins those of both {cited('zou-2008')}.",
    )


def _row(each: Benchmark, few: int) -> list[Cell]:
    value, found = each.value, each.difference
    label = f"{phrases.named(value.label)}: " if value.label else ""
    said = [each.verdict, benchmarks.numbers(found), "; ".join(each.notes)]
    told = "\n".join(part for part in said if part)
    return [
        each.figure.definition.short,
        score(each.figure, few=few),
        Quantity(value.value, phrases.number(value.value, 1)),
        f"{label}{phrases.named(value.population)}, {value.year}\n{phrases.named(value.source)}",
        Quantity(Estimate(found.estimate, found.low, found.high), told) if found else told,
    ]
