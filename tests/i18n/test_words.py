"""Numbers, days and sentences as each language writes them; English as it always was."""

from __future__ import annotations

from datetime import date

import pytest

from surveyapp.i18n.isolates import begins_right
from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.words import ENGLISH

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    "language, number, share, p, day, months",
    [
        ("en", "+1,234.5", "62%", ".012", "3 November 2026", "Sep to Nov 2026"),
        ("fi", f"+1{NBSP}234,5", f"62{NBSP}%", "0,012", "3. marraskuuta 2026", "syys–marraskuu 2026"),
        ("sv", f"+1{NBSP}234,5", f"62{NBSP}%", "0,012", "3 november 2026", "september–november 2026"),
        ("de", "+1.234,5", f"62{NBSP}%", "0,012", "3. November 2026", "September–November 2026"),
        ("fr", f"+1{NBSP}234,5", f"62{NBSP}%", "0,012", "3 novembre 2026", None),
        ("es", "+1234,5", f"62{NBSP}%", "0,012", "3 de noviembre de 2026", None),
    ],
)  # fmt: skip
def test_a_language_writes_numbers_and_days_its_own_way(
    language: str, number: str, share: str, p: str, day: str, months: str | None
):
    words = written_in(language)
    assert words.number(1234.5, 1, signed=True) == number
    assert words.percent(62) == share
    assert words.pvalue(0.012) == p
    assert words.day(date(2026, 11, 3)) == day
    if months:
        assert words.months(date(2026, 9, 1), date(2026, 11, 30)) == months


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
def test_no_number_is_minus_nothing_and_every_month_has_its_year(language: str):
    words = written_in(language)
    assert words.number(-0.4) == "0"
    assert words.number(-3.04) in ("\N{MINUS SIGN}3", "\u2068\N{MINUS SIGN}3\u2069")
    assert words.day(None) == ""
    assert "2026" in words.month(date(2026, 3, 1))
    over = words.months(date(2025, 12, 1), date(2026, 2, 28))
    assert "2025" in over and "2026" in over
    assert words.months(date(2026, 5, 1), date(2026, 5, 31)) == words.month(date(2026, 5, 1))


def test_spanish_groups_five_digits_and_no_fewer():
    words = written_in("es")
    assert (words.number(4321), words.number(54321)) == ("4321", "54.321")


def test_a_sentence_from_the_right_says_so_and_keeps_names_and_signs_together():
    words = written_in("ar")
    said = words.say("{name} scores lowest on {score}", name=words.name("Bank (UK)"), score="NPS")
    assert begins_right(said) and "\u2068Bank (UK)\u2069" in said
    assert not begins_right(words.name("Bank (UK)")) and begins_right(words.alone("Bank (UK)"))
    assert words.number(12, signed=True) == "\u2068+12\u2069"


def test_a_name_that_somebody_marked_to_run_from_the_right_turns_no_english_sentence():
    assert not begins_right(ENGLISH.say("n = {n}", n=ENGLISH.name("\u200fName")))


def test_what_looks_like_a_place_in_a_name_is_not_filled():
    assert ENGLISH.say("{name} scores lowest", name="{score}") == "{score} scores lowest"


def test_arabic_has_a_form_for_each_kind_of_number():
    words = written_in("ar")
    forms = {words.say_count("{n} points", "{n} points", n=n) for n in (1, 2, 3, 11)}
    assert len(forms) == 4


def test_another_language_has_no_words():
    with pytest.raises(KeyError):
        written_in("et")
