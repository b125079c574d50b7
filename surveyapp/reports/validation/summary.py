"""The first page of the validation report: what to think of the scale, and its criteria."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.invariance import InvarianceSection
from analysis.scale.sections.missing_comparison import MissingComparisonSection
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Warned
from surveyapp.reports import apa
from surveyapp.reports.document import Block, Heading, Paragraph, Styled, Tone
from surveyapp.reports.validation import criteria
from surveyapp.reports.validation.part import Numbers
from surveyapp.results.losses import left_out

_STEPS = {
    "cfa": "Confirmatory model",
    "efa": "Exploratory analysis",
    "htmt": "HTMT",
    "missing_comparison": "Missing answers",
    "rivals": "Rival models",
}


def summary(document: ScaleValidation, number: Numbers) -> Iterator[Block]:
    """Verdict, unmet criteria by family, the table of all of them, and the warnings."""
    rows = document.conclusions
    yield Heading("Summary")
    climbed = document.get(InvarianceSection)
    ladders = climbed.ladders if climbed else ()
    yield Paragraph(criteria.verdict(rows, ladders), Tone.LEAD)
    sample = document.get(SampleSection)
    if sample is not None and sample.dropped:
        lost = left_out(sample.dropped, sample.n_rows)
        yield Paragraph((Styled(f"{lost[:1].upper()}{lost[1:]}."), _compared(document)))
    for one in criteria.unmet(rows, ladders):
        advice = one.advice[:1].upper() + one.advice[1:]
        yield Paragraph(
            (Styled(f"{one.family.name}."), f" {criteria.told(one)} {advice}."), Tone.BULLET
        )
    if rows:
        yield criteria.criteria_table(rows, next(number))
    said = _warnings(document.warned)
    if said:
        yield Heading("Warnings", level=2)
    for step, message in said:
        yield Paragraph((Styled(f"{step}."), f" {message}."), Tone.BULLET)


def _compared(document: ScaleValidation) -> str:
    """How far the estimates depend on it; nothing where that was not examined."""
    found = document.get(MissingComparisonSection)
    if found is None:
        return ""
    cfi = [apa.bounded(value, 3) for value in found.of_both("cfi")]
    return (
        " With all answers used (FIML) loadings differ by up to "
        f"{apa.bounded(found.largest_difference, 3)} ({found.of}), and CFI is {cfi[1]} instead of "
        f"{cfi[0]}."
    )


def _warnings(warned: Sequence[Warned]) -> list[tuple[str, str]]:
    """(step, message) of every warning; those that differ only in their numbers are told once."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for warning in warned:
        step, message = warning.step, warning.message
        found.setdefault(
            (step, re.sub(r"\d[\d.,]*", "#", message)),
            (_STEPS.get(step, step.replace("_", " ").capitalize()), message),
        )
    return _numbered(list(found.values()), warned)


def _numbered(
    kept: Sequence[tuple[str, str]], everything: Sequence[Warned]
) -> list[tuple[str, str]]:
    """The kept warnings, with how many like them were left out at the end."""
    left = len(everything) - len(kept)
    if not left:
        return list(kept)
    what = "one warning like these" if left == 1 else f"{left} warnings like these"
    return [*kept, ("Further", f"{what}, with other numbers")]
