"""The items' correlations and covariances, in the report's annex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.sections.matrices import MatricesSection
from analysis.scale.study import Matrix
from surveyapp.i18n.words import Words
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import (
    Cell,
    Column,
    Look,
    Quantity,
    Styled,
    Table,
    Text,
    Write,
    filled,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy

_STUB, _CELL = 3.0, 1.15  # widths beside each other


def _tables(section: MatricesSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    items, words, write = section.items, study.words, Apa(study.words)
    rows = _lower(items, section.correlation, diagonal=False)
    described: list[list[Cell]] = [
        [row[0], mean, sd, *row[1:-1]]
        for row, mean, sd in zip(rows, section.mean, section.sd, strict=True)
    ]
    yield Table(
        number=next(number),
        title=words.say("Means, Standard Deviations and Correlations of the Items"),
        columns=[
            Column(words.say("Item"), _STUB),
            Column(apa.M, 1.5, write.number),
            Column(apa.SD, 1.5, write.number),
            *_columns(items[:-1], write.bounded),
        ],
        cells=described,
        note=(*_n(section, words), f" {words.say('Pearson correlations.')}"),
        look=Look.APA,
    )
    yield _matrix(
        words.say("Covariances of the Items"),
        section,
        section.covariance,
        write.number,
        next(number),
        words,
        of=words.say("Variances on the diagonal; divisor n \N{MINUS SIGN} 1."),
    )
    if section.polychoric is not None:
        title = words.say("Polychoric Correlations of the Items")
        yield _matrix(title, section, section.polychoric, write.bounded, next(number), words)
    if section.pairwise_n is not None:
        title = words.say("Numbers of Answers to Both Items")
        yield _matrix(title, section, section.pairwise_n, write.count, next(number), words)


def _n(section: MatricesSection, words: Words) -> tuple[str | Styled, ...]:
    size, symbol = words.number(section.n), Apa(words).symbol("n")
    if section.pairwise_n is None:
        said = words.say("{n} = {size} complete rows.", n="{n}", size=size)
    else:
        said = words.say(
            "Each number is of the rows that have both items, {n} = {size} or more.",
            n="{n}",
            size=size,
        )
    return filled(said, n=symbol)


def _matrix(
    title: str,
    section: MatricesSection,
    matrix: Matrix | Sequence[Sequence[int]],
    write: Write,
    number: int,
    words: Words,
    *,
    of: str = "",
) -> Table:
    note: Text = of
    if section.pairwise_n is None:
        note = (*_n(section, words), f" {of}".rstrip())
    return Table(
        number=number,
        title=title,
        columns=[Column(words.say("Item"), _STUB), *_columns(section.items, write)],
        cells=_lower(section.items, matrix, diagonal=True),
        note=note,
        look=Look.APA,
    )


def _columns(items: Sequence[str], write: Write) -> list[Column]:
    return [Column(str(at), _CELL, write, name=item) for at, item in enumerate(items, start=1)]


def _lower(
    items: Sequence[str], matrix: Matrix | Sequence[Sequence[int]], *, diagonal: bool
) -> list[list[Cell]]:
    """A row an item, with what lies below the diagonal."""
    return [
        [
            Quantity(item, f"{i + 1}. {item}"),
            *(
                "" if j > i or (j == i and not diagonal) else matrix[i][j]
                for j in range(len(items))
            ),
        ]
        for i, item in enumerate(items)
    ]


PARTS = (Part(MatricesSection, Chapter.ANNEX, 10, _tables, explained=True),)
