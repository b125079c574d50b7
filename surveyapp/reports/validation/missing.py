"""Missing answers in one sentence, which stands in the method chapter's first paragraph."""

from __future__ import annotations

from typing import Any

from analysis.scale.sections.missing import MissingSection
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.validation.part import Part

PARTS: tuple[Part[Any], ...] = ()  # ``sample`` sets the sentence


def sentence(section: MissingSection, words: Words = ENGLISH) -> str:
    """How many answers are missing, and Little's test where there is one."""
    if not section.missing_cells:
        return words.say("No answer is missing.")
    text = words.say(
        "{missing} of {cells} answers ({share}) are missing, in {patterns} patterns.",
        missing=words.number(section.missing_cells),
        cells=words.number(section.cells),
        share=words.percent(100 * section.share, 1),
        patterns=words.number(section.n_patterns),
    )
    little, write = section.little, Apa(words)
    if not little:
        return text
    test = words.say(
        "Little's test of missing completely at random: chi-square({df}) = {value}, p {p}.",
        df=words.number(little.df),
        value=write.number(little.chisq),
        p=write.equals(little.pvalue),
    )
    return f"{text} {test}"
