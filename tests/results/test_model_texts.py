"""A model's text before it is fitted."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.projects.model_texts import (
    faults_of,
    observed_names,
    with_line,
    without_item,
)
from surveyapp.results.projects.phrases import proposals

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


LEVELS = "level: 1\nf =~ a + b + c # within\nlevel: 2\ng =~ a + b + c\n"


def test_a_change_of_a_model_with_levels_goes_to_its_level():
    within, between = (with_line(LEVELS, "a ~~ c", level) for level in (1, 2))
    assert within == LEVELS.replace("# within\n", "# within\na ~~ c\n")
    assert between == LEVELS + "a ~~ c\n"
    with pytest.raises(Invalid, match="no level 3"):
        with_line(LEVELS, "a ~~ c", 3)
    assert without_item("covariance", LEVELS, "c") == LEVELS.replace(" + c #", "#").replace(
        " + c", ""
    )
    with pytest.raises(Invalid, match="places"):
        without_item("covariance", within, "c")


def test_a_proposal_knows_its_level():
    loading = {"lhs": "f", "op": "=~", "group": 1}
    result = {
        "converged": True,
        "groups": [],
        "level_fit": [],
        "modification_indices": [
            {"lhs": "a", "op": "~~", "rhs": "c", "level": 2, "mi": 9.13, "sepc_all": 0.31}
        ],
        "estimates": [
            loading | {"rhs": "a", "std_all": 0.52, "level": 1},
            loading | {"rhs": "c", "std_all": 0.41, "level": 2},
        ],
    }
    added, left = proposals("covariance", LEVELS, result)
    assert (added.text, added.line, added.level) == ("Add a ~~ c between clusters", "a ~~ c", 2)
    assert (left.item, left.numbers) == ("a", "loads .52, below .70")
