"""Dynamic cut-offs: published figures, lavaan's fits, populations and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.dynamic_cutoffs import (
    DynamicCutoffs,
    dynamic_cutoffs,
    population_cutoffs,
)
from analysis.covariance.simulation.factor_population import population_from, population_of
from analysis.covariance.simulation.simulated_fits import population_fit, simulated_fits
from analysis.covariance.simulation.simulated_moments import simulated_moments
from analysis.covariance.text.syntax import parse
from analysis.errors import DataError, ModelError, NotPositiveDefinite
from analysis.moments import Moments
from tests.analysis.classic_data import HS, holzinger

# Wolf and McNeish's tutorial of dynamic cut-offs, its table: extraversion, n = 1,222, 500 samples.
EXTRAVERSION = (
    "E =~ .671*E1 + -.705*E2 + .704*E3 + -.702*E4 + .750*E5 + -.572*E6 + .744*E7 + -.514*E8"
    " + .605*E9 + -.703*E10"
)
PUBLISHED = ((0.025, 0.040, 0.986), (0.037, 0.075, 0.953), (0.043, 0.095, 0.928))
# lavaan 0.6-14, cfa of 2,000 samples (rWishart) from the populations of HS: 5 % quantiles of SRMR and
# RMSEA, 95 % of CFI at level 2, and the other ends of level 0.
LEVEL_2 = (0.05882, 0.08535, 0.95809)
LEVEL_0 = (0.04013, 0.04149, 0.98516)


@pytest.fixture(scope="module")
def hs() -> DynamicCutoffs:
    return dynamic_cutoffs(fit_sem(holzinger(), HS), reps=1500, seed=3)


def _values(found: DynamicCutoffs, level: int) -> list[float | None]:
    one = found.levels[level]
    return [one.srmr.value, one.rmsea.value, one.cfi.value]


def test_one_factor_has_the_published_cutoffs() -> None:
    found = population_cutoffs(EXTRAVERSION, 1222, reps=1000)
    for level, published in enumerate(PUBLISHED, start=1):
        # Half a unit of the last digit printed, and both simulations' errors.
        assert _values(found, level) == pytest.approx(published, abs=2e-3)
    assert [len(level.added) for level in found.levels] == [0, 1, 2, 2]
    assert {(one.lhs, one.rhs) for one in found.levels[1].added} == {("E8", "E6")}


def test_several_factors_have_the_published_cross_loadings(hs: DynamicCutoffs) -> None:
    # R dynamic's vignette: magnitudes of cfaHB(fit) for HS, n = 301
    added = [one for level in hs.levels for one in level.added]
    assert [round(one.value, 3) for one in added] == [0.424, 0.570]
    assert [(one.lhs, one.op, one.rhs) for one in added] == [
        ("textual", "=~", "x2"),
        ("textual", "=~", "x7"),
    ]


def test_cutoffs_are_those_of_lavaans_fits(hs: DynamicCutoffs) -> None:
    assert _values(hs, 2) == pytest.approx(LEVEL_2, abs=3e-3)
    assert _values(hs, 0) == pytest.approx(LEVEL_0, abs=3e-3)
    # The vignette, of 500 samples: .06, .088, .955.
    assert _values(hs, 2) == pytest.approx((0.060, 0.088, 0.955), abs=5e-3)


def test_the_sensitivity_is_lowered_where_the_distributions_overlap(hs: DynamicCutoffs) -> None:
    # The vignette has none at 95 % for level 1, and RMSEA .044 and CFI .986 at 90 %.
    level = hs.levels[1]
    for cutoff in (level.srmr, level.rmsea, level.cfi):
        assert cutoff.sensitivity is not None
        assert 0.8 < cutoff.sensitivity < 0.95
    assert level.rmsea.value == pytest.approx(hs.levels[0].rmsea.value, abs=2e-3)
    weak = population_cutoffs("F =~ .4*a + .4*b + .4*c + .4*d", 60, reps=150)
    assert weak.levels[1].srmr.value is None
    assert re.fullmatch(
        r"fits that did not converge were left out: [\d.]+% of level 0, [\d.]+% of level 1",
        weak.warnings[0],
    )


def test_the_fit_is_set_against_the_levels(hs: DynamicCutoffs) -> None:
    assert hs.reached == {"srmr": 2, "rmsea": 2, "cfi": 2}
    assert hs.fit["rmsea"] == pytest.approx(0.0921, abs=1e-4)
    robust = dynamic_cutoffs(fit_sem(holzinger(), HS, estimator="MLR"), reps=100)
    assert robust.fit["cfi"] == pytest.approx(0.9299, abs=1e-4)


def test_the_same_seed_gives_the_same_numbers_with_any_number_of_threads() -> None:
    one, two = (population_cutoffs(EXTRAVERSION, 200, reps=100, workers=k) for k in (1, 2))
    assert one == two
    assert one != population_cutoffs(EXTRAVERSION, 200, reps=100, seed=2)


def test_the_error_is_what_repetitions_scatter_by() -> None:
    model = "F =~ .7*a + .7*b + .7*c + .7*d + .7*e + .7*f"
    found = [population_cutoffs(model, 300, reps=100, seed=s).levels[3].rmsea for s in range(25)]
    scatter = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(scatter, rel=0.4)


def test_drawn_moments_have_the_mean_and_spread_of_samples() -> None:
    cov = np.array([[2.0, 0.6], [0.6, 1.0]])
    rng = np.random.default_rng(5)
    mean, drawn = simulated_moments(
        Moments(("a", "b"), 20, np.array([1.0, -1.0]), cov), 20_000, rng
    )
    assert mean.mean(axis=0) == pytest.approx([1, -1], abs=0.01)
    assert np.cov(mean.T) == pytest.approx(cov / 20, abs=3e-3)
    assert drawn.mean(axis=0) == pytest.approx(cov * 19 / 20, abs=0.02)
    # Variance of a covariance of n rows: (s_ii s_jj + s_ij^2) (n - 1) / n^2.
    assert drawn[:, 0, 1].var() == pytest.approx((2 + 0.36) * 19 / 400, rel=0.05)


def test_each_sample_has_the_measures_of_a_fit_of_its_own() -> None:
    fit = population_fit(
        Moments(tuple(f"x{i}" for i in range(1, 10)), 301, np.zeros(9), _hs_population()), HS
    )
    found = simulated_fits(fit, reps=3, rng=np.random.default_rng(9))
    _, cov = simulated_moments(
        Moments(fit.table.observed, 301, np.zeros(9), _hs_population()), 3, np.random.default_rng(9)
    )
    for r in range(3):
        own = fit_sem(Moments(fit.table.observed, 301, np.zeros(9), cov[r]), HS)
        got = [getattr(found, name)[r] for name in ("chisq", "srmr", "rmsea", "cfi")]
        expected = [own.fit[name] for name in ("chisq", "srmr", "rmsea", "cfi")]
        assert got == pytest.approx(expected, rel=1e-6)
        assert found.theta[r] == pytest.approx(own.solution.theta, abs=1e-5)
    assert found.converged == 1


def _hs_population() -> np.ndarray:
    return population_of(fit_sem(holzinger(), HS)).correlation


def test_a_written_population_is_the_fits_own() -> None:
    fit = fit_sem(holzinger(), HS)
    rows = fit.estimates.query("op == '=~' or (op == '~~' and lhs != rhs)")
    text = "\n".join(
        f"{row.lhs} {row.op} {row.std_all:.12f}*{row.rhs}" for row in rows.itertuples()
    )
    assert population_from(parse(text)).correlation == pytest.approx(
        population_of(fit).correlation, abs=1e-9
    )


def test_items_with_residual_covariances_stay_as_they_are() -> None:
    text = "F =~ .7*a + .6*b + .5*c + .4*d + .3*e + .8*f\na ~~ .2*b"
    (first,) = population_from(parse(text)).levels()
    assert [(one.lhs, one.rhs, one.value) for one in first] == [("e", "d", 0.3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("F =~ a + .5*b + .5*c + .5*d", "F=~a has no value"),
        ("F =~ 1*a + .5*b + .5*c + .5*d", "lie between -1 and 1"),
        ("F =~ .5*a + .5*b\nG =~ .5*c + .5*d", "correlation of F and G is not given"),
        ("F =~ .5*a + .5*b + .5*c", "found 3"),
        ("F =~ .5*a + .5*b + .5*c + .5*d\ne ~ F", "e~F"),
        ("F =~ .9*a + .5*b\nG =~ .9*a + .5*c\nF ~~ .5*G", "a: its loadings"),
        ("F =~ .5*a + .5*b + .5*c + .5*d\nF ~~ 1*F", "variances follow"),
    ],
)
def test_a_population_that_says_too_little_is_refused(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        population_cutoffs(text, 200, reps=100)


def test_models_without_cutoffs_are_refused() -> None:
    data = holzinger()
    for text, options, said in (
        (f"{HS}\nspeed ~ visual", {}, "regressions"),
        (HS, {"group": "school"}, "one group"),
        (f"{HS}\ng =~ visual + textual + speed + x1", {}, "measured by items alone or"),
    ):
        with pytest.raises(ModelError, match=said):
            dynamic_cutoffs(fit_sem(data, text, **options), reps=100)  # type: ignore[arg-type]
    large = " + ".join(f".5*x{i}" for i in range(151))
    with pytest.raises(ModelError, match="has 302 loadings and residual variances"):
        population_cutoffs(f"F =~ {large}", 500, reps=100)
    with pytest.raises(DataError, match="100 samples"):
        population_cutoffs(EXTRAVERSION, 200, reps=10)
    with pytest.raises(DataError, match="above 10"):
        population_cutoffs(EXTRAVERSION, 10, reps=100)
    with pytest.raises(NotPositiveDefinite, match="no data can have"):
        simulated_moments(
            Moments(("a", "b"), 9, np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]])),
            1,
            np.random.default_rng(1),
        )
