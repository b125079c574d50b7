"""The general factor of the exploratory solution, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.general_factor import GeneralFactorSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.results.analyses.validation_phrases import clause


def _shares(
    section: GeneralFactorSection, study: ValidationStudy, __: Numbers
) -> Iterator[Paragraph]:
    words, write = study.words, Apa(study.words)
    if section.inadmissible:
        yield Paragraph(
            words.say(
                "Schmid and Leiman's transformation of the exploratory solution gives no share of a general"
                " factor: it is {reason}.",
                reason=clause(section.inadmissible, words),
            )
        )
        return
    yield Paragraph(
        words.say(
            "By Schmid and Leiman's transformation of the exploratory solution the general factor accounts"
            " for {share} of the common variance; hierarchical omega {hierarchical}, total omega {total}.",
            share=write.percent(section.ecv),
            hierarchical=write.bounded(section.omega_hierarchical),
            total=write.bounded(section.omega_total),
        )
    )


PARTS = (Part(GeneralFactorSection, Chapter.VALIDITY, 70, _shares, under=msg("A general factor")),)
