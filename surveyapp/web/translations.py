"""What staff write for customers, in each language that the survey is offered in beside its own."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Field, StringField, TextAreaField
from wtforms.validators import Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.i18n.languages import own_name
from surveyapp.journeys import queries
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.settings.texts import NAMES
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said, is_behind, main_text
from surveyapp.surveys.translations import LONGEST, others, translate
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

translations = Blueprint(
    "translations",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/translations",
)

LABELS = {
    "introduction": "Introduction",
    "consent": "Consent text",
    "draw": "Prize",
    "touchpoint": "Touchpoint",
}
_RIGHT = "right-"


class TranslationsForm(StaffForm):
    """The fields come from ``_form``: ``<text>-<language>``, and ``right-<text>-<language>``."""

    beside = (_RIGHT,)

    def label_of(self, field: Field) -> str:
        language = field.name.removeprefix(_RIGHT).partition("-")[2]
        return f"{super().label_of(field)} ({own_name(language)})"


@dataclass(frozen=True)
class Pair:
    """A text to translate, with the fields of its translation; ``right`` where it is behind."""

    label: str
    text: str
    field: Field
    right: Field | None


@dataclass(frozen=True)
class Chapter:
    """One language's texts. ``mail`` says whether its messages have words of their own."""

    language: str
    name: str
    direction: str
    pairs: tuple[Pair, ...]
    written: int
    behind: int
    mail: bool

    @property
    def is_wrong(self) -> bool:
        return any(pair.field.errors for pair in self.pairs)


@translations.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        languages = others(survey, library)
        names = [name for name in NAMES if main_text(survey, name)]
        form = _form(survey, languages, names)
        chapters = [_chapter(survey, form, language, names) for language in languages]
    if form.validate_on_submit():
        with form.refusing(f"{names[0]}-{languages[0]}" if languages else "csrf_token"):
            with form.saving() as session:
                found = queries.survey_row(session, journey_id, survey_id)
                anew = translate(
                    session,
                    found,
                    _written(form, languages, names),
                    right=_found_right(form),
                    user_id=me().id,
                    library=library,
                )
                version = found.consent_version
            flash(
                f"Saved. The consent text is now version {version} in every language."
                if anew
                else "Saved. New visitors see the changes at once."
            )
            place = url_for("translations.edit", journey_id=journey_id, survey_id=survey_id)
            return redirect(place, 303)
    page = render_template(
        "translations/edit.html",
        journey=journey,
        survey=survey,
        form=form,
        chapters=chapters,
        own=Said("", survey.language),
        own_name=own_name(survey.language),
        lacking=[LABELS[name] for name in NAMES if name not in names],
    )
    return page, form.status


def _form(survey: Survey, languages: tuple[str, ...], names: list[str]) -> StaffForm:
    """A form with a field for each text in each language, and a box where one is behind."""
    fields: dict[str, Field] = {}
    stored: dict[str, str] = {}
    for name in names:
        written = survey.texts.of(name)
        for language in languages:
            fields[f"{name}-{language}"] = _field(name)
            stored[f"{name}-{language}"] = written.get(language, "")
            if is_behind(survey, name, language):
                fields[f"{_RIGHT}{name}-{language}"] = BooleanField("The translation still fits")
    kind = type("TranslationsFormByLanguage", (TranslationsForm,), fields)
    form: StaffForm = kind(data=stored)
    return form


def _field(name: str) -> Field:
    kind = StringField if name == "touchpoint" else TextAreaField
    return kind(LABELS[name], [Optional(), Length(max=LONGEST[name])])


def _chapter(survey: Survey, form: StaffForm, language: str, names: list[str]) -> Chapter:
    pairs = tuple(
        Pair(
            LABELS[name],
            main_text(survey, name),
            form[f"{name}-{language}"],
            form[right] if (right := f"{_RIGHT}{name}-{language}") in form else None,
        )
        for name in names
    )
    written = [name for name in names if language in survey.texts.of(name)]
    return Chapter(
        language=language,
        name=own_name(language),
        direction=Said("", language).direction,
        pairs=pairs,
        written=len(written),
        behind=sum(1 for pair in pairs if pair.right is not None),
        mail=language in survey.distribution.texts,
    )


def _written(
    form: StaffForm, languages: tuple[str, ...], names: list[str]
) -> dict[str, dict[str, str]]:
    return {
        language: {name: form[f"{name}-{language}"].data or "" for name in names}
        for language in languages
    }


def _found_right(form: StaffForm) -> list[tuple[str, str]]:
    """The (text, language) whose box was ticked."""
    ticked = [f.name.removeprefix(_RIGHT) for f in form if f.name.startswith(_RIGHT) and f.data]
    return [(name, language) for name, _, language in (each.partition("-") for each in ticked)]
