"""Sampling adequacy in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.adequacy import AdequacySection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph
from surveyapp.reports.validation.part import (
    ADEQUACY,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)


def _measures(section: AdequacySection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    bartlett = section.bartlett
    yield Paragraph(
        (
            f"The Kaiser-Meyer-Olkin measure is {apa.bounded(section.kmo)}; Bartlett's test of "
            "sphericity ",
            *apa.chi_square(bartlett.chisq, bartlett.df, bartlett.pvalue),
            ".",
        )
    )


PARTS = (Part(AdequacySection, Chapter.DIMENSIONALITY, 10, _measures, explained=True),)
CRITERIA = (
    Criterion("kmo", "Kaiser-Meyer-Olkin measure", ADEQUACY, 10),
    Criterion("bartlett_pvalue", "Bartlett's test, p", ADEQUACY, 20, Form.PVALUE),
)
