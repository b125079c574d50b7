"""Intervals of omega, CR and AVE: lavaan's errors, coverage, limits and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.simulated_moments import simulated_moments
from analysis.errors import ModelError
from analysis.moments import Moments
from analysis.scale.reliability import composite_reliability, omega
from analysis.scale.reliability_intervals import FactorReliability, factor_reliability
from tests.analysis.classic_data import HS, holzinger

# lavaan 0.6-14, cfa(HS, std.lv = TRUE): omega, CR and AVE of visual by `:=`, estimate and error.
LAVAAN = {
    "ML": ((0.625318526, 0.036554912), (0.625838869, 0.035477917), (0.370984357, 0.033927531)),
    "MLR": ((0.625318526, 0.038724529), (0.625838869, 0.037589526), (0.370984357, 0.034991234)),
}
# The same of the items cut at their quartiles, estimator = "WLSMV": CR and AVE.
ORDINAL = ((0.608352321, 0.044595702), (0.355065615, 0.042523720))


def _pairs(found: FactorReliability) -> list[tuple[float, float | None]]:
    return [(one.estimate, one.se) for one in (found.omega, found.cr, found.ave)]


@pytest.mark.parametrize("estimator", LAVAAN)
@pytest.mark.parametrize("std_lv", [True, False])
def test_errors_are_those_of_lavaan_whatever_the_marker(estimator: str, std_lv: bool) -> None:
    fit = fit_sem(holzinger(), HS, estimator=estimator, std_lv=std_lv)
    for own, expected in zip(
        _pairs(factor_reliability(fit, "visual")), LAVAAN[estimator], strict=True
    ):
        assert own == pytest.approx(expected, abs=2e-6)


def test_ordinal_items_have_those_of_the_responses_behind_them() -> None:
    data = holzinger()
    items = [f"x{i}" for i in range(1, 10)]
    cut = data.assign(
        **{
            name: np.searchsorted(np.quantile(data[name], [0.25, 0.5, 0.75]), data[name])
            for name in items
        }
    )
    found = factor_reliability(fit_sem(cut, HS, estimator="WLSMV"), "visual")
    for own, expected in zip(_pairs(found)[1:], ORDINAL, strict=True):
        assert own == pytest.approx(expected, abs=2e-6)
    assert found.omega.estimate == pytest.approx(found.cr.estimate)


def test_estimates_are_those_of_the_formulas() -> None:
    fit = fit_sem(holzinger(), HS)
    rows = fit.estimates
    loadings = rows.query("op == '=~' and lhs == 'speed'")
    own = rows[(rows["op"] == "~~") & (rows["lhs"] == rows["rhs"])].set_index("lhs")["est"]
    found = factor_reliability(fit, "speed")
    assert found.omega.estimate == pytest.approx(
        omega(loadings["est"], own[loadings["rhs"]], factor_variance=own["speed"])
    )
    assert found.cr.estimate == pytest.approx(composite_reliability(loadings["std_all"]))


def test_the_intervals_hold_the_true_values_as_often_as_they_say() -> None:
    names = tuple("abcd")
    loading = np.array([0.8, 0.7, 0.6, 0.5])
    cov = np.outer(loading, loading)
    np.fill_diagonal(cov, 1.0)
    true = composite_reliability(loading), float(np.mean(loading**2))
    rng = np.random.default_rng(8)
    _, drawn = simulated_moments(Moments(names, 120, np.zeros(4), cov), 300, rng)
    held = np.zeros(2)
    for one in drawn:
        fit = fit_sem(Moments(names, 120, np.zeros(4), one), "F =~ a + b + c + d")
        found = factor_reliability(fit, "F")
        for at, coefficient in enumerate((found.cr, found.ave)):
            assert coefficient.interval is not None
            held[at] += coefficient.interval.lower <= true[at] <= coefficient.interval.upper
    assert np.all(np.abs(held / 300 - 0.95) < 0.04)


def test_standardised_values_have_lavaans_intervals() -> None:
    rows = fit_sem(holzinger(), HS).estimates.query("lhs == 'visual' and op == '=~'")
    # lavaan 0.6-14 standardizedSolution: ci.lower, ci.upper
    limits = [[0.66413585, 0.87962499], [0.30674967, 0.54045231], [0.47306127, 0.68920338]]
    assert rows[["std_ci_lower", "std_ci_upper"]].to_numpy() == pytest.approx(
        np.array(limits), abs=1e-6
    )


def test_limits_stay_between_0_and_1_and_reach_further_down() -> None:
    cov = np.full((3, 3), 0.97)
    np.fill_diagonal(cov, 1.0)
    fit = fit_sem(Moments(("a", "b", "c"), 30, np.zeros(3), cov), "F =~ a + b + c")
    found = factor_reliability(fit, "F").omega
    assert found.interval is not None
    assert 0 < found.interval.lower < found.estimate < found.interval.upper < 1
    assert found.estimate - found.interval.lower > found.interval.upper - found.estimate


def test_what_is_no_simple_factor_is_refused() -> None:
    data = holzinger()
    for text, options, factor, said in (
        (HS, {}, "taste", "it has visual, textual, speed"),
        (f"{HS}\nvisual =~ x9", {}, "speed", "measure no other"),
        (HS, {"group": "school"}, "visual", "one group"),
    ):
        with pytest.raises(ModelError, match=said):
            factor_reliability(fit_sem(data, text, **options), factor)  # type: ignore[arg-type]
