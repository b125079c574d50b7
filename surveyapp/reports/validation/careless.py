"""Careless answers: signs of them, and the headline results without who shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.conclusions import Conclusion
from analysis.scale.document import ScaleValidation
from analysis.scale.sections.careless import CarelessSection, WithoutFlagged
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.sample import SampleSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import source
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Look,
    Paragraph,
    Quantity,
    Table,
    Value,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name
from surveyapp.results import phrases

_SIGNS = {
    "longstring": "Long run of one answer",
    "irv": "Little spread of answers",
    "mahalanobis": "Unusual pattern",
    "speed": "Speed",
}


def _careless(section: CarelessSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield _signs(section, next(number))
    yield Paragraph(_flagged(section))
    if section.without is not None:
        yield _without(study.document, section.without, next(number))


def _flagged(careless: CarelessSection) -> str:
    if not careless.n_flagged:
        return f"None of {careless.n:,} respondents shows a sign of careless answering."
    return (
        f"{careless.n_flagged:,} of {careless.n:,} respondents"
        f" ({100 * careless.share_flagged:.0f}%) show a sign of careless answering."
    )


def _signs(section: CarelessSection, number: int) -> Table:
    return Table(
        number=number,
        title="Signs of Careless Answering",
        columns=[
            Column("Sign", 0.23),
            Column("Cut-off", 0.1, _cut),
            Column("Unit", 0.29),
            Column("Source", 0.27),
            Column("Flagged", 0.11, apa.count),
        ],
        cells=[
            [
                _SIGNS.get(row.indicator, row.indicator),
                row.cut,
                row.unit,
                source(row.source),
                row.n_flagged,
            ]
            for row in section.indicators
        ],
        note="Flags are prompts to inspect a response, never a reason to delete it on their own.",
        look=Look.APA,
    )


def _cut(value: Value) -> str:
    return apa.number(value, 2 if value and value % 1 else 0)


def _without(document: ScaleValidation, without: WithoutFlagged, number: int) -> Table:
    """The headline results of all respondents beside those of the unflagged ones."""
    cfa, reliability = document.get(CfaSection), document.get(ReliabilitySection)
    fits = (cfa.fit if cfa else {}), (without.fit or {})
    ns = document[SampleSection].n_complete, without.n_complete
    rows: list[list[Cell]] = [["Complete respondents", *(Quantity(n, apa.count(n)) for n in ns)]]
    for key, label in (("cfi", "CFI"), ("tli", "TLI"), ("rmsea", "RMSEA"), ("srmr", "SRMR")):
        rows.append([label, *(fit.get(key) for fit in fits)])
    again = {row.factor: row for row in without.reliability}
    for row in reliability.rows if reliability else ():
        other = again.get(row.factor)
        for label, value, left in (
            ("alpha", row.alpha, other.alpha if other else None),
            ("AVE", row.ave, other.ave if other else None),
        ):
            if value is not None:
                rows.append([f"{name(row.factor)}, {label}", value, left])
    rows.append(["Criteria met", _met(_core(document, without)), _met(without.conclusions)])
    return Table(
        number=number,
        title="Headline Results With and Without the Flagged Respondents",
        columns=[
            Column("Result", 0.5),
            Column("All", 0.22, apa.BOUNDED_3),
            Column("Without the flagged", 0.28, apa.BOUNDED_3),
        ],
        cells=rows,
        note="Only criteria that were judged both times are counted.",
        look=Look.APA,
    )


def _core(document: ScaleValidation, without: WithoutFlagged) -> list[Conclusion]:
    """The criteria that were asked again without the flagged rows."""
    again = {(row.measure, row.subject) for row in without.conclusions}
    return [row for row in document.conclusions if (row.measure, row.subject) in again]


def _met(conclusions: Sequence[Conclusion]) -> str:
    known = [row for row in conclusions if row.holds is not None]
    return f"{sum(bool(row.holds) for row in known)} of {phrases.number(len(known))}"


PARTS = (Part(CarelessSection, Chapter.THREATS, 20, _careless, under="Careless answers"),)
