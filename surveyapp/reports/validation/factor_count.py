"""Eigenvalues of the answers beside those of random data."""

from __future__ import annotations

from collections.abc import Iterator

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
    wanted, factors = study.document[SampleSection].n_factors, section.factors.suggested
    title = f"Parallel analysis of common factors finds {factors}, the scale intends {wanted}"
    if wanted == factors:
        title = f"Parallel analysis of common factors finds the {wanted} that the scale intends"
    components = section.components
    yield Chart(
        title,
        charts.scree(components.observed, components.threshold, suggested=components.suggested),
        f"Principal components: {components.suggested}; common factors: {factors}; minimum average "
        f"partial: {section.map.suggested}. n = {section.n:,}; {section.draws:,} draws.",
    )


PARTS = (Part(FactorCountSection, Chapter.DIMENSIONALITY, 20, _scree, explained=True),)
CRITERIA = (
    Criterion(
        "parallel_factors", "Factors by parallel analysis", NUMBER_OF_FACTORS, 10, Form.COUNT
    ),
)
