"""Invariance of ordinal items: what each step must equal, keep and find."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.measurement_invariance.invariance import Rules
from analysis.covariance.measurement_invariance.ordinal_invariance import ordinal_invariance
from analysis.covariance.ordinal.ordinal_groups import fit_step
from analysis.covariance.ordinal.polychoric import polychoric
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.syntax import parse
from analysis.errors import DataError, ModelError
from tests.analysis.peer_data import four_categories

MODEL = "p =~ p0 + p1 + p2 + p3; q =~ q0 + q1 + q2 + q3"
FOUR = "f1 =~ u1 + u2 + u3 + u4; f2 =~ u5 + u6 + u7 + u8"
LOADINGS = (0.8, 0.7, 0.75, 0.6)


def two_groups(
    n: int, seed: int, points: int, *, shift: float = 0.0, bias: float = 0.0, stretch: float = 1.0
) -> pd.DataFrame:
    """Answers of two groups; in the second, factors are shifted, q2 biased, its p1 stretched."""
    rng = np.random.default_rng(seed)
    parts = []
    for g in range(2):
        factors = rng.multivariate_normal([shift * g] * 2, [[1, 0.5], [0.5, 1]], size=n)
        columns = {}
        for f, name in enumerate("pq"):
            for k, loading in enumerate(LOADINGS):
                behind = loading * factors[:, f] + rng.normal(size=n) * np.sqrt(1 - loading**2)
                if g and (name, k) == ("q", 2):
                    behind = behind + bias
                if g and (name, k) == ("p", 1):
                    behind = behind * stretch
                cuts = np.linspace(-1.2, 1.2, points - 1)
                columns[f"{name}{k}"] = np.digitize(behind, cuts) + 1
        parts.append(pd.DataFrame(columns).assign(group="ab"[g]))
    return pd.concat(parts, ignore_index=True)


def test_the_configural_step_is_the_ordinal_fit_by_groups() -> None:
    data = two_groups(500, 1, 4)
    step = ordinal_invariance(data, MODEL, "group").steps[0]
    alone = fit_sem(data, MODEL, estimator="WLSMV", group="group").fit
    for name in ("chisq", "df", "chisq_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled", "srmr"):
        assert step.fit[name] == pytest.approx(alone[name], rel=1e-6), name


def test_three_categories_leave_nothing_to_test_in_thresholds() -> None:
    steps = ordinal_invariance(two_groups(500, 2, 3), MODEL, "group").steps
    assert steps[1].d_df == 0
    assert steps[1].d_chisq is None
    assert steps[1].fit["chisq"] == pytest.approx(steps[0].fit["chisq"], rel=1e-6)


def test_equal_residual_variances_fit_as_in_lavaan() -> None:
    data = two_groups(600, 11, 4, shift=0.3, stretch=1.2)
    step = ordinal_invariance(data, MODEL, "group", strict=True).steps[-1]
    assert (step.name, step.d_df, step.converged) == ("residuals", 8, True)
    # lavaan 0.6-14: cfa(ordered = TRUE, parameterization = "theta", group.equal = c("thresholds",
    # "loadings", "intercepts", "residuals")).
    wanted = {"chisq": 53.633, "df": 66, "chisq_scaled": 77.737, "srmr": 0.025}
    for name, value in wanted.items():
        assert step.fit[name] == pytest.approx(value, rel=1e-4 if name != "srmr" else 0.02), name


def test_an_invariant_population_passes_and_its_latent_means_are_found() -> None:
    found = ordinal_invariance(two_groups(2000, 3, 5, shift=0.4), MODEL, "group")
    assert found.reached == "intercepts"
    assert [step.d_df for step in found.steps] == [None, 16, 6, 6]
    assert found.latent_means["d"].to_numpy() == pytest.approx(0.4, abs=0.1)


def test_a_response_that_is_only_stretched_does_not_break_invariance() -> None:
    # The scale behind the answers is the group's own: Wu & Estabrook free it with the thresholds.
    found = ordinal_invariance(two_groups(2000, 4, 5, stretch=1.3), MODEL, "group")
    assert found.steps[1].holds


def test_an_item_easier_in_one_group_breaks_intercepts_and_no_step_before() -> None:
    found = ordinal_invariance(two_groups(1500, 5, 5, bias=0.7), MODEL, "group")
    assert found.reached == "loadings"
    assert not found.steps[3].holds
    assert found.steps[3].d_pvalue is not None
    assert found.steps[3].d_pvalue < 1e-10


def test_difference_tests_have_the_mean_of_their_chi_square() -> None:
    tests = []
    for seed in range(25):
        found = ordinal_invariance(two_groups(400, 300 + seed, 4), MODEL, "group")
        tests.append([step.d_chisq for step in found.steps[1:]])
    assert np.mean(tests, axis=0) == pytest.approx([8, 6, 6], abs=2.5)


def test_derivatives_equal_finite_differences() -> None:
    data = two_groups(300, 6, 4, shift=0.3)
    names = parse(MODEL).observed
    samples = tuple(polychoric(part, names, covariance=True) for _, part in data.groupby("group"))
    fit = fit_step(parse(MODEL), samples, "intercepts")
    d = fit.discrepancy
    theta = fit.optimum.point.theta + np.random.default_rng(1).uniform(0, 0.05, d.size())
    gradient, _ = d.derivatives(d.at(theta), exact=False)
    for i in range(0, len(theta), 5):
        move = np.zeros(len(theta))
        move[i] = 1e-6
        slope = (d.at(theta + move).value - d.at(theta - move).value) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_the_ladder_is_json() -> None:
    found = ordinal_invariance(two_groups(400, 7, 4), MODEL, "group")
    back = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [step["name"] for step in back["steps"]] == [
        "configural",
        "thresholds",
        "loadings",
        "intercepts",
    ]
    assert list(found.table.index) == [step["name"] for step in back["steps"]]


def test_categories_that_differ_or_are_too_few_are_named() -> None:
    data = two_groups(400, 8, 4)
    data.loc[(data["group"] == "b") & (data["p0"] == 4), "p0"] = 3
    with pytest.raises(DataError, match="p0: groups a and b use different categories"):
        ordinal_invariance(data, MODEL, "group")
    with pytest.raises(DataError, match="p0 has 2 categories in group a"):
        ordinal_invariance(two_groups(400, 9, 2), MODEL, "group")


def test_partial_intercepts_free_the_item_that_was_made_easier() -> None:
    # lavaan 0.6-14 with semTools 0.5-6: measEq.syntax(ID.fac = "std.lv", ID.cat =
    # "Wu.Estabrook.2016", group.equal = ..., group.partial = "u3 ~ 1"), lavTestLRT.
    found = ordinal_invariance(four_categories(), FOUR, "g")
    scaled = [35.326539, 40.46629, 51.046463, 83.228551928]
    assert [step.fit["chisq_scaled"] for step in found.steps] == pytest.approx(scaled, rel=1e-6)
    differences = [step.d_chisq for step in found.steps[1:]]
    assert differences == pytest.approx([4.0849, 9.4867, 30.137], abs=5e-4)
    assert found.reached == "loadings"
    (release,) = found.releases
    assert (release.step, release.parameter, release.holds) == ("intercepts", "u3~1", True)
    assert found.partial is not None
    assert found.partial["chisq_scaled"] == pytest.approx(52.478748, rel=1e-6)
    assert found.partial["df"] == 57
    assert found.latent_means["d"].to_numpy() == pytest.approx([0.088, -0.218], abs=5e-4)


def test_what_is_named_free_is_free_at_every_step_and_what_is_no_parameter_is_refused() -> None:
    left = ordinal_invariance(four_categories(), FOUR, "g", free=("u3~1",))
    assert left.reached == "intercepts"
    assert left.releases == ()
    assert left.steps[3].fit["chisq_scaled"] == pytest.approx(52.478748, rel=1e-6)
    apart = ordinal_invariance(four_categories(), FOUR, "g", free=("u3|",), partial=False)
    # One item's three thresholds, loading and intercept less to hold, its scale less to estimate.
    assert [step.fit["df"] for step in apart.steps] == [38, 45, 50, 55]
    # The item that marks its factor's scale is let go like any other.
    marker = ordinal_invariance(four_categories(), FOUR, "g", free=("u1|",), partial=False)
    assert [step.fit["df"] for step in marker.steps] == [38, 45, 50, 55]
    with pytest.raises(ModelError, match=r"free: 'u9~1' is no loading, intercept"):
        ordinal_invariance(four_categories(), FOUR, "g", free=("u9~1",))


def test_thresholds_that_one_group_uses_otherwise_are_released_with_their_item() -> None:
    data = two_groups(1500, 12, 5)
    other = (data["group"] == "b") & (data["q1"] == 3)
    data.loc[other, "q1"] = np.where(np.arange(other.sum()) % 2 == 0, 2, 4)
    data.loc[np.flatnonzero(other)[:5], "q1"] = 3
    found = ordinal_invariance(data, MODEL, "group", rules=Rules(d_cfi=-0.002, d_rmsea=0.01))
    assert found.releases[0].step == "thresholds"
    assert found.releases[0].parameter == "q1|"
    assert found.releases[0].holds


def test_the_reference_group_comes_first() -> None:
    first = ordinal_invariance(four_categories(), FOUR, "g", free=("u3~1",))
    other = ordinal_invariance(four_categories(), FOUR, "g", free=("u3~1",), reference="b")
    assert (first.groups, other.groups) == (("a", "b"), ("b", "a"))
    assert np.sign(other.latent_means["est"].to_numpy()).tolist() == [-1, 1]
    for one, two in zip(first.steps, other.steps, strict=True):
        assert two.fit["chisq_scaled"] == pytest.approx(one.fit["chisq_scaled"], rel=1e-6)
    with pytest.raises(DataError, match="the reference group 'c' is none of a, b"):
        ordinal_invariance(four_categories(), FOUR, "g", reference="c")


def test_categories_are_joined_where_that_is_asked_for_and_named() -> None:
    data = two_groups(400, 8, 4)
    data.loc[(data["group"] == "b") & (data["p0"] == 4), "p0"] = 3
    found = ordinal_invariance(data, MODEL, "group", join=True)
    by_hand = ordinal_invariance(data.assign(p0=data["p0"].clip(upper=3)), MODEL, "group")
    assert [step.fit for step in found.steps] == [step.fit for step in by_hand.steps]
    assert found.warnings == (
        "p0: the answers 3, 4 were joined, because thresholds are compared on categories that every "
        "group uses (nobody in group b chose 4)",
    )
