"""Every catalogue translates every English phrase, whole, with the same places to fill."""

from __future__ import annotations

import re
from gettext import c2py

import pytest
from babel.messages.catalog import Message

from surveyapp.i18n.gettext_catalogues import (
    CATALOGUES,
    catalogue,
    phrases,
    refreshed,
    template,
    untranslated,
)
from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.i18n.plurals import Plural

TRANSLATED = sorted(OWN_NAMES.keys() - {"en"})
TO_FILL = re.compile(r"\{(\w*)\}")
REFRESH = "run python -m surveyapp.i18n and translate what it counts"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_phrase_is_translated_and_no_gone_one_is_kept(language: str):
    found = catalogue(language)
    wanted = {(message.context, message.id) for message in template() if message.id}
    assert {(message.context, message.id) for message in found if message.id} == wanted, REFRESH
    assert [message.context for message in untranslated(found)] == [], REFRESH
    assert not found.obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_english(language: str):
    for message in catalogue(language):
        if message.id and not message.pluralizable:
            assert places(message.string) == places(message.id), (language, message.id)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_plural_form_for_several_numbers_says_the_number(language: str):
    """A form for one number (French takes 0 with 1) may say it in words; other places it must have."""
    found = catalogue(language)
    form_of = c2py(found.plural_expr)
    uses = [[n for n in range(1000) if form_of(n) == form] for form in range(found.num_plurals)]
    for name, phrase in plurals():
        message = found.get((phrase.one, phrase.many), name)
        assert isinstance(message, Message)
        for form, numbers in zip(message.string, uses, strict=True):
            assert numbers, "a form that no number uses"
            missing = places(phrase.many) - places(form)
            assert places(form) <= places(phrase.many), (language, form)
            assert missing <= ({phrase.counted} if max(numbers) <= 2 else set()), (language, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_reads_as_text_and_not_as_its_english(language: str):
    """Same words are met in short ones only: Error is Error in Spanish."""
    for message in catalogue(language):
        said = message.string if message.pluralizable else (message.string,)
        for form in said if message.id else ():
            assert form == form.strip()
            assert "<" not in form
            assert (
                len(form) < 12
                or form != message.id
                or not re.search(r"[a-z]", TO_FILL.sub("", form))
            )


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_ends_as_its_english_does(language: str):
    ends = {".": ".", "?": "?؟", ":": ":"}
    for message in catalogue(language):
        if message.id and not message.pluralizable:
            assert message.string[-1] in ends.get(message.id[-1], message.string[-1]), (
                message.string
            )
            assert (message.id[-1] in ends) == (message.string[-1] in ".?؟:"), message.string


def test_french_never_breaks_a_line_before_a_mark():
    for message in catalogue("fr"):
        said = message.string if message.pluralizable else (message.string,)
        assert not [form for form in said if re.search(r" [?!;:]", form)]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_as_the_command_writes_it(language: str):
    """So a change of one phrase is a change of one message, whoever makes it."""
    written = CATALOGUES.joinpath(f"{language}.po").read_bytes()
    assert refreshed(language) == written, REFRESH


def test_every_phrase_fills_in_every_language():
    """No phrase asks for a value that its English does not name."""
    for language in TRANSLATED:
        found = catalogue(language)
        for name, phrase in phrases():
            message = found.get(phrase.one if isinstance(phrase, Plural) else phrase, name)
            assert message is not None
            said = message.string if message.pluralizable else (message.string,)
            for form in said:
                values = dict.fromkeys(
                    places(message.id[-1] if message.pluralizable else message.id), "x"
                )
                assert "{" not in form.format(**values)


def places(text: str) -> set[str]:
    return set(TO_FILL.findall(text))


def plurals() -> list[tuple[str, Plural]]:
    return [(name, phrase) for name, phrase in phrases() if isinstance(phrase, Plural)]
