"""Every catalogue of reports has every message that the code says, whole, with the same places to fill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from surveyapp.i18n.gettext_catalogues import catalogue as customers_catalogue
from surveyapp.i18n.gettext_catalogues import untranslated
from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.report_messages import (
    CATALOGUES,
    STATUS,
    catalogue,
    refreshed,
    said_in,
    template,
)

TRANSLATED = [language for language in REPORT_LANGUAGES if language != "en"]
COGNATES = ("Questionnaire", "Performance", "configural")  # the same word in French or Spanish
PLACE = re.compile(r"\{(\w*)\}")
REFRESH = "run python -m surveyapp.i18n and translate what it counts"


def forms(message: Message) -> tuple[str, ...]:
    said = message.string
    return tuple(said) if message.pluralizable else (str(said),)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_of_the_code_is_translated_and_no_gone_one_is_kept(language: str):
    found = catalogue(language)
    assert {message.id for message in found} == {message.id for message in template()}, REFRESH
    assert [message.id for message in untranslated(found)] == [], REFRESH
    assert refreshed(language) == CATALOGUES.joinpath(f"{language}.po").read_bytes(), REFRESH


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_english(language: str):
    """A form for one number, or for two, may say it in words."""
    found = catalogue(language)
    form_of = c2py(found.plural_expr)
    largest = [max(n for n in range(1000) if form_of(n) == i) for i in range(found.num_plurals)]
    for message in messages(language):
        english = message.id[-1] if message.pluralizable else str(message.id)
        wanted = set(PLACE.findall(english))
        for at, form in enumerate(forms(message)):
            places = set(PLACE.findall(form))
            said_in_words = {"n"} if message.pluralizable and largest[at] <= 2 else set()
            # A form that is never used, such as that of no survey left out, may be short of others.
            spare = wanted if message.pluralizable and largest[at] == 0 else said_in_words
            assert places <= wanted and wanted - places <= spare, (language, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_reads_as_text_and_not_as_its_english(language: str):
    for message in messages(language):
        for form in forms(message):
            assert form == form.strip() and "<" not in form.replace("p < 0", "")
            letters = re.sub(r"[^a-z]", "", PLACE.sub("", form))
            same = form in (message.id if message.pluralizable else (message.id,))
            assert not same or len(letters) < 10 or form in COGNATES, (language, form)
            if language == "fr":
                assert not re.search(r" [?!;:]", form), form
            if language == "ar":
                assert not re.search("[,;?]", PLACE.sub("", form)), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_ends_as_its_english_does(language: str):
    for message in messages(language):
        english = message.id[-1] if message.pluralizable else str(message.id)
        for form in forms(message):
            if english[-1] in ".?":
                assert form[-1] in {".": ".", "?": "?؟"}[english[-1]], (language, form)
            else:
                assert form[-1] != ".", (language, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_forms_that_count_stand_in_the_order_of_those_for_customers(language: str):
    """Babel begins a catalogue with its own order of the Arabic forms, which translators do not know."""
    reports, customers = (
        c2py(each.plural_expr) for each in (catalogue(language), customers_catalogue(language))
    )
    assert [reports(n) for n in range(250)] == [customers(n) for n in range(250)]


def test_twelve_of_something_are_said_as_arabic_counts():
    words = written_in("ar")
    said = words.say_count(
        "{n} differences were tested together (Holm).",
        "{n} differences were tested together (Holm).",
        n=12,
    )
    assert "12 فرقًا" in said


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_says_that_nobody_has_reviewed_it(language: str):
    assert STATUS in CATALOGUES.joinpath(f"{language}.po").read_text("utf-8")


def test_a_message_that_is_put_together_is_refused(tmp_path: Path):
    file = tmp_path / "said.py"
    file.write_text('words.say(f"{what} is low")\n')
    with pytest.raises(ValueError, match=r"said\.py, line 1"):
        list(said_in(file))
    file.write_text('msg("It is " "low.")\nwords.say_count("One", "{n} of them", n=2)\n')
    assert list(said_in(file)) == ["It is low.", ("One", "{n} of them")]
