"""A model's regressions, and its constructs as means of items."""

from __future__ import annotations

import pandas as pd
import pytest

from surveyapp.errors import Conflict, Invalid
from surveyapp.results.projects.equation_columns import variables_of_equation
from surveyapp.results.projects.model_equations import equations, random_slopes

DATA = pd.DataFrame(
    {"a": [1.0, 2, 3], "b": [3.0, None, 5], "c": [7.0, 6, 5], "a2": [1.0, 2, 2], "y": [1.0, 4, 4]}
)
COMPOSITE = "V =~ a + b\nZ <~ c\nQ <~ V + Z\nX =~ a2\nY =~ y\nY ~ X + Q + X:Q"


def test_a_construct_is_the_mean_of_its_items_and_a_higher_one_that_of_constructs():
    found = equations("composite", COMPOSITE)
    assert found.predictors == {"Y": ("X", "Q", "X:Q")}
    assert random_slopes(found, "Y", "*") == ("X", "Q")
    made = variables_of_equation(DATA, found, "Y", {})
    assert list(made) == ["Y", "X", "Q"]
    assert made["Q"].dropna().tolist() == [4.5, 4.5]


def test_a_reversed_item_counts_from_the_other_end_of_its_scale():
    found = equations("covariance", "F =~ a + -c + b\ny ~ F")
    assert found.reversed_items == ("c",)
    made = variables_of_equation(DATA, found, "y", {"c": (1.0, 7.0)})
    assert made["F"].iloc[0] == pytest.approx((1 + 3 + 1) / 3)
    with pytest.raises(Conflict, match="ends of its scale"):
        variables_of_equation(DATA, found, "y", {})


def test_what_has_no_items_and_no_regression_is_refused_by_name():
    found = equations("covariance", "F =~ a + b + c\ny ~ F")
    with pytest.raises(Conflict, match="c is no item"):
        variables_of_equation(DATA.drop(columns="c"), found, "y", {})
    with pytest.raises(Invalid, match="a is no predictor of y"):
        random_slopes(found, "y", "a")
