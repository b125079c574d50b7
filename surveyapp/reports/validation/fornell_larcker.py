"""Discriminant validity: correlations of factors, root of AVE and HTMT in one table."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.fornell_larcker import FornellLarckerSection
from analysis.scale.sections.htmt import HtmtSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Cell, Column, Look, Quantity, Styled, Table, italic
from surveyapp.reports.validation.part import (
    DISCRIMINANT,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name


def _table(
    fornell: FornellLarckerSection, study: ValidationStudy, number: Numbers
) -> Iterator[Table]:
    """Correlations below the diagonal, root of AVE on it, HTMT above it."""
    factors = list(fornell.factors)
    htmt = study.document.get(HtmtSection)
    rows: list[list[Cell]] = []
    for i, factor in enumerate(factors):
        row: list[Cell] = [Quantity(name(factor), f"{i + 1}. {name(factor)}")]
        for j in range(len(factors)):
            value = fornell.matrix[i][j]
            if i == j:
                row.append(Quantity(value, (Styled(apa.bounded(value)),)))
            elif i > j:
                row.append(value)
            else:
                ratio = htmt.htmt[i][j] if htmt else None
                row.append(Quantity(ratio, italic(apa.bounded(ratio)) if htmt else ""))
        rows.append(row)
    share = 0.66 / len(factors)
    yield Table(
        number=next(number),
        title="Discriminant Validity",
        columns=[
            Column("Factor", 0.34),
            *(
                Column(str(i), share, apa.bounded, name=name(factor))
                for i, factor in enumerate(factors, start=1)
            ),
        ],
        cells=rows,
        note="Diagonal, semibold: root of AVE. Below: correlations of the factors "
        f"{cited('fornell-1981')}. Above, italics: HTMT {cited('henseler-2015')}.",
        look=Look.APA,
    )


PARTS = (Part(FornellLarckerSection, Chapter.VALIDITY, 30, _table, explained=True),)
CRITERIA = (
    Criterion(
        "root_ave_minus_largest_correlation",
        "Root of AVE minus largest correlation",
        DISCRIMINANT,
        40,
    ),
)
