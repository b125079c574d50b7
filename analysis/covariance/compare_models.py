"""Models of the same data side by side: difference tests, plain and scaled, and a comparison table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.covariance.estimation import LeastSquares, NormalDiscrepancy, Sample
from analysis.covariance.fit_measures import NAN, chi_square_pvalue
from analysis.covariance.matrices import Array, jacobian, vech_index
from analysis.covariance.minimiser import Optimum, minimise
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.sem import SemFit
from analysis.covariance.solution import Solution
from analysis.covariance.statistics import Scaling, scaled_shifted, test_statistics
from analysis.errors import DataError, ModelError

METHODS = ("2001", "2010", "2000")
PLAIN = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
ROBUST = (
    *("chisq_scaled", "df", "pvalue_scaled", "cfi_robust", "tli_robust", "rmsea_robust"),
    *("rmsea_ci_lower_robust", "rmsea_ci_upper_robust"),
)
OTHER = ("srmr", "aic", "bic", "npar")


@dataclass(frozen=True)
class DifferenceTest:
    """Whether the restrictions of the smaller model are too much to ask.

    ``scaling`` is the difference's own scaling factor (1 for unscaled estimators). Where it, or
    that of a model it is taken from, is not positive, the test does not exist: ``chisq`` and
    ``pvalue`` are NaN and ``warning`` says why.
    """

    chisq: float
    df: int
    pvalue: float
    method: str
    scaling: float
    warning: str | None = None


def difference_test(restricted: SemFit, general: SemFit, *, method: str = "2001") -> DifferenceTest:
    """Chi-square difference test of two nested models fitted to the same data.

    For MLR and MLM scaled by Satorra & Bentler (2001), by their version of 2010, which evaluates
    the general model at the restricted one's moments and is positive for MLM always, or by Satorra
    (2000), scaled and shifted by the restrictions' own quadratic form, which always exists. WLSMV,
    ULSMV and MLMV, whose statistics do not subtract, have Satorra's test alone; ``method`` is of no
    matter there.
    Raises DataError for models of different rows, ModelError for models that are not nested by
    their degrees of freedom.

    Validated against: lavaan 0.6-14 ``lavTestLRT`` (methods default, satorra.bentler.2010 and
    satorra.2000), complete rows.
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
    stopped = [
        name
        for name, fit in (("restricted", restricted), ("general", general))
        if not fit.converged
    ]
    if stopped:
        why = f"the {' and the '.join(stopped)} model did not converge: there is no difference test"
        return DifferenceTest(NAN, df, NAN, "none", NAN, why)
    difference = restricted.tests.chisq - general.tests.chisq
    first, second = restricted.tests.scaling, general.tests.scaling
    if not restricted.settings.robust or first is None:
        return DifferenceTest(difference, df, chi_square_pvalue(difference, df), "standard", 1.0)
    if method == "2000" or restricted.settings.scaled_and_shifted:
        return _satorra_2000(restricted, general, difference, df)
    own = 0.0  # of a general model without degrees of freedom
    if second is not None:
        own = second.trace if method == "2001" else _trace_at_restricted(restricted, general)
    # tr(U0 Gamma) - tr(U1 Gamma) over the difference in df: (df0 c0 - df1 c1) / (df0 - df1).
    factor = (first.trace - own) / df
    value = Scaling(factor).apply(difference) if min(first.trace, own) >= 0 else NAN
    return DifferenceTest(
        value,
        df,
        chi_square_pvalue(value, df),
        f"Satorra & Bentler {method}",
        factor,
        None if np.isfinite(value) else _negative(first.trace, own, factor, method),
    )


def _negative(restricted: float, general: float, factor: float, method: str) -> str:
    """Whose scaling factor leaves the difference undefined, and which methods are left to try."""
    whose = f"difference ({factor:.3g})"
    if min(restricted, general) < 0:
        whose = "restricted model" if restricted < 0 else "general model"
    # The method of 2010 takes another factor for the general model, none for the restricted one.
    hopeful = method == "2001" and restricted >= 0
    other = "method 2010 (Satorra & Bentler 2010) or " if hopeful else ""
    return (
        f"the scaling factor of the {whose} is negative, which happens in small samples: the scaled "
        f"difference test does not exist; use {other}method 2000 (Satorra 2000)"
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
    parameters. Everything is taken at the general model.
    """
    solution = general.solution
    transform = solution.table.transform
    order = _moment_order(general, restricted.table.observed)
    jacobian, narrow = _moment_jacobian(general), _moment_jacobian(restricted)[order]
    held = np.linalg.lstsq(jacobian, narrow, rcond=None)[0]
    left, singular, _ = np.linalg.svd(held)
    rank = int(np.sum(singular > 1e-8 * singular[0]))
    across = left[:, rank:].T
    ordinal = isinstance(solution.discrepancy, LeastSquares | LimitedDiscrepancy)
    information = solution.expected if ordinal else solution.information
    bread = np.linalg.inv(transform.T @ information @ transform)
    meat = transform.T @ (solution.meat if ordinal else _meat(solution)) @ transform
    form = np.linalg.solve(across @ bread @ across.T, across @ bread @ meat @ bread @ across.T)
    scaling = scaled_shifted(float(np.trace(form)), float(np.sum(form * form.T)), df)
    value = scaling.apply(difference)
    return DifferenceTest(
        value, df, chi_square_pvalue(value, df), "Satorra 2000, scaled and shifted", scaling.factor
    )


def _meat(solution: Solution) -> Array:
    """Delta' V Gamma V Delta of one row, Gamma about the sample's means as in the theory; of
    incomplete rows, whose moments have no such Gamma, the products of their scores.
    """
    if any(group.patterns is not None for group in solution.data.groups):
        return solution.meat
    if any(not group.design.simple for group in solution.data.groups):
        raise ModelError(
            "the difference test of 2000 is not computed with sampling weights or clusters; use that of 2001"
        )
    total = np.zeros((len(solution.theta),) * 2)
    for g, structure in enumerate(solution.structures):
        total[structure.block] += solution.moment_products(g, solution.weight_matrices[g])
    return total / solution.data.n


def _moment_jacobian(fit: SemFit) -> Array:
    """Derivatives of all groups' moments for the parameters under their constraints."""
    solution = fit.solution
    if isinstance(solution.discrepancy, LimitedDiscrepancy):
        parts = solution.weighted_jacobians(solution.discrepancy)
        return np.asarray(np.vstack([own for own, *_ in parts]) @ fit.table.transform)
    rows = []
    for structure, implied in zip(solution.structures, solution.implied, strict=True):
        factors = structure.factors(implied)
        own = (
            solution.discrepancy.jacobian(factors)
            if isinstance(solution.discrepancy, LeastSquares)
            else jacobian(factors, means=solution.table.mean_structure)
        )
        delta = np.zeros((len(own), len(solution.theta)))
        delta[:, structure.positions] = own
        rows.append(delta)
    return np.asarray(np.vstack(rows) @ fit.table.transform)


def _moment_order(fit: SemFit, observed: tuple[str, ...]) -> Array:
    """Where each of the fit's moments stands in a model with its items in another order."""
    p = len(observed)
    if isinstance(fit.solution.discrepancy, LimitedDiscrepancy):
        if fit.table.observed != observed:
            raise ModelError(
                "the models name their items in another order; write them in one order to test the difference"
            )
        return np.arange(len(fit.groups) * fit.solution.discrepancy.layout.size)
    at = np.array([observed.index(name) for name in fit.table.observed])
    i, j = vech_index(p)
    if fit.settings.ordered:
        i, j = i[i != j], j[i != j]
    place = np.zeros((p, p), dtype=int)
    place[i, j] = place[j, i] = np.arange(len(i))
    order = place[at[i], at[j]]
    if fit.table.mean_structure:
        order = np.concatenate([at, p + order])
    return np.concatenate([order + g * len(order) for g in range(len(fit.groups))])


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
    table.require_linear("traces at the restricted model")
    reached = minimise(discrepancy, solution.theta, table.transform, table.offset)
    point = solution.discrepancy.at(reached.point.theta)
    optimum = Optimum(point, reached.gradient, reached.iterations, reached.converged)
    scaling = test_statistics(replace(solution, optimum=optimum)).scaling
    return NAN if scaling is None else scaling.trace


def compare_models(
    fits: Mapping[str, SemFit], *, method: str = "2001", against: str | None = None
) -> pd.DataFrame:
    """One row a model in the order given: fit, changes and difference test against the row above, or
    against the model named.

    Of a robust or ordinal estimator the scaled and robust measures come first, and changes are
    those of the robust ones where both models have them. The difference test stands where the two
    have different degrees of freedom, in whichever direction they are nested by them; whether one is
    really a restriction of the other is the reader's to know. The column ``d_warning``, where there
    is one, says why a difference test does not exist.
    """
    rows = []
    before = None if against is None else fits[against]
    for name, fit in fits.items():
        columns = (*ROBUST, *PLAIN) if fit.settings.robust else PLAIN
        row: dict[str, object] = {"model": name}
        row |= {column: fit.fit.get(column, NAN) for column in (*columns, *OTHER)}
        if before is not None and before is not fit:
            row |= _changes(before, fit, method)
        rows.append(row)
        before = fit if against is None else before
    return pd.DataFrame(rows).set_index("model")


def _changes(before: SemFit, fit: SemFit, method: str) -> dict[str, object]:
    _comparable(before, fit)
    row: dict[str, object] = {}
    for key in ("cfi", "rmsea", "srmr"):
        robust = [one.fit.get(f"{key}_robust", NAN) for one in (before, fit)]
        first, second = robust if np.isfinite(robust).all() else (before.fit[key], fit.fit[key])
        row[f"d_{key}"] = second - first
    change = fit.tests.df - before.tests.df
    if change != 0:
        pair = (fit, before) if change > 0 else (before, fit)
        test = difference_test(*pair, method=method)
        row |= {"d_chisq": test.chisq, "d_df": test.df, "d_pvalue": test.pvalue}
        row |= {} if test.warning is None else {"d_warning": test.warning}
    return row
