"""Two-level models of several groups, of incomplete rows and of weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from analysis.errors import DataError, ModelError, NoVariance
from analysis.two_level.clusters import ClusterData, cluster_data
from analysis.two_level.difference import level_difference
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from analysis.two_level.pattern_likelihood import PatternDiscrepancy
from analysis.two_level.script import two_level_script
from tests.analysis.two_level_groups_numbers import (
    CFA,
    ESTIMATES,
    FIT,
    HELD,
    MODEL,
    regions,
    with_gaps,
)

pytestmark = pytest.mark.xdist_group("two-level-groups")
HOLDING = {"group": "region", "equal": ("loadings", "intercepts")}
CASES = {
    "held": (MODEL, HOLDING),
    "heldr": (MODEL, HOLDING | {"estimator": "MLR"}),
    "fiml": (CFA, {"missing": "fiml"}),
    "gfiml": (CFA, {"missing": "fiml", "group": "region"}),
}


@lru_cache(maxsize=4)
def fitted(case: str) -> TwoLevelFit:
    text, options = CASES[case]
    data = with_gaps() if "fiml" in case else regions()
    return fit_two_level(data, text, "branch", **options)


@cache
def without_groups() -> TwoLevelFit:
    return fit_two_level(regions(), MODEL, "branch")


@pytest.mark.parametrize("case", CASES)
def test_groups_and_incomplete_rows_are_lavaans(case: str):
    fit = fitted(case)
    for name, value in FIT[case].items():
        # Of lavaan's unrestricted model, whose steps end early.
        bound = 1e-8 if name in ("logl", "npar", "df") else 4e-3
        assert fit.fit[name] == pytest.approx(value, rel=bound, abs=5e-4), name
    frame = fit.estimates.set_index(["lhs", "op", "rhs", "level", "group"])
    for *key, est, se in ESTIMATES[case]:
        row = frame.loc[tuple(key)]
        assert row["est"] == pytest.approx(est, abs=4e-4 * se), key
        assert row["se"] == pytest.approx(se, rel=4e-4), key


def test_labels_hold_groups_together_as_equal_does():
    text = HELD + "place ~ c(0, NA)*1"
    by_label = fit_two_level(regions(), text, "branch", group="region")
    assert by_label.fit == pytest.approx(fitted("held").fit, rel=1e-7)
    assert any("one label holds a parameter equal in every group" in w for w in by_label.warnings)
    assert not any("one label" in w for w in fitted("held").warnings)
    # lavaan 0.6-14, lavTestLRT(metric, scalar) of maximum likelihood
    metric = fit_two_level(regions(), MODEL, "branch", group="region", equal=("loadings",))
    test = level_difference(by_label, metric)
    assert (test.chisq, test.df, test.pvalue) == pytest.approx(
        (2.438754645, 3, 0.4864612316), rel=1e-6
    )
    with pytest.raises(ModelError, match="more degrees of freedom"):
        level_difference(metric, by_label)
    with pytest.raises(DataError, match="differ in missing"):
        level_difference(by_label, fitted("gfiml"))
    random = replace(metric, settings=replace(metric.settings, fixed_x=False))
    with pytest.raises(DataError, match="differ in fixed_x"):
        level_difference(by_label, random)
    with pytest.raises(DataError, match="different variables"):
        level_difference(by_label, replace(metric, model=fitted("gfiml").model))
    free = fit_two_level(
        regions(), MODEL, "branch", free=("q2~1",), group="region", equal=HOLDING["equal"]
    )
    assert free.fit["df"] == fitted("held").fit["df"] - 1
    script = two_level_script(fitted("held"))
    assert 'group = "region"' in script and "group: south" in script
    assert script.count("place =~ p") == 6  # three loadings of two groups, by their labels


def test_groups_that_share_nothing_are_fits_of_their_own():
    both = fit_two_level(regions(), MODEL, "branch", group="region")
    alone = [
        fit_two_level(part, MODEL, "branch") for _, part in regions().groupby("region", sort=False)
    ]
    for name in ("chisq", "df", "logl", "baseline_chisq", "npar"):
        assert both.fit[name] == pytest.approx(sum(one.fit[name] for one in alone))
    assert both.cluster_scores["score"].to_numpy() == pytest.approx(
        np.concatenate([one.cluster_scores["score"] for one in alone])
    )
    assert [one.group for one in both.reliabilities] == ["north"] * 2 + ["south"] * 2
    assert [one["clusters"] for one in both.to_dict()["groups"]] == [25, 25]


def test_an_index_of_one_group_is_near_what_chi_square_falls():
    """lavaan 0.6-14's indices of groups are of the squares of their shares, a quarter of these."""
    fit = fitted("held")
    first = fit.modification_indices().query("op == '~~' and level == 1").iloc[0]
    text = MODEL.replace("level: 2", f"{first.lhs} ~~ c(NA, 0)*{first.rhs}\nlevel: 2")
    freed = fit_two_level(regions(), text, "branch", **HOLDING)
    assert first.group == 1
    assert fit.fit["chisq"] - freed.fit["chisq"] == pytest.approx(first.mi, rel=0.1)


def _dense(data: ClusterData, fit: TwoLevelFit) -> float:
    """The log-likelihood by each cluster's whole covariance."""
    (within, between), total = (one.sigma for one in fit.solution.point.implied), 0.0
    mean = fit.solution.point.implied[1].mu
    for begin, size in zip(data.starts, data.sizes, strict=True):
        y = data.rows[begin : begin + size].ravel()
        cov = np.kron(np.eye(size), within) + np.kron(np.ones((size, size)), between)
        seen = ~np.isnan(y)
        total += multivariate_normal.logpdf(
            y[seen], np.tile(mean, size)[seen], cov[np.ix_(seen, seen)]
        )
    return total


def test_the_likelihood_of_incomplete_rows_is_that_of_whole_clusters():
    fit = fitted("fiml")
    (data,) = fit.solution.data
    assert fit.fit["logl"] == pytest.approx(_dense(data, fit), abs=1e-8)
    assert fit.n == 300 and not fit.warnings


def gaps_in_both() -> ClusterData:
    """Weighted rows with gaps at both levels, one branch without any q2."""
    frame = with_gaps().assign(weight=1 + np.arange(300) % 3)
    frame.loc[frame["branch"].isin(["b03", "b30"]), "tenure"] = np.nan
    frame.loc[frame["branch"] == "b05", "q2"] = np.nan
    frame["own"] = frame["branch"].str[1:].astype(int) % 4 + 1
    return cluster_data(
        frame,
        without_groups().model,
        "branch",
        incomplete=True,
        weights="weight",
        cluster_weights="own",
    )


def test_derivatives_over_patterns_are_those_of_the_likelihood():
    plain = without_groups()
    (group,) = plain.solution.groups
    theta = plain.solution.theta * 1.1 + 0.02
    # Of complete rows the same as over cluster sizes.
    by_size = group.discrepancy.at(theta)
    over = PatternDiscrepancy(group.data, *group.structures)
    for exact in (False, True):
        for ours, theirs in zip(
            over.derivatives(over.at(theta), exact=exact),
            group.discrepancy.derivatives(by_size, exact=exact),
            strict=True,
        ):
            assert ours == pytest.approx(theirs, abs=1e-11)
    data = gaps_in_both()
    over = PatternDiscrepancy(data, *group.structures)
    slope, curve = over.derivatives(over.at(theta), exact=True)
    assert -2 * over.scores(over.at(theta)).sum(axis=0) / data.n == pytest.approx(slope)
    step = 1e-5
    for i in range(0, len(theta), 3):
        moved = step * (np.arange(len(theta)) == i)
        ahead, behind = over.at(theta + moved), over.at(theta - moved)
        assert slope[i] == pytest.approx((ahead.value - behind.value) / (2 * step), abs=1e-7)
        numeric = (over.gradient(ahead) - over.gradient(behind)) / (2 * step)
        assert curve[i] == pytest.approx(numeric, abs=1e-6)


def test_weights_stand_for_as_many_clusters():
    frame = regions().assign(times=regions()["branch"].str[1:].astype(int) % 3 + 1)
    repeated = pd.concat(
        frame[frame["times"] > k].assign(branch=lambda f, k=k: f["branch"] + f"-{k}")
        for k in range(3)
    )
    weighted = fit_two_level(frame, MODEL, "branch", cluster_weights="times", estimator="MLR")
    same = fit_two_level(repeated, MODEL, "branch")
    assert weighted.estimates["est"].to_numpy() == pytest.approx(
        same.estimates["est"].to_numpy(), abs=1e-6
    )
    for one, other in zip(weighted.items, same.items, strict=True):
        assert one.icc == pytest.approx(other.icc, abs=1e-6)
    assert weighted.n == 300
    # All the same weight is none, for the errors, too.
    equal = fit_two_level(
        frame.assign(w=2.5), MODEL, "branch", sampling_weights="w", estimator="MLR"
    )
    plain = fit_two_level(frame, MODEL, "branch", estimator="MLR")
    assert equal.fit == pytest.approx(plain.fit, rel=1e-6, abs=1e-8)
    assert equal.estimates["se"].to_numpy() == pytest.approx(
        plain.estimates["se"].to_numpy(), rel=1e-6
    )
    assert "WTSCALE = CLUSTER" in two_level_script(equal)


def test_weights_of_rows_stand_for_as_many_rows():
    """Not scaled: the likelihood of each row repeated as often as its weight says."""
    plain = fitted("fiml")
    (group,) = plain.solution.groups
    times = 1 + np.arange(300) % 3
    weighted = PatternDiscrepancy(
        replace(group.data, row_weights=times.astype(float)), *group.structures
    )
    repeated = cluster_data(
        with_gaps().loc[np.repeat(np.arange(300), times)], plain.model, "branch", incomplete=True
    )
    theta = plain.solution.theta
    one, other = weighted, PatternDiscrepancy(repeated, *group.structures)
    for ours, theirs in zip(
        one.derivatives(one.at(theta), exact=True),
        other.derivatives(other.at(theta), exact=True),
        strict=True,
    ):
        assert ours == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"sampling_weights": "tenure"}, ModelError, "choose estimator MLR"),
        ({"sampling_weights": "tenure", "estimator": "MLR"}, DataError, "weights below 0"),
        ({"missing": "pairwise"}, ModelError, "fiml"),
        ({"equal": ("loadings",)}, ModelError, "name the grouping column"),
        ({"group": "one"}, DataError, "1 different values"),
        ({"group": "rare"}, DataError, "level-2 variables in group few, have 2"),
        (HOLDING | {"equal": ("thresholds",)}, ModelError, "thresholds"),
        (HOLDING | {"free": ("q9~1",)}, ModelError, "'q9~1' is no parameter"),
        ({"group": "region", "equal": ("regressions",)}, ModelError, "no regressions"),
    ],
)
def test_what_cannot_be_fitted_is_said(options: dict, error: type[Exception], said: str):
    rare = np.where(regions()["branch"].isin(["b03", "b05"]), "few", "many")
    with pytest.raises(error, match=said):
        fit_two_level(regions().assign(one=1, rare=rare), CFA, "branch", **options)


def test_what_a_reader_must_know_of_groups_is_said():
    frame = regions()
    frame.loc[0, "region"] = "south"
    frame.loc[1, "region"] = None
    frame.loc[2, "branch"] = None
    fit = fit_two_level(frame, CFA, "branch", group="region")
    with pytest.raises(NoVariance, match="q2 has no answer"):
        fit_two_level(frame.assign(q2=np.nan), CFA, "branch", missing="fiml")
    assert "1 of 300 rows has no value of region" in fit.warnings[0]
    assert "1 cluster of branch has rows in more than one group" in fit.warnings[1]
    assert any("rows has no value of branch and was left out" in said for said in fit.warnings)
