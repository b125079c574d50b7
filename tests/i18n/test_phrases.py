"""What customers read is said in seven languages, with the right plurals, and in English where one lacks it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from instruments.answers import Fault
from surveyapp.i18n import gettext_catalogues
from surveyapp.i18n.languages import ENGLISH, OWN_NAMES, texts
from surveyapp.i18n.phrases import Phrases
from surveyapp.i18n.plurals import Plural

TRANSLATED = sorted(OWN_NAMES.keys() - {"en"})


def test_every_language_of_a_catalogue_has_a_name_and_the_other_way_round():
    found = {file.name.removesuffix(".po") for file in gettext_catalogues.CATALOGUES.iterdir()}
    assert found == set(TRANSLATED)


@pytest.mark.parametrize(("language", "spoken"), [("fi", "fi"), ("fi-FI", "fi"), ("AR", "ar")])
def test_a_region_is_spoken_in_its_main_language(language: str, spoken: str):
    assert texts(language).language_tag == spoken


@pytest.mark.parametrize("language", ["et", "", "en", "en-GB", "../../etc/passwd", "x" * 1000])
def test_a_language_without_a_catalogue_is_english(language: str):
    assert texts(language) == Phrases() == ENGLISH


def test_only_arabic_runs_from_right_to_left():
    assert [language for language in OWN_NAMES if texts(language).right_to_left] == ["ar"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "سؤال واحد"),
        (2, "سؤالان"),
        (3, "3 أسئلة"),
        (10, "10 أسئلة"),
        (11, "11 سؤالًا"),
        (99, "99 سؤالًا"),
        (100, "100 سؤال"),
        (103, "103 أسئلة"),
    ],
)
def test_arabic_counts_with_its_own_forms(count: int, said: str):
    assert texts("ar").questions.format(count=count) == said


def test_an_estimate_counts_questions_and_minutes_apart():
    assert ENGLISH.estimate(1) == "1 question, about a minute"
    assert ENGLISH.estimate(16) == "16 questions, about 3 minutes"
    assert texts("ar").estimate(16) == "16 سؤالًا، نحو 3 دقائق"
    assert texts("fi").estimate(8) == "8 kysymystä, noin 2 minuuttia"


@pytest.mark.parametrize("language", OWN_NAMES)
def test_a_fault_is_told_with_its_numbers(language: str):
    long = Fault("item", "", "too_long", "", "", {"maximum": 2000, "length": 2001})
    outside = Fault("item", "", "out_of_range", "", "", {"minimum": 0, "maximum": 10})
    words = texts(language)
    assert "2000" in words.fault(long)
    assert "2001" in words.fault(long)
    assert "10" in words.fault(outside)
    assert words.fault(replace(long, code="not_text")) == words.unreadable


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "App, Branch, Phone"),
        ("fr", "App, Branch, Phone"),
        ("ar", "\u2068App\u2069، \u2068Branch\u2069، \u2068Phone\u2069"),
    ],
)
def test_a_row_of_answers_has_the_comma_of_its_language(language: str, said: str):
    assert texts(language).listing(["App", "Branch", "Phone"]) == said
    assert texts(language).listing([]) == ""


def test_french_has_a_no_break_space_before_the_colon_that_others_glue_on():
    french = texts("fr")
    assert french.problem_mark == "Erreur\u00a0:"
    assert french.mine_named.format(name="région", value="nord") == "région\u00a0: nord"
    assert french.mine_labelled_point.format(value=7, first=1, last=7, label="Oui") == (
        "7 (1–7)\u00a0: Oui"
    )


def test_a_label_and_a_button_with_the_same_english_are_two_messages():
    assert (ENGLISH.language, ENGLISH.start_again) == (ENGLISH.mine_language, ENGLISH.kiosk_again)
    names = [message.context for message in gettext_catalogues.template() if message.id]
    assert {"language", "mine_language", "start_again", "kiosk_again"} <= set(names)
    assert len(names) == len(set(names)) == len(list(gettext_catalogues.phrases()))


def test_each_of_two_messages_with_the_same_english_has_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
):
    estonian = Catalog(locale="et")
    estonian.add("Language", "Keel", context="language")
    estonian.add("Language", "Vastuste keel", context="mine_language")
    monkeypatch.setattr(gettext_catalogues, "catalogue", lambda language: estonian)
    spoken = gettext_catalogues.translations("et")
    assert spoken.pgettext("language", "Language") == "Keel"
    assert spoken.pgettext("mine_language", "Language") == "Vastuste keel"


def test_a_phrase_that_was_changed_keeps_its_own_translation_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
):
    """Not that of another phrase whose English happens to be alike."""
    known = Catalog(locale="et")
    known.add("Send answers", "Saada", context="send")
    known.add("Send my answers now", "Vale", context="mine_save")
    monkeypatch.setattr(gettext_catalogues, "catalogue", lambda language: known)
    written = read_po(BytesIO(gettext_catalogues.refreshed("et")), locale="et")
    kept = written.get("Send my answers", "send")
    assert kept is not None
    assert (kept.string, kept.fuzzy) == ("Saada", True)


def test_a_plural_takes_whole_numbers_only():
    with pytest.raises(TypeError, match="count decides on the form"):
        Plural("a day", "{count} days").format(count="2")


def test_what_a_catalogue_lacks_or_doubts_is_said_in_english(monkeypatch: pytest.MonkeyPatch):
    estonian = Catalog(locale="et")
    estonian.add("Language", "Keel", context="language")
    estonian.add("Error:", "Viga:", context="problem_mark", flags=["fuzzy"])
    monkeypatch.setattr(gettext_catalogues, "catalogue", lambda language: estonian)
    spoken = gettext_catalogues.translations("et")
    asked = [("language", "Language"), ("problem_mark", "Error:"), ("title", "Survey")]
    assert [spoken.pgettext(*each) for each in asked] == ["Keel", "Error:", "Survey"]
    assert spoken.npgettext("days", "a day", "{count} days", 2) == "{count} days"


def test_a_new_language_begins_with_every_phrase_empty():
    new = gettext_catalogues.refreshed("et").decode()
    assert '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"' in new
    assert 'msgid "{count} question"\nmsgid_plural "{count} questions"\nmsgstr[0] ""' in new


def test_a_catalogue_is_read_when_its_language_is_first_spoken_and_then_kept():
    code = (
        "import surveyapp.app; from surveyapp.i18n.languages import _spoken, texts;"
        "print(_spoken.cache_info().currsize); print(texts('fi') is texts('fi-FI'))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["0", "True"]
