"""The form of one question: its wording in each language, its answers, and when it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from wtforms import (
    BooleanField,
    Field,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from instruments.conditions import SIGNS, options_of
from instruments.definition import CHOICE_KINDS, LONGEST_ANSWER, SCALE_KINDS
from instruments.schema import Item, ItemKind, Scale, ShowIf
from surveyapp.errors import Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.questionnaires.draft import LIKELY, START, Draft, Question
from surveyapp.questionnaires.presets import scale_presets
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.whole_number_field import WholeNumberField

SPARE = 3  # empty rows for answers
MOST_ROWS = 100
KINDS = {
    ItemKind.RATING: "Rating on a scale",
    ItemKind.ZERO_TO_TEN: "Likelihood from 0 to 10",
    ItemKind.YES_NO: "Yes or no",
    ItemKind.SINGLE_CHOICE: "One of several answers",
    ItemKind.MULTIPLE_CHOICE: "Several answers",
    ItemKind.OPEN_TEXT: "Free text",
    ItemKind.EMOTION: "Emotion, one tap",
}
SAID = {"in": "is one of", "==": "is", "<=": "is at most", ">=": "is at least"}
_SCALES = {ItemKind.RATING: START, ItemKind.ZERO_TO_TEN: LIKELY}
_ROW = re.compile(r"choice-(\d{1,3})(?:-.*)?")


class QuestionForm(StaffForm):
    """The fields by language and answer come from ``form_of``."""

    beside = ("choice-",)
    code = StringField(
        "Code",
        [DataRequired("Enter a code."), Length(max=40)],
        description="The name of its column in files: letters, digits and underscores.",
    )
    kind = SelectField("Kind", choices=choices((str(kind), said) for kind, said in KINDS.items()))
    required = BooleanField("An answer is required")
    scale = SelectField("Answer scale", validate_choice=False)
    reverse = BooleanField("Worded against its score: a high answer counts low")
    score = SelectField("Counts in", validate_choice=False)
    max_length = WholeNumberField(
        "Longest answer",
        [Optional(), NumberRange(1, LONGEST_ANSWER)],
        description="In characters.",
    )
    sign = SelectField(
        "The earlier answer",
        choices=choices((sign, SAID[sign]) for sign in sorted(SIGNS, key=list(SAID).index)),
    )
    answers = SelectMultipleField("Show only after", validate_choice=False)

    wordings: Mapping[str, str] = {}
    rows = 0

    def label_of(self, field: Field) -> str:
        name = field.name.partition("-")[2]
        language = self.wordings.get(name)
        label = super().label_of(field)
        return f"{label} ({own_name(language)})" if language else label

    def question(self, stored: Question) -> Question:
        """What was filled in, for the question that is stored. Raises Invalid with the field."""
        kind = ItemKind(self.kind.data)
        codes, labels = self._choices(kind)
        scaled = kind in SCALE_KINDS
        return Question(
            id=stored.id,
            code=(self.code.data or "").strip(),
            kind=kind,
            required=bool(self.required.data),
            reverse=scaled and bool(self.reverse.data),
            scale=(self.scale.data or _SCALES[kind]) if scaled else "",
            max_length=self.max_length.data or 2000,
            score=self.score.data or "",
            choices=codes,
            texts={name: _line(self[f"text-{name}"]) for name in self.wordings},
            labels=labels,
            show_if=self._show_if(),
        )

    def _choices(self, kind: ItemKind) -> tuple[tuple[str, ...], dict[str, dict[str, str]]]:
        """The codes of the answers, and their labels by wording; a row without a code gets one."""
        if kind is not ItemKind.YES_NO and kind not in CHOICE_KINDS:
            return (), {}
        found: dict[str, dict[str, str]] = {}
        for row in range(self.rows):
            said = {name: _line(self[f"choice-{row}-{name}"]) for name in self.wordings}
            code = _line(self[f"choice-{row}"])
            if kind is ItemKind.YES_NO:
                code = ("1", "0")[row] if row < 2 else ""
            elif not code and any(said.values()):
                code = _code_of(next(filter(None, said.values())), found)
            if not code:
                continue
            if code in found:
                raise Invalid(
                    f"The answer code {code} stands twice; change one.", field=f"choice-{row}"
                )
            found[code] = said
        labels = {
            name: {code: said[name] for code, said in found.items()} for name in self.wordings
        }
        return tuple(found), labels

    def _show_if(self) -> ShowIf | None:
        given = [each.partition(":") for each in self.answers.data or []]
        if not given:
            return None
        questions = dict.fromkeys(code for code, _, _ in given)
        if len(questions) > 1:
            raise Invalid(
                f"A question can hang on one earlier question, not on {' and '.join(questions)};"
                " untick the answers of the others.",
                field="answers",
            )
        return ShowIf(next(iter(questions)), self.sign.data, tuple(value for _, _, value in given))


def _line(field: Field) -> str:
    return (field.data or "").replace("\r\n", "\n").strip()


def _code_of(text: str, taken: Mapping[str, Any]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:30] or "answer"
    code, number = stem, 2
    while code in taken:
        code, number = f"{stem}_{number}", number + 1
    return code


@dataclass(frozen=True)
class Trigger:
    """An earlier question whose answers can be chosen: (value, label) of each."""

    code: str
    text: str
    options: tuple[tuple[str, str], ...]


def form_of(draft: Draft, stored: Question) -> QuestionForm:
    """The form with what is stored of a question."""
    wordings = draft.wordings
    rows = _rows(stored)
    fields: dict[str, Field] = {}
    for name in wordings:
        fields[f"text-{name}"] = TextAreaField("Wording", [Length(max=1000)])
    for row in range(rows):
        fields[f"choice-{row}"] = StringField(f"Code of answer {row + 1}", [Length(max=40)])
        for name in wordings:
            fields[f"choice-{row}-{name}"] = StringField(f"Answer {row + 1}", [Length(max=1000)])
    made = type("QuestionFormByLanguage", (QuestionForm,), fields)
    form: QuestionForm = made(data=_data(stored, wordings, rows))
    form.wordings, form.rows = wordings, rows
    offered = dict.fromkeys((*draft.document.definition["scales"], *scale_presets()))
    form.scale.choices = choices((code, scale_said(draft, code)) for code in offered)
    main = draft.document.texts[next(iter(wordings))]["dimensions"]
    scored = [(code, main.get(code) or code) for code in draft.scored]
    form.score.choices = choices([("", "No score"), *scored])
    form.answers.choices = choices(
        (f"{each.code}:{value}", label)
        for each in triggers(draft, stored)
        for value, label in each.options
    )
    return form


def _rows(stored: Question) -> int:
    sent = [int(found[1]) + 1 for name in request.form if (found := _ROW.fullmatch(name))]
    return min(max([len(stored.choices) + SPARE, *sent]), MOST_ROWS)


def _data(stored: Question, wordings: Mapping[str, str], rows: int) -> dict[str, Any]:
    rule = stored.show_if
    data: dict[str, Any] = {
        "code": stored.code,
        "kind": str(stored.kind),
        "required": stored.required,
        "scale": stored.scale,
        "reverse": stored.reverse,
        "score": stored.score,
        "max_length": stored.max_length,
        "sign": rule.sign if rule else "in",
        "answers": [f"{rule.when}:{value}" for value in rule.values] if rule else [],
    }
    for name in wordings:
        data[f"text-{name}"] = stored.texts.get(name, "")
    for row in range(rows):
        code = stored.choices[row] if row < len(stored.choices) else ""
        data[f"choice-{row}"] = code
        for name in wordings:
            data[f"choice-{row}-{name}"] = stored.labels.get(name, {}).get(code, "")
    return data


def scale_said(draft: Draft, code: str) -> str:
    """An answer scale by its ends: "1 Strongly disagree to 7 Strongly agree"."""
    scale = draft.document.definition["scales"].get(code)
    if scale is not None:
        name = next(iter(draft.wordings))
        low, high = scale["minimum"], scale["maximum"]
        labels = draft.document.texts[name]["labels"].get(code, {})
        ends = labels.get(str(low), ""), labels.get(str(high), "")
    else:
        preset = scale_presets()[code]
        low, high = preset.scale.minimum, preset.scale.maximum
        said = preset.labels["en"]
        ends = said[low], said[high]
    return f"{low} {ends[0]} to {high} {ends[1]} ({code})".replace("  ", " ")


def triggers(draft: Draft, stored: Question) -> list[Trigger]:
    """The earlier questions whose answers can be chosen, in order."""
    name = next(iter(draft.wordings))
    texts = draft.document.texts[name]
    found = []
    for question in draft.questions()[: draft.place(stored.id)]:
        options = _options(draft, question)
        labels: Mapping[str, str] = question.labels.get(name, {})
        if question.kind in SCALE_KINDS:
            labels = texts["labels"].get(question.scale, {})
            options_said = [(each, f"{each} {labels.get(each, '')}".strip()) for each in options]
        else:
            options_said = [(each, labels.get(each) or each) for each in options]
        if options:
            text = question.texts.get(name) or question.code
            found.append(Trigger(question.code, text, tuple(options_said)))
    return found


def _options(draft: Draft, question: Question) -> Sequence[str]:
    scale = draft.document.definition["scales"].get(question.scale)
    made = Scale(question.scale, scale["minimum"], scale["maximum"]) if scale else None
    return options_of(Item(question.code, question.kind, scale=made, choices=question.choices))
