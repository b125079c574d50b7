"""Which languages can be spoken, and the phrases in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

from babel import Locale, UnknownLocaleError

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


@cache
def own_name(language: str) -> str:
    """What a language calls itself, with its country or region where the tag names one.

    >>> [own_name(tag) for tag in ("sv", "sv-FI", "es-419", "et")]
    ['Svenska', 'Svenska (Finland)', 'Español (Latinoamérica)', 'et']
    """
    main = language.split("-")[0].lower()
    if language in OWN_NAMES or main not in OWN_NAMES:
        return OWN_NAMES.get(language, language)
    try:
        found = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):  # a tag that is nobody's, such as "sv-xyz1"
        return language
    place = found.territories.get(found.territory or "")
    return f"{OWN_NAMES[main]} ({place})" if place else language


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
