"""A model's text before it is fitted."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.model_texts import faults_of, observed_names, with_line, without_item

ITEMS = ("sea1", "sea2", "sea3", "coh1", "coh2", "coh3", "nps")
TEXT = "# the scale\nseamless =~ sea1 + a*sea2 + sea3\ncoherent =~ coh1 + coh2 + coh3\nnps ~ seamless\n"


@pytest.mark.parametrize(
    ("kind", "text", "line", "said"),
    [
        ("covariance", "", None, "The model is empty"),
        ("covariance", "seamless =~ sea1 + seal + sea3", 1, "did you mean sea"),
        ("covariance", "F =~ sea1 + sea2\nG ~ F\nsea1 = sea2", 3, "'=~'"),
        ("covariance", "F =~ sea1 + sea2 +", 1, ""),
        ("composite", "F =~ sea1 + sea2\nG ~ F", 2, "G is in a path but not defined"),
        (
            "composite",
            "F <~ sea1 + wait; G =~ coh1; G ~ F",
            1,
            "wait is neither an item nor defined",
        ),
        ("composite", "F sea1", 1, "has none of the operators"),
    ],
)
def test_a_mistake_is_told_with_its_line(kind, text, line, said):
    (first, *_) = faults_of(kind, text, ITEMS)
    assert first.line == line
    assert said in first.text
    assert not first.text.startswith("line ")


def test_a_model_of_known_names_has_no_fault():
    assert faults_of("covariance", TEXT, ITEMS) == []
    assert faults_of("composite", "S <~ sea1 + sea2; C =~ coh1 + coh2; C ~ S", ITEMS) == []
    assert set(observed_names("covariance", TEXT)) == set(ITEMS)
    place = faults_of("covariance", "F =~ sea1 + sea2 # sea9\nF ~~ sea9", ITEMS)[0]
    assert (place.line, place.column) == (2, 6)


def test_an_item_is_left_out_where_it_measures_a_factor_alone():
    made = without_item("covariance", TEXT, "sea2")
    assert "seamless =~ sea1 + sea3" in made and made.startswith("# the scale\n")
    assert "seamless =~ sea2 + sea3" in without_item(
        "covariance", "seamless =~ sea1 + sea2 + sea3", "sea1"
    )
    for text in (with_line(TEXT, "sea2 ~~ coh1"), TEXT.replace("nps ~", "nps ~ sea2 +")):
        with pytest.raises(Invalid, match="places"):
            without_item("covariance", text, "sea2")
    with pytest.raises(Invalid, match="cannot be read"):
        without_item("covariance", "F =~ sea1", "sea1")
