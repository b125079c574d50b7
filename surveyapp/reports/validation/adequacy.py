"""Sampling adequacy in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.adequacy import AdequacySection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph, filled
from surveyapp.reports.validation.part import (
    ADEQUACY,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)


def _measures(section: AdequacySection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    bartlett, write = section.bartlett, Apa(study.words)
    said = study.words.say(
        "The Kaiser-Meyer-Olkin measure is {kmo}; Bartlett's test of sphericity {test}.",
        kmo=write.bounded(section.kmo),
        test="{test}",
    )
    test = write.chi_square(bartlett.chisq, bartlett.df, bartlett.pvalue)
    yield Paragraph(filled(said, test=test))


PARTS = (Part(AdequacySection, Chapter.DIMENSIONALITY, 10, _measures, explained=True),)
CRITERIA = (
    Criterion("kmo", msg("Kaiser-Meyer-Olkin measure"), ADEQUACY, 10),
    Criterion("bartlett_pvalue", msg("Bartlett's test, p"), ADEQUACY, 20, Form.PVALUE),
)
