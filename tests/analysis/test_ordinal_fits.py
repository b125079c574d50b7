"""Samples of ordinal answers in batches: each is what a fit of its own is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.ordinal.ordinal_fits import ordinal_fits, ordinal_model
from analysis.covariance.ordinal.ordinal_samples import (
    OrdinalPopulation,
    pair_precisions,
    pairs_of,
    polychoric_samples,
    written_thresholds,
)
from analysis.covariance.ordinal.polychoric import polychoric_of
from analysis.covariance.sem import fit_sem
from analysis.covariance.text.syntax import parse
from analysis.errors import DataError, ModelError, NotPositiveDefinite

MODEL = "F =~ a + b + c\nG =~ d + e + f"
NAMES = tuple("abcdef")


def _population() -> OrdinalPopulation:
    loadings = np.array([0.8, 0.7, 0.6, 0.8, 0.7, 0.6])
    between = np.where(np.arange(6)[:, None] // 3 == np.arange(6) // 3, 1.0, 0.4)
    correlation = np.outer(loadings, loadings) * between
    np.fill_diagonal(correlation, 1.0)
    cuts = (np.array([-1.0, 0.2, 2.4]), np.array([0.5]), np.array([-0.6, 0.6]))
    return OrdinalPopulation(NAMES, correlation, cuts * 2)


def test_polychoric_correlations_of_samples_are_those_of_each() -> None:
    population = _population()
    codes = population.drawn(60, 40, np.random.default_rng(4))
    codes[1][:, 1] = 1  # one answer alone: no correlations
    codes[2][codes[2] == 0] = 1  # nobody chose the lowest of several
    found = polychoric_samples(codes, population.categories)
    assert (found.answered == [np.ptp(each, axis=0).min() > 0 for each in codes]).all()
    assert not found.answered[1]
    second, first = pairs_of(6)
    for at, sample in enumerate(np.flatnonzero(found.answered)):
        own = polychoric_of(codes[sample].astype(float), NAMES, covariance=True)
        assert found.correlations[at] == pytest.approx(own.correlation[second, first], abs=1e-8)
        assert found.gamma[at] == pytest.approx(own.correlation_gamma, rel=1e-6, abs=1e-8)


def test_each_sample_has_the_estimates_errors_and_indices_of_a_fit_of_its_own() -> None:
    population = _population()
    model = ordinal_model(population, 200, MODEL)
    found = ordinal_fits(model, population, 200, reps=2, rng=np.random.default_rng(7))
    codes = population.drawn(200, 2, np.random.default_rng(7).spawn(1)[0])
    for r in range(2):
        rows = pd.DataFrame(codes[r].astype(float), columns=list(NAMES))
        own = fit_sem(rows, MODEL, estimator="WLSMV")
        fits = found.fits
        got = [fits.chisq[r], fits.srmr[r], fits.rmsea[r], fits.cfi[r]]
        names = ("chisq_scaled", "srmr", "rmsea_scaled", "cfi_scaled")
        assert got == pytest.approx([own.fit[name] for name in names], abs=1e-5)
        assert fits.theta[r] == pytest.approx(own.solution.theta, abs=1e-5)
        assert found.vcov[r] == pytest.approx(own.vcov, abs=1e-5)


def test_threads_change_no_number_and_progress_is_told() -> None:
    population, told = _population(), []
    model = ordinal_model(population, 100, MODEL)
    one, two = (
        ordinal_fits(
            model,
            population,
            100,
            reps=130,
            rng=np.random.default_rng(1),
            workers=workers,
            progress=lambda done, total: told.append((done, total)),
        )
        for workers in (1, 2)
    )
    assert (one.fits.theta == two.fits.theta).all()
    assert told[-1] == (130, 130)


def test_the_population_has_the_estimates_of_a_very_large_sample() -> None:
    population = _population()
    wrong = ordinal_model(population, 100, "F =~ " + " + ".join(NAMES))
    large = population.drawn(40_000, 1, np.random.default_rng(2))
    samples = polychoric_samples(large, population.categories)
    spread = np.diagonal(samples.gamma[0])
    assert 1 / pair_precisions(population)[0] == pytest.approx(spread, rel=0.05)
    rows = pd.DataFrame(large[0].astype(float), columns=list(NAMES))
    own = fit_sem(rows, "F =~ " + " + ".join(NAMES), estimator="WLSMV")
    assert wrong.theta == pytest.approx(own.solution.theta, abs=0.03)


def test_thresholds_are_read_from_a_model() -> None:
    rest, cuts = written_thresholds(parse("F =~ .5*a + .5*b\na | -1*t1 + .5*t2\nb | 0*t1"))
    assert [path.op for path in rest.paths] == ["=~", "=~"]
    assert [each.tolist() for each in cuts] == [[-1.0, 0.5], [0.0]]
    assert written_thresholds(rest) == (rest, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("F =~ .5*a + .5*b\na | 0*t1", "b has no thresholds, but a has"),
        ("F =~ .5*a + .5*b\na | t1\nb | 0*t1", "has no value"),
        ("F =~ .5*a + .5*b\na | 1*t1 + .5*t2\nb | 0*t1", "in rising order; found 1\\*t1, 0.5\\*t2"),
        ("F =~ .5*a + .5*b\na | 1*t2\nb | 0*t1", "t1, t2"),
        ("F =~ .5*a + .5*b\na | 1*t1\nb | 0*t1\nc | 0*t1", "c has thresholds but stands in no"),
    ],
)
def test_thresholds_that_say_too_little_are_refused(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        written_thresholds(parse(text))


def test_what_cannot_be_drawn_or_fitted_is_refused() -> None:
    population = _population()
    model = ordinal_model(population, 100, MODEL)
    with pytest.raises(DataError, match="too few for 6 items"):
        ordinal_fits(model, population, 6, reps=100, rng=np.random.default_rng(1))
    with pytest.raises(DataError, match="at most 20,000 rows; found 20,001"):
        ordinal_fits(model, population, 20_001, reps=100, rng=np.random.default_rng(1))
    with pytest.raises(DataError, match="not those of the model"):
        ordinal_model(population, 100, "F =~ b + a + c + d + e + f")
    with pytest.raises(NotPositiveDefinite, match="no data can have"):
        two = OrdinalPopulation(("a", "b"), np.array([[1.0, 2.0], [2.0, 1.0]]), (np.zeros(1),) * 2)
        two.drawn(5, 1, np.random.default_rng(1))
