"""Discriminant validity: correlations of factors, root of AVE and HTMT in one table."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.fornell_larcker import FornellLarckerSection
from analysis.scale.sections.htmt import HtmtSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
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
    words, write = study.words, Apa(study.words)
    factors = [name(factor, words) for factor in fornell.factors]
    htmt = study.document.get(HtmtSection)
    rows: list[list[Cell]] = []
    for i, factor in enumerate(factors):
        row: list[Cell] = [Quantity(factor, words.begin(f"{i + 1}. {factor}"))]
        for j in range(len(factors)):
            value = fornell.matrix[i][j]
            if i == j:
                row.append(Quantity(value, (Styled(write.bounded(value)),)))
            elif i > j:
                row.append(value)
            else:
                ratio = htmt.htmt[i][j] if htmt else None
                row.append(Quantity(ratio, italic(write.bounded(ratio)) if htmt else ""))
        rows.append(row)
    share = 0.66 / len(factors)
    yield Table(
        number=next(number),
        title=words.say("Discriminant Validity"),
        columns=[
            Column(words.say("Factor"), 0.34),
            *(
                Column(str(i), share, write.bounded, name=factor)
                for i, factor in enumerate(factors, start=1)
            ),
        ],
        cells=rows,
        note=words.say(
            "Diagonal, semibold: root of AVE. Below: correlations of the factors {fornell}. Above,"
            " italics: HTMT {henseler}.",
            fornell=cited("fornell-1981"),
            henseler=cited("henseler-2015"),
        ),
        look=Look.APA,
    )


PARTS = (Part(FornellLarckerSection, Chapter.VALIDITY, 30, _table, explained=True),)
CRITERIA = (
    Criterion(
        "root_ave_minus_largest_correlation",
        msg("Root of AVE minus largest correlation"),
        DISCRIMINANT,
        40,
    ),
)
