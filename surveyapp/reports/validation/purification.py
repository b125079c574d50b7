"""Which items the validation proposes to drop."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import decimals
from analysis.scale.sections.purification import PurificationSection
from surveyapp.i18n.words import msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Paragraph, Styled, Tone
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import plain
from surveyapp.results.analyses.validation_phrases import clause


def _proposal(
    section: PurificationSection, study: ValidationStudy, __: Numbers
) -> Iterator[Paragraph]:
    words, write = study.words, Apa(study.words)
    if section.stopped:
        yield Paragraph(
            words.say(
                "No item is proposed for removal: {reason}.", reason=clause(section.stopped, words)
            )
        )
        return
    if not section.steps:
        yield Paragraph(
            words.say(
                "No item is proposed for removal: all load at {cut} or above, or their factor would fall"
                " below {fewest} items.",
                cut=write.bounded(section.loading_cut, decimals(section.loading_cut)),
                fewest=words.number(section.fewest_items),
            )
        )
        return
    yield Paragraph(
        words.say("Proposed, one item at a time, but not applied anywhere in this report:")
    )
    for step in section.steps:
        factor = step.factor if words.is_english else plain(step.factor, words)
        changes = words.say(
            "CFI {before} to {after}, alpha {alpha_before} to {alpha_after}.",
            before=write.bounded(step.before["cfi"], 3),
            after=write.bounded(step.after["cfi"], 3),
            alpha_before=write.bounded(step.alpha_before),
            alpha_after=write.bounded(step.alpha_after),
        )
        head = words.begin(f"{words.name(step.item)} ({factor}).")
        reason = clause(step.reason, words)
        if not words.is_english:
            reason = words.begun(reason)
        yield Paragraph((Styled(head), f" {reason}. {changes}"), Tone.BULLET)


PARTS = (Part(PurificationSection, Chapter.VALIDITY, 100, _proposal, under=msg("Purification")),)
