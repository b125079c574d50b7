"""Eigenvalues of the answers beside those of random data."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.factor_count import count_evidence
from analysis.scale.sections.factor_count import FactorCountSection
from analysis.scale.sections.sample import SampleSection
from surveyapp.reports.document import Chart
from surveyapp.reports.validation import charts
from surveyapp.reports.validation.part import (
    NUMBER_OF_FACTORS,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)


def _scree(section: FactorCountSection, study: ValidationStudy, _: Numbers) -> Iterator[Chart]:
    wanted, agreed = study.document[SampleSection].n_factors, section.agreed
    components, factors = section.components.suggested, section.factors.suggested
    rules = (
        "All three rules find"
        if components == factors == section.map.suggested
        else "Two of three rules find"
    )
    title = f"{rules} {agreed} factors, the scale intends {wanted}"
    if agreed is None:
        title = f"Three rules find three numbers of factors, the scale intends {wanted}"
    elif wanted == agreed:
        title = f"{rules} the {wanted} factors that the scale intends"
    scree = section.components
    yield Chart(
        title,
        charts.scree(scree.observed, scree.threshold, suggested=components),
        f"{_capital(count_evidence(components, factors, section.map.suggested))}. n = {section.n:,}; {section.draws:,} draws.",
    )


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


PARTS = (Part(FactorCountSection, Chapter.DIMENSIONALITY, 20, _scree, explained=True),)
CRITERIA = (
    Criterion(
        "parallel_factors", "Factors by two of three rules", NUMBER_OF_FACTORS, 10, Form.COUNT
    ),
)
