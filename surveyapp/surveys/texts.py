"""What staff write once for all customers: each text in the language in which somebody reads it.

What is not translated is read in the survey's main language, and the page says in which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from instruments.wordings import RIGHT_TO_LEFT
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.settings.texts import Texts
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Said:
    """A text and the language that it is in. It is nothing where the text is empty."""

    text: str
    language: str

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def direction(self) -> str:
        """In which it runs, as HTML has it."""
        return "rtl" if self.language.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def said(survey: Survey, name: str, language: str) -> Said:
    """A text of the survey in ``language``, else in its main one; ``name`` is one of NAMES."""
    main = main_text(survey, name)
    # Without the text itself there is nothing that a translation could be of.
    if language == survey.language or not main:
        return Said(main, survey.language)
    written = survey.texts.text(name, language)
    return Said(written, language) if written else Said(main, survey.language)


def main_text(survey: Survey, name: str) -> str:
    """A text in the survey's main language. What it is about is named by the journey's map."""
    text: str = getattr(survey, name)
    return text


def is_behind(survey: Survey, name: str, language: str) -> bool:
    """Whether the main language's text has changed since this translation was written of it."""
    main = main_text(survey, name)
    return bool(survey.texts.text(name, language)) and not survey.texts.is_of(name, language, main)


@dataclass(frozen=True)
class Spread:
    """The languages that a text is written in, is written in of what it was before, or is missing in."""

    written: tuple[str, ...]
    behind: tuple[str, ...]
    missing: tuple[str, ...]


def spread(survey: Survey, name: str, languages: Sequence[str]) -> Spread:
    """How far a text is translated into ``languages``, those that are offered beside the main one."""
    there = survey.texts.of(name)
    behind = tuple(each for each in languages if is_behind(survey, name, each))
    return Spread(
        tuple(each for each in languages if each in there and each not in behind),
        behind,
        tuple(each for each in languages if each not in there),
    )


def change_translations(
    row: SurveyRow, name: str, written: Mapping[str, str], *, right: Collection[str] = ()
) -> None:
    """Have exactly these translations of one text, each marked with what it is of.

    One that is as it was keeps its mark, unless its language is among those found ``right`` anew.
    """
    survey = survey_of(row)
    texts: Texts = survey.texts.with_translations(
        name, written, main=main_text(survey, name), right=right
    )
    row.texts = texts.written()
