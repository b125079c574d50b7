"""The report's chapter on imported benchmarks: scores beside values of other populations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Estimate, Heading, Quantity, Table
from surveyapp.reports.journeys.scores import score
from surveyapp.results.benchmarks import benchmarks
from surveyapp.results.benchmarks.benchmarks import Benchmark
from surveyapp.results.scale_titles import short


def benchmark_sets(found: Sequence[Benchmark], few: int, words: Words = ENGLISH) -> Iterator[Block]:
    """Nothing where no set has a value of the journey's measures."""
    if not found:
        return
    yield Heading(words.say("Beside other populations"))
    yield Table(
        title=words.say("Scores and imported benchmarks"),
        columns=[
            Column(words.say("Measure"), 0.12),
            Column(words.say("Score"), 0.09, align="r"),
            Column(words.say("Benchmark"), 0.12, align="r"),
            Column(words.say("Population, year, source"), 0.35),
            Column(words.say("Difference"), 0.32),
        ],
        cells=[_row(each, few, words) for each in found],
        note=words.say(
            "Another population each: context, not a target. A verdict stands only where metric, answer"
            " scale, wording and mode are the same and the source gives its uncertainty. The interval of"
            " the difference joins those of both {citation}.",
            citation=cited("zou-2008"),
        ),
    )


def _row(each: Benchmark, few: int, words: Words) -> list[Cell]:
    value, found = each.value, each.difference
    label = f"{words.name(value.label)}: " if value.label else ""
    numbers, notes = benchmarks.numbers(found, words), benchmarks.notes_said(each, words)
    said = [benchmarks.verdict_said(each, words), numbers, "; ".join(notes)]
    told = "\n".join(part for part in said if part)
    population = words.joined([f"{label}{words.name(value.population)}", str(value.year)])
    return [
        short(each.figure.definition, words),
        score(each.figure, few=few, words=words),
        Quantity(value.value, words.number(value.value, 1)),
        f"{population}\n{words.name(value.source)}",
        Quantity(Estimate(found.estimate, found.low, found.high), told) if found else told,
    ]
