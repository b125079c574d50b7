"""Copula terms are what they are said to be, recover an endogenous path, and are refused elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import ndtri

from analysis.composite.copula import copula_analysis
from analysis.composite.layout import CompositeOptions
from analysis.composite.normality import score_normality
from analysis.composite.pls import fit_pls
from analysis.errors import DataError, ModelError
from tests.analysis.data_sets import mobi
from tests.analysis.pls_models import SMALL

ONE = "X =~ x; Y =~ y; Y ~ X"


def _term(scores: pd.Series) -> np.ndarray:
    ranks = stats.rankdata(scores.round(9))
    return np.asarray(ndtri(ranks / (len(scores) + 1)))


def _ols(outcome: pd.Series, *columns: np.ndarray | pd.Series) -> np.ndarray:
    design = np.column_stack([np.ones(len(outcome)), *columns])
    return np.linalg.lstsq(design, outcome, rcond=None)[0][1:]


def test_terms_are_quantiles_of_ranks_beside_the_antecedents() -> None:
    data = mobi()
    found = copula_analysis(data, SMALL, resamples=20, seed=1).equations[0]
    scores = fit_pls(data, SMALL).scores
    assert scores is not None
    names = ["Image", "Expectation", "Value"]
    assert [each.name for each in found.paths] == names
    assert [each.estimate for each in found.paths] == pytest.approx(
        _ols(scores["Satisfaction"], *(scores[name] for name in names)), abs=1e-12
    )
    assert [one.treated for one in found.models] == [
        *(("Image",), ("Expectation",), ("Value",), ("Image", "Expectation")),
        *(("Image", "Value"), ("Expectation", "Value"), ("Image", "Expectation", "Value")),
    ]
    for one in found.models:
        expected = _ols(
            scores["Satisfaction"],
            *(scores[name] for name in names),
            *(_term(scores[name]) for name in one.treated),
        )
        own = [each.estimate for each in (*one.paths, *one.terms)]
        assert own == pytest.approx(expected, abs=1e-9)
    for name, r in found.collinearity.items():
        assert r == pytest.approx(np.corrcoef(scores[name], _term(scores[name]))[0, 1])


def test_resamples_estimate_weights_and_ranks_anew() -> None:
    """The spread is that of whole analyses of drawn rows, one after another."""
    data = mobi()
    found = copula_analysis(data, SMALL, resamples=400, seed=2).equations[0].models[-1]
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(60):
        scores = fit_pls(data.iloc[rng.integers(0, 250, 250)], SMALL).scores
        assert scores is not None
        own = [scores[name] for name in ("Image", "Expectation", "Value")]
        drawn.append(_ols(scores["Satisfaction"], *own, *(_term(each) for each in own)))
    spread = np.std(drawn, axis=0, ddof=1)
    assert [each.se for each in (*found.paths, *found.terms)] == pytest.approx(spread, rel=0.35)


def test_an_endogenous_path_is_told_and_mended() -> None:
    rng = np.random.default_rng(6)
    common, own = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=4_000).T
    x = stats.expon.ppf(stats.norm.cdf(common))
    data = pd.DataFrame({"x": x, "y": 0.5 * x + own})
    scale = x.std() / data["y"].std()
    found = copula_analysis(data, ONE, resamples=60, seed=1).equations[0]
    assert abs(found.paths[0].estimate / scale - 0.5) > 0.4
    treated = found.models[0]
    assert treated.significant
    assert treated.paths[0].estimate / scale == pytest.approx(0.5, abs=0.06)
    assert treated.paths[0].lower / scale < 0.5 < treated.paths[0].upper / scale
    exogenous = data.assign(y=0.5 * x + rng.normal(size=4_000))
    assert (
        not copula_analysis(exogenous, ONE, resamples=60, seed=1).equations[0].models[0].significant
    )


def test_a_normal_score_is_said_to_tell_nothing() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=500)
    data = pd.DataFrame({"x": x, "y": x + rng.normal(size=500)})
    found = copula_analysis(data, ONE, resamples=20, seed=1)
    assert found.equations[0].testable == ()
    said = " ".join(found.warnings)
    assert "n = 500 is below 1000" in said
    assert "the scores of X are not significantly different from normal" in said
    assert "X and the copula correlate above 0.98" in said


def test_normality_is_that_of_nortest() -> None:
    # statsmodels 0.15 normal_ad, the same approximation as R nortest's ad.test: p.
    for values, p in (
        (np.arange(20.0), 0.8063550613),
        (np.arange(60.0) ** 2, 2.967576124e-05),
        (np.sqrt(np.arange(1, 41.0)), 0.13869143867),
        (np.concatenate([np.arange(30.0), np.arange(10, 20.0)]), 0.9798034553),
    ):
        assert score_normality("x", values).p == pytest.approx(p, rel=1e-8)


def test_products_stay_without_a_term_of_their_own() -> None:
    data = mobi()
    found = copula_analysis(data, SMALL + "Satisfaction ~ Image:Value", resamples=10, seed=1)
    (equation,) = found.equations
    assert equation.paths[-1].name == "Image:Value"
    fit = fit_pls(data, SMALL + "Satisfaction ~ Image:Value")
    assert equation.paths[-1].estimate == pytest.approx(
        fit.path("Image:Value", "Satisfaction"), abs=0.005
    )
    assert {name for one in equation.models for name in one.treated} == {
        *("Image", "Expectation", "Value"),
    }


def test_what_has_no_copula_is_refused() -> None:
    data = mobi()
    with pytest.raises(ModelError, match="use plain PLS"):
        copula_analysis(data, SMALL, settings=CompositeOptions(consistent=True))
    with pytest.raises(ModelError, match="no path leads to Image"):
        copula_analysis(data, SMALL, targets=["Image"])
    with pytest.raises(ModelError, match="is no construct"):
        copula_analysis(data, SMALL, targets=["Nobody"])
    with pytest.raises(DataError, match="resamples must lie"):
        copula_analysis(data, SMALL, resamples=1)
