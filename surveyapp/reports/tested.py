"""Tables of differences: two scores, their difference with interval and p, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Cell, Column, Interval, Quantity, Table
from surveyapp.reports.journeys.scores import score
from surveyapp.results import phrases
from surveyapp.results.scale_titles import label
from surveyapp.results.view_models import Contrast, Definition, Figure


def tested(
    definition: Definition, contrast: Contrast | None, said: str, words: Words = ENGLISH
) -> list[Cell]:
    """The cells of a difference: its size, interval and p, and what it comes to in words."""
    if contrast is None:
        return ["", "", "", said]
    size, low, high = phrases.contrast_ends(definition, contrast, words=words)
    return [
        Quantity(contrast.difference, size),
        Quantity(Interval(contrast.low, contrast.high), words.between(low, high)),
        Quantity(contrast.pvalue, phrases.pvalue(contrast.pvalue, words=words)),
        said,
    ]


def tested_columns(
    first: str, second: str, verdict: str, *, what: str = "", words: Words = ENGLISH
) -> list[Column]:
    """The columns of a table of differences: two scores, their difference and what it comes to."""
    return [
        Column("", 0.28, name=what or words.say("Score")),
        Column(first, 0.10, align="r"),
        Column(second, 0.10, align="r"),
        Column(words.say("Difference"), 0.11, align="r"),
        Column(words.say("95% CI"), 0.13, align="r"),
        Column("p", 0.07, align="r"),
        Column(verdict, 0.21),
    ]


def others_columns(words: Words, *, what: str = "") -> list[Column]:
    """Those of a segment's scores beside all other customers'."""
    heads = (words.say("Segment"), words.say("All others"), words.say("Result"))
    return tested_columns(*heads, what=what, words=words)


def others_table(
    figures: Sequence[Figure],
    *,
    title: str,
    what: str,
    few: int,
    of: str,
    tests: int | None = None,
    words: Words = ENGLISH,
) -> Table | None:
    """Figures of a segment beside those of all other customers; None where nothing stands beside them.

    ``of`` is the message that says how many differences were tested together, with ``{n}``: ``tests``,
    or those of the table.
    """
    rows: list[list[Cell]] = []
    for each in figures:
        if each.beside is not None:
            said = phrases.beside(each, few=few, words=words) if each.shown else ""
            cells = tested(each.definition, each.beside.contrast, said, words)
            own, rest = (score(one, few=few, words=words) for one in (each, each.beside.rest))
            rows.append([label(each.definition, words), own, rest, *cells])
    if not rows:
        return None
    if tests is None:
        tests = sum(one.beside is not None and one.beside.contrast is not None for one in figures)
    return Table(
        title=title,
        columns=others_columns(words, what=what),
        cells=rows,
        note=words.say(of, n=words.number(tests)),
    )
