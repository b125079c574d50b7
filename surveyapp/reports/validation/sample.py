"""Who answered which items, and how the answers were analysed."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.missing import MissingSection
from analysis.scale.sections.sample import SampleSection
from surveyapp.reports.document import Block, Paragraph, Tone
from surveyapp.reports.respondents import characteristics_table
from surveyapp.reports.validation import missing, reporting_standards
from surveyapp.reports.validation.method import instrument, procedure
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name


def _method(section: SampleSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    factors = "; ".join(f"{name(one.name)} ({', '.join(one.items)})" for one in section.factors)
    absent = study.document.get(MissingSection)
    gaps = "" if absent is None else f"{missing.sentence(absent)} "
    yield Paragraph(
        f"{section.n_rows:,} respondents answered {section.n_items} items intended to measure "
        f"{section.n_factors} factors: {factors}. "
        f"{gaps}Analyses that need complete rows use {section.n_complete:,} of them."
    )
    yield Paragraph(procedure(study.document))
    turned = study.document.settings.reversed
    if turned:
        yield Paragraph(f"Reversed before the analysis: {', '.join(turned)}.", Tone.BODY)
    yield from reporting_standards.paragraphs(study)
    if study.fieldwork is not None and study.fieldwork.characteristics:
        yield characteristics_table(study.fieldwork, next(number))
    yield from instrument(study)


PARTS = (Part(SampleSection, Chapter.METHOD, 10, _method),)
