"""The pattern loadings of the exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import digits_beside
from analysis.scale.sections.efa import EfaSection
from analysis.scale.study import Number
from surveyapp.reports import apa
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Look,
    Quantity,
    Styled,
    Table,
    italic,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name

_SALIENT = 0.40  # loadings that are set in semibold


def _table(section: EfaSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    names = list(section.names)
    rows: list[list[Cell]] = []
    for row in section.items:
        loads = [_loading(value) for value in row.loadings]
        rows.append([row.item, name(row.factor), *loads, row.communality])
    if section.inadmissible:
        yield Callout("Exploratory solution", f"The solution is {section.inadmissible}.")
    else:
        rows.append(["Share of variance", "", *section.variance, ""])
    share = 0.54 / (len(names) + 1)
    yield Table(
        number=next(number),
        title=f"Exploratory Factor Analysis: Pattern Loadings ({section.method}, {section.rotation})",
        columns=[
            Column("Item", 0.20),
            Column("Intended factor", 0.26),
            *(Column(each, share, apa.bounded) for each in names),
            Column((*italic("h"), "²"), share, apa.bounded),
        ],
        cells=rows,
        note=(
            apa.N[0],
            f" = {section.n:,}. Loadings of .40 or more in size are in semibold. ",
            *_fit(section),
            f"Root mean square of the residual correlations {apa.bounded(section.residual_rms, 3)}.",
        ),
        look=Look.APA,
    )


def _loading(value: Number) -> Cell:
    """A loading; one that counts in semibold."""
    if value is None:
        return value
    shown = apa.bounded(value, digits_beside(abs(value), _SALIENT, 2))
    return Quantity(value, (Styled(shown),) if abs(value) >= _SALIENT else shown)


def _fit(section: EfaSection) -> tuple[str | Styled, ...]:
    if section.inadmissible:
        return ("No test of fit: the solution is not admissible. ",)
    return ("Fit: ", *apa.chi_square(section.chisq, section.df, section.pvalue), ". ")


PARTS = (Part(EfaSection, Chapter.DIMENSIONALITY, 30, _table, explained=True),)
