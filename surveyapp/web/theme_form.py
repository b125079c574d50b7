"""The form of theme and logic: plain fields, and rows for conditions and quotas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange, Optional

from instruments.conditions import SIGNS, options_of
from instruments.schema import Item
from surveyapp.errors import Conflict, Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.store.models import Journey
from surveyapp.surveys import piping
from surveyapp.surveys.logic import fitted, takes_not_applicable
from surveyapp.surveys.pins import Asked
from surveyapp.surveys.settings.document import about_field
from surveyapp.surveys.settings.logic import AttentionRule, LogicRules
from surveyapp.surveys.settings.theme import Theme
from surveyapp.surveys.survey import Survey
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.setting_fields import setting
from surveyapp.web.whole_number_field import WholeNumberField

SPARE = 2  # empty rows to fill in
_SAID = {"<=": "at most", ">=": "at least", "==": "exactly", "in": "one of (1, 2, 3)"}


class ConditionForm(Form):
    lead = "item"  # without it the row is empty
    item = SelectField("Show", validate_choice=False)
    when = SelectField("If", validate_choice=False)
    sign = SelectField("is", choices=choices((sign, _SAID[sign]) for sign in SIGNS))
    value = StringField("Answer", [Optional(), Length(max=200)])

    @property
    def is_blank(self) -> bool:
        return not self.item.data

    def row(self) -> dict[str, Any]:
        """The condition as the logic's document has it."""
        given = (self.value.data or "").strip()
        parts = [part.strip() for part in given.split(",") if part.strip()]
        value: Any = parts if self.sign.data == "in" else given
        return {
            "item": self.item.data,
            "when": self.when.data,
            "sign": self.sign.data,
            "value": value,
        }


class QuotaForm(Form):
    lead = "most"
    segment = SelectField("Segment", validate_choice=False)
    most = WholeNumberField(
        "At most", [Optional(), NumberRange(1, 10**9 - 1, "Enter a number of at least 1.")]
    )


class ThemeForm(StaffForm):
    beside = ("show_if-", "quotas-")
    colour = setting(Theme, "colour")
    name = setting(Theme, "name")
    logo = FileField(
        "Logo",
        description="PNG, JPEG or WebP, at most 2 MB. Metadata is removed; SVG is not accepted.",
    )
    logo_shown = HiddenField()  # the number of the stored logo, which tells whether it was changed
    remove_logo = BooleanField("Remove logo")
    introduction = TextAreaField(
        "Introduction",
        [Optional(), Length(max=5000)],
        description="Shown above the questions. {attribute:agent|our adviser} is replaced by the"
        " customer's attribute, or by the words after the bar if it is not known.",
    )
    paging = SelectField(
        "Layout",
        choices=choices(
            [
                ("page", "All on one page"),
                ("blocks", "In pages of a few questions, with a progress bar"),
            ]
        ),
    )
    auto_advance = BooleanField(
        "Go to the next question when an answer is tapped",
        description="In browsers with JavaScript; never when using the keyboard.",
    )
    languages = SelectMultipleField(
        "Languages",
        [Optional()],
        description="Languages that customers can choose. If none is selected, all languages with"
        " reviewed texts are offered.",
    )
    show_if = FieldList(FormField(ConditionForm))
    not_applicable = SelectMultipleField(about_field(LogicRules, "not_applicable").label)
    attention_after = SelectField(about_field(AttentionRule, "after").label)
    attention_choose = setting(AttentionRule, "choose")
    quotas = FieldList(FormField(QuotaForm))

    def logic(self) -> dict[str, Any]:
        """The logic's document as it was filled in; a condition is refused at its own row."""
        rows: list[dict[str, Any]] = []
        for entry in self.show_if:
            if entry.form.is_blank:
                continue
            rows.append(entry.form.row())
            try:
                fitted(LogicRules.read({"show_if": rows}), self.asked)
            except Invalid as error:
                entry.form.value.errors = [*entry.form.value.errors, str(error)]
                raise
        attention, after = None, self.attention_after.data
        if after:
            if self.attention_choose.data is None:
                said = f"An empty value is not an answer to {after}; choose one of its points."
                raise Invalid(said, field="attention_choose")
            attention = {"after": after, "choose": self.attention_choose.data}
        return {
            "show_if": rows,
            "not_applicable": self.not_applicable.data or [],
            "attention": attention,
            "quotas": [
                {"most": entry.form.most.data, "segment": entry.form.segment.data or ""}
                for entry in self.quotas
                if entry.form.most.data is not None
            ],
        }

    asked: Asked = ()

    def fits(self) -> bool:
        """Whether everything can be taken; each part tells its own fault, so that all are told."""
        with self.refusing("colour"):
            Theme.read({"colour": self.colour.data or "", "name": self.name.data or ""})
        with self.refusing("introduction"):
            piping.check(self.introduction.data or "", "introduction")
        with self.refusing("quotas"):
            fitted(LogicRules.read(self.logic()), self.asked)
        return not self.told

    def refuse(self, error: Invalid | Conflict, *, fallback: str) -> None:
        """Conditions were refused at their rows, a quota is refused at the first."""
        field = getattr(error, "field", None)
        if field == "show_if":
            return
        if field == "quotas":
            first = self.quotas[0].form.most
            first.errors = [*first.errors, str(error)]
            return
        super().refuse(error, fallback=fallback)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Every fault with the id of the control that it belongs to, in the page's order."""
        found = []
        for field in self:
            if isinstance(field, FieldList):
                controls = [control for entry in field for control in entry.form]
            else:
                controls = [field]
            found += [(c.id, str(error)) for c in controls for error in c.errors]
        return found


def form_of(
    survey: Survey,
    journey: Journey,
    asked: Asked,
    segments: Sequence[tuple[str, str]],
    languages: Sequence[str],
) -> ThemeForm:
    """The form with what the survey has, and the questions and segments that it may speak of."""
    form = ThemeForm(data=_data(survey))
    form.asked = asked
    items = _items(survey, journey, asked)
    form.languages.choices = choices((each, own_name(each)) for each in languages)
    form.not_applicable.choices = choices(
        (name, text) for name, item, text in items if takes_not_applicable(item)
    )
    rated = [(name, text) for name, item, text in items if item.scale and options_of(item)]
    form.attention_after.choices = choices([("", "No check"), *rated])
    triggers = [(name, text) for name, item, text in items if options_of(item)]
    everything = [(name, text) for name, _, text in items]
    if request.method != "POST":
        for _ in range(SPARE):
            form.show_if.append_entry()
        form.quotas.append_entry()
    for entry in form.show_if:
        entry.form.item.choices = choices([("", "Choose a question"), *everything])
        entry.form.when.choices = choices([("", "Choose an earlier question"), *triggers])
    for entry in form.quotas:
        entry.form.segment.choices = choices([("", "All customers"), *segments])
    return form


def _data(survey: Survey) -> dict[str, Any]:
    logic, theme = survey.logic, survey.theme
    rows = [
        {"item": rule.item, "when": rule.when, "sign": rule.sign, "value": ", ".join(rule.value)}
        for rule in logic.show_if
    ]
    return {
        "colour": theme.colour,
        "name": theme.name,
        "logo_shown": theme.logo_file_id,
        "introduction": survey.introduction,
        "paging": survey.paging,
        "auto_advance": survey.auto_advance,
        "languages": survey.languages,
        "show_if": rows,
        "not_applicable": logic.not_applicable,
        "attention_after": logic.attention.after if logic.attention else "",
        "attention_choose": logic.attention.choose if logic.attention else None,
        "quotas": [{"most": quota.most, "segment": quota.segment} for quota in logic.quotas],
    }


def _items(survey: Survey, journey: Journey, asked: Asked) -> list[tuple[str, Item, str]]:
    """Every question as (name, item, its words cut short)."""
    own = {"provider": journey.provider, "touchpoint": survey.touchpoint}
    found = []
    for (instrument, key), ask in zip(asked, survey.asks, strict=True):
        wording = instrument.wording(survey.language, ask.wording)
        for item in instrument.asked(key):
            words = piping.filled(
                wording.items[item.code], {}, own, right_to_left=wording.right_to_left
            )
            short = words if len(words) <= 70 else words[:69] + "…"
            found.append((f"{instrument.code}-{item.code}", item, f"{item.code}: {short}"))
    return found
