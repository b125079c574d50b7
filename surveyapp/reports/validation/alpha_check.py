"""Whether another program agrees with alpha."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.alpha_check import AlphaCheckSection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _checked(check: AlphaCheckSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    verdict = "agrees" if check.agrees else "does not agree"
    yield Paragraph(
        f"Independent check: {check.program} {check.version} {verdict}, largest difference "
        f"of an alpha {apa.tiny(check.largest_difference)} ({check.of}).",
        Tone.NOTE,
    )


PARTS = (Part(AlphaCheckSection, Chapter.VALIDITY, 20, _checked),)
