"""Which items the validation proposes to drop."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import decimals
from analysis.scale.sections.purification import PurificationSection
from surveyapp.reports import apa
from surveyapp.reports.document import Paragraph, Styled, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy


def _proposal(section: PurificationSection, _: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    if section.stopped:
        yield Paragraph(f"No item is proposed for removal: {section.stopped}.")
        return
    if not section.steps:
        cut = apa.bounded(section.loading_cut, decimals(section.loading_cut))
        yield Paragraph(
            f"No item is proposed for removal: all load at {cut} or "
            f"above, or their factor would fall below {section.fewest_items} items."
        )
        return
    yield Paragraph("Proposed, one item at a time, but not applied anywhere in this report:")
    for step in section.steps:
        yield Paragraph(
            (
                Styled(f"{step.item} ({step.factor})."),
                f" {step.reason}. CFI {apa.bounded(step.before['cfi'], 3)} to "
                f"{apa.bounded(step.after['cfi'], 3)}, alpha {apa.bounded(step.alpha_before)} to "
                f"{apa.bounded(step.alpha_after)}.",
            ),
            Tone.BULLET,
        )


PARTS = (Part(PurificationSection, Chapter.VALIDITY, 100, _proposal, under="Purification"),)
