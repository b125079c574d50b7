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
    words = study.words
    factors = "; ".join(
        words.begin(f"{name(one.name, words)} ({words.joined(one.items)})")
        for one in section.factors
    )
    said = [
        words.say(
            "{n} respondents answered {items} items intended to measure {count} factors: {factors}.",
            n=words.number(section.n_rows),
            items=words.number(section.n_items),
            count=words.number(section.n_factors),
            factors=factors,
        )
    ]
    absent = study.document.get(MissingSection)
    if absent is not None:
        said.append(missing.sentence(absent, words))
    complete = words.number(section.n_complete)
    said.append(words.say("Analyses that need complete rows use {n} of them.", n=complete))
    yield Paragraph(" ".join(said))
    yield Paragraph(procedure(study.document, words))
    turned = study.document.settings.reversed
    if turned:
        items = words.joined([words.name(item) for item in turned])
        yield Paragraph(words.say("Reversed before the analysis: {items}.", items=items), Tone.BODY)
    yield from reporting_standards.paragraphs(study)
    if study.fieldwork is not None and study.fieldwork.characteristics:
        yield characteristics_table(study.fieldwork, next(number), words)
    yield from instrument(study)


PARTS = (Part(SampleSection, Chapter.METHOD, 10, _method),)
