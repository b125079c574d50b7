"""Whether another program agrees with the confirmatory model."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.check import CheckSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.results.analyses.validation_phrases import clause


def _checked(check: CheckSection, study: ValidationStudy, __: Numbers) -> Iterator[Paragraph]:
    words = study.words
    said = (
        msg(
            "Independent check: {program} agrees; largest difference of a standardised estimate {number}"
            " ({of})."
        )
        if check.agrees
        else msg(
            "Independent check: {program} does not agree; largest difference of a standardised estimate"
            " {number} ({of})."
        )
    )
    yield Paragraph(
        words.say(
            said,
            program=words.name(f"{check.program} {check.version}"),
            number=Apa(words).tiny(check.largest_difference, 1),
            of=clause(check.of, words),
        ),
        Tone.NOTE,
    )


PARTS = (Part(CheckSection, Chapter.CONFIRMATORY, 20, _checked),)
