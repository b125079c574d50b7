"""Alignment of many groups: sirt's numbers, what it finds again, which parameters it names."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.measurement_invariance import alignment_optimum
from analysis.covariance.measurement_invariance.alignment import Alignment, alignment
from analysis.covariance.measurement_invariance.alignment_optimum import Measured, align, aligned
from analysis.covariance.measurement_invariance.alignment_recovery import alignment_recovery
from analysis.covariance.measurement_invariance.approximate_invariance import invariant_groups
from analysis.covariance.ordinal.theta_estimates import estimates_of, theta_estimates
from analysis.covariance.sem import fit_sem
from analysis.errors import DataError, ModelError, TooFewCases

pytestmark = pytest.mark.xdist_group("alignment")
MODEL = "F =~ x1 + x2 + x3 + x4 + x5 + x6"
FIVE = Measured(
    np.array([[1.02, 0.81, 0.93, 0.72], [1.1, 0.9, 0.6, 0.77], [0.88, 0.7, 0.8, 0.62],
              [1.25, 1.0, 1.12, 0.9], [0.97, 0.8, 0.92, 0.4]]),
    np.array([[4.0, 4.2, 3.8, 4.5], [4.35, 4.5, 4.6, 4.75], [3.8, 4.05, 3.62, 4.37],
              [4.55, 4.2, 4.33, 4.9], [3.6, 3.9, 3.4, 4.22]]),
    np.array([200.0, 150.0, 300.0, 120.0, 90.0]),
)  # fmt: skip
# sirt 4.3-21 invariance.alignment(lambda, nu, wgt = sqrt(n), eps = eps, optimizer = "nlminb") with meth
# 3 (fixed) and 4 (free): loss, alpha0 and psi0 of groups 2 to 5.
SIRT: dict[tuple[str, float], tuple[float, list[float], list[float]]] = {
    ("fixed", 0.01): (
        2.4347553134,
        [0.361073379, -0.190827162, 0.536409955, -0.407563449],
        [1.070812034, 0.862459835, 1.225907944, 0.961720030],
    ),
    ("free", 0.01): (
        2.40382435057,
        [0.379974597, -0.191732733, 0.538595136, -0.388107876],
        [1.070974185, 0.862421128, 1.226109222, 0.961479517],
    ),
    ("fixed", 0.0001): (
        1.45427516606,
        [0.349128026, -0.191075094, 0.544418394, -0.401113731],
        [1.081046269, 0.862301498, 1.227252999, 0.977903162],
    ),
    ("free", 0.0001): (
        1.4074166228,
        [0.345508862, -0.193390071, 0.548616822, -0.410071700],
        [1.081065551, 0.862299331, 1.227266498, 0.977788306],
    ),
}


# Loadings of three items with three thresholds, two and one, whose signs are turned.
GRADED = Measured(
    np.array([[1.02, 0.81, 0.93], [1.1, 0.9, 0.6], [0.88, 0.7, 0.8], [1.25, 1.0, 1.12]]),
    np.array([[1.2, 0.1, -0.9, 0.8, -0.5, 0.2], [1.55, 0.5, -0.5, 1.1, -0.2, 0.9],
              [0.95, -0.1, -1.2, 0.65, -0.7, 0.05], [1.75, 0.65, -0.35, 1.25, 0.35, 0.5]]),
    np.array([200.0, 150.0, 300.0, 120.0]),
    np.array([0, 0, 0, 1, 1, 2]),
)  # fmt: skip
# The loss of sirt 4.3-21 (sirt_rcpp_invariance_alignment_opt_fct) with each loading counted once, minimised by
# R's nlminb from 30 starts: loss, means and deviations of groups 2 to 4.
GRADED_LOSS: dict[tuple[str, float], tuple[float, list[float], list[float]]] = {
    ("fixed", 0.01): (
        2.54603756368,
        [0.371985179, -0.229598498, 0.538377024],
        [1.068895896, 0.862615744, 1.221480968],
    ),
    ("free", 0.01): (
        2.42991322907,
        [0.391098442, -0.222779850, 0.545289427],
        [1.069023921, 0.862580488, 1.221631149],
    ),
    ("fixed", 0.0001): (
        1.58276579518,
        [0.388177706, -0.202173044, 0.538966749],
        [1.082310020, 0.862426899, 1.223527946],
    ),
}
BOTH = [(FIVE, key, wanted) for key, wanted in SIRT.items()] + [
    (GRADED, key, wanted) for key, wanted in GRADED_LOSS.items()
]


@pytest.mark.parametrize(("measured", "key", "wanted"), BOTH)
def test_means_and_deviations_are_those_of_sirt(
    measured: Measured, key: tuple[str, float], wanted: tuple[float, list[float], list[float]]
) -> None:
    loss, means, deviations = wanted
    found = align(measured, method=key[0], epsilon=key[1], starts=3)
    assert found.loss == pytest.approx(loss, rel=1e-9)
    unit = np.exp(-found.log_sd[0])
    assert (found.mean * unit - found.mean[0] * unit)[1:] == pytest.approx(means, abs=5e-6)
    assert np.exp(found.log_sd)[1:] * unit == pytest.approx(deviations, abs=5e-6)
    assert found.log_sd.sum() == pytest.approx(0, abs=1e-12)
    assert found.reached >= 1


def test_errors_of_the_means_are_those_of_sirt() -> None:
    slopes = align(FIVE, starts=1).slopes[:5]
    spread = np.diag(np.repeat([0.004, 0.006], 20))
    errors = np.sqrt(np.diag(slopes @ spread @ slopes.T))
    # The same with vcov = diag(.004 of loadings, .006 of intercepts): SE of alpha2 to alpha5.
    wanted = [0.068432112, 0.061900439, 0.069838958, 0.065653704]
    assert errors[1:] == pytest.approx(wanted, rel=1e-4)
    assert errors[0] == 0


@pytest.mark.parametrize("whole", [FIVE, GRADED])
def test_derivatives_are_those_of_finite_differences(whole: Measured) -> None:
    groups = len(whole.sizes)
    basis = alignment_optimum._basis(groups, 0, "free")
    at: np.ndarray = np.random.default_rng(1).normal(size=(basis.shape[1],)) * 0.1

    def loss(place: np.ndarray) -> float:
        return alignment_optimum._at(place, whole, basis, 0.01, 0.001)[0]

    steps = np.eye(len(at)) * 1e-6
    measured = [(loss(at + step) - loss(at - step)) / 2e-6 for step in steps]
    assert alignment_optimum._at(at, whole, basis, 0.01, 0.001)[1] == pytest.approx(
        measured, abs=1e-7
    )
    found = align(whole, method="free", starts=1)
    moved = replace(whole, loadings=whole.loadings.copy(), intercepts=whole.intercepts.copy())
    moved.intercepts[2, 1] += 1e-5
    moved.loadings[1, 2] += 1e-5
    there = align(moved, method="free", starts=1)
    items, levels = whole.loadings.shape[1], whole.intercepts.shape[1]
    change = found.slopes[:, groups * items + 2 * levels + 1] + found.slopes[:, items + 2]
    moves = np.concatenate([there.mean - found.mean, there.log_sd - found.log_sd]) / 1e-5
    assert change == pytest.approx(moves, abs=1e-3)


def test_an_optimum_with_a_flat_direction_says_so() -> None:
    assert align(FIVE, starts=1).curved and align(GRADED, method="free", starts=1).curved
    nothing = replace(FIVE, loadings=np.zeros_like(FIVE.loadings))  # on which no mean depends
    found = align(nothing, starts=1)
    assert not found.curved and np.isfinite(found.slopes).all()


def test_equal_items_are_brought_together_exactly() -> None:
    loading, level = np.array([1.0, 0.8, 0.9]), np.array([4.0, 4.2, 3.8])
    mean, sd = np.array([0.0, 0.5, -0.3, 0.2]), np.array([1.0, 1.2, 0.8, 1.1])
    same = Measured(np.outer(sd, loading), level + np.outer(mean, loading), np.full(4, 100.0))
    found = align(same, starts=1)
    unit = np.exp(-found.log_sd[0])
    assert found.mean * unit == pytest.approx(mean, abs=1e-9)
    assert np.exp(found.log_sd) * unit == pytest.approx(sd, abs=1e-9)
    loadings, levels = aligned(same, found.mean * unit, found.log_sd - found.log_sd[0])
    np.testing.assert_allclose(loadings, np.tile(loading, (4, 1)), atol=1e-9)
    np.testing.assert_allclose(levels, np.tile(level, (4, 1)), atol=1e-9)


def branches(groups: int = 8, n: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers of branches with means of their own; x2's intercept is higher in b1 and b5, x4's loading
    lower in b6.
    """
    rng, parts = np.random.default_rng(2), []
    means = np.linspace(-0.6, 0.6, groups) - np.linspace(-0.6, 0.6, groups)[0]
    for g in range(groups):
        loadings = np.array([1, 0.8, 0.9, 0.7, 1.1, 0.85])
        levels = np.array([4, 4.2, 3.8, 4.5, 4.1, 3.9])
        levels[1] += 0.6 * (g in (1, 5))
        loadings[3] -= 0.4 * (g == 6)
        factor = means[g] + rng.normal(size=n)
        answers = levels + np.outer(factor, loadings) + rng.normal(size=(n, 6)) * 0.6
        parts.append(
            pd.DataFrame(answers, columns=[f"x{k}" for k in range(1, 7)]).assign(branch=f"b{g}")
        )
    return pd.concat(parts, ignore_index=True), means


@pytest.fixture(scope="module")
def found() -> Alignment:
    return alignment(branches()[0], MODEL, "branch")


def test_the_means_of_branches_are_found_with_their_intervals(found: Alignment) -> None:
    frame, true = found.factors[0].means, branches()[1]
    assert frame["mean"].iloc[0] == frame["se"].iloc[0] == 0
    assert np.corrcoef(frame["mean"], true)[0, 1] > 0.98
    assert ((frame["ci_lower"] <= true) & (true <= frame["ci_upper"])).sum() >= 7
    assert frame["rank"].iloc[-1] == 1
    assert (frame["sd_ci_lower"] < 1.2).all()


def test_the_parameters_that_differ_are_named(found: Alignment) -> None:
    items = found.factors[0].items.set_index(["item", "kind"])["not_in"].to_dict()
    assert items["x2", "intercept"] == ["b1", "b5"]
    assert items["x4", "loading"] == ["b6"]
    assert sum(map(len, items.values())) == 3
    assert found.factors[0].differing == pytest.approx(3 / 96)
    assert found.factors[0].tolerable
    assert found.factors[0].r2_intercepts > 0.9


def test_pairs_are_compared_with_correction(found: Alignment) -> None:
    pairs = found.factors[0].comparisons
    assert len(pairs) == 28
    assert (pairs["p_holm"] >= pairs["pvalue"]).all()
    last = pairs.to_dict("records")[-1]
    means = found.factors[0].means["mean"]
    assert (last["group"], last["against"]) == ("b7", "b6")
    assert last["difference"] == pytest.approx(means[7] - means[6])


def test_another_reference_moves_the_origin_and_not_the_order(found: Alignment) -> None:
    other = alignment(branches()[0], MODEL, "branch", reference="b4")
    assert other.reference == "b4"
    before = found.factors[0].means.set_index("group")["mean"]
    after = other.factors[0].means.set_index("group")["mean"]
    assert after["b4"] == 0
    assert np.corrcoef(before.sort_index(), after.sort_index())[0, 1] == pytest.approx(1, abs=1e-3)
    free = alignment(branches()[0], MODEL, "branch", method="free")
    assert free.factors[0].means["se"].iloc[0] > 0
    assert np.corrcoef(before, free.factors[0].means["mean"])[0, 1] == pytest.approx(1, abs=1e-3)


def test_simulated_samples_say_whether_the_means_are_found_again(found: Alignment) -> None:
    recovery = alignment_recovery(found, reps=6, seed=3)
    assert recovery.converged == 1
    (own,) = recovery.factors
    assert 0.95 < own.mean_correlation <= 1
    assert own.least_correlation <= own.mean_correlation
    assert own.trusted is (own.mean_correlation >= 0.98)
    assert own.mean_error < 0.12
    assert alignment_recovery(found, reps=6, seed=3) == recovery


def test_the_invariant_set_is_the_largest_and_grows_by_its_mean() -> None:
    values, spread = np.array([1.0, 1.05, 0.98, 2.0, 2.02, 1.02]), np.eye(6) * 0.01
    assert invariant_groups(values, spread).tolist() == [True, True, True, False, False, True]
    assert invariant_groups(np.ones(3), np.zeros((3, 3))).all()


def test_small_groups_are_left_out_by_name() -> None:
    data = pd.concat([branches(3, 80)[0], branches(1, 20)[0].assign(branch="tiny")])
    found = alignment(data, MODEL, "branch")
    assert found.left_out == {"tiny": 20}
    assert found.warnings[0] == "groups with fewer than 50 rows are left out: tiny (20)"
    with pytest.raises(
        TooFewCases, match="need at least 100 usable rows in a second group, have 80"
    ):
        alignment(data, MODEL, "branch", least=100)


def test_two_factors_are_aligned_each_on_its_own_items_and_turned_alike() -> None:
    data = branches(3, 120)[0]
    data["x4"] = -data["x4"]
    found = alignment(data, "F =~ x1 + x2 + x3; G =~ x4 + x5 + x6", "branch", estimator="MLR")
    assert [each.factor for each in found.factors] == ["F", "G"]
    loadings = found.factor("G").parameters.query("kind == 'loading' and item == 'x5'")["aligned"]
    assert loadings.nunique() == 3
    assert (np.sign(loadings) == np.sign(loadings.iloc[0])).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "DWLS"}, "groups are aligned by ML, MLR or MLM"),
        ({"ordered": ["x1"]}, "ML takes answers as numbers"),
        ({"method": "loose"}, "choose among fixed, free"),
        ({"epsilon": 0.0}, "epsilon 0 is not within"),
        ({"model": "F =~ x1 + a*x2 + x3"}, "F=~x2: groups are aligned on a model"),
        ({"model": "F =~ x1 + x2 + x3; G =~ x3 + x4 + x5"}, "x3 measures two factors"),
        ({"model": "F =~ x1 + x2 + x3; F ~ x4"}, "F~x4: groups are aligned on a model"),
    ],
)
def test_what_cannot_be_aligned_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        alignment(branches(2, 60)[0], group="branch", **({"model": MODEL} | options))


def test_too_many_groups_are_refused() -> None:
    data = pd.DataFrame({"branch": np.repeat(np.arange(201), 2)}).assign(x1=1.0)
    with pytest.raises(
        DataError, match="branch has 201 groups of 2 rows or more; at most 200 are compared"
    ):
        alignment(data, MODEL, "branch", least=2)


def test_the_document_is_strict_json(found: Alignment) -> None:
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    (factor,) = written["factors"]
    assert factor["tolerable"] is True
    assert factor["means"][1]["group"] == "b1"
    assert factor["items"][0]["not_in"] == []
    assert written["configural"]["df"] == 72


def graded(groups: int = 4, n: int = 250) -> pd.DataFrame:
    """Answers on four categories, factor means of 0, .3, .6 and .9: in b1 the thresholds of x2 are lower, in b2
    the last one of x4 is higher.
    """
    rng, parts = np.random.default_rng(9), []
    for g in range(groups):
        cuts = np.tile([-1.1, 0.0, 1.2], (4, 1))
        cuts[1] -= 0.8 * (g == 1)
        cuts[3, 2] += 0.9 * (g == 2)
        factor = 0.3 * g + rng.normal(size=n)
        behind = np.outer(factor, [1.0, 0.9, 1.1, 0.8]) + rng.normal(size=(n, 4))
        answers = 1 + (behind[:, :, None] > cuts).sum(axis=2)
        parts.append(pd.DataFrame(answers, columns=["x1", "x2", "x3", "x4"]).assign(branch=f"b{g}"))
    return pd.concat(parts, ignore_index=True)


ORDINAL = "F =~ x1 + x2 + x3 + x4"


@pytest.fixture(scope="module")
def by_thresholds() -> Alignment:
    return alignment(graded(), ORDINAL, "branch", estimator="WLSMV")


def test_means_are_found_by_thresholds_and_those_that_differ_are_named(
    by_thresholds: Alignment,
) -> None:
    own = by_thresholds.factor("F")
    assert own.means["mean"].to_numpy() == pytest.approx([0, 0.3, 0.6, 0.9], abs=0.2)
    assert (own.means["ci_lower"][1:] < [0.3, 0.6, 0.9]).all()
    assert (own.means["ci_upper"][1:] > [0.3, 0.6, 0.9]).all()
    named = {(row["item"], row["kind"]): row["not_in"] for row in own.items.to_dict("records")}
    assert len(named) == 4 * (1 + 3)
    differing = {key: groups for key, groups in named.items() if groups}
    assert differing == {
        **{("x2", f"threshold {k}"): ["b1"] for k in (1, 2, 3)},
        ("x4", "threshold 3"): ["b2"],
    }
    first = own.items.set_index(["item", "kind"]).loc[("x1", "threshold 1"), "mean"]
    assert first == pytest.approx(-1.1, abs=0.25)
    assert own.differing == pytest.approx(4 / 64)
    assert json.loads(json.dumps(by_thresholds.to_json()))["ordinal"] == ["x1", "x2", "x3", "x4"]


def test_correlations_turned_to_theta_are_the_fit_in_theta(by_thresholds: Alignment) -> None:
    """Loadings and thresholds with their covariance, as the moments of all items together give them."""
    turned = theta_estimates(by_thresholds.fit)
    direct = estimates_of(
        fit_sem(
            graded(),
            ORDINAL,
            group="branch",
            estimator="WLSMV",
            std_lv=True,
            parametrization="theta",
        )
    )
    at, there = [turned.places[key] for key in direct.places], list(direct.places.values())
    assert len(there) == len(turned.values) == 4 * (4 + 12)
    np.testing.assert_allclose(turned.values[at], direct.values[there], atol=1e-7)
    np.testing.assert_allclose(
        turned.covariance[np.ix_(at, at)], direct.covariance[np.ix_(there, there)], atol=1e-8
    )


def test_answers_are_simulated_from_aligned_thresholds(by_thresholds: Alignment) -> None:
    (own,) = alignment_recovery(by_thresholds, reps=4, seed=3).factors
    assert 0.9 < own.mean_correlation <= 1
    assert own.mean_error < 0.25


def test_a_category_that_a_group_does_not_use_is_joined_and_numbers_may_stand_beside() -> None:
    data = graded(3, 150)
    data["x1"] = data["x1"].mask((data["branch"] == "b0") & (data["x1"] == 4), 3)
    data["x4"] = data["x4"] + np.random.default_rng(3).normal(size=len(data)) * 0.3
    found = alignment(
        data, ORDINAL, "branch", estimator="WLSMV", ordered=["x1", "x2", "x3"], reference="b1"
    )
    assert "x1: the answers 3, 4 were joined" in found.warnings[0]
    kinds = found.factor("F").items.query("item in ('x1', 'x4')")["kind"].tolist()
    assert kinds == ["loading", "loading", "threshold 1", "threshold 2", "intercept"]
    assert alignment_recovery(found, reps=2).converged == 1
