"""Which languages the page itself can speak."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.web.respond.texts import ENGLISH, Texts
from surveyapp.web.respond.translations import ARABIC, FINNISH, FRENCH, GERMAN, SPANISH

BY_LANGUAGE: Mapping[str, Texts] = {
    words.language_tag: words for words in (ENGLISH, FINNISH, GERMAN, FRENCH, SPANISH, ARABIC)
}
# What a language calls itself, for those who look for it.
OWN_NAMES: Mapping[str, str] = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
}


def texts(language: str) -> Texts:
    """The page's words in this language, in its main language, or else in English."""
    return BY_LANGUAGE.get(language) or BY_LANGUAGE.get(language.split("-")[0], ENGLISH)
