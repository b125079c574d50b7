"""Languages are called by their own names, with the country where the tag names one."""

from __future__ import annotations

import pytest

from surveyapp.i18n.languages import OWN_NAMES, own_name, texts


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("sv", "Svenska"),
        ("sv-FI", "Svenska (Finland)"),
        ("de-CH", "Deutsch (Schweiz)"),
        ("fr-CA", "Français (Canada)"),
        ("es-419", "Español (Latinoamérica)"),
        ("ar-EG", "العربية (مصر)"),
        ("et", "et"),  # no phrases of ours
        ("et-EE", "et-EE"),
        ("sv-xyz1", "sv-xyz1"),
        ("sv-", "sv-"),
    ],
)
def test_a_variety_is_called_by_its_country(tag: str, name: str):
    assert own_name(tag) == name


@pytest.mark.parametrize("language", sorted(OWN_NAMES))
def test_a_variety_is_spoken_to_in_the_phrases_of_its_language(language: str):
    assert texts(f"{language}-FI") == texts(language)
