"""What stands on a survey page: instruments and wordings become sections and questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from instruments.schema import Instrument, Item, ItemKind, TranslationStatus, Wording
from surveyapp.fielding.queries import Asking
from surveyapp.responses.actions import asked_instrument

_WIDEST_SCALE = 11  # points that are drawn side by side; more are typed


class Layout(StrEnum):
    """How a question is drawn."""

    POINTS = "points"  # numbers side by side, ends labelled
    LABELLED = "labelled"  # every point carries its label
    NUMBER = "number"  # a long scale: the number is typed
    CHOICES = "choices"  # one of a list
    TICKS = "ticks"  # any of a list
    TEXT = "text"


@dataclass(frozen=True)
class Option:
    """One answer to tap. ``label`` is empty for a point without one."""

    value: str
    label: str


@dataclass(frozen=True)
class Question:
    """One question; ``name`` is the form field's, ``<instrument>-<item>``."""

    name: str
    instrument: str
    item: Item
    number: int
    text: str
    layout: Layout
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Section:
    """What one instrument asks, in the wording's own language and direction."""

    language: str
    right_to_left: bool
    instruction: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Content:
    """A whole page in one language; ``languages`` are those to choose from."""

    language: str
    right_to_left: bool
    languages: tuple[str, ...]
    provider: str
    introduction: str
    consent: str
    sections: tuple[Section, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)


def content(asking: Asking, language: str, roots: Sequence[str | Path]) -> Content:
    """The page of a deployment in ``language``, or in its own where an instrument lacks it."""
    asked = [(ask, asked_instrument(ask, roots)) for ask in asking.asks]
    shared = set.intersection(*(_offered(instrument) for _, instrument in asked))
    languages = (asking.language, *sorted(shared - {asking.language}))
    chosen = language if language in languages else asking.language
    sections: list[Section] = []
    number = 1
    for ask, instrument in asked:
        own = ask["wording"] if chosen == asking.language else None
        wording = instrument.wording(chosen, own)
        questions = _questions(asking, instrument, wording, ask["key"], number)
        number += len(questions)
        sections.append(
            Section(
                wording.language,
                wording.right_to_left,
                _filled(wording.instruction, asking),
                questions,
            )
        )
    return Content(
        language=chosen,
        right_to_left=sections[0].right_to_left,
        languages=languages,
        provider=asking.provider,
        introduction=asking.introduction,
        consent=asking.consent,
        sections=tuple(sections),
    )


def _offered(instrument: Instrument) -> set[str]:
    """Languages that customers may switch to: a draft is shown only where staff chose its language."""
    wordings = instrument.wordings.values()
    return {w.language for w in wordings if w.status is not TranslationStatus.DRAFT}


def _questions(
    asking: Asking, instrument: Instrument, wording: Wording, key: str | None, first: int
) -> tuple[Question, ...]:
    return tuple(
        Question(
            name=f"{instrument.code}-{item.code}",
            instrument=instrument.code,
            item=item,
            number=number,
            text=_filled(wording.items[item.code], asking),
            layout=_layout(item, wording),
            options=_options(item, wording),
        )
        for number, item in enumerate(instrument.asked(key), start=first)
    )


def _layout(item: Item, wording: Wording) -> Layout:
    if item.kind is ItemKind.OPEN_TEXT:
        return Layout.TEXT
    if item.kind is ItemKind.MULTIPLE_CHOICE:
        return Layout.TICKS
    if item.scale is None:
        return Layout.CHOICES
    if len(item.scale.points) > _WIDEST_SCALE:
        return Layout.NUMBER
    labels = wording.labels.get(item.scale.code, {})
    return Layout.LABELLED if all(labels.get(p) for p in item.scale.points) else Layout.POINTS


def _options(item: Item, wording: Wording) -> tuple[Option, ...]:
    if item.scale is not None:
        labels = wording.labels.get(item.scale.code, {})
        return tuple(Option(str(point), labels.get(point, "")) for point in item.scale.points)
    texts = wording.choices.get(item.code, {})
    return tuple(Option(choice, texts.get(choice, choice)) for choice in item.choices)


def _filled(text: str, asking: Asking) -> str:
    """Replacement and nothing more: a wording is data, and data are never a template to run."""
    return text.replace("{provider}", asking.provider).replace("{touchpoint}", asking.touchpoint)
