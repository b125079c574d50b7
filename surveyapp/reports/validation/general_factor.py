"""The general factor of the exploratory solution, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.general_factor import GeneralFactorSection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _shares(section: GeneralFactorSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    if section.inadmissible:
        yield Paragraph(
            "Schmid and Leiman's transformation of the exploratory solution gives no share of a general"
            f" factor: it is {section.inadmissible}."
        )
        return
    yield Paragraph(
        "By Schmid and Leiman's transformation of the exploratory solution the general factor "
        f"accounts for {apa.percent(section.ecv)} of the common variance; hierarchical omega "
        f"{apa.bounded(section.omega_hierarchical)}, total omega "
        f"{apa.bounded(section.omega_total)}."
    )


PARTS = (Part(GeneralFactorSection, Chapter.VALIDITY, 70, _shares, under="A general factor"),)
