"""How closely each score goes together with the outcome: a chart and a table for each kind of score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts import dots as charts
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
from surveyapp.results.drivers.association_phrases import (
    basis,
    headline,
    kind_named,
    outcome_named,
    score_named,
    why_not,
)
from surveyapp.results.drivers.associations import AssociatedKind, Association, Associations

_MOST_ROWS = 9  # in one chart: two on a page


def associations(found: Associations, few: int, words: Words = ENGLISH) -> Iterator[Block]:
    """The dimensions, then the touchpoints; a kind without any correlation has a paragraph."""
    # One axis for both, so that they can be compared.
    ends = _ends([one for kind in found.kinds for one in kind.shown])
    for kind in found.kinds:
        shown, title = kind.shown, headline(found, kind, words)
        if not shown:
            why = "; ".join(
                f"{words.name(score_named(one, words))}: {why_not(one, few, words)}"
                for one in kind.each
            )
            basis_said = basis(found, kind, words)
            yield Paragraph((Styled(f"{title}. "), f"{why}. {basis_said}"), Tone.NOTE)
            continue
        for start in range(0, len(shown), _MOST_ROWS):
            some = shown[start : start + _MOST_ROWS]
            if len(shown) == 1:  # a drawing of one dot says no more than the table
                yield Paragraph((Styled(title),), leads=True)
                break
            yield Chart(
                title,
                _drawn(some, ends, words),
                words.say(
                    "Dots are correlations, lines their 95% intervals. The table gives the number of pairs"
                    " of answers."
                ),
            )
            title = words.say(
                msg("Further dimensions")
                if kind.name == "dimensions"
                else msg("Further touchpoints")
            )
        yield _table(found, kind, few, words)
        yield from _others(found, kind, few, words)


def _drawn(shown: Sequence[Association], ends: tuple[float, float], words: Words) -> str:
    rows = [charts.Row(score_named(one, words), [one.figure]) for one in shown]
    column = charts.Column(shown[0].figure.definition, axis=ends)
    return charts.dots(rows, [column], words=words)


def _ends(shown: Sequence[Association]) -> tuple[float, float]:
    """Quarters that hold every interval, and zero."""
    low = min((one.figure.low or 0.0 for one in shown), default=0.0)
    high = max((one.figure.high or 0.0 for one in shown), default=0.0)
    return min(0.0, math.floor(4 * low) / 4), max(0.25, math.ceil(4 * high) / 4)


def _table(found: Associations, kind: AssociatedKind, few: int, words: Words) -> Table:
    return Table(
        title=_title(found, kind, words),
        columns=[
            Column(words.begun(kind_named(kind, words)), 0.38),
            Column(words.say("Correlation"), 0.14, align="r"),
            Column(words.say("95% CI"), 0.17, align="r"),
            Column("p", 0.10, align="r"),
            Column(words.say("Pairs"), 0.09, align="r", name=words.say("n (pairs of answers)")),
            Column(words.say("Missing"), 0.12, align="r"),
        ],
        cells=[_row(each, kind, few, words) for each in kind.ordered],
        note=basis(found, kind, words),
    )


def _title(found: Associations, kind: AssociatedKind, words: Words) -> str:
    said = (
        msg("Dimensions and {outcome}")
        if kind.name == "dimensions"
        else msg("Touchpoints and {outcome}")
    )
    return words.say(said, outcome=outcome_named(found.outcome, words))


def _others(found: Associations, kind: AssociatedKind, few: int, words: Words) -> Iterator[Block]:
    table = others_table(
        [one.figure for one in kind.shown],
        title=words.say("{title}, segment and all others", title=_title(found, kind, words)),
        what=words.begun(kind_named(kind, words)),
        few=few,
        tests=found.beside_tested,
        of=msg(
            "All others: every customer outside the segment. A difference is significant where its 95%"
            " interval excludes zero and p < .05 after Holm correction for {n} correlations."
        ),
        words=words,
    )
    if table is not None:
        yield table


def _row(each: Association, kind: AssociatedKind, few: int, words: Words) -> list[Cell]:
    figure, name = each.figure, score_named(each, words)
    missing = kind.missing(each)
    pairs: list[Cell] = [
        "" if each.n is None else Quantity(each.n, words.number(each.n)),
        "" if missing is None else Quantity(missing, words.percent(missing)),
    ]
    if figure.estimate is None:
        return [(name, f"\n{why_not(each, few, words)}"), "", "", "", *pairs]
    return [
        name,
        Quantity(figure.estimate, phrases.value(figure, words=words)),
        Quantity(Interval(figure.low, figure.high), phrases.interval(figure, words=words)),
        Quantity(each.pvalue, phrases.pvalue(each.pvalue, words=words)),
        *pairs,
    ]
