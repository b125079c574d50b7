"""The first page of the validation report: what to think of the scale, and its criteria."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.missing_comparison import MissingComparisonSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Warned
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Block, Heading, Paragraph, Styled, Tone
from surveyapp.reports.validation import criteria
from surveyapp.reports.validation.part import Numbers
from surveyapp.results.analyses.losses import left_out
from surveyapp.results.analyses.validation_phrases import sentence
from surveyapp.results.analyses.validation_steps import step_named


def summary(document: ScaleValidation, number: Numbers, words: Words = ENGLISH) -> Iterator[Block]:
    """Verdict, unmet criteria by family, the table of all of them, and the warnings."""
    rows = document.conclusions
    yield Heading(words.say("Summary"))
    climbed = document.get(InvarianceSection)
    ladders = climbed.ladders if climbed else ()
    yield Paragraph(criteria.verdict(rows, ladders, words), Tone.LEAD)
    sample = document.get(SampleSection)
    if sample is not None and sample.dropped:
        lost = left_out(sample.dropped, sample.n_rows, words)
        yield Paragraph((Styled(f"{words.begun(lost)}."), _compared(document, words)))
    for one in criteria.unmet(rows, ladders, words):
        said = f" {criteria.told(one, words)} {words.begun(one.advice)}."
        yield Paragraph((Styled(f"{words.say(one.family.name)}."), said), Tone.BULLET)
    if rows:
        yield criteria.criteria_table(rows, next(number), words)
    warned = _warnings(document.warned, words)
    if warned:
        yield Heading(words.say("Warnings"), level=2)
    for step, message in warned:
        yield Paragraph((Styled(f"{step}."), f" {message}"), Tone.BULLET)


def _compared(document: ScaleValidation, words: Words) -> str:
    """How far the estimates depend on it; nothing where that was not examined."""
    found = document.get(MissingComparisonSection)
    if found is None:
        return ""
    write = Apa(words)
    cfi = [write.bounded(value, 3) for value in found.of_both("cfi")]
    said = words.say(
        "With all answers used (FIML) loadings differ by up to {difference} ({item}), and CFI is {fiml}"
        " instead of {listwise}.",
        difference=write.bounded(found.largest_difference, 3),
        item=words.name(found.of),
        fiml=cfi[1],
        listwise=cfi[0],
    )
    return f" {said}"


def _warnings(warned: Sequence[Warned], words: Words) -> list[tuple[str, str]]:
    """(step, sentence) of every warning; those that differ only in their numbers are told once."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for warning in warned:
        step, message = warning.step, warning.message
        found.setdefault(
            (step, re.sub(r"\d[\d.,]*", "#", message)),
            (step_named(step, words), sentence(message, words)),
        )
    left = len(warned) - len(found)
    if not left:
        return list(found.values())
    said = words.say_count(
        "one warning like these, with other numbers.",
        "{n} warnings like these, with other numbers.",
        n=left,
    )
    return [*found.values(), (words.say("Further"), said)]
