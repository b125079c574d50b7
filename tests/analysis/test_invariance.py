"""The invariance ladder, its verdicts, the parameters it blames, and models side by side."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.compare_models import compare_models, difference_test
from analysis.covariance.measurement_invariance.invariance import (
    Invariance,
    Rules,
    beside,
    invariance,
    moved,
)
from analysis.covariance.sem import fit_sem
from analysis.errors import DataError, ModelError
from analysis.moments import moments
from tests.analysis.classic_data import HS, holzinger
from tests.analysis.lavaan_numbers import DIFFERENCES

ITEMS = [f"x{i}" for i in range(1, 10)]


@lru_cache(maxsize=1)
def schools() -> Invariance:
    return invariance(holzinger(), HS, "school")


def test_chi_square_differences_of_the_ladder_equal_lavaan() -> None:
    for step, (chisq, df, pvalue) in zip(schools().steps[1:], DIFFERENCES, strict=True):
        assert (step.d_chisq, step.d_df) == (pytest.approx(chisq, rel=1e-5), df)
        assert step.d_pvalue == pytest.approx(pvalue, rel=1e-4)


def test_that_rows_are_few_is_said_once_for_all_steps() -> None:
    few = holzinger().groupby("school").head(70)
    found = invariance(few, HS, "school")
    fits = [step.fit.warnings for step in found.steps]
    assert all(any("below the advice" in text for text in texts) for texts in fits)
    advice = [text for text in found.warnings if "below the advice" in text]
    assert advice == [
        "n = 140 is below the advice of 300 rows for 60 free parameters; trust intervals more than tests"
    ]


def test_scalar_invariance_of_the_schools_fails_at_the_known_intercepts() -> None:
    found = schools()
    assert [step.holds for step in found.steps] == [False, True, False, True]
    assert not found.step("scalar").holds
    assert "CFI changes by -0.038 (bound -0.010)" in found.step("scalar").because
    assert [release.parameter for release in found.releases] == ["x3~1", "x7~1"]
    assert found.releases[-1].holds
    assert found.partial is not None
    assert found.partial.settings.free == ("x3~1", "x7~1")
    assert list(found.score_tests["name"][:2]) == ["x3~1", "x7~1"]


def test_latent_means_come_from_the_partial_model() -> None:
    means = schools().latent_means
    assert list(means["factor"]) == ["visual", "textual", "speed"]
    assert set(means["group"]) == {"Grant-White"}
    textual = means.iloc[1]
    assert textual["ci_lower"] > 0
    assert textual["d"] == pytest.approx(0.616, abs=0.001)


def test_moments_by_group_give_the_same_ladder() -> None:
    data = holzinger()
    parts = {str(name): moments(part, ITEMS) for name, part in data.groupby("school", sort=False)}
    again = invariance(parts, HS, "school", partial=False)
    for one, other in zip(schools().steps, again.steps, strict=True):
        assert other.fit.fit["chisq"] == pytest.approx(one.fit.fit["chisq"], rel=1e-9)


def test_the_strictest_rules_are_for_small_samples() -> None:
    assert Rules.of(301) == Rules()
    assert Rules.of(300).d_cfi == -0.005


def test_an_invariant_population_passes_every_step_and_a_biased_item_is_found() -> None:
    rng = np.random.default_rng(17)
    n = 1200
    group = np.repeat(["north", "south"], n // 2)
    factor = rng.normal(size=n) + 0.4 * (group == "south")
    data = pd.DataFrame({f"i{k}": 0.8 * factor + 0.6 * rng.normal(size=n) for k in range(6)})
    data["region"] = group
    model = "f =~ " + " + ".join(f"i{k}" for k in range(6))
    fair = invariance(data, model, "region", estimator="MLR")
    assert fair.reached == "strict"
    assert fair.partial is None
    assert fair.latent_means["d"].iloc[0] == pytest.approx(0.4, abs=0.1)
    data.loc[data["region"] == "south", "i4"] += 0.8
    biased = invariance(data, model, "region", estimator="MLR")
    assert biased.reached == "metric"
    assert [release.parameter for release in biased.releases] == ["i4~1"]
    assert biased.latent_means["d"].iloc[0] == pytest.approx(0.4, abs=0.1)


def test_the_ladder_is_json() -> None:
    back = json.loads(json.dumps(schools().to_dict(), allow_nan=False))
    assert [step["name"] for step in back["steps"]] == ["configural", "metric", "scalar", "strict"]
    assert back["steps"][1]["fit"]["df"] == 54
    assert back["releases"][0]["parameter"] == "x3~1"


def test_ordinal_invariance_and_unknown_steps_are_refused() -> None:
    with pytest.raises(ModelError, match="of ordinal items by WLSMV"):
        invariance(holzinger(), HS, "school", estimator="WLSMV")
    with pytest.raises(ModelError, match="choose among configural"):
        invariance(holzinger(), HS, "school", steps=("weak",))


def test_scaled_differences_weigh_the_traces() -> None:
    data = holzinger()
    general = fit_sem(data, HS, estimator="MLR")
    restricted = fit_sem(data, HS, estimator="MLR", orthogonal=True)
    test = difference_test(restricted, general)
    c0, c1 = restricted.fit["chisq_scaling_factor"], general.fit["chisq_scaling_factor"]
    factor = (restricted.fit["df"] * c0 - general.fit["df"] * c1) / 3
    assert test.scaling == pytest.approx(factor)
    assert test.chisq == pytest.approx((restricted.fit["chisq"] - general.fit["chisq"]) / factor)
    # Where the restriction is nearly true, the strictly positive version is close to the first.
    text = HS.replace("x5 + x6", "a*x5 + a*x6")
    mild = fit_sem(data, text, estimator="MLR")
    both = [difference_test(mild, general, method=method) for method in ("2001", "2010")]
    assert both[1].scaling > 0
    assert both[1].chisq == pytest.approx(both[0].chisq, rel=0.2)


def test_rivals_stand_in_one_table() -> None:
    data = holzinger()
    one = "g =~ " + " + ".join(ITEMS)
    table = compare_models({"one factor": fit_sem(data, one), "three factors": fit_sem(data, HS)})
    assert table.loc["three factors", "d_df"] == 3
    assert table.loc["three factors", "d_chisq"] > 200
    assert table.loc["three factors", "aic"] < table.loc["one factor", "aic"]


def test_models_of_different_rows_or_order_do_not_compare() -> None:
    data = holzinger()
    first, second = fit_sem(data, HS), fit_sem(data.iloc[:200], HS, orthogonal=True)
    with pytest.raises(DataError, match="n = 200 and 301"):
        difference_test(second, first)
    with pytest.raises(ModelError, match="exchange them"):
        difference_test(first, fit_sem(data, HS, orthogonal=True))


def test_the_rule_is_told_with_the_numbers_that_are_applied():
    assert Rules.of(301).told() == (
        "the first step holds with CFI >= .90 and RMSEA <= .08; each other step when CFI falls by no "
        "more than .010 and RMSEA rises by no more than .015 or SRMR by no more than .030 for "
        "loadings and .010 after (one of the two is enough)"
    )
    assert "CFI falls by no more than .005 and RMSEA rises by no more than .010, all scaled" in (
        Rules.of(300).told(ordinal=True)
    )


def test_a_change_just_beyond_its_bound_does_not_read_as_if_it_met_it():
    assert moved(-0.00541, -0.005, "bound ") == "-0.0054 (bound -0.005)"
    assert moved(-0.0038, -0.005) == "-0.004 (-0.005)"
    assert beside(0.89998, 0.90, least=2) == "0.89998 against 0.90"
