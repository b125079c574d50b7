"""The main estimates by listwise deletion beside those by full information maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.missing_comparison import MissingComparisonSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Cell, Column, Look, Quantity, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import of_three_digits

_DIGITS = {"chisq": 2, "df": 0}
_MEASURES = {
    "chisq": msg("Chi-square"), "df": msg("Degrees of freedom"), "pvalue": msg("p"),
    "cfi": msg("CFI"), "tli": msg("TLI"), "rmsea": msg("RMSEA"), "srmr": msg("SRMR"),
}  # fmt: skip


def _table(
    section: MissingComparisonSection, study: ValidationStudy, number: Numbers
) -> Iterator[Table]:
    words, write = study.words, Apa(study.words)
    both = section.listwise, section.fiml
    rows: list[list[Cell]] = [
        [words.say("Respondents"), *(Quantity(t.n, write.count(t.n)) for t in both)]
    ]
    for key, label in _MEASURES.items():
        values = section.of_both(key)
        shown = (Quantity(value, _shown(key, value, write)) for value in values)
        rows.append([words.say(label), *shown])
    for pair in section.loadings:
        label = words.say("Loading of {item}", item=words.name(pair.item))
        rows.append([label, pair.listwise, pair.fiml])
    three = of_three_digits(words)
    yield Table(
        number=next(number),
        title=words.say("The Main Estimates by Listwise Deletion and by FIML"),
        columns=[
            Column(words.say("Estimate"), 0.5),
            Column(words.say("Listwise"), 0.25, three),
            Column("FIML", 0.25, three),
        ],
        cells=rows,
        note=words.say(
            "{share} of the respondents have a missing answer. Standardised loadings; they differ most for"
            " {item}, by {difference}. FIML = full information maximum likelihood.",
            share=words.percent(100 * section.share, 1),
            item=words.name(section.of),
            difference=write.bounded(section.largest_difference, 3),
        ),
        look=Look.APA,
    )


def _shown(key: str, value: float | None, write: Apa) -> str:
    if key == "pvalue":
        return write.pvalue(value)
    return write.number(value, _DIGITS[key]) if key in _DIGITS else write.bounded(value, 3)


PARTS = (Part(MissingComparisonSection, Chapter.METHOD, 20, _table),)
