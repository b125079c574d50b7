"""Forms of a questionnaire as a whole: made new, its texts and score, its answer scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    Field,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length

from instruments.schema import Metric, TranslationStatus
from surveyapp.i18n.languages import OWN_NAMES, own_name
from surveyapp.questionnaires.draft import Draft
from surveyapp.questionnaires.general import General, general
from surveyapp.questionnaires.scales import AnswerScale
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.whole_number_field import WholeNumberField

METRICS = {
    "": "No score",
    Metric.INDEX: "Index: the mean of ratings, as 0 to 100",
    Metric.CSAT: "CSAT: share of the two highest points of one rating",
    Metric.NPS: "NPS: promoters less detractors of one 0 to 10 question",
    Metric.CES: "CES: share who found it easy, of one rating",
    Metric.SHARE: "Share of yes of one yes/no question",
}
_STATUS = {
    TranslationStatus.DRAFT: "Draft: not offered unless chosen",
    TranslationStatus.REVIEWED: "Reviewed by a speaker of the language",
    TranslationStatus.VALIDATED: "Validated with customers",
}
_SPARE = 3
_LANGUAGES = sorted(OWN_NAMES.items(), key=lambda each: each[1].casefold())


class NewForm(StaffForm):
    title = StringField(
        "Title",
        [InputRequired("Enter a title."), Length(max=200)],
        description="For internal use and in reports.",
    )
    origin = SelectField(
        "Start from",
        description="A copy brings questions, wordings, licence and note along.",
    )
    language = SelectField("Main language", choices=choices(_LANGUAGES), default="en")
    languages = SelectMultipleField("Further languages", choices=choices(_LANGUAGES))
    files = MultipleFileField(
        "Files",
        description="Of an uploaded questionnaire: the downloaded ZIP archive, or instrument.toml"
        " with its text files.",
        render_kw={"accept": ".toml,.zip"},
    )


class LanguageForm(StaffForm):
    language = StringField(
        "Language",
        [InputRequired("Enter a language tag."), Length(max=40)],
        description="Its tag, such as fi or pt-BR.",
    )


class NewScaleForm(StaffForm):
    code = StringField("Code", [InputRequired("Enter a code."), Length(max=40)])
    minimum = WholeNumberField("Lowest point", [InputRequired("Enter the lowest point.")])
    maximum = WholeNumberField("Highest point", [InputRequired("Enter the highest point.")])


class WordingsForm(StaffForm):
    """A form with fields for each wording, whose names end with it."""

    wordings: Mapping[str, str] = {}

    def label_of(self, field: Field) -> str:
        language = self.wordings.get(field.name.split("-", 2)[-1])
        label = super().label_of(field)
        return f"{label} ({own_name(language)})" if language else label


class GeneralForm(WordingsForm):
    beside = ("score-",)
    licence = StringField("Licence", [InputRequired("Enter a licence."), Length(max=1000)])
    citation = StringField("Source", [InputRequired("Enter a source."), Length(max=1000)])
    note = TextAreaField("Note", [Length(max=1000)], description="A sentence that reports carry.")
    metric = SelectField("Score", choices=choices(METRICS.items()))
    rows = 0

    def general(self) -> General:
        """What was filled in."""
        texts = {
            name: {
                part: (self[f"{part}-{name}"].data or "").strip()
                for part in ("title", "instruction", "status")
            }
            for name in self.wordings
        }
        scales = {
            code: {name: (self[f"score-{row}-{name}"].data or "").strip() for name in self.wordings}
            for row in range(self.rows)
            if (code := (self[f"score-{row}"].data or "").strip())
        }
        metric = self.metric.data or ""
        total = {name: (self[f"total-{name}"].data or "").strip() for name in self.wordings}
        return General(
            texts=texts,
            licence=self.licence.data.strip(),
            citation=self.citation.data.strip(),
            note=(self.note.data or "").strip(),
            metric=metric,
            scales=(scales or {"overall": {}}) if metric else {},
            total=total,
        )


def general_form(draft: Draft) -> GeneralForm:
    """The form with what a draft has."""
    stored, wordings = general(draft), draft.wordings
    sent = sum(1 for name in request.form if name.startswith("score-") and name.count("-") == 1)
    rows = min(max(len(stored.scales) + _SPARE, sent), 60)
    fields: dict[str, Field] = {}
    data: dict[str, Any] = {
        "licence": stored.licence,
        "citation": stored.citation,
        "note": stored.note,
        "metric": stored.metric,
    }
    for name in wordings:
        fields[f"title-{name}"] = StringField("Title", [Length(max=200)])
        fields[f"instruction-{name}"] = TextAreaField("Instruction", [Length(max=1000)])
        fields[f"status-{name}"] = SelectField("Wording", choices=choices(_STATUS.items()))
        fields[f"total-{name}"] = StringField("Name of the whole", [Length(max=200)])
        data |= {f"{part}-{name}": stored.texts[name][part] for part in stored.texts[name]}
        data[f"total-{name}"] = stored.total.get(name, "")
    codes = list(stored.scales)
    for row in range(rows):
        code = codes[row] if row < len(codes) else ""
        fields[f"score-{row}"] = StringField(f"Code of scale {row + 1}", [Length(max=40)])
        data[f"score-{row}"] = code
        for name in wordings:
            fields[f"score-{row}-{name}"] = StringField(f"Scale {row + 1}", [Length(max=200)])
            data[f"score-{row}-{name}"] = stored.scales.get(code, {}).get(name, "")
    form: GeneralForm = type("GeneralFormByLanguage", (GeneralForm,), fields)(data=data)
    form.wordings, form.rows = wordings, rows
    return form


def label_name(point: int, name: str) -> str:
    """The name of the field for a point's label in a wording; a minus is no divider."""
    return f"label-{'minus' if point < 0 else ''}{abs(point)}-{name}"


class ScaleForm(WordingsForm):
    higher_is_better = BooleanField("The highest point is the best answer")
    points: tuple[int, ...] = ()

    def scale(self, stored: AnswerScale) -> AnswerScale:
        """What was filled in, for the scale that is stored."""
        labels = {
            name: {
                str(point): said
                for point in self.points
                if (said := (self[label_name(point, name)].data or "").strip())
            }
            for name in self.wordings
        }
        return AnswerScale(
            stored.code,
            stored.minimum,
            stored.maximum,
            bool(self.higher_is_better.data),
            labels,
            stored.used_by,
        )


def scale_form(draft: Draft, stored: AnswerScale) -> ScaleForm:
    """The form with a scale's labels; of a long scale only the ends have one."""
    points = tuple(stored.points)
    if len(points) > 11:
        points = (points[0], points[-1])
    fields: dict[str, Field] = {}
    data: dict[str, Any] = {"higher_is_better": stored.higher_is_better}
    for point in points:
        for name in draft.wordings:
            key = label_name(point, name)
            fields[key] = StringField(f"Label of {point}", [Length(max=200)])
            data[key] = stored.labels.get(name, {}).get(str(point), "")
    form: ScaleForm = type("ScaleFormByLanguage", (ScaleForm,), fields)(data=data)
    form.wordings, form.points = draft.wordings, points
    return form
