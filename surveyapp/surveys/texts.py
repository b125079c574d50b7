"""What staff write once for all customers: each text in the language in which somebody reads it.

A survey's own columns hold its texts in its main language; its document ``texts`` holds
translations: {language: {name: text, "of": {name: mark of what was translated}}}. What is not
translated is read in the main language, and the page says in which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.wordings import RIGHT_TO_LEFT
from surveyapp.store.models import SurveyRow
from surveyapp.surveys.queries import Asking

WRITTEN = ("introduction", "consent", "draw")  # by staff, for this survey
NAMES = (*WRITTEN, "touchpoint")
OF = "of"  # which text of the main language each translation is of


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


def said(what: Asking | SurveyRow, name: str, language: str) -> Said:
    """A text of the survey in ``language``, else in its main one; ``name`` is one of NAMES."""
    main = main_text(what, name)
    written = what.texts.get(language, {}).get(name, "")
    # Without the text itself there is nothing that a translation could be of.
    if language == what.language or not main or not written:
        return Said(main, what.language)
    return Said(written, language)


def main_text(what: Asking | SurveyRow, name: str) -> str:
    """A text in the survey's main language. What it is about is named by the journey's map."""
    if name == "touchpoint" and isinstance(what, SurveyRow):
        return (what.touchpoint or what.journey).name
    return str(getattr(what, name))


def is_behind(survey: SurveyRow, name: str, language: str) -> bool:
    """Whether the main language's text has changed since this translation was written of it."""
    given = survey.texts.get(language, {})
    return bool(given.get(name)) and given.get(OF, {}).get(name) != mark(main_text(survey, name))


@dataclass(frozen=True)
class Spread:
    """The languages that a text is written in, is written in of what it was before, or is missing in."""

    written: tuple[str, ...]
    behind: tuple[str, ...]
    missing: tuple[str, ...]


def spread(survey: SurveyRow, name: str, languages: Sequence[str]) -> Spread:
    """How far a text is translated into ``languages``, those that are offered beside the main one."""
    there = translated_texts(survey, name)
    behind = tuple(each for each in languages if is_behind(survey, name, each))
    return Spread(
        tuple(each for each in languages if each in there and each not in behind),
        behind,
        tuple(each for each in languages if each not in there),
    )


def translated_texts(survey: SurveyRow, name: str) -> dict[str, str]:
    """A text in every other language that it is written in."""
    return {language: given[name] for language, given in survey.texts.items() if given.get(name)}


def with_translations(
    survey: SurveyRow, name: str, written: Mapping[str, str], *, right: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """The document with exactly these translations of one text, each marked with what it is of.

    One that is as it was keeps its mark, unless its language is among those found ``right`` anew.
    """
    now = mark(main_text(survey, name))
    document: dict[str, dict[str, Any]] = {}
    for language in sorted({*survey.texts, *written}):
        given = survey.texts.get(language, {})
        rest = {each: text for each, text in given.items() if each not in (name, OF)}
        marks = {each: of for each, of in given.get(OF, {}).items() if each != name}
        text = written.get(language, "")
        if text:
            rest[name] = text
            stays = given.get(name) == text and language not in right
            marks[name] = given.get(OF, {}).get(name, now) if stays else now
        if rest:
            document[language] = {**rest, OF: marks}
    return document


def mark(text: str) -> str:
    """By which a text is told from what it was before."""
    return hashlib.sha256(plain(text).encode()).hexdigest()[:12]


def plain(text: str) -> str:
    """A text as it is kept. Browsers send a line's end in two characters; that makes no other text."""
    return text.replace("\r\n", "\n").strip()
