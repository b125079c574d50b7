"""The benchmark report's chapter on what customers chose from lists: feelings, causes of effort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.reports import charts
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Tone
from surveyapp.reports.tested import others_table
from surveyapp.results.choices import Distribution, beside_tested
from surveyapp.results.view_models import State


def chosen(distributions: Sequence[Distribution], *, few: int) -> Iterator[Block]:
    """A chart for each question that enough customers answered; nothing where none was asked."""
    if not distributions:
        return
    yield Heading("What customers chose")
    tests = beside_tested(distributions)
    for each in distributions:
        if each.figures:
            yield _chart(each, few)
            yield from _others(each, tests, few)
        else:
            why = each.why(few) or State.UNANSWERED
            yield Paragraph(
                f"{_where(each)}: {each.question} {why[:1].upper()}{why[1:]}.", Tone.NOTE
            )


def _chart(each: Distribution, few: int) -> Chart:
    rows = [charts.Row(figure.definition.label, [figure]) for figure in each.figures]
    whom = (
        "customers who chose at least one option; several allowed" if each.several else "customers"
    )
    beside = f" {each.undecided}" if each.undecided else ""
    return Chart(
        f"\u201c{each.most}\u201d is chosen most often" if each.most else each.question,
        charts.dots(rows, [charts.Column(each.figures[0].definition)], few=few),
        f"{_where(each)}: “{each.question}” n = {each.n:,} {whom}. Dots are"
        f" percentages, lines their 95% intervals (Wilson).{beside}",
    )


def _others(each: Distribution, tests: int, few: int) -> Iterator[Block]:
    table = others_table(
        each.figures,
        title=f"{_where(each)}: {each.title}, segment and all others",
        what="Choice",
        few=few,
        tests=tests,
        of="shares of customers",
    )
    if table is not None:
        yield table


def _where(each: Distribution) -> str:
    return f"{each.stage}, {each.touchpoint}" if each.touchpoint else "The journey as a whole"
