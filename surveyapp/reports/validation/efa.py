"""The pattern loadings of the exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.efa import EfaSection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Styled, Table, Text, italic
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name

_SALIENT = 0.40  # loadings that are set in semibold


def _table(section: EfaSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    names = list(section.names)
    rows: list[list[Text]] = []
    for row in section.items:
        loads: list[Text] = [
            (Styled(apa.bounded(value)),) if abs(value or 0) >= _SALIENT else apa.bounded(value)
            for value in row.loadings
        ]
        rows.append([row.item, name(row.factor), *loads, apa.bounded(row.communality)])
    variance = [apa.bounded(value) for value in section.variance]
    rows.append(["Share of variance", "", *variance, ""])
    yield Table(
        number=next(number),
        title=f"Exploratory Factor Analysis: Pattern Loadings ({section.method}, {section.rotation})",
        head=["Item", "Intended factor", *names, (*italic("h"), "²")],
        rows=rows,
        align="ll" + "r" * (len(names) + 1),
        widths=[0.20, 0.26, *[0.54 / (len(names) + 1)] * (len(names) + 1)],
        note=(
            apa.N[0],
            f" = {section.n:,}. Loadings of .40 or more in size are in semibold. Fit: ",
            *apa.chi_square(section.chisq, section.df, section.pvalue),
            f"; root mean square of the residual correlations {apa.bounded(section.residual_rms, 3)}.",
        ),
        look=Look.APA,
    )


PARTS = (Part(EfaSection, Chapter.DIMENSIONALITY, 30, _table, explained=True),)
