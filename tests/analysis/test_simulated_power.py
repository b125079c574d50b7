"""Power by simulation: a published example, each sample's own fit, populations and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.batch_errors import sampling_covariances
from analysis.covariance.simulation.model_population import model_population
from analysis.covariance.simulation.rmsea_power import rmsea_power
from analysis.covariance.simulation.simulated_fits import population_fit, simulated_fits
from analysis.covariance.simulation.simulated_moments import simulated_moments
from analysis.covariance.simulation.simulated_power import power_sample_size, simulated_power
from analysis.errors import DataError, ModelError, NotPositiveDefinite
from analysis.moments import Moments

# Muthén and Muthén (2002): two factors of five items, loadings .8, residual variances .36, correlation
# .25, normal complete data; n = 150 has power .81 for the correlation.
CFA = """F =~ .8*y1 + .8*y2 + .8*y3 + .8*y4 + .8*y5
G =~ .8*z1 + .8*z2 + .8*z3 + .8*z4 + .8*z5
F ~~ .25*G"""
MEDIATION = """X =~ .7*x1 + .7*x2 + .7*x3
M =~ .7*m1 + .7*m2 + .7*m3
Y =~ .7*y1 + .7*y2 + .7*y3
M ~ a*X + .4*X
Y ~ b*M + .3*M + 0*X
ab := a*b"""


def test_the_published_example_has_its_power_and_n() -> None:
    found = simulated_power(CFA, 150, reps=3000)
    one = found.of("F~~G")
    assert one.power.value == pytest.approx(0.81, abs=0.02)
    assert one.power.lower < one.power.value < one.power.upper
    assert one.coverage.value == pytest.approx(0.945, abs=0.015)
    assert (one.true, one.bias) == (pytest.approx(0.25), pytest.approx(0, abs=0.005))
    assert one.se == pytest.approx(one.sd, rel=0.05)
    size = power_sample_size(CFA, ["F~~G"], reps=1000)
    assert size.lower <= 150 <= size.upper
    assert size.at_n.of("F~~G").power.value >= 0.8


def test_each_sample_has_the_errors_of_a_fit_of_its_own() -> None:
    made = model_population(MEDIATION)
    moments = Moments(made.items, 200, np.zeros(9), made.cov)
    fit = population_fit(moments, made.model, fixed_x=False)
    found = simulated_fits(fit, reps=2, rng=np.random.default_rng(3))
    vcov = sampling_covariances(fit, found.theta)
    _, cov = simulated_moments(moments, 2, np.random.default_rng(3))
    for r in range(2):
        own = fit_sem(Moments(made.items, 200, np.zeros(9), cov[r]), made.model, fixed_x=False)
        assert vcov[r] == pytest.approx(own.vcov, abs=1e-8)


def test_defined_quantities_and_errors_of_the_first_kind_are_told() -> None:
    found = simulated_power(MEDIATION, 400, reps=1500)
    indirect, none = found.of("ab"), found.of("Y~X")
    assert indirect.true == pytest.approx(0.12, abs=1e-6)
    assert indirect.power.value < min(found.of("M~X").power.value, found.of("Y~M").power.value)
    assert none.true == 0
    assert none.power.value == pytest.approx(0.05, abs=0.025)
    assert found.exact_fit is not None
    assert found.exact_fit.value == pytest.approx(0.06, abs=0.03)
    with pytest.raises(ModelError, match="Y~X is 0 in the population"):
        power_sample_size(MEDIATION, ["Y~X"], reps=100)


def test_misfit_is_found_as_often_as_its_rmsea_says() -> None:
    population = "F =~ .7*a + .7*b + .7*c + .7*d + .7*e\na ~~ .15*b"
    model = "F =~ a + b + c + d + e"
    found = simulated_power(population, 300, model=model, reps=3000)
    made = model_population(population)
    fit = fit_sem(Moments(made.items, 300, np.zeros(5), made.cov), model)
    misfit = np.sqrt(fit.fit["chisq"] / 300 / 5)
    assert found.exact_fit is not None and found.close_fit is not None
    expected = [rmsea_power(301, 5, rmsea0=null, rmsea1=misfit) for null in (0.0, 0.05)]
    assert [found.exact_fit.value, found.close_fit.value] == pytest.approx(expected, abs=0.03)


def test_ordinal_answers_have_power_by_wlsmv() -> None:
    cuts = "\n".join(f"{item} | -.8*t1 + .8*t2" for item in ("a", "b", "c", "d", "e", "f"))
    text = "F =~ .8*a + .7*b + .7*c\nG =~ .8*d + .7*e + .7*f\nF ~~ r*G + .3*G\nhalf := r / 2\n"
    found = simulated_power(text + cuts, 400, reps=600, workers=1)
    assert (found.estimator, found.df) == ("WLSMV", 8)
    one, half = found.of("F~~G"), found.of("half")
    assert (one.true, half.true) == (pytest.approx(0.3, abs=1e-6), pytest.approx(0.15, abs=1e-6))
    assert (one.bias, one.se) == (pytest.approx(0, abs=0.01), pytest.approx(one.sd, rel=0.08))
    assert half.power.value == one.power.value
    assert one.coverage.value == pytest.approx(0.95, abs=0.03)
    assert found.exact_fit is not None
    assert found.exact_fit.value == pytest.approx(0.05, abs=0.03)
    # Three categories tell less than the numbers behind them.
    assert one.sd > simulated_power(text, 400, reps=600, workers=1).of("F~~G").sd
    wrong = "F =~ a + b + c + d + e + f"
    misfit = simulated_power(text + cuts, 400, model=wrong, reps=100, workers=1)
    assert misfit.exact_fit is not None and misfit.exact_fit.value == 1
    assert misfit.of("F=~b").bias == pytest.approx(0, abs=0.05)


def test_missing_answers_cost_power_under_fiml() -> None:
    text = "F =~ .8*a + .8*b + .8*c\nG =~ .8*d + .8*e + .8*f\nF ~~ r*G + .3*G\nhalf := r / 2"
    found = simulated_power(text, 150, reps=100, missing=0.3)
    assert (found.estimator, found.missing, found.df) == ("FIML", 0.3, 8)
    assert [one.name for one in found.parameters if "~1" in one.name] == []
    one, half = found.of("F~~G"), found.of("half")
    assert (one.true, half.true) == (pytest.approx(0.3, abs=1e-6), pytest.approx(0.15, abs=1e-6))
    assert one.coverage.value > 0.88
    whole = simulated_power(text, 150, reps=1000).of("F~~G")
    assert one.se > 1.1 * whole.se
    with pytest.raises(DataError, match=r"between 0 and 0\.9; found 1"):
        simulated_power(text, 150, reps=100, missing=1.0)
    cuts = "\n".join(f"{item} | 0*t1" for item in "abcdef")
    with pytest.raises(ModelError, match="leave the thresholds out"):
        simulated_power(f"{text}\n{cuts}", 150, reps=100, missing=0.1)


def test_variances_that_are_not_written_make_variables_of_variance_1() -> None:
    made = model_population("X =~ .6*x1 + .7*x2 + .8*x3\nY =~ .9*y1 + .8*y2 + .7*y3\nY ~ .5*X")
    assert np.diag(made.cov) == pytest.approx(np.ones(6))
    assert made.cov[0, 3] == pytest.approx(0.6 * 0.5 * 0.9)
    written = model_population("y ~ 2*x + -1*z\nx ~~ 4*x\nx ~~ .5*z\ny ~~ 3*y")
    at = {name: i for i, name in enumerate(written.items)}
    assert written.cov[at["y"], at["y"]] == pytest.approx(4 * 4 + 1 - 2 * 2 * 0.5 + 3)
    assert written.cov[at["z"], at["z"]] == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("F =~ a + .5*b + .5*c", "line 1: F=~a has no value"),
        ("F =~ .5*a + .5*b\nG =~ .5*c + .5*d", "covariance of F and G is not given"),
        ("y ~ .5*x + .4*z", "covariance of x and z is not given"),
        ("F =~ .9*a + .9*b\nG =~ .9*a + .9*c\nF ~~ .5*G", "a: what is written explains"),
        ("F =~ .5*a + .5*b + .5*c\na ~ 1", "means are not simulated"),
        ("F =~ .5*a + c(.4, .5)*b + .5*c", "groups are not simulated"),
        ("F =~ .5*a + .5*b + .5*-c", "the other sign"),
        ("F =~ .5*a + .5*b\nc ~ .5*F\na | 0*t1\nb | 0*t1\nc | 0*t1", "without regressions of"),
        ("F =~ .5*a + .5*b\na ~~ .5*a\na | 0*t1\nb | 0*t1", "stands a variance of 1"),
    ],
)
def test_a_population_that_says_too_little_or_too_much_is_refused(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        model_population(text)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(NotPositiveDefinite, match="no data can have"):
        model_population("F =~ .5*a + .5*b\na ~~ .9*b")
    with pytest.raises(DataError, match="100 or more"):
        simulated_power(CFA, 150, reps=5)
    with pytest.raises(DataError, match="alpha"):
        simulated_power(CFA, 150, reps=100, alpha=1.0)
    with pytest.raises(ModelError, match="every value of the population is 0"):
        power_sample_size("y ~ 0*x\ny ~~ 1*y\nx ~~ 1*x", reps=100)
    with pytest.raises(DataError, match="power must lie"):
        power_sample_size(CFA, power=1.0)
    with pytest.raises(ModelError, match="no free parameter"):
        power_sample_size(CFA, ["F~~H"], reps=100)
