"""Whether another program agrees with alpha."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.alpha_check import AlphaCheckSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import plain


def _checked(check: AlphaCheckSection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    words = study.words
    said = (
        msg("Independent check: {program} agrees, largest difference of an alpha {number} ({of}).")
        if check.agrees
        else msg(
            "Independent check: {program} does not agree, largest difference of an alpha {number} ({of})."
        )
    )
    yield Paragraph(
        words.say(
            said,
            program=words.name(f"{check.program} {check.version}"),
            number=Apa(words).tiny(check.largest_difference),
            of=check.of if words.is_english else plain(check.of, words),
        ),
        Tone.NOTE,
    )


PARTS = (Part(AlphaCheckSection, Chapter.VALIDITY, 20, _checked),)
