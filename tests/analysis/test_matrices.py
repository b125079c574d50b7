"""Derivatives in closed form equal finite differences, for every discrepancy."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.covariance.completion import complete
from analysis.covariance.estimation import Discrepancy, LeastSquares, NormalDiscrepancy, Sample
from analysis.covariance.matrices import jacobian, structures, vech_index
from analysis.covariance.missing.fiml import FimlDiscrepancy, IncompleteSample
from analysis.covariance.missing.missing_patterns import patterns_of
from analysis.covariance.start_values import start_values
from analysis.covariance.text.syntax import parse
from tests.analysis.classic_data import PD, democracy

MEDIATION = """
f =~ a + b + c
m ~ f + x
y ~ m + f
a ~~ b
"""


def discrepancy(kind: str, text: str, values: np.ndarray) -> tuple[Discrepancy, np.ndarray]:
    table = complete(parse(text), mean_structure=kind != "covariances", fixed_x=False)
    (structure,) = structures(table)
    mean, cov = values.mean(axis=0), np.cov(values, rowvar=False, bias=True)
    start = start_values(table, (structure,), (cov,), (mean,))
    rng = np.random.default_rng(3)
    theta = start * rng.uniform(0.9, 1.1, size=len(start)) + rng.uniform(0, 0.1, size=len(start))
    sample = Sample(structure, cov, mean, 1.0)
    if kind == "least squares":
        size = len(vech_index(len(cov))[0]) + len(cov)
        root = rng.normal(size=(size, size))
        return LeastSquares((sample,), (root @ root.T / size,), True), theta
    if kind == "incomplete":
        holes = values.copy()
        holes[rng.uniform(size=holes.shape) < 0.15] = np.nan
        holes = holes[~np.isnan(holes).all(axis=1)]
        return FimlDiscrepancy((IncompleteSample(structure, patterns_of(holes), 1.0),)), theta
    return NormalDiscrepancy.of([sample], means=kind == "means"), theta


@pytest.mark.parametrize("kind", ["covariances", "means", "least squares", "incomplete"])
@pytest.mark.parametrize("text", [PD, MEDIATION], ids=["democracy", "mediation"])
def test_gradient_and_hessian_equal_finite_differences(kind: str, text: str) -> None:
    table = complete(parse(text))
    if text is PD:
        values = democracy()[list(table.observed)].to_numpy()
    else:
        values = np.random.default_rng(5).normal(size=(120, len(table.observed))) + 1.0
    function, theta = discrepancy(kind, text, values)
    gradient, hessian = function.derivatives(function.at(theta), exact=True)
    step = 1e-5
    for i in range(len(theta)):
        move = np.zeros(len(theta))
        move[i] = step
        up, down = function.at(theta + move), function.at(theta - move)
        slope = (up.value - down.value) / (2 * step)
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-6)
        curve = (
            function.derivatives(up, exact=False)[0] - function.derivatives(down, exact=False)[0]
        ) / (2 * step)
        scale = np.abs(hessian).max()
        assert hessian[i] == pytest.approx(curve, rel=1e-4, abs=1e-6 * scale)


def test_jacobian_equals_finite_differences_of_the_moments() -> None:
    table = complete(parse(MEDIATION), mean_structure=True)
    (structure,) = structures(table)
    theta = np.random.default_rng(8).uniform(0.3, 0.9, size=table.n_free)
    delta = jacobian(structure.factors(structure.implied(theta)), means=True)
    rows, columns = vech_index(len(table.observed))
    for k, position in enumerate(structure.positions):
        move = np.zeros(len(theta))
        move[position] = 1e-6
        up, down = structure.implied(theta + move), structure.implied(theta - move)
        change = np.concatenate([up.mu - down.mu, (up.sigma - down.sigma)[rows, columns]]) / 2e-6
        assert delta[:, k] == pytest.approx(change, abs=1e-7)


def test_total_effects_are_direct_plus_indirect() -> None:
    table = complete(parse("m ~ x; y ~ m + x"))
    (structure,) = structures(table)
    names = {row.name: row.free for row in table.free_rows()}
    theta = np.zeros(table.n_free)
    theta[names["m~x"]], theta[names["y~m"]], theta[names["y~x"]] = 0.5, 0.6, 0.2
    at = {name: i for i, name in enumerate(table.observed)}
    total = structure.implied(theta).total
    assert total[at["y"], at["x"]] == pytest.approx(0.2 + 0.5 * 0.6)
