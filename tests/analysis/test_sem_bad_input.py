"""Bad input ends in one clear sentence, or in a warning that the result carries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.text.model import Model, measurement_model
from analysis.errors import (
    DataError,
    MissingItem,
    ModelError,
    NotPositiveDefinite,
    NoVariance,
    TooFewCases,
)
from analysis.moments import Moments
from tests.analysis.classic_data import HS, holzinger
from tests.analysis.data_sets import SJQ_MODEL, simulated

ONE = "f =~ a + b + c + d"


@pytest.fixture
def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    factor = rng.normal(size=120)
    return pd.DataFrame({name: factor + rng.normal(size=120) for name in "abcd"})


def test_a_constant_item_is_named_with_its_value(data: pd.DataFrame) -> None:
    with pytest.raises(NoVariance, match="b: all 120 answers are 7"):
        fit_sem(data.assign(b=7.0), ONE)


def test_an_item_constant_in_one_group_is_named_with_the_group(data: pd.DataFrame) -> None:
    data["g"] = ["x", "y"] * 60
    data.loc[data["g"] == "y", "c"] = 2.0
    with pytest.raises(NoVariance, match="c: all 60 answers in group y are 2"):
        fit_sem(data, ONE, group="g")


@pytest.mark.parametrize("options", [{}, {"estimator": "MLR"}, {"missing": "fiml"}])
def test_duplicate_items_are_named(data: pd.DataFrame, options: dict) -> None:
    if options.get("missing"):
        data.loc[0, "c"] = np.nan
    with pytest.raises(DataError, match=r"a, d|duplicates"):
        fit_sem(data.assign(d=data["a"]), ONE, **options)


def test_an_item_missing_from_the_data_is_named(data: pd.DataFrame) -> None:
    with pytest.raises(MissingItem, match="not among the data's columns: d"):
        fit_sem(data.drop(columns="d"), ONE)
    with pytest.raises(MissingItem, match="region is not among"):
        fit_sem(data, ONE, group="region")


def test_too_few_rows_say_how_many_are_needed(data: pd.DataFrame) -> None:
    with pytest.raises(TooFewCases, match="need at least 5 usable complete rows, have 4"):
        fit_sem(data.iloc[:4], ONE)


def test_a_group_with_too_few_rows_is_named(data: pd.DataFrame) -> None:
    data["g"] = ["x"] * 117 + ["y"] * 3
    with pytest.raises(TooFewCases, match="in group y, have 3"):
        fit_sem(data, ONE, group="g")


def test_one_group_is_no_comparison(data: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="g has 1 different values"):
        fit_sem(data.assign(g="x"), ONE, group="g")


def test_rows_without_a_group_are_left_out_and_told(data: pd.DataFrame) -> None:
    data["g"] = ["x", "y", None] * 40
    fit = fit_sem(data, ONE, group="g")
    assert fit.n == 80
    assert any("40 rows have no value of g" in warning for warning in fit.warnings)


def test_a_negative_residual_variance_is_a_warning() -> None:
    # a correlates with b and c more than they do with each other: its communality exceeds 1.
    cov = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]])
    fit = fit_sem(Moments(("a", "b", "c"), 300, np.zeros(3), cov), "f =~ a + b + c")
    assert any("Heywood case: the residual variance of a is negative" in w for w in fit.warnings)
    assert fit.fit["df"] == 0
    assert any("no degrees of freedom" in warning for warning in fit.warnings)


def test_a_covariance_that_is_not_positive_definite_is_refused() -> None:
    cov = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.9], [0.1, 0.9, 1.0]])
    with pytest.raises(NotPositiveDefinite, match="not positive definite"):
        fit_sem(Moments(("a", "b", "c"), 300, np.zeros(3), cov), "f =~ a + b + c")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("f =~ NA*a + b + c + d", ["f=~a", "f~~f"]),
        ("f =~ a + b", ["f=~b", "a~~a"]),
        ("f =~ a + b + c + d; g =~ a + b + c + d", ["f=~b", "g=~b"]),
        ("f =~ a + b; g =~ c + d; f ~~ 0*g", ["f=~b", "g=~d"]),
    ],
)
def test_an_unidentified_model_names_the_parameters(
    data: pd.DataFrame, text: str, names: list[str]
) -> None:
    with pytest.raises(ModelError, match="not identified") as caught:
        fit_sem(data, text)
    for name in names:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "model", ["a =~ a + b + c + d", measurement_model({"a": ["a", "b", "c", "d"]})]
)
def test_a_factor_named_like_one_of_its_items_is_told_so(
    data: pd.DataFrame, model: str | Model
) -> None:
    with pytest.raises(ModelError, match="factor a has the name of one of its own items"):
        fit_sem(data, model)


def test_circular_fixed_paths_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="circle"):
        fit_sem(data, "a ~ 1*b; b ~ 1*a")


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_named(data: pd.DataFrame, value: float) -> None:
    data.loc[3, "b"] = value
    with pytest.raises(DataError, match="b: row 4 is infinite"):
        fit_sem(data, ONE)


def test_text_in_a_number_column_is_named(data: pd.DataFrame) -> None:
    mixed = data.astype(object)
    mixed.loc[2, "c"] = "often"
    with pytest.raises(DataError, match="c: 'often' in row 3 is not a number"):
        fit_sem(mixed, ONE)


def test_five_hundred_items_fit_and_more_are_refused() -> None:
    rng = np.random.default_rng(2)
    names = [f"i{k}" for k in range(500)]
    loadings = np.zeros((500, 5))
    loadings[np.arange(500), np.arange(500) // 100] = rng.uniform(0.5, 0.9, 500)
    cov = loadings @ loadings.T
    np.fill_diagonal(cov, 1.0)
    model = "\n".join(f"f{k} =~ " + " + ".join(names[100 * k : 100 * k + 100]) for k in range(5))
    fit = fit_sem(Moments(tuple(names), 2000, np.zeros(500), cov), model, std_lv=True)
    assert fit.solution.optimum.iterations < 10
    found = fit.estimates.query("op == '=~'")["est"].to_numpy()
    assert np.abs(found - loadings[np.arange(500), np.arange(500) // 100]).max() < 1e-6
    with pytest.raises(ModelError, match="at most 500"):
        fit_sem(pd.DataFrame(), model + "\nf0 =~ extra")


def test_too_many_parameters_over_all_groups_are_refused() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.normal(size=(200, 60)), columns=[f"i{k}" for k in range(60)])
    data["g"] = [f"group {k % 20}" for k in range(200)]
    model = "f =~ " + " + ".join(f"i{k}" for k in range(60))
    with pytest.raises(ModelError, match="3600 free parameters"):
        fit_sem(data, model, group="g")


def test_a_category_never_chosen_in_one_group_is_a_warning() -> None:
    data = simulated(400, points=5, seed=5)
    data["g"] = ["x", "y"] * 200
    items = list(SJQ_MODEL["personalization"])
    data.loc[(data["g"] == "y") & (data["per3"] == 1), "per3"] = 2
    fit = fit_sem(data, "p =~ " + " + ".join(items), estimator="WLSMV", group="g")
    assert any("per3: nobody in group y chose 1" in warning for warning in fit.warnings)


def test_a_gap_in_the_categories_is_a_warning() -> None:
    data = simulated(300, points=5, seed=6)
    data["per3"] = data["per3"].replace(3, 4)
    fit = fit_sem(data, "p =~ per3 + per4 + per5 + per6", estimator="WLSMV")
    assert any("per3: nobody chose 3" in warning for warning in fit.warnings)


def test_continuous_items_are_refused_as_ordinal() -> None:
    with pytest.raises(DataError, match="treat it as continuous"):
        fit_sem(holzinger(), HS, estimator="WLSMV")


def test_estimators_that_need_rows_refuse_moments(data: pd.DataFrame) -> None:
    summary = Moments(tuple("abcd"), 120, np.zeros(4), np.cov(data.T))
    for estimator in ("MLR", "MLM", "WLS"):
        with pytest.raises(DataError, match="needs every row"):
            fit_sem(summary, ONE, estimator=estimator)


def test_too_few_rows_for_distribution_free_weights_are_told() -> None:
    with pytest.raises(TooFewCases, match="need at least 46 usable rows for the 45 moments of WLS"):
        fit_sem(holzinger().iloc[:45], HS, estimator="WLS")


def test_unrelated_items_do_not_converge_and_say_so() -> None:
    rng = np.random.default_rng(1)
    noise = pd.DataFrame(rng.normal(size=(200, 9)), columns=[f"x{i}" for i in range(1, 10)])
    fit = fit_sem(noise, HS)
    assert not fit.converged
    assert any("did not converge" in warning for warning in fit.warnings)
    assert any("Heywood case" in warning for warning in fit.warnings)


@pytest.mark.parametrize(
    "options",
    [
        {"estimator": "PML"},
        {"missing": "pairwise"},
        {"likelihood": "t"},
        {"information": "none"},
        {"missing": "fiml", "estimator": "GLS"},
        {"likelihood": "wishart", "estimator": "MLR"},
    ],
)
def test_unknown_choices_are_refused(data: pd.DataFrame, options: dict) -> None:
    with pytest.raises(ModelError):
        fit_sem(data, ONE, **options)


def test_dropped_rows_and_small_samples_are_told(data: pd.DataFrame) -> None:
    data.loc[:69, "a"] = np.nan
    fit = fit_sem(data, ONE)
    assert fit.n == 50
    assert any("70 of 120 rows have a missing answer" in warning for warning in fit.warnings)
    assert any("n = 50 is below the advice of 100" in warning for warning in fit.warnings)


def test_items_never_answered_together_are_named(data: pd.DataFrame) -> None:
    data.loc[:59, "a"] = np.nan
    data.loc[60:, "b"] = np.nan
    with pytest.raises(DataError, match="a and b have together 0 answers"):
        fit_sem(data, ONE, missing="fiml")


def test_the_input_is_not_changed(data: pd.DataFrame) -> None:
    before = data.copy(deep=True)
    fit_sem(data, ONE, estimator="MLR").modification_indices()
    pd.testing.assert_frame_equal(data, before)


@pytest.mark.parametrize("grouped", [False, True])
def test_wls_refuses_moments_without_an_inverse_and_says_what_to_use(grouped: bool) -> None:
    """A two-valued item's square is a line in the item: the moments depend on each other."""
    data = (simulated(300, points=0)[["per3", "per4", "per5", "per6"]] > 0).astype(float)
    data["g"] = ["x", "y"] * 150
    with pytest.raises(NotPositiveDefinite, match="use WLSMV or DWLS"):
        fit_sem(
            data,
            "p =~ per3 + per4 + per5 + per6",
            estimator="WLS",
            group="g" if grouped else None,
            mean_structure=True,
        )


@pytest.mark.parametrize("information", ["expected", "observed"])
def test_a_loading_that_trades_places_with_variances_of_all_groups_is_named(information: str):
    """By the observed information, too, which what is left of a gradient keeps from being quite singular:
    lavaan 0.6-14 gives chisq 1.959 at whatever loading of x3, with a standard error, and no warning.
    """
    upper = {
        "a": (235, 1.2243, 0.5441, 0.5252, 1.2662, 0.5031, 1.2859),
        "b": (211, 1.1605, 0.4670, 0.3676, 1.2190, 0.2236, 1.0804),
        "c": (233, 1.1541, 0.4845, 0.5364, 1.1591, 0.4043, 1.2628),
    }
    groups = {}
    for name, (n, *values) in upper.items():
        covariances = np.zeros((3, 3))
        covariances[np.triu_indices(3)] = values
        covariances += np.triu(covariances, 1).T
        groups[name] = Moments(("x1", "x2", "x3"), n, np.zeros(3), covariances)
    with pytest.raises(ModelError, match=r"not identified.*F1=~x3"):
        fit_sem(groups, "F1 =~ x1 + x2 + x3\nx1 ~~ x2", equal=["loadings"], information=information)
