"""The main estimates by listwise deletion beside those by full information maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.missing_comparison import MissingComparisonSection
from surveyapp.reports import apa
from surveyapp.reports.document import Cell, Column, Look, Quantity, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy

_DIGITS = {"chisq": 2, "df": 0}
_MEASURES = {
    "chisq": "Chi-square", "df": "Degrees of freedom", "pvalue": "p", "cfi": "CFI", "tli": "TLI",
    "rmsea": "RMSEA", "srmr": "SRMR",
}  # fmt: skip


def _table(
    section: MissingComparisonSection, _: ValidationStudy, number: Numbers
) -> Iterator[Table]:
    both = section.listwise, section.fiml
    rows: list[list[Cell]] = [["Respondents", *(Quantity(t.n, apa.count(t.n)) for t in both)]]
    for key, label in _MEASURES.items():
        values = section.of_both(key)
        rows.append([label, *(Quantity(value, _shown(key, value)) for value in values)])
    for pair in section.loadings:
        rows.append([f"Loading of {pair.item}", pair.listwise, pair.fiml])
    yield Table(
        number=next(number),
        title="The Main Estimates by Listwise Deletion and by FIML",
        columns=[
            Column("Estimate", 0.5),
            Column("Listwise", 0.25, apa.BOUNDED_3),
            Column("FIML", 0.25, apa.BOUNDED_3),
        ],
        cells=rows,
        note=f"{100 * section.share:.1f}% of the respondents have a missing answer. Standardised "
        f"loadings; they differ most for {section.of}, by "
        f"{apa.bounded(section.largest_difference, 3)}. FIML = full information maximum likelihood.",
        look=Look.APA,
    )


def _shown(key: str, value: float | None) -> str:
    if key == "pvalue":
        return apa.pvalue(value)
    return apa.number(value, _DIGITS[key]) if key in _DIGITS else apa.bounded(value, 3)


PARTS = (Part(MissingComparisonSection, Chapter.METHOD, 20, _table),)
