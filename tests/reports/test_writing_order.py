"""Names in a report keep their own direction and leave that of the sentence alone."""

from __future__ import annotations

import pytest

from surveyapp.i18n.isolates import isolated
from surveyapp.i18n.report_languages import written_in
from surveyapp.reports.typesetting import fonts
from surveyapp.results import phrases

BANK = "بنك الشمال (UK)"
ALONE = fonts.visual(BANK)


def test_a_name_from_right_to_left_leaves_an_english_sentence_in_its_order():
    said = fonts.visual(f"{phrases.named(BANK)} scores lowest, 12 points.")
    assert said == f"{ALONE} scores lowest, 12 points."


def test_a_latin_name_ends_with_its_mark_in_an_arabic_sentence():
    name = isolated("Northbank (UK) Ltd.", right_to_left=True)
    said = fonts.visual(f"كيف تقيّم {name} اليوم؟")
    assert "Northbank (UK) Ltd." in said
    assert said.startswith("؟")


def test_names_that_follow_each_other_stay_in_the_order_of_the_sentence():
    first, second = "شمال", "جنوب"
    said = fonts.visual(phrases.listed([first, "West", second]))
    assert said == f"{fonts.visual(first)}, West and {fonts.visual(second)}"


@pytest.mark.parametrize(
    "text", ["\u2068open", "closed\u2069", "\u2068a\u2068b\u2069c\u2069", "\u202eevil"]
)
def test_controls_are_never_drawn(text: str):
    assert not set(fonts.visual(text)) & set("\u2066\u2067\u2068\u2069\u202e")


def test_an_inequality_keeps_its_sides_in_an_arabic_sentence():
    words = written_in("ar")
    assert fonts.visual(words.pvalue(0.9999)) == ">\N{NO-BREAK SPACE}0.999"
    said = "{difference}, 95% CI {low} to {high}, p {p}"
    numbers = {"difference": "5", "low": "1", "high": "9", "p": words.pvalue(0.0001)}
    # Within the isolate of "p" stands that of the inequality.
    assert fonts.visual(words.say(said, **numbers)).startswith("p <\N{NO-BREAK SPACE}0.001 ")


def test_more_isolates_than_stand_ins_are_drawn_all_the_same():
    text = " ".join(isolated(f"شمال {n}", right_to_left=False) for n in range(80))
    assert fonts.visual(text).count(fonts.visual("شمال")) == 80
