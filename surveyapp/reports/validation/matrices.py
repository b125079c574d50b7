"""The items' correlations and covariances, in the report's annex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.sections.matrices import MatricesSection
from analysis.scale.study import Matrix
from surveyapp.reports import apa
from surveyapp.reports.document import Cell, Column, Look, Quantity, Styled, Table, Text, Write
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy

_STUB, _CELL = 3.0, 1.15  # widths beside each other


def _tables(section: MatricesSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    items = section.items
    rows = _lower(items, section.correlation, diagonal=False)
    described: list[list[Cell]] = [
        [row[0], mean, sd, *row[1:-1]]
        for row, mean, sd in zip(rows, section.mean, section.sd, strict=True)
    ]
    yield Table(
        number=next(number),
        title="Means, Standard Deviations and Correlations of the Items",
        columns=[
            Column("Item", _STUB),
            Column(apa.M, 1.5, apa.number),
            Column(apa.SD, 1.5, apa.number),
            *_columns(items[:-1], apa.bounded),
        ],
        cells=described,
        note=(*_n(section), " Pearson correlations."),
        look=Look.APA,
    )
    yield _matrix("Covariances of the Items", section, section.covariance, apa.number, next(number))
    if section.polychoric is not None:
        yield _matrix(
            "Polychoric Correlations of the Items",
            section,
            section.polychoric,
            apa.bounded,
            next(number),
        )
    if section.pairwise_n is not None:
        yield _matrix(
            "Numbers of Answers to Both Items", section, section.pairwise_n, apa.count, next(number)
        )


def _n(section: MatricesSection) -> tuple[str | Styled, ...]:
    if section.pairwise_n is None:
        return (Styled("n", "italic"), f" = {section.n:,} complete rows.")
    return (
        "Each number is of the rows that have both items, ",
        Styled("n", "italic"),
        f" = {section.n:,} or more.",
    )


def _matrix(
    title: str,
    section: MatricesSection,
    matrix: Matrix | Sequence[Sequence[int]],
    write: Write,
    number: int,
) -> Table:
    of = "Variances on the diagonal; divisor n \N{MINUS SIGN} 1." if write is apa.number else ""
    note: Text = of if section.pairwise_n is not None else (*_n(section), f" {of}".rstrip())
    return Table(
        number=number,
        title=title,
        columns=[Column("Item", _STUB), *_columns(section.items, write)],
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
