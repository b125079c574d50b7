"""Models of the same data side by side: difference tests, plain and scaled, and a comparison table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.covariance.estimation import LeastSquares, NormalDiscrepancy, Sample
from analysis.covariance.fit_measures import NAN, chi_square_pvalue
from analysis.covariance.matrices import Array
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.sem import SemFit
from analysis.covariance.statistics import scaled_shifted, test_statistics
from analysis.errors import DataError, ModelError

METHODS = ("2001", "2010")
COLUMNS = (
    "chisq",
    "df",
    "pvalue",
    "chisq_scaled",
    "cfi",
    "tli",
    "rmsea",
    "rmsea_ci_lower",
    "rmsea_ci_upper",
    "srmr",
    "aic",
    "bic",
    "npar",
)


@dataclass(frozen=True)
class DifferenceTest:
    """Whether the restrictions of the smaller model are too much to ask.

    ``scaling`` is the difference's own scaling factor (1 for unscaled estimators); ``chisq`` is
    NaN where a negative factor leaves the test undefined.
    """

    chisq: float
    df: int
    pvalue: float
    method: str
    scaling: float


def difference_test(restricted: SemFit, general: SemFit, *, method: str = "2001") -> DifferenceTest:
    """Chi-square difference test of two nested models fitted to the same data.

    For MLR and MLM scaled by Satorra & Bentler (2001), or by their version of 2010, which
    evaluates the general model at the restricted one's moments and is positive for MLM always. For
    WLSMV, whose statistics do not subtract, Satorra's (2000) test, scaled and shifted; ``method``
    is of no matter there. Raises DataError for models of different rows, ModelError for models
    that are not nested by their degrees of freedom.
    """
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; choose among {', '.join(METHODS)}")
    _comparable(restricted, general)
    df = restricted.tests.df - general.tests.df
    if df <= 0:
        raise ModelError(
            f"the restricted model must have more degrees of freedom than the general one; "
            f"found {restricted.tests.df} and {general.tests.df}: exchange them"
        )
    difference = restricted.tests.chisq - general.tests.chisq
    if restricted.settings.estimator == "WLSMV":
        return _satorra_2000(restricted, general, difference, df)
    first, second = restricted.tests.scaling, general.tests.scaling
    if first is None:
        return DifferenceTest(difference, df, chi_square_pvalue(difference, df), "standard", 1.0)
    own = 0.0 if second is None else second.trace
    if method == "2010":
        own = _trace_at_restricted(restricted, general)
    # tr(U0 Gamma) - tr(U1 Gamma) over the difference in df: (df0 c0 - df1 c1) / (df0 - df1).
    factor = (first.trace - own) / df
    value = difference / factor if factor > 0 else NAN
    return DifferenceTest(
        value, df, chi_square_pvalue(value, df), f"Satorra & Bentler {method}", factor
    )


def _comparable(one: SemFit, other: SemFit) -> None:
    if one.settings.estimator != other.settings.estimator:
        raise ModelError(
            f"the models were fitted by {one.settings.estimator} and {other.settings.estimator}; use one estimator"
        )
    if one.n != other.n or set(one.table.observed) != set(other.table.observed):
        raise DataError(
            f"nested models need the same rows and items; found n = {one.n} and {other.n}, "
            f"{len(one.table.observed)} and {len(other.table.observed)} items"
        )


def _satorra_2000(
    restricted: SemFit, general: SemFit, difference: float, df: int
) -> DifferenceTest:
    """Scaled and shifted by the traces of the restrictions' own quadratic form.

    With Delta the Jacobians, the restrictions' directions are what Delta0 leaves of Delta1's
    parameters.
    """
    solution = general.solution
    transform = solution.table.transform
    jacobian = _moment_jacobian(general)
    held = np.linalg.lstsq(jacobian, _moment_jacobian(restricted), rcond=None)[0]
    left, singular, _ = np.linalg.svd(held)
    rank = int(np.sum(singular > 1e-8 * singular[0]))
    across = left[:, rank:].T
    bread = np.linalg.inv(transform.T @ solution.expected @ transform)
    meat = transform.T @ solution.meat @ transform
    form = np.linalg.solve(across @ bread @ across.T, across @ bread @ meat @ bread @ across.T)
    scaling = scaled_shifted(float(np.trace(form)), float(np.sum(form * form.T)), df)
    value = scaling.apply(difference)
    return DifferenceTest(
        value, df, chi_square_pvalue(value, df), "Satorra 2000, scaled and shifted", scaling.factor
    )


def _moment_jacobian(fit: SemFit) -> Array:
    """Derivatives of all groups' correlations for the parameters under their constraints."""
    discrepancy = fit.solution.discrepancy
    if not isinstance(discrepancy, LeastSquares):
        raise TypeError(type(discrepancy))
    parts = fit.solution.weighted_jacobians(discrepancy)
    return np.asarray(np.vstack([delta for delta, *_ in parts]) @ fit.table.transform)


def _trace_at_restricted(restricted: SemFit, general: SemFit) -> float:
    """The general model's tr(U Gamma) at the parameters that reproduce the restricted one's moments."""
    solution = general.solution
    order = [restricted.table.observed.index(name) for name in general.table.observed]
    samples = [
        Sample(structure, implied.sigma[order][:, order], implied.mu[order], float(share))
        for structure, implied, share in zip(
            solution.structures, restricted.solution.implied, solution.data.shares, strict=True
        )
    ]
    discrepancy = NormalDiscrepancy.of(samples, means=solution.table.mean_structure)
    table = solution.table
    reached = minimise(discrepancy, solution.theta, table.transform, table.offset)
    point = solution.discrepancy.at(reached.point.theta)
    optimum = Optimum(point, reached.gradient, reached.iterations, reached.converged)
    scaling = test_statistics(replace(solution, optimum=optimum)).scaling
    return NAN if scaling is None else scaling.trace


def compare_models(fits: Mapping[str, SemFit], *, method: str = "2001") -> pd.DataFrame:
    """One row a model in the order given: fit, changes and difference test against the row above.

    The difference test stands where the two have different degrees of freedom, in whichever direction
    they are nested by them; whether one is really a restriction of the other is the reader's to know.
    """
    rows = []
    before: SemFit | None = None
    for name, fit in fits.items():
        row: dict[str, object] = {"model": name}
        row |= {column: fit.fit.get(column, NAN) for column in COLUMNS}
        if before is not None:
            _comparable(before, fit)
            row |= {f"d_{key}": fit.fit[key] - before.fit[key] for key in ("cfi", "rmsea", "srmr")}
            change = fit.tests.df - before.tests.df
            if change != 0:
                pair = (fit, before) if change > 0 else (before, fit)
                test = difference_test(*pair, method=method)
                row |= {"d_chisq": test.chisq, "d_df": test.df, "d_pvalue": test.pvalue}
        rows.append(row)
        before = fit
    return pd.DataFrame(rows).set_index("model")
