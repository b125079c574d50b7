"""The questions of an export's columns, in the words that their surveys show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Wording
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.surveys.survey import Survey

NOT_APPLICABLE = -97  # where a file has values for "no answer"; no scale has points below 0


@dataclass(frozen=True)
class Question:
    """An item as its survey asks it: ``worded`` has the wordings that the survey reads.

    ``sent`` is the item's name among the answers of a page.
    """

    worded: Instrument
    item: str
    sent: str
    variable: Variable
    ticks: Mapping[str, Variable]  # of a multiple choice, a column of 0 and 1 for each choice
    filled: Mapping[str, str]  # what stands for {provider} and {touchpoint}

    @property
    def instrument(self) -> str:
        return self.worded.code

    @classmethod
    def of(
        cls, worded: Instrument, item: Item, language: str, filled: Mapping[str, str]
    ) -> Question:
        name, sent = f"{worded.code}.{item.code}", f"{worded.code}-{item.code}"
        wording = worded.wording(language)
        label = filled_in(wording.items.get(item.code, ""), filled)
        ticks = _ticks(name, label, item, wording)
        return cls(worded, item.code, sent, _variable(name, label, item, wording), ticks, filled)

    @property
    def variables(self) -> list[Variable]:
        """The item's columns: its answer, and of a multiple choice one for each choice."""
        return [self.variable, *self.ticks.values()]

    def answered(self, given: Sequence[Any], refused: Sequence[frozenset[str]]) -> Sequence[Cell]:
        """What many responses answer: ``given`` is stored, ``refused`` the items that do not apply."""
        if list in set(map(type, given)):
            given = ["; ".join(each) if isinstance(each, list) else each for each in given]
        if not self.variable.missing or not any(refused):
            return given
        return [
            NOT_APPLICABLE if value is None and self.sent in its else value
            for value, its in zip(given, refused, strict=True)
        ]

    def ticked(
        self, choice: str, given: Sequence[Any], refused: Sequence[frozenset[str]]
    ) -> Sequence[Cell]:
        """1 where many responses ticked a choice, else 0.

        Where nothing was ticked the question may have been skipped: no choice of it is 0 then.
        """
        return [
            int(choice in value) if value else NOT_APPLICABLE if self.sent in its else None
            for value, its in zip(given, refused, strict=True)
        ]


def filled_in(text: str, filled: Mapping[str, str]) -> str:
    """The text with the names that its survey shows in it."""
    for name, value in filled.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _variable(name: str, label: str, item: Item, wording: Wording) -> Variable:
    if item.kind in {ItemKind.OPEN_TEXT, ItemKind.MULTIPLE_CHOICE}:
        return Variable(name, label, Kind.TEXT)
    missing = {NOT_APPLICABLE: "Not applicable"}
    choices = wording.choices.get(item.code, {})
    if item.scale is not None:
        labels: dict[Any, str] = {**wording.labels.get(item.scale.code, {})}
        return Variable(name, label, Kind.INTEGER, Measure.ORDINAL, labels, missing)
    if item.kind is ItemKind.YES_NO:
        labels = {int(code): choices.get(code, ("No", "Yes")[int(code)]) for code in item.choices}
        return Variable(name, label, Kind.INTEGER, Measure.NOMINAL, labels, missing)
    return Variable(name, label, Kind.TEXT, Measure.NOMINAL, {**choices})


def _ticks(name: str, label: str, item: Item, wording: Wording) -> dict[str, Variable]:
    if item.kind is not ItemKind.MULTIPLE_CHOICE:
        return {}
    words = wording.choices.get(item.code, {})
    return {
        choice: Variable(
            f"{name}.{choice}",
            f"{label} {words.get(choice, choice)}",
            Kind.INTEGER,
            labels={0: "Not ticked", 1: "Ticked"},
            missing={NOT_APPLICABLE: "Not applicable"},
        )
        for choice in item.choices
    }


def questions(surveys: Sequence[Survey], library: Library) -> list[Question]:
    """Everything asked, in the order of the questionnaires; worded as the first survey that asks it.

    A question that is asked at several touchpoints keeps the place of their names.
    """
    at: dict[str, set[str]] = {}
    for survey in surveys:
        for ask in survey.asks:
            at.setdefault(ask.instrument, set()).add(survey.touchpoint)
    found: dict[str, Question] = {}
    for survey in surveys:
        for instrument, key in survey.asked(library):
            places = at[instrument.code]
            filled = {"provider": survey.provider}
            filled |= {"touchpoint": survey.touchpoint} if len(places) == 1 else {}
            for item in instrument.asked(key):
                question = Question.of(instrument, item, survey.language, filled)
                found.setdefault(question.sent, question)
    return list(found.values())
