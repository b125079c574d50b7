"""What customers agree to. A text that somebody has read is never changed: a new one follows it.

A version is one for all languages: it stands for the text and for all its translations. A response
keeps the version and the language of its page, which together tell the very words that were read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import ConsentText, SurveyRow
from surveyapp.surveys import queries
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.texts import plain
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said, change_translations
from surveyapp.whole import whole_number

_LONGEST = 5000
_NAME = "consent"
_LARGEST_VERSION = 10**9  # a higher number is taken for a name


def change_consent(
    session: Session, survey: SurveyRow, *, text: str, box: bool, user_id: int | None
) -> bool:
    """Ask customers from now on to agree to ``text``; whether that made a new version.

    The old text stays under its version, since responses name it. Translations stay, too, until
    somebody changes them; without a text there are none. ``box`` says whether agreeing takes a tick.
    Raises Invalid for a text that is too long, or a box without a text.
    """
    text = _read(text, "text")
    if box and not text:
        raise Invalid("A consent box needs a consent text; write one.", field="text")
    anew = text != plain(survey.consent)
    if not anew and survey.consent_box == box:
        return False
    if anew:
        _keep(session, survey)
        survey.consent = text
        if not text:
            change_translations(survey, _NAME, {})
        _follow(session, survey)
    survey.consent_box = box
    _record(session, survey, user_id)
    return anew


def translate_consent(
    session: Session,
    survey: SurveyRow,
    written: Mapping[str, str],
    *,
    right: Collection[str] = (),
    user_id: int | None,
) -> bool:
    """Have the text of consent read as ``written`` by language; whether that made a new version.

    ``written`` are all its translations, an empty one being none; those in languages that are
    ``right`` fit the text as it is now. Raises Invalid for one that is too long, or one of a text
    that there is not, at the field ``consent-<language>``.
    """
    read = {
        language: text
        for language, given in written.items()
        if (text := _read(given, f"{_NAME}-{language}"))
    }
    if read and not survey.consent:
        raise Invalid(
            "There is no consent text to translate yet; write it in the main language first.",
            field=f"{_NAME}-{min(read)}",
        )
    if read == _translations(survey):
        change_translations(survey, _NAME, read, right=right)
        return False
    _keep(session, survey)
    change_translations(survey, _NAME, read, right=right)
    _follow(session, survey)
    _record(session, survey, user_id)
    return True


def versions(session: Session, survey: Survey) -> list[ConsentText]:
    """Every text that was in force, the newest first; the present one included."""
    query = select(ConsentText).where(ConsentText.survey_id == survey.id)
    found = list(session.scalars(query.order_by(ConsentText.id.desc())))
    if survey.consent and not any(e.version == survey.consent_version for e in found):
        found.insert(0, _row(survey))  # its own row is written when another text follows it
    return found


def text_of(session: Session, survey_id: int, version: str, language: str) -> Said:
    """What whoever answered in ``language`` read of a version; empty when nothing was to be agreed to."""
    survey = queries.survey(session, survey_id)
    kept = session.scalar(
        select(ConsentText).where(
            ConsentText.survey_id == survey_id, ConsentText.version == version
        )
    )
    if kept is None and survey.consent_version == version:
        kept = _row(survey)
    if kept is None:
        return Said("", survey.language)
    if language != survey.language and language in kept.texts:
        return Said(kept.texts[language], language)
    return Said(kept.text, survey.language)


def _translations(survey: SurveyRow) -> dict[str, str]:
    return survey_of(survey).texts.of(_NAME)


def _read(text: str, field: str) -> str:
    text = plain(text)
    if len(text) > _LONGEST:
        raise Invalid(
            f"The consent text has {len(text)} characters; use at most {_LONGEST}.", field=field
        )
    return text


def _follow(session: Session, survey: SurveyRow) -> None:
    """Give what is in force now a version of its own, and store it."""
    survey.consent_version = _next(session, survey) if survey.consent else ""
    _keep(session, survey)


def _keep(session: Session, survey: SurveyRow) -> None:
    """Store the text that is in force under its version, if it is not stored."""
    stored = select(ConsentText.id).where(
        ConsentText.survey_id == survey.id,
        ConsentText.version == survey.consent_version,
    )
    if survey.consent and session.scalar(stored) is None:
        session.add(_row(survey_of(survey)))
        session.flush()


def _row(survey: Survey) -> ConsentText:
    return ConsentText(
        survey_id=survey.id,
        version=survey.consent_version,
        text=survey.consent,
        texts=survey.texts.of(_NAME),
    )


def _record(session: Session, survey: SurveyRow, user_id: int | None) -> None:
    record(
        session,
        user_id,
        "change consent",
        f"survey {survey.code}",
        version=survey.consent_version,
        box=survey.consent_box,
        translations=sorted(_translations(survey)),
    )
    session.flush()


def _next(session: Session, survey: SurveyRow) -> str:
    """One more than there were versions, or than the highest that is a number."""
    own = ConsentText.survey_id == survey.id
    names = list(session.scalars(select(ConsentText.version).where(own)))
    numbers = [whole_number(name, largest=_LARGEST_VERSION) or 0 for name in names]
    return str(max([len(names), *numbers]) + 1)
