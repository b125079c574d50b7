"""The languages that documents can be written in."""

from __future__ import annotations

from functools import cache

from instruments.wordings import RIGHT_TO_LEFT
from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.i18n.report_messages import CATALOGUES, translations
from surveyapp.i18n.words import ENGLISH, Words

# A language that surveys have may be without a catalogue of reports.
REPORT_LANGUAGES = tuple(
    language
    for language in sorted(OWN_NAMES)
    if language == ENGLISH.language or CATALOGUES.joinpath(f"{language}.po").is_file()
)


@cache
def written_in(language: str) -> Words:
    """The words of a language that has a catalogue; KeyError for any other."""
    if language == ENGLISH.language:
        return ENGLISH
    if language not in REPORT_LANGUAGES:
        raise KeyError(language)
    return Words(language, language in RIGHT_TO_LEFT, translations(language))
