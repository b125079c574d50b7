"""Missing answers in one sentence, which stands in the method chapter's first paragraph."""

from __future__ import annotations

from typing import Any

from analysis.scale.sections.missing import MissingSection
from surveyapp.reports import apa
from surveyapp.reports.validation.part import Part

PARTS: tuple[Part[Any], ...] = ()  # ``sample`` sets the sentence


def sentence(section: MissingSection) -> str:
    """How many answers are missing, and Little's test where there is one."""
    if not section.missing_cells:
        return "No answer is missing."
    text = (
        f"{section.missing_cells:,} of {section.cells:,} answers"
        f" ({100 * section.share:.1f}%) are missing, in {section.n_patterns:,}"
        " patterns."
    )
    little = section.little
    if little:
        text += (
            f" Little's test of missing completely at random: chi-square({little.df}) = "
            f"{apa.number(little.chisq)}, p {apa.equals(little.pvalue)}."
        )
    return text
