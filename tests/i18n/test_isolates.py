"""A filled-in text keeps its own direction and leaves that of its sentence alone."""

from __future__ import annotations

import pytest

from surveyapp.i18n.isolates import isolated
from surveyapp.i18n.languages import texts

FIRST_STRONG, POP = "\u2068", "\u2069"


def test_every_text_in_an_arabic_sentence_is_isolated():
    said = texts("ar").filled(texts("ar").mail_why, provider="Bank (UK)")
    assert said == f"تصلك هذه الرسالة لأنك من عملاء {FIRST_STRONG}Bank (UK){POP}."


@pytest.mark.parametrize("language", ["en", "fi", "sv", "de", "fr", "es"])
def test_a_latin_name_in_a_latin_sentence_stays_as_it_is(language: str):
    words = texts(language)
    assert words.filled(words.go_on, host="bank.example") == words.go_on.format(host="bank.example")
    assert words.isolated("Østbanken (UK)!") == "Østbanken (UK)!"


@pytest.mark.parametrize("name", ["بنك النور (UK)", "בנק!"])
def test_a_name_from_right_to_left_is_isolated_everywhere(name: str):
    assert isolated(name, right_to_left=False) == f"{FIRST_STRONG}{name}{POP}"


def test_nothing_is_nothing():
    assert isolated("", right_to_left=True) == ""


@pytest.mark.parametrize(
    "control", [*"\u202a\u202b\u202c\u202d\u202e", *"\u2066\u2067\u2068\u2069"]
)
@pytest.mark.parametrize("right_to_left", [True, False])
def test_a_value_cannot_leave_its_isolate(control: str, right_to_left: bool):
    said = isolated(f"Nor{control}thbank", right_to_left=right_to_left)
    assert said.strip(FIRST_STRONG + POP) == "Northbank"
    assert said.count(FIRST_STRONG) == said.count(POP) == int(right_to_left)


def test_marks_that_arabic_and_hebrew_names_need_are_kept():
    assert isolated("בנק\u200f!", right_to_left=True) == f"{FIRST_STRONG}בנק\u200f!{POP}"
