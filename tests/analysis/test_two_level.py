"""Two-level models give lavaan's numbers, and those of closed forms where there are some."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from analysis.two_level.clusters import cluster_data
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.likelihood import TwoLevelDiscrepancy
from analysis.two_level.model import parse_levels
from analysis.two_level.scores import cluster_scores
from analysis.two_level.unrestricted import unrestricted
from tests.analysis.two_level_numbers import (
    DEMO_ESTIMATES,
    DEMO_FIT,
    DEMO_ICC,
    DEMO_MODEL,
    ESTIMATES,
    FIT,
    MODELS,
    PLAIN,
    TIED,
    branches,
    demo_rows,
)

pytestmark = pytest.mark.xdist_group("two-level")
# lavaan's unrestricted model stops when a step gains less than 1e-4 in the log-likelihood: what is made of
# it differs by as much. Of the rest, its optimiser leaves a thousandth of a standard error. Its scores of
# variables within clusters alone are not the gradients of a cluster's likelihood (see below), which the
# robust errors beside them show in the third digit.
OF_UNRESTRICTED = 1e-3
IN_ERRORS = 3e-3


@lru_cache(maxsize=1)
def data() -> pd.DataFrame:
    return branches()


@lru_cache(maxsize=8)
def fitted(case: str) -> TwoLevelFit:
    estimator = "ML" if case == "plain" else "MLR"
    fixed = case != "tied"
    return fit_two_level(data(), MODELS[case], "branch", estimator=estimator, fixed_x=fixed)


@pytest.mark.parametrize("case", MODELS)
def test_estimates_and_errors_are_lavaans(case: str):
    fit = fitted(case)
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "level"])
    for lhs, op, rhs, level, est, se, std, std_se in ESTIMATES[case]:
        row = frame.loc[(lhs, op, rhs, level)]
        assert row["est"] == pytest.approx(est, abs=IN_ERRORS * se), (lhs, op, rhs)
        assert row["se"] == pytest.approx(se, rel=1e-3 if case != "robust" else 2e-3), (
            lhs,
            op,
            rhs,
        )
        assert row["std_all"] == pytest.approx(std, abs=IN_ERRORS * max(std_se, 0.02))
        assert row["std_se"] == pytest.approx(std_se, rel=2e-3, abs=1e-9)


@pytest.mark.parametrize("case", MODELS)
def test_every_fit_measure_is_lavaans(case: str):
    fit, expected = fitted(case), FIT[case]
    for name, value in expected.items():
        bound = OF_UNRESTRICTED if name != "logl" else 1e-8
        least = 3e-4 if "srmr" in name else 5e-5
        assert fit.fit[name] == pytest.approx(value, rel=bound, abs=least), name


def test_the_demonstration_of_lavaan_is_reproduced():
    fit = fit_two_level(demo_rows(), DEMO_MODEL, "cluster")
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "level"])
    for name, value in DEMO_FIT.items():
        assert fit.fit[name] == pytest.approx(value, rel=1e-4, abs=2e-5), name
    for lhs, op, rhs, level, est, se in DEMO_ESTIMATES:
        row = frame.loc[(lhs, op, rhs, level)]
        assert row["est"] == pytest.approx(est, abs=IN_ERRORS * se)
        assert row["se"] == pytest.approx(se, rel=1e-3)
    assert {one.item: round(one.icc or 0, 3) for one in fit.items} == DEMO_ICC


def test_the_unrestricted_model_is_lavaans_own_fit_of_it():
    """lavaan 0.6-14, sem() of all covariances at both levels: logl -3872.53399494; of its EM, less."""
    fit = fit_two_level(data(), PLAIN, "branch", fixed_x=False)
    assert fit.fit["unrestricted_logl"] == pytest.approx(-3872.53399494, abs=1e-5)


def test_each_level_is_judged_beside_an_unrestricted_other():
    """lavaan 0.6-14: the same models with free covariances at the other level, logl of each."""
    within, between = fitted("plain").levels
    full = -2887.73121663
    assert within.chisq == pytest.approx(2 * (full + 2889.29988145), rel=1e-3)
    assert between.chisq == pytest.approx(2 * (full + 2891.41761366), rel=1e-3)
    assert (within.df, between.df) == (5, 8)
    assert (within.n, between.n) == (587, 60)
    # MLR: chisq.scaled and its factor of the same two models
    within, between = fitted("robust").levels
    assert (within.chisq, within.scaling_factor) == pytest.approx(
        (3.06110483, 1.02482926), rel=1e-3
    )
    assert (between.chisq, between.scaling_factor) == pytest.approx(
        (7.51902873, 0.98052215), rel=1e-3
    )
    assert fitted("tied").levels == ()  # its loadings are those of both levels


def test_balanced_clusters_have_closed_forms():
    """Of equal sizes n: S_w is the pooled covariance, S_w + n S_b that of the scaled means."""
    rng = np.random.default_rng(3)
    b = np.repeat(np.arange(30), 6)
    y = rng.normal(size=(180, 2)) + rng.normal(size=(30, 2))[b]
    frame = pd.DataFrame(y, columns=["u", "v"]).assign(b=b)
    model = parse_levels("level: 1; u ~~ v; level: 2; u ~~ v")
    rows = cluster_data(frame, model, "b")
    found = unrestricted(rows)
    assert found.covariances[0] == pytest.approx(rows.pooled, rel=1e-9)
    total = 6 * np.cov(rows.means, rowvar=False, bias=True)
    assert found.covariances[1] == pytest.approx((total - rows.pooled) / 6, rel=1e-8)
    assert found.means[1] == pytest.approx(y.mean(axis=0))


def test_derivatives_are_those_of_the_likelihood():
    fit = fitted("plain")
    discrepancy: TwoLevelDiscrepancy = fit.solution.discrepancy.parts[0]
    theta = fit.solution.theta * 1.1 + 0.02
    point = discrepancy.at(theta)
    slope, curve = discrepancy.derivatives(point, exact=True)
    step = 1e-5

    def moved(i: int, sign: float) -> np.ndarray:
        other = theta.copy()
        other[i] += sign * step
        return other

    for i in range(0, len(theta), 3):
        ahead, behind = discrepancy.at(moved(i, 1)), discrepancy.at(moved(i, -1))
        assert slope[i] == pytest.approx(
            (ahead.value - behind.value) / (2 * step), rel=1e-5, abs=1e-8
        )
        numeric = (discrepancy.gradient(ahead) - discrepancy.gradient(behind)) / (2 * step)
        assert curve[i] == pytest.approx(numeric, rel=1e-5, abs=1e-6)
    assert discrepancy.gradient(point) == pytest.approx(slope)


def test_a_clusters_score_is_what_the_likelihood_loses_without_it():
    fit = fitted("plain")
    (group,) = fit.solution.groups
    discrepancy, point = group.discrepancy, group.point
    scores = cluster_scores(discrepancy, point)
    assert scores.shape == (60, len(point.theta))
    rows = data()[data()["branch"] != "b07"]
    others = TwoLevelDiscrepancy(
        cluster_data(rows, fit.model, "branch"), discrepancy.within, discrepancy.between
    )
    without = len(rows) * others.gradient(others.at(point.theta))
    whole = fit.n * discrepancy.gradient(point)
    assert -2 * scores[7] == pytest.approx(whole - without, abs=1e-7)


def test_a_robust_error_of_a_mean_within_sums_over_clusters():
    """Of a variable within clusters alone: the root of its clusters' squared sums, over N. lavaan 0.6-14
    has another number there.
    """
    fit = fit_two_level(data(), PLAIN, "branch", estimator="MLR", fixed_x=False)
    away = data()["wait"] - data()["wait"].mean()
    sums = away.groupby(data()["branch"]).sum()
    row = fit.estimates.query("lhs == 'wait' and op == '~1'").iloc[0]
    assert row["se"] == pytest.approx(np.sqrt((sums**2).sum()) / fit.n, rel=1e-6)


def test_reliability_is_of_each_level():
    fit = fitted("plain")
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "level"])["est"]
    items = ["q1", "q2", "q3", "q4"]
    for one, factor, level in zip(fit.reliabilities, ("sat", "place"), (1, 2), strict=True):
        loadings = sum(frame[factor, "=~", item, level] for item in items)
        rest = sum(frame[item, "~~", item, level] for item in items)
        row = fit.estimates.query("lhs == @factor and rhs == @factor").iloc[0]
        common = loadings**2 * row["est"] / row["std_all"]  # of the factor's total variance
        assert (one.factor, one.level) == (factor, level)
        assert one.omega == pytest.approx(common / (common + rest))


def test_intervals_of_reliability_and_alikeness_are_by_lavaans_errors():
    """lavaan 0.6-14: the same quantities defined by := of labels, their standard errors (ML, MLR)."""
    text = "level: 1\nsat =~ q1+q2+q3+q4\nlevel: 2\nplace =~ q1+q2+q3+q4"
    expected = {
        "ML": [(0.9183494, 0.005811786), (0.96061557, 0.011713947), (0.22945724, 0.045520913)],
        "MLR": [(0.9183494, 0.0072943671), (0.96061557, 0.010499095), (0.22945724, 0.035403638)],
    }
    for estimator, values in expected.items():
        fit = fit_two_level(data(), text, "branch", estimator=estimator)
        inside, outside = fit.reliabilities
        q1 = fit.items[0]
        found = [
            (inside.omega, inside.ci_lower, inside.ci_upper),
            (outside.omega, outside.ci_lower, outside.ci_upper),
            (q1.icc, q1.icc_ci_lower, q1.icc_ci_upper),
        ]
        for (value, low, high), (estimate, se) in zip(found, values, strict=True):
            assert value == pytest.approx(estimate, rel=1e-5)
            reach = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / 2
            assert reach * value * (1 - value) / 1.959964 == pytest.approx(se, rel=1e-3)


def test_clusters_stand_on_the_factor_where_lavaan_has_them():
    """lavaan 0.6-14: lavPredict(fit, level = 2); its branches are in the same order."""
    text = "level: 1\nsat =~ q1+q2+q3+q4\nsat ~ wait\nlevel: 2\nplace =~ q1+q2+q3+q4"
    scores = fit_two_level(data(), text, "branch").cluster_scores
    expected = [-0.57632718, 0.44295087, -0.54168681, -0.25967266, -0.54304099, 0.15594697]
    assert list(scores["cluster"][:2]) == ["b00", "b01"]
    assert list(scores["score"][:6]) == pytest.approx(expected, abs=1e-4)
    assert scores["n"].sum() == 587
    by_size = scores.sort_values("n")["se"].to_numpy()
    assert (np.diff(by_size) <= 1e-12).all()  # the more rows, the surer


def test_a_clusters_score_is_the_factors_expected_value_given_all_its_answers():
    fit = fitted("plain")
    within, between = fit.solution.point.implied
    rows = data()[data()["branch"] == "b00"]
    n, inside, outside = len(rows), ["q1", "q2", "q3", "q4", "wait"], ["tenure", "region"]
    # Rows of the part between in each answer: four items and none of ``wait``, then the branch's own.
    shown = np.vstack([np.tile(np.eye(5, 6) * (np.arange(5) < 4)[:, None], (n, 1)), np.eye(6)[4:]])
    cov = shown @ between.sigma @ shown.T
    cov[: 5 * n, : 5 * n] += np.kron(np.eye(n), within.sigma)
    mean = shown @ between.mu
    mean[: 5 * n] += np.tile(within.mu, n)
    y = np.concatenate([rows[inside].to_numpy().ravel(), rows[outside].iloc[0]]) - mean
    weights = np.linalg.solve(cov, shown @ between.covariance[:6, 6])
    own = fit.cluster_scores.iloc[0]
    assert own["score"] == pytest.approx(between.mean[6] + weights @ y)
    left = between.covariance[6, 6] - weights @ shown @ between.covariance[:6, 6]
    assert own["se"] == pytest.approx(np.sqrt(left))


def test_modification_indices_are_lavaans():
    """lavaan 0.6-14: modindices(sem(PLAIN, branches, cluster = "branch"), sort. = TRUE)"""
    expected = [
        ("q1", "q4", 1, 1.742, 0.045, 0.126),
        ("q2", "q3", 2, 1.165, 0.020, 0.292),
        ("q1", "q2", 2, 1.133, -0.025, -0.450),
        ("q1", "q2", 1, 0.810, -0.025, -0.068),
    ]
    found = fitted("plain").modification_indices()
    for (lhs, rhs, level, mi, epc, std), row in zip(expected, found.itertuples(), strict=False):
        assert (row.lhs, row.op, row.rhs, row.level) == (lhs, "~~", rhs, level)
        assert (row.mi, row.epc, row.sepc_all) == pytest.approx((mi, epc, std), abs=6e-4)
    assert len(found) == 12
    assert len(fitted("plain").modification_indices(minimum=1.0)) == 3


def test_a_known_population_is_found():
    rng = np.random.default_rng(11)
    b = np.repeat(np.arange(250), rng.integers(4, 16, size=250))
    inside, outside = rng.normal(size=len(b)), rng.normal(size=250) * 0.5
    y = np.array([1, 0.8, 0.6]) * inside[:, None] + np.array([1, 1.2, 0.9]) * outside[b][:, None]
    y = y + rng.normal(size=y.shape) * 0.7 + (rng.normal(size=(250, 3)) * 0.2)[b]
    frame = pd.DataFrame(y, columns=["a", "c", "d"]).assign(b=b)
    fit = fit_two_level(frame, "level: 1; w =~ a + c + d; level: 2; g =~ a + c + d", "b")
    found = fit.estimates.set_index(["lhs", "op", "rhs", "level"])
    truth = {
        ("w", "=~", "c", 1): 0.8,
        ("w", "=~", "d", 1): 0.6,
        ("w", "~~", "w", 1): 1.0,
        ("a", "~~", "a", 1): 0.49,
        ("g", "=~", "c", 2): 1.2,
        ("g", "=~", "d", 2): 0.9,
        ("g", "~~", "g", 2): 0.25,
        ("d", "~~", "d", 2): 0.04,
    }
    for key, value in truth.items():
        assert abs(found.loc[key, "est"] - value) < 3 * found.loc[key, "se"], key


def test_variables_that_hardly_vary_between_clusters_keep_a_proper_unrestricted_model():
    rng = np.random.default_rng(2)
    b = np.repeat(np.arange(60), 5)
    frame = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd")).assign(g=b)
    fit = fit_two_level(
        frame, "level: 1; a ~~ b + c + d; b ~~ c + d; level: 2; a ~~ b; c ~~ d", "g"
    )
    (h1,) = fit.solution.h1
    assert h1.boundary and h1.converged
    assert np.linalg.eigvalsh(h1.covariances[1]).min() > -1e-9
    # A covariance matrix nearby is no better: the boundary is the maximum among covariances.
    assert any("is singular" in text for text in fit.warnings)


def test_parameters_of_both_levels_may_be_one():
    fit = fitted("tied")
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "level"])["est"]
    assert frame["sat", "=~", "q2", 1] == frame["place", "=~", "q2", 2]
    gap = frame["q4", "~", "sat", 1] - frame["q4", "~", "place", 2]
    assert frame["gap", ":=", "c-e", 0] == pytest.approx(gap)
    assert TIED.count("a*q2") == 2


def test_a_fit_is_json():
    document = fitted("robust").to_dict()
    assert document["clusters"] == {
        "n": 60,
        "smallest": 3,
        "mean": pytest.approx(587 / 60),
        "largest": 17,
    }
    assert [one["name"] for one in document["level_fit"]] == ["within", "between"]
    assert {row["level"] for row in document["estimates"]} == {1, 2}
    assert parse_levels(document["model"]) == fitted("robust").model


def test_a_first_item_that_hardly_loads_between_clusters_is_told():
    rng = np.random.default_rng(9)
    b, place = np.repeat(np.arange(60), 6), rng.normal(size=60) * 0.6
    y = rng.normal(size=360)[:, None] * 0.8 + 0.6 * rng.normal(size=(360, 4))
    y += np.array([0, 1, 0.9, 0.8]) * place[b][:, None] + 0.25 * rng.normal(size=(60, 4))[b]
    frame = pd.DataFrame(y, columns=list("acde")).assign(b=b)
    text = "level: 1\nw =~ a + c + d + e\nlevel: 2\ng =~ a + c + d + e"
    fit = fit_two_level(frame, text, "b")
    assert fit.converged and "first loading of each factor" in fit.warnings[0]
    same = fit_two_level(frame, text, "b", std_lv=True)
    assert fit.fit["chisq"] == pytest.approx(same.fit["chisq"])


def test_the_likelihood_does_not_exist_at_an_impossible_covariance():
    fit = fitted("plain")
    theta = fit.solution.theta.copy()
    rows = fit.solution.table.joint.free_rows()
    at = next(r.free for r in rows if (r.lhs, r.rhs, r.group) == ("q1", "q1", 2))
    theta[at] = -1.0
    point = fit.solution.discrepancy.parts[0].at(theta)
    assert point.value == np.inf
    with pytest.raises(FloatingPointError):
        _ = point.known
