"""The form of a survey page: one WTForms class a survey and language, made from its questions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from wtforms import Field, Form
from wtforms.validators import StopValidation

from instruments.answers import Fault, read_item
from surveyapp.i18n.phrases import Phrases
from surveyapp.surveys.logic import NOT_APPLICABLE
from surveyapp.web.respond.content import Content, Question

CONSENT_FIELD, QUOTE_FIELD = "consent", "quote"
AGREED = "yes"


class SentField(Field):
    """What was sent under one name, kept as it came; whether it will do is for the kind of field."""

    words: Phrases

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist

    def holds(self, value: str) -> bool:
        """Whether this option had been chosen."""
        return value in (self.data or ())

    @property
    def is_empty(self) -> bool:
        return not any(self.data or ())


class AnswerField(SentField):
    """The answer to one question; the rule that stores answers says what is wrong with it."""

    def __init__(self, question: Question, words: Phrases, **options: Any) -> None:
        super().__init__(question.text, **options)
        self.question = question
        self.words = words

    def pre_validate(self, form: Any) -> None:
        if self.question.may_not_apply and self.data == [NOT_APPLICABLE]:
            return
        result = read_item(self.question.item, self.data)
        if isinstance(result, Fault):
            raise StopValidation(self.words.fault(result))
        if result is None and self.question.item.required:
            raise StopValidation(self.words.required)

    @property
    def number(self) -> str:
        """What the question is numbered with."""
        return self.question.number

    @property
    def target(self) -> str:
        """Where a link to this field leads: its first control."""
        return self.question.name

    @property
    def typed(self) -> str:
        """The text that had been typed."""
        return self.data[0] if self.data else ""


class ConsentField(SentField):
    """The box that has to be ticked; nobody ticks it but the customer."""

    number = ""
    target = CONSENT_FIELD

    def __init__(self, words: Phrases, **options: Any) -> None:
        super().__init__(words.agree_box, **options)
        self.words = words

    def pre_validate(self, form: Any) -> None:
        if not self.holds(AGREED):
            raise StopValidation(self.words.agree_needed)


class QuoteField(SentField):
    """The box that may be ticked: whether comments may be quoted."""

    number = ""
    target = QUOTE_FIELD


class AnswerForm(Form):
    """A survey's form; its fields come from ``form_class``."""

    @property
    def faults(self) -> list[SentField]:
        """The fields that need the customer again, in the page's order."""
        return [field for field in self if field.errors]

    def judge(self, *, without: Collection[str] = (), only: Collection[str] | None = None) -> bool:
        """Validate, but not the names ``without`` (they are not asked), or those of ``only`` alone."""
        fine = True
        for each in self:
            if each.name not in without and (only is None or each.name in only):
                fine = each.validate(self) and fine
        return fine


def form_class(content: Content, words: Phrases) -> type[AnswerForm]:
    """The class of this page's form; made once, since making it costs more than using it."""
    fields: dict[str, Field] = {}
    if content.consent_box:
        fields[CONSENT_FIELD] = ConsentField(words)
    fields |= {q.name: AnswerField(q, words) for q in content.questions}
    if content.quote_box:
        fields[QUOTE_FIELD] = QuoteField(words.quote_box)
    return type("SurveyForm", (AnswerForm,), fields)
