"""The content of the scale validation report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.bibliography import references
from surveyapp.reports.document import Block, Callout, Cover, Document, Heading
from surveyapp.reports.rules_told import changes_told
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.registry import parts
from surveyapp.reports.validation.reproducibility import reproducibility
from surveyapp.reports.validation.summary import summary
from surveyapp.reports.validation.wording import plain_list
from surveyapp.results.analyses.validation_phrases import sentence
from surveyapp.results.scale_titles import with_dimensions

KIND = msg("Scale validation report")
_MOST_NAMED = 4  # factors that a title names


def content(study: ValidationStudy, *, made: date, words: Words = ENGLISH) -> Document:
    """The report as a document; a section that could not be computed says why."""
    instrument = study.document.settings.instrument
    words = with_dimensions(words, study.library, [instrument] if instrument else [])
    study = replace(study, words=words)
    title, kind = _title(study), words.say(KIND)
    return Document(
        cover=Cover(kind, words.begin(title), _whose(study), _facts(study, made)),
        blocks=tuple(chapters(study)),
        subject=f"{kind}: {title}, {words.name(study.about)}",
        author=study.provider,
        running=words.say(
            "Validation of {scale}  ·  {about}", scale=title, about=words.name(study.about)
        ),
        made=made,
        keywords=("scale validation", "reliability", "confirmatory factor analysis", title),
        words=words,
    )


def _whose(study: ValidationStudy) -> str:
    """The file; or provider and journey, and below them the segment."""
    words = study.words
    if study.file:
        return words.alone(study.file)
    of = words.begin(words.joined([words.name(study.provider), words.name(study.journey)]))
    if study.segment:
        whom = study.segment.capitalize() if words.is_english else words.alone(study.segment)
    else:
        whom = words.say("All customers")
    return f"{of}\n{whom}"


def chapters(study: ValidationStudy) -> Iterator[Block]:
    """The report without its cover, which a page shows too."""
    found = list(_chapters(study))
    yield from found
    yield from references(found, study.words)


def _chapters(study: ValidationStudy) -> Iterator[Block]:
    number = count(1)
    yield from summary(study.document, number, study.words)
    yield from changes_told(study.rules, study.words)
    for chapter in Chapter:
        blocks = list(_blocks(chapter, study, number))
        if blocks:
            yield Heading(study.words.say(chapter.value))
            yield from blocks
    yield from reproducibility(study)


def _blocks(chapter: Chapter, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    under = ""
    for part in parts():
        if part.chapter is not chapter:
            continue
        blocks = list(_part(part, study, number))
        if blocks and part.under and part.under != under:
            yield Heading(study.words.say(part.under), level=2)
        if blocks:
            under = part.under
        yield from blocks


def _part(part: Part[Any], study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    section = study.document.get(part.section)
    if section is not None:
        yield from part.draw(section, study, number)
    elif part.explained:
        yield from _reasons(study.document, part.section.step, study.words)


def _reasons(document: ScaleValidation, step: str, words: Words) -> Iterator[Block]:
    """Why a section is missing, in the words of its warnings."""
    for warning in document.warned:
        if warning.step == step:
            yield Callout(words.say("Not computed"), sentence(warning.message, words))


def _title(study: ValidationStudy) -> str:
    settings, words = study.document.settings, study.words
    if settings.instrument is None:
        names = [factor.name for factor in settings.model]
        if len(names) > _MOST_NAMED:
            return words.say_count("A scale of {n} factors", "A scale of {n} factors", n=len(names))
        return words.begun(plain_list(names, words))
    instrument = study.library.load(settings.instrument, settings.instrument_version)
    own = next(iter(instrument.wordings.values()))
    if words.is_english:
        return own.title
    wording = instrument.wording(words.language)
    return words.name(wording.title if wording.language == words.language else own.title)


def _facts(study: ValidationStudy, made: date) -> list[tuple[str, str]]:
    sample, settings, words = study.document[SampleSection], study.document.settings, study.words
    source = study.file or study.survey
    facts = [
        (
            words.say("Source of the answers"),
            words.alone(source) if source else words.say("all surveys of the journey"),
        ),
        (
            words.say("Respondents"),
            words.say(
                "{n}, of whom {complete} answered every item",
                n=words.number(sample.n_rows),
                complete=words.number(sample.n_complete),
            ),
        ),
        (
            words.say("Scale"),
            words.joined(
                [
                    words.say_count("{n} item", "{n} items", n=sample.n_items),
                    words.say_count("{n} factor", "{n} factors", n=sample.n_factors),
                ]
            ),
        ),
        (
            words.say("Scoring key"),
            words.alone(settings.key) if settings.key else words.say("custom model"),
        ),
    ]
    if settings.group:
        groups = words.begin(plain_list(settings.group, words))
        facts.append((words.say("Groups compared by"), groups))
    return [
        *facts,
        (words.say("Computed on"), words.alone(words.day(study.computed))),
        (words.say("Report created on"), words.alone(words.day(made))),
    ]
