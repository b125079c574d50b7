"""Discriminant validity: correlations of factors, root of AVE and HTMT in one table."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.fornell_larcker import FornellLarckerSection
from analysis.scale.sections.htmt import HtmtSection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text, italic
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
    rows: list[list[Text]] = []
    for i, factor in enumerate(factors):
        row: list[Text] = [f"{i + 1}. {name(factor)}"]
        for j in range(len(factors)):
            if i == j:
                row.append((Styled(apa.bounded(fornell.matrix[i][j])),))
            elif i > j:
                row.append(apa.bounded(fornell.matrix[i][j]))
            else:
                row.append(italic(apa.bounded(htmt.htmt[i][j])) if htmt else "")
        rows.append(row)
    yield Table(
        number=next(number),
        title="Discriminant Validity",
        head=["Factor", *(str(i + 1) for i in range(len(factors)))],
        rows=rows,
        align="l" + "r" * len(factors),
        widths=[0.34, *[0.66 / len(factors)] * len(factors)],
        note="Diagonal, semibold: root of AVE. Below: correlations of the factors (Fornell & Larcker, "
        "1981). Above, italics: HTMT (Henseler et al., 2015).",
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
