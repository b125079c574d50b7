"""The form of a survey page: one WTForms class a deployment and language, made from its questions."""

from __future__ import annotations

from typing import Any

from wtforms import Field, Form
from wtforms.validators import StopValidation

from instruments.answers import Fault, read_item
from surveyapp.web.respond.content import Content, Question
from surveyapp.words.texts import Texts


class AnswerField(Field):
    """What was sent for one item, kept as it came; the rule that stores answers says what is wrong."""

    def __init__(self, question: Question, words: Texts, **options: Any) -> None:
        super().__init__(question.text, **options)
        self.question = question
        self.words = words

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist

    def pre_validate(self, form: Any) -> None:
        result = read_item(self.question.item, self.data)
        if isinstance(result, Fault):
            raise StopValidation(self.words.fault(result))
        if result is None and self.question.item.required:
            raise StopValidation(self.words.required)

    def holds(self, value: str) -> bool:
        """Whether this option had been chosen."""
        return value in (self.data or ())

    @property
    def target(self) -> str:
        """Where a link to this field leads: its first control."""
        return self.question.name

    @property
    def typed(self) -> str:
        """The text that had been typed."""
        return self.data[0] if self.data else ""


class AnswerForm(Form):
    """A survey's form; its fields come from ``form_class``."""

    @property
    def faults(self) -> list[AnswerField]:
        """The fields that need the customer again, in the page's order."""
        return [field for field in self if field.errors]


def form_class(content: Content, words: Texts) -> type[AnswerForm]:
    """The class of this page's form; made once, since making it costs more than using it."""
    fields = {q.name: AnswerField(q, words) for q in content.questions}
    return type("SurveyForm", (AnswerForm,), fields)
