"""Eigenvalues of the answers beside those of random data."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.factor_count import count_evidence
from analysis.scale.sections.factor_count import FactorCountSection
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import msg
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
from surveyapp.results.analyses.validation_phrases import sentence


def _scree(section: FactorCountSection, study: ValidationStudy, _: Numbers) -> Iterator[Chart]:
    words = study.words
    components, factors = section.components.suggested, section.factors.suggested
    counts = components, factors, section.map.suggested
    scree = section.components
    evidence = words.begun(sentence(count_evidence(*counts), words))
    drawn = words.say(
        "n = {n}; {draws} draws.", n=words.number(section.n), draws=words.number(section.draws)
    )
    yield Chart(
        words.say(
            _found(section, study.document[SampleSection].n_factors),
            agreed=words.count(section.agreed),
            wanted=words.number(study.document[SampleSection].n_factors),
        ),
        charts.scree(scree.observed, scree.threshold, suggested=components, words=words),
        f"{evidence} {drawn}",
    )


def _found(section: FactorCountSection, wanted: int) -> str:
    """What the rules find beside what the scale intends."""
    agreed = section.agreed
    if agreed is None:
        return msg("Three rules find three numbers of factors, the scale intends {wanted}")
    all_three = section.components.suggested == section.factors.suggested == section.map.suggested
    if wanted == agreed:
        if all_three:
            return msg("All three rules find the {wanted} factors that the scale intends")
        return msg("Two of three rules find the {wanted} factors that the scale intends")
    if all_three:
        return msg("All three rules find {agreed} factors, the scale intends {wanted}")
    return msg("Two of three rules find {agreed} factors, the scale intends {wanted}")


PARTS = (Part(FactorCountSection, Chapter.DIMENSIONALITY, 20, _scree, explained=True),)
CRITERIA = (
    Criterion(
        "parallel_factors", msg("Factors by two of three rules"), NUMBER_OF_FACTORS, 10, Form.COUNT
    ),
)
