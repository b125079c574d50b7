"""The minimum is found where F is only known up to rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.estimation import Discrepancy, Point
from analysis.covariance.matrices import Array
from analysis.covariance.minimiser import minimise
from analysis.covariance.sem import fit_sem
from analysis.moments import Moments


@dataclass(frozen=True)
class Rounded:
    """A discrepancy whose values are off by as much as another processor's may be."""

    exact: Discrepancy
    noise: np.random.Generator

    def at(self, theta: Array) -> Point:
        point = self.exact.at(theta)
        return replace(point, value=point.value + self.noise.uniform(-0.4, 0.4) * point.rounding)

    def gradient(self, point: Point) -> Array:
        return self.exact.gradient(point)

    def derivatives(self, point: Point, *, exact: bool) -> tuple[Array, Array]:
        return self.exact.derivatives(point, exact=exact)


def test_at_a_perfect_fit_rounding_alone_is_no_reason_to_go_on() -> None:
    """Of a log-determinant and a trace of 200 items nothing is left but their last digits: steps that
    they made worse were damped again and again, 500 times (142 s of CPU for 500 items, now 1)."""
    loadings = np.random.default_rng(2).uniform(0.5, 0.9, 200)
    cov = np.outer(loadings, loadings)
    np.fill_diagonal(cov, 1.0)
    names = tuple(f"i{k}" for k in range(200))
    fit = fit_sem(
        Moments(names, 2000, np.zeros(200), cov), "f =~ " + " + ".join(names), std_lv=True
    )
    found = fit.solution
    assert found.optimum.point.rounding > 2e-13
    for seed in range(10):
        rounded = Rounded(found.discrepancy, np.random.default_rng(seed))
        start = (1 + 2e-8) * found.optimum.point.theta  # F is 1e-13 higher there
        again = minimise(rounded, start, found.table.transform, found.table.offset)
        assert again.converged and again.iterations < 12
        assert np.abs(again.point.theta - found.optimum.point.theta).max() < 1e-9
