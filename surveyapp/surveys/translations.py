"""Translations of what staff write for customers, changed together: all are taken, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import SurveyRow
from surveyapp.surveys import piping
from surveyapp.surveys.consents import translate_consent
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.document import about_field
from surveyapp.surveys.settings.texts import NAMES, Translation, plain
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import change_translations, main_text

LONGEST = {name: int(about_field(Translation, name).most or 0) for name in NAMES}
_CALLED = {
    "introduction": "introduction",
    "consent": "consent text",
    "draw": "prize text",
    "touchpoint": "name",
}


def others(survey: Survey, library: Library) -> tuple[str, ...]:
    """The languages that are offered beside the survey's own."""
    return survey.offered(library)[1:]


def translate(
    session: Session,
    row: SurveyRow,
    written: Mapping[str, Mapping[str, str]],
    *,
    right: Collection[tuple[str, str]] = (),
    user_id: int | None,
    library: Library,
) -> bool:
    """Have texts read as ``written``, {language: {name: text}}; whether consent got a new version.

    An empty text is none; what is not named stays as it is, texts in languages that are no longer
    offered among it. ``right`` are (name, language) of translations that somebody found to fit the
    main language's text as it is now. Raises Invalid at the field ``<name>-<language>``.
    """
    survey = survey_of(row)
    offered = others(survey, library)
    for language, given in written.items():
        if language not in offered:
            raise Invalid(
                f"The survey is not translated into {language[:20]!r}; it is"
                f" translated into {', '.join(offered) or 'no language'}.",
                field="texts",
            )
        if unknown := set(given) - set(NAMES):
            raise Invalid(f"A survey has no text {min(unknown)[:40]!r}.", field="texts")
    after = {name: _after(survey, name, written) for name in NAMES}
    fits = {name: [language for each, language in right if each == name] for name in NAMES}
    consent = after.pop("consent")
    for name, texts in after.items():
        change_translations(row, name, texts, right=fits[name])
        if texts != survey.texts.of(name):
            subject = f"survey {survey.code}"
            record(session, user_id, "translate", subject, text=name, languages=sorted(texts))
    return translate_consent(session, row, consent, right=fits["consent"], user_id=user_id)


def _after(survey: Survey, name: str, written: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """All translations of a text as they are to be: what is stored, with what was written."""
    after = survey.texts.of(name)
    for language, given in written.items():
        if name in given:
            after[language] = _read(survey, name, language, given[name])
    return {language: text for language, text in after.items() if text}


def _read(survey: Survey, name: str, language: str, given: str) -> str:
    field = f"{name}-{language}"
    text = plain(given)
    if name == "touchpoint":
        text = " ".join(text.split())
    if len(text) > LONGEST[name]:
        raise Invalid(
            f"The {_CALLED[name]} has {len(text):,} characters; use at most {LONGEST[name]:,}.",
            field=field,
        )
    if text and not main_text(survey, name):
        raise Invalid(
            f"There is no {_CALLED[name]} in {survey.language!r} to translate yet;"
            " write that first.",
            field=field,
        )
    if name == "introduction":
        piping.check(text, field)
    return text
