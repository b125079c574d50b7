"""The content of the scale validation report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.sample import SampleSection
from surveyapp.reports.bibliography import references
from surveyapp.reports.document import Block, Callout, Cover, Document, Heading
from surveyapp.reports.rules_told import changes_told
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.registry import parts
from surveyapp.reports.validation.reproducibility import reproducibility
from surveyapp.reports.validation.summary import summary
from surveyapp.reports.validation.wording import plain_list
from surveyapp.results import phrases

KIND = "Scale validation report"
_MOST_NAMED = 4  # factors that a title names


def content(study: ValidationStudy, *, made: date) -> Document:
    """The report as a document; a section that could not be computed says why."""
    title = _title(study)
    whom = "" if study.file else f"\n{(study.segment or 'all customers').capitalize()}"
    about = study.file or f"{phrases.named(study.provider)}, {phrases.named(study.journey)}"
    return Document(
        cover=Cover(KIND, title, f"{about}{whom}", _facts(study, made)),
        blocks=tuple(chapters(study)),
        subject=f"{KIND}: {title}, {phrases.named(study.about)}",
        author=study.provider,
        running=f"Validation of {title}  ·  {phrases.named(study.about)}",
        made=made,
        keywords=("scale validation", "reliability", "confirmatory factor analysis", title),
    )


def chapters(study: ValidationStudy) -> Iterator[Block]:
    """The report without its cover, which a page shows too."""
    found = list(_chapters(study))
    yield from found
    yield from references(found)


def _chapters(study: ValidationStudy) -> Iterator[Block]:
    number = count(1)
    yield from summary(study.document, number)
    yield from changes_told(study.rules)
    for chapter in Chapter:
        blocks = list(_blocks(chapter, study, number))
        if blocks:
            yield Heading(chapter.value)
            yield from blocks
    yield from reproducibility(study)


def _blocks(chapter: Chapter, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    under = ""
    for part in parts():
        if part.chapter is not chapter:
            continue
        blocks = list(_part(part, study, number))
        if blocks and part.under and part.under != under:
            yield Heading(part.under, level=2)
        if blocks:
            under = part.under
        yield from blocks


def _part(part: Part[Any], study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    section = study.document.get(part.section)
    if section is not None:
        yield from part.draw(section, study, number)
    elif part.explained:
        yield from _reasons(study.document, part.section.step)


def _reasons(document: ScaleValidation, step: str) -> Iterator[Block]:
    """Why a section is missing, in the words of its warnings."""
    for warning in document.warned:
        if warning.step == step:
            yield Callout("Not computed", f"{warning.message}.")


def _title(study: ValidationStudy) -> str:
    settings = study.document.settings
    if settings.instrument is None:
        names = [factor.name for factor in settings.model]
        if len(names) > _MOST_NAMED:
            return f"A scale of {len(names)} factors"
        return plain_list(names)[:1].upper() + plain_list(names)[1:]
    instrument = study.library.load(settings.instrument, settings.instrument_version)
    return next(iter(instrument.wordings.values())).title


def _facts(study: ValidationStudy, made: date) -> list[tuple[str, str]]:
    sample, settings = study.document[SampleSection], study.document.settings
    facts = [
        ("Answers from", study.file or study.survey or "all surveys of the journey"),
        ("Respondents", f"{sample.n_rows:,}, of whom {sample.n_complete:,} answered every item"),
        ("Scale", f"{sample.n_items} items, {sample.n_factors} factors"),
        ("Scoring key", settings.key or "custom model"),
    ]
    if settings.group:
        facts.append(("Groups compared by", plain_list(settings.group)))
    return [
        *facts,
        ("Computed on", phrases.day(study.computed)),
        ("Report created on", phrases.day(made)),
    ]
