"""Which languages can be spoken, and the phrases in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

from instruments.wordings import RIGHT_TO_LEFT
from surveyapp.i18n.gettext_catalogues import phrases, translations
from surveyapp.i18n.phrases import Phrases
from surveyapp.i18n.plurals import Plural

ENGLISH = Phrases()
# What a language calls itself, for those who look for it.
OWN_NAMES: Mapping[str, str] = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "sv": "Svenska",
}


def texts(language: str) -> Phrases:
    """The phrases in this language, in its main language, or else in English."""
    main = language.split("-")[0].lower()
    return _spoken(main) if main in OWN_NAMES else ENGLISH


@cache
def _spoken(language: str) -> Phrases:
    if language == ENGLISH.language_tag:
        return ENGLISH
    catalogue = translations(language)
    said: dict[str, str | Plural] = {
        name: replace(phrase, choose=partial(catalogue.npgettext, name))
        if isinstance(phrase, Plural)
        else catalogue.pgettext(name, phrase)
        for name, phrase in phrases()
    }
    return replace(
        ENGLISH,
        language_tag=language,
        right_to_left=language in RIGHT_TO_LEFT,
        **said,  # type: ignore[arg-type]  # each field gets its own kind of phrase back
    )
