"""What stands on a survey page: instruments and wordings become sections and questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from instruments.loader import Library
from instruments.schema import Item, ItemKind, Wording
from surveyapp.comments.intake import open_items, settings_of
from surveyapp.i18n.languages import texts
from surveyapp.surveys import piping
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.logic import Condition, Logic
from surveyapp.surveys.settings.theme import Theme
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said
from surveyapp.web.respond.faces import FACES
from surveyapp.web.respond.readable import text_of, theme_of

_WIDEST_SCALE = 11  # points that are drawn side by side; more are typed
_BLOCK = 5  # questions that stand together where one block is shown at a time


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
    face: str = ""  # of an emotion: what is drawn beside its word


@dataclass(frozen=True)
class Question:
    """One question; ``name`` is the form field's, ``<instrument>-<item>``.

    ``number`` is what customers read: a question that hangs on another one is its neighbour "3a",
    so that no number is missing where it is not asked. ``needs`` are all conditions that it hangs on.
    """

    name: str
    instrument: str
    item: Item
    number: str
    text: str
    layout: Layout
    options: tuple[Option, ...]
    may_not_apply: bool = False
    needs: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Section:
    """What one instrument asks, or a part of it, in the wording's own language and direction."""

    language: str
    right_to_left: bool
    instruction: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Content:
    """A whole survey in one language; ``languages`` are those to choose from.

    ``blocks`` are the sections of which one is shown at a time; empty where all stand on one page.
    ``piped`` names the attributes that its texts use.
    """

    language: str
    right_to_left: bool
    languages: tuple[str, ...]
    provider: str
    theme: Theme
    introduction: Said
    consent: Said
    consent_box: bool
    quote_box: bool
    sections: tuple[Section, ...]
    blocks: tuple[Section, ...]
    logic: Logic
    piped: frozenset[str] = field(default=frozenset())

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for section in self.sections for question in section.questions)


def content(
    survey: Survey,
    language: str,
    library: Library,
    attributes: Mapping[str, Attribute] | None = None,
) -> Content:
    """The content of a survey in ``language``, or in its own where that is not offered.

    ``attributes`` are the customer's, for texts that use them.
    """
    open_to = survey.offered(library)
    chosen = language if language in open_to else survey.language
    instruments, logic = survey.asked(library), survey.fitted_logic(library)
    fill = _Filling(survey, chosen, attributes or {})
    introduction, consent = (text_of(survey, name, chosen) for name in ("introduction", "consent"))
    sections: list[Section] = []
    for (instrument, key), ask in zip(instruments, survey.asks, strict=True):
        own = ask.wording if chosen == survey.language else None
        wording = instrument.wording(chosen, own)
        questions = [
            _question(instrument.code, item, wording, logic, fill) for item in instrument.asked(key)
        ]
        sections.append(
            Section(
                wording.language,
                wording.right_to_left,
                fill(wording.instruction, right_to_left=wording.right_to_left),
                tuple(_with_check(questions, logic, wording.language)),
            )
        )
    numbered = tuple(_numbered(sections))
    return Content(
        language=chosen,
        right_to_left=sections[0].right_to_left,
        languages=open_to,
        provider=survey.provider,
        theme=theme_of(survey),
        introduction=replace(
            introduction,
            text=fill(introduction.text, right_to_left=introduction.direction == "rtl"),
        ),
        consent=consent,
        consent_box=survey.consent_box and bool(consent),
        quote_box=settings_of(survey).ask_to_quote and bool(open_items(survey, library)),
        sections=numbered,
        blocks=tuple(_blocks(numbered)) if survey.paging == "blocks" else (),
        logic=logic,
        piped=frozenset(fill.piped),
    )


class _Filling:
    """Fills texts, and remembers the attributes that they use."""

    def __init__(self, survey: Survey, language: str, attributes: Mapping[str, Attribute]) -> None:
        touchpoint = text_of(survey, "touchpoint", language).text
        self.own = {"provider": survey.provider, "touchpoint": touchpoint}
        self.attributes = attributes
        self.piped: set[str] = set()

    def __call__(self, text: str, *, right_to_left: bool) -> str:
        self.piped |= piping.names(text)
        return piping.filled(text, self.attributes, self.own, right_to_left=right_to_left)


def _question(
    instrument: str, item: Item, wording: Wording, logic: Logic, fill: _Filling
) -> Question:
    name = f"{instrument}-{item.code}"
    return Question(
        name=name,
        instrument=instrument,
        item=item,
        number="",
        text=fill(wording.items[item.code], right_to_left=wording.right_to_left),
        layout=_layout(item, wording),
        options=_options(item, wording),
        may_not_apply=name in logic.not_applicable,
        needs=logic.needs(name),
    )


def _with_check(questions: Sequence[Question], logic: Logic, language: str) -> Iterator[Question]:
    """The questions, and the check of attention in its place, drawn as its neighbour is."""
    check = logic.attention
    for question in questions:
        yield question
        if check is not None and question.name == check.after:
            words = texts(language)
            text = words.filled(words.attention, value=str(check.choose))
            yield replace(
                question, name=check.name, item=check.item, text=text, may_not_apply=False, needs=()
            )


def _numbered(sections: Sequence[Section]) -> Iterator[Section]:
    number, letters = 0, 0
    for section in sections:
        questions = []
        for question in section.questions:
            if question.needs:
                letters += 1
                said = f"{number}{chr(ord('a') + min(letters, 26) - 1)}"
            else:
                number, letters = number + 1, 0
                said = str(number)
            questions.append(replace(question, number=said))
        yield replace(section, questions=tuple(questions))


def _blocks(sections: Sequence[Section]) -> Iterator[Section]:
    """Each instrument in as few blocks as may be, all of about the same length."""
    for section in sections:
        count = -(-len(section.questions) // _BLOCK)
        size, longer = divmod(len(section.questions), count)
        start = 0
        for block in range(count):
            stop = start + size + (block < longer)
            yield replace(section, questions=section.questions[start:stop])
            start = stop


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
    shown = wording.choices.get(item.code, {})
    drawn = FACES if item.kind is ItemKind.EMOTION and FACES.keys() >= {*item.choices} else {}
    return tuple(
        Option(choice, shown.get(choice, choice), drawn.get(choice, "")) for choice in item.choices
    )
