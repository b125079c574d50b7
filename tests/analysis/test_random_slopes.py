"""Regressions with slopes of each cluster give nlme's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError, TooFewCases
from analysis.two_level.random_slopes import fit_mixed

TERMS = ["wait", "tenure", "wait:tenure"]
# nlme 3.1-162: summary(lme(overall ~ wait + tenure + wait:tenure, random = ~ 1 + wait | branch, method = ...),
# adjustSigma = FALSE): estimates, errors, df; getVarCov, sigma, logLik, and logLik without the slope
NLME = {
    "ML": (
        [4.9598819929, -0.4474338164, 0.6370024185, 0.2063250599],
        [0.13567448470, 0.09533578046, 0.14623224394, 0.10248356923],
        [0.57235, 0.13376, 0.19853, 0.7667493737, -378.7483306, -401.5374685],
    ),
    "REML": (
        [4.9596520918, -0.4498203649, 0.6372652481, 0.2058067745],
        [0.13919826485, 0.09798524087, 0.14998954288, 0.10520708228],
        [0.60711, 0.14099, 0.21504, 0.7671035446, -383.741874, -407.3023452],
    ),
}


def sloped() -> pd.DataFrame:
    """278 rows of 40 branches, in which the slope of waiting differs."""
    rng = np.random.default_rng(184)
    b = np.repeat(np.arange(40), rng.integers(3, 13, size=40))
    u = rng.multivariate_normal([0, 0], [[0.5, 0.12], [0.12, 0.2]], size=40)
    wait, tenure = rng.normal(size=len(b)), rng.normal(size=40)
    slope = (0.2 * tenure - 0.5 + u[:, 1])[b]
    y = 5 + (0.4 * tenure + u[:, 0])[b] + slope * wait + 0.8 * rng.normal(size=len(b))
    found = {"overall": y, "wait": wait, "tenure": tenure[b]}
    return pd.DataFrame(found).round(2).assign(branch=b)


@pytest.mark.parametrize("method", NLME)
def test_slopes_that_differ_are_nlmes(method: str):
    fit = fit_mixed(sloped(), "overall", TERMS, "branch", slopes=["wait"], method=method)
    est, se, rest = NLME[method]
    assert [one.est for one in fit.fixed] == pytest.approx(est, abs=2e-6)
    assert [one.se for one in fit.fixed] == pytest.approx(se, rel=1e-5)
    assert [one.df for one in fit.fixed] == [236, 236, 38, 236]
    ours = [fit.covariance[0, 0], fit.covariance[0, 1], fit.covariance[1, 1], fit.residual**0.5]
    assert ours == pytest.approx(rest[:4], rel=5e-5)
    assert fit.logl == pytest.approx(rest[4], abs=1e-6)
    assert fit.slopes is not None
    assert fit.slopes.chisq == pytest.approx(2 * (rest[4] - rest[5]), abs=1e-5)
    assert fit.npar == 8 and not fit.warnings


def test_units_do_not_matter_and_few_clusters_are_told():
    rows = sloped()
    plain = fit_mixed(rows, "overall", ["wait"], "branch", slopes=["wait"])
    # Restricted likelihood is of contrasts, whose units are those of the predictors.
    large = fit_mixed(
        rows.assign(wait=rows["wait"] * 1e4), "overall", ["wait"], "branch", slopes=["wait"]
    )
    assert large.logl == pytest.approx(plain.logl - np.log(1e4), abs=1e-4)
    assert not plain.warnings and not large.warnings
    few = rows[rows["branch"] < 20].copy()
    few.loc[few.index[0], "wait"] = np.nan
    said = fit_mixed(few, "overall", ["wait"], "branch").warnings
    assert "1 of" in said[0] and "below 30" in said[1]


@pytest.mark.parametrize(
    ("outcome", "predictors", "slopes", "said"),
    [
        ("overall", ["wait"], ["tenure"], "is no predictor"),
        ("overall", ["tenure"], ["tenure"], "cannot differ between"),
        ("overall", ["wait"], ["wait", "wait"], "named twice"),
        ("overall", ["wait", "twice"], [], "depend on each other"),
        ("overall", ["overall"], [], "cannot be a predictor"),
        ("twice", ["wait"], [], "foretell twice exactly"),
        ("five", ["wait"], [], "all 278 answers are 5"),
        ("tenure", ["wait"], [], "same for all rows of each branch"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    outcome: str, predictors: list[str], slopes: list[str], said: str
):
    rows = sloped().assign(five=5)
    rows["twice"] = 2 * rows["wait"]
    with pytest.raises(AnalysisError, match=said):
        fit_mixed(rows, outcome, predictors, "branch", slopes=slopes)


def test_rows_that_leave_no_degrees_of_freedom_are_refused():
    rows = sloped().groupby("branch").head(1)
    with pytest.raises(TooFewCases, match="at least 42 usable rows in 40 clusters, have 41"):
        fit_mixed(pd.concat([rows, sloped().iloc[[1]]]), "overall", ["wait"], "branch")


def test_an_outcome_that_does_not_differ_between_clusters_is_told():
    rows = sloped()
    rows["overall"] -= rows.groupby("branch")["overall"].transform("mean")
    fit = fit_mixed(rows, "overall", [], "branch")
    assert fit.icc < 1e-8 and "variance between clusters is 0" in fit.warnings[0]


def test_means_far_from_zero_are_told_apart_by_the_predictors_own_spread():
    rows = sloped().assign(wait=lambda all: all["wait"] + 1e6)
    fit = fit_mixed(rows, "overall", ["wait"], "branch", means=True)
    assert [one.term for one in fit.fixed] == ["(Intercept)", "wait", "wait_mean"]


def test_what_holds_within_and_between_clusters_is_told_apart():
    rows = sloped()
    rows.loc[3, "overall"] = np.nan  # the means are those of the rows that count
    complete = rows.dropna()
    mean = complete.groupby("branch")["wait"].transform("mean")
    by_hand = complete.assign(wait=complete["wait"] - mean, wait_mean=mean)
    expected = fit_mixed(by_hand, "overall", [*TERMS, "wait_mean"], "branch", slopes=["wait"])
    found = fit_mixed(rows, "overall", TERMS, "branch", slopes=["wait"], means=True)
    assert [one.term for one in found.fixed] == ["(Intercept)", *TERMS, "wait_mean"]
    assert [one.est for one in found.fixed] == pytest.approx(
        [one.est for one in expected.fixed], abs=1e-8
    )
    assert found.fixed[-1].df == 40 - 1 - 2  # a mean, as tenure, has the clusters' degrees
    with pytest.raises(AnalysisError, match="rename it"):
        fit_mixed(
            rows.assign(wait_mean=1.0), "overall", ["wait", "wait_mean"], "branch", means=True
        )
