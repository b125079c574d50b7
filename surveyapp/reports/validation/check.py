"""Whether another program agrees with the confirmatory model."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.check import CheckSection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _checked(check: CheckSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    verdict = "agrees" if check.agrees else "does not agree"
    yield Paragraph(
        f"Independent check: {check.program} {check.version} {verdict}; largest difference of a "
        f"standardised estimate {apa.tiny(check.largest_difference, 1)} ({check.of}).",
        Tone.NOTE,
    )


PARTS = (Part(CheckSection, Chapter.CONFIRMATORY, 20, _checked),)
