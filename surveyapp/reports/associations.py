"""How closely each score goes together with the outcome: a chart and a table for each kind of score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from surveyapp.reports import charts
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Interval,
    Paragraph,
    Quantity,
    Styled,
    Table,
    Tone,
)
from surveyapp.reports.tested import others_table
from surveyapp.results import phrases
from surveyapp.results.association_phrases import basis, headline, outcome_named
from surveyapp.results.associations import AssociatedKind, Association, Associations

_MOST_ROWS = 9  # in one chart: two on a page


def associations(found: Associations, few: int) -> Iterator[Block]:
    """The dimensions, then the touchpoints; a kind without any correlation has a paragraph."""
    # One axis for both, so that they can be compared.
    ends = _ends([one for kind in found.kinds for one in kind.shown])
    for kind in found.kinds:
        shown, title = kind.shown, headline(found, kind)
        if not shown:
            why = "; ".join(f"{phrases.named(one.label)}: {one.why(few)}" for one in kind.each)
            yield Paragraph((Styled(f"{title}. "), f"{why}. {basis(found, kind)}"), Tone.NOTE)
            continue
        for start in range(0, len(shown), _MOST_ROWS):
            some = shown[start : start + _MOST_ROWS]
            if len(shown) == 1:  # a drawing of one dot says no more than the table
                yield Paragraph((Styled(title),), leads=True)
                break
            yield Chart(
                title,
                _drawn(some, ends),
                "Dots are correlations, lines their 95% intervals. The table gives the number"
                " of pairs of answers.",
            )
            title = f"Further {kind.name}"
        yield _table(found, kind, few)
        yield from _others(found, kind, few)


def _drawn(shown: Sequence[Association], ends: tuple[float, float]) -> str:
    rows = [charts.Row(one.label, [one.figure]) for one in shown]
    return charts.dots(rows, [charts.Column(shown[0].figure.definition, axis=ends)])


def _ends(shown: Sequence[Association]) -> tuple[float, float]:
    """Quarters that hold every interval, and zero."""
    low = min((one.figure.low or 0.0 for one in shown), default=0.0)
    high = max((one.figure.high or 0.0 for one in shown), default=0.0)
    return min(0.0, math.floor(4 * low) / 4), max(0.25, math.ceil(4 * high) / 4)


def _table(found: Associations, kind: AssociatedKind, few: int) -> Table:
    return Table(
        title=f"{kind.name.capitalize()} and {outcome_named(found.outcome)}",
        columns=[
            Column(kind.singular.capitalize(), 0.38),
            Column("Correlation", 0.14, align="r"),
            Column("95% CI", 0.17, align="r"),
            Column("p", 0.10, align="r"),
            Column("Pairs", 0.09, align="r", name="n (pairs of answers)"),
            Column("Missing", 0.12, align="r"),
        ],
        cells=[_row(each, kind, few) for each in kind.ordered],
        note=basis(found, kind),
    )


def _others(found: Associations, kind: AssociatedKind, few: int) -> Iterator[Block]:
    table = others_table(
        [one.figure for one in kind.shown],
        title=f"{kind.name.capitalize()} and {outcome_named(found.outcome)}, segment and all others",
        what=kind.singular.capitalize(),
        few=few,
        tests=found.beside_tested,
        of="correlations",
    )
    if table is not None:
        yield table


def _row(each: Association, kind: AssociatedKind, few: int) -> list[Cell]:
    figure = each.figure
    missing = kind.missing(each)
    pairs: list[Cell] = [
        "" if each.n is None else Quantity(each.n, f"{each.n:,}"),
        "" if missing is None else Quantity(missing, f"{phrases.number(missing)}%"),
    ]
    if figure.estimate is None:
        return [(each.label, f"\n{each.why(few)}"), "", "", "", *pairs]
    return [
        each.label,
        Quantity(figure.estimate, phrases.value(figure)),
        Quantity(Interval(figure.low, figure.high), phrases.interval(figure)),
        Quantity(each.pvalue, phrases.pvalue(each.pvalue)),
        *pairs,
    ]
