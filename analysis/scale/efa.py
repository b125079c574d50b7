"""Exploratory factor analysis, and whether the correlations are worth one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import expm, helmert
from scipy.stats import chi2

from analysis.errors import DataError, ModelError, NotPositiveDefinite, TooFewCases
from analysis.moments import Moments, moments
from analysis.scale.extraction import Extraction, proper_extraction
from analysis.scale.identified_factors import LEAST_ITEMS, identified

METHODS = ("minres", "ml", "principal_axis", "principal")
ROTATIONS = ("none", "varimax", "oblimin", "promax")
# factor-analyzer differentiates numerically, so that its time grows with the fifth power of items.
MOST_ITEMS_OF_SEARCH = 80


@dataclass(frozen=True)
class Adequacy:
    """Kaiser-Meyer-Olkin measure (whole and by item) and Bartlett's test of sphericity."""

    items: tuple[str, ...]
    n: int
    dropped: int
    kmo: float
    msa: tuple[float, ...]
    chisq: float
    df: int
    pvalue: float


@dataclass(frozen=True)
class EfaResult:
    """Loadings (p, k; the pattern when oblique), factors ordered by explained variance.

    ``phi`` (k, k) are the factor correlations, the identity unless oblique. ``variance`` holds per
    factor its share of the items' total variance. ``chisq`` (ML and minres) is the likelihood-ratio
    statistic with Bartlett's correction; NaN for principal components. ``residual_rms`` is the root
    mean square of the off-diagonal residual correlations. ``inadmissible``: why the solution is not to
    be interpreted, with what was tried; empty for a proper one.
    """

    items: tuple[str, ...]
    n: int
    dropped: int
    method: str
    rotation: str
    loadings: np.ndarray
    phi: np.ndarray
    communalities: np.ndarray
    variance: np.ndarray
    eigenvalues: np.ndarray  # of the full correlation matrix, descending
    chisq: float
    df: int
    pvalue: float
    residual_rms: float
    warnings: tuple[str, ...]
    inadmissible: str = ""


@contextmanager
def _quiet_factor_analyzer() -> Iterator[None]:
    """Two of factor-analyzer 0.5.1's warnings tell us nothing.

    It still passes scikit-learn's ``force_all_finite``, renamed in 1.6: the pinned scikit-learn
    understands both names. And it takes a pseudo-inverse where a determinant is below 1e-7, which
    many good items make it: positive definiteness is checked before, so the inverse is the same.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Moore-Penrose.*", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*force_all_finite.*", category=FutureWarning)
        yield


def adequacy(data: pd.DataFrame, items: Sequence[str] | None = None) -> Adequacy:
    """KMO with each item's MSA (Kaiser 1974) and Bartlett's test (1951), on complete rows.

    Raises DataError below 3 items, TooFewCases unless there are more complete rows than items,
    NoVariance for a constant item and NotPositiveDefinite for duplicate items.

    KMO through factor-analyzer 0.5.1; validated against R psych ``KMO`` and ``cortest.bartlett``
    (1e-8).
    """
    # scikit-learn behind factor-analyzer takes seconds to import: not on the web's start.
    from factor_analyzer.factor_analyzer import calculate_kmo

    found = moments(data, items)
    p = len(found.names)
    if p < 3:
        raise DataError(f"KMO and Bartlett's test need at least 3 items, found {p}")
    if found.n <= p:
        raise TooFewCases(p + 1, found.n, what="complete rows")
    found.require_positive_definite()
    correlation = found.correlation
    with _quiet_factor_analyzer():
        msa, kmo = calculate_kmo(_rows_of(correlation))
    statistic = -np.linalg.slogdet(correlation)[1] * (found.n - 1 - (2 * p + 5) / 6)
    df = p * (p - 1) // 2
    return Adequacy(
        items=found.names,
        n=found.n,
        dropped=found.dropped,
        kmo=float(kmo),
        msa=tuple(float(m) for m in msa),
        chisq=float(statistic),
        df=df,
        pvalue=float(chi2.sf(statistic, df)),
    )


def _rows_of(correlation: np.ndarray) -> np.ndarray:
    """p + 1 rows with these correlations: what reads rows alone need not copy all of them."""
    contrasts = helmert(len(correlation) + 1)  # orthonormal, each with the sum zero
    return np.asarray(contrasts.T @ np.linalg.cholesky(correlation).T)


def efa(
    data: pd.DataFrame | Moments,
    factors: int,
    items: Sequence[str] | None = None,
    *,
    method: str = "minres",
    rotation: str = "oblimin",
) -> EfaResult:
    """Exploratory factor analysis of the items' correlations over complete rows.

    method: "minres" (Harman & Jones 1966), "ml" (Jöreskog 1967), "principal_axis" (iterated to
    convergence) or "principal" (components). rotation: "none", "varimax" (Kaiser-normalised),
    "oblimin" (direct quartimin, Jennrich & Sampson 1966) or "promax" (power 4, Kaiser-normalised).
    Each factor points to where the sum of its loadings is positive.

    Raises ModelError for an unknown method or rotation and for more factors than the items
    identify, else as ``adequacy``.

    Extraction by minres and ML and all rotations through factor-analyzer 0.5.1, whose own
    ``FactorAnalyzer`` reorders the loadings but not the factor correlations: the rotation is
    therefore called by itself and ordered here.
    Validated against R psych ``fa`` (minres-oblimin, ML, ML-promax: 2e-4; varimax is R's with eps = 1e-15,
    3e-6: at its default it stops up to .014 of a loading before) and ``principal`` (1e-8);
    its principal-axis factoring stops when communalities change by less than .001 in all, up to
    .005 from where it converges, which is where this one ends.
    """
    require_known(method, rotation)
    found = moments(data, items)
    p = len(found.names)
    df = ((p - factors) ** 2 - p - factors) // 2
    possible = 1 <= factors <= p if method == "principal" else identified(p, factors)
    if p < LEAST_ITEMS or not possible:
        raise ModelError(f"{p} items cannot identify {factors} factors; ask for fewer")
    if found.n <= p:
        raise TooFewCases(p + 1, found.n, what="complete rows")
    found.require_positive_definite()
    correlation = found.correlation
    unrotated, said = _extract(correlation, factors, method)
    extraction = Extraction(unrotated, True)
    if method != "principal":
        extraction = proper_extraction(correlation, unrotated, ml=method == "ml")
    loadings, phi = _rotate(extraction.loadings, rotation)
    loadings, phi = _ordered(loadings, phi)
    communalities = np.einsum("ij,jk,ik->i", loadings, phi, loadings)
    residual = correlation - loadings @ phi @ loadings.T
    chisq = _likelihood_ratio(correlation, loadings @ phi @ loadings.T, found.n, factors)
    inadmissible = ""
    if not extraction.proper:
        worst = found.names[int(np.argmax(communalities))]
        inadmissible = (
            f"not admissible: Heywood case: {worst} has a communality of {communalities.max():.3f};"
            f" {extraction.tried}"
        )
    said += tuple(text for text in (inadmissible or extraction.tried,) if text)
    return EfaResult(
        items=found.names,
        n=found.n,
        dropped=found.dropped,
        method=method,
        rotation=rotation if factors > 1 else "none",
        loadings=loadings,
        phi=phi,
        communalities=communalities,
        variance=np.diag(phi @ loadings.T @ loadings) / p,
        eigenvalues=np.linalg.eigvalsh(correlation)[::-1].copy(),
        chisq=chisq if method != "principal" else float("nan"),
        df=df,
        pvalue=float(chi2.sf(chisq, df)) if df > 0 and method != "principal" else float("nan"),
        residual_rms=float(np.sqrt(np.mean(residual[np.triu_indices(p, 1)] ** 2))),
        warnings=said,
        inadmissible=inadmissible,
    )


def require_known(method: str, rotation: str) -> None:
    """Raise ModelError for a method or rotation that ``efa`` does not know."""
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; use one of {', '.join(METHODS)}")
    if rotation not in ROTATIONS:
        raise ModelError(f"rotation {rotation!r} is not known; use one of {', '.join(ROTATIONS)}")


def _extract(R: np.ndarray, k: int, method: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Unrotated loadings (p, k) and warnings."""
    if method == "principal":
        return _leading(R, k), ()
    if method == "ml" and len(R) > MOST_ITEMS_OF_SEARCH:
        raise ModelError(f"ML extraction takes up to {MOST_ITEMS_OF_SEARCH} items; use minres")
    if method == "principal_axis" or len(R) > MOST_ITEMS_OF_SEARCH:
        return _principal_axis(R, k)  # the minimum of minres too (Harman & Jones 1966)
    from factor_analyzer import FactorAnalyzer

    analyzer = FactorAnalyzer(n_factors=k, rotation=None, method=method, is_corr_matrix=True)
    with _quiet_factor_analyzer():
        try:
            analyzer.fit(R)
        except np.linalg.LinAlgError as error:
            raise NotPositiveDefinite(
                f"{method} extraction of {k} factors broke down ({error}); ask for fewer factors"
            ) from error
    return np.asarray(analyzer.loadings_, dtype=float), ()


def _leading(R: np.ndarray, k: int) -> np.ndarray:
    values, vectors = np.linalg.eigh(R)
    largest = np.argsort(values)[::-1][:k]
    loadings: np.ndarray = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0))
    return loadings


def _principal_axis(R: np.ndarray, k: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Iterate communalities from squared multiple correlations until they change by < 1e-8."""
    communalities = 1 - 1 / np.diag(np.linalg.inv(R))
    reduced = R.copy()
    for _ in range(2000):
        np.fill_diagonal(reduced, communalities)
        loadings = _leading(reduced, k)
        new = np.minimum((loadings**2).sum(axis=1), 1.0)
        if np.abs(new - communalities).max() < 1e-8:
            return loadings, ()
        communalities = new
    return loadings, ("principal-axis factoring had not converged after 2000 iterations",)


def _rotate(loadings: np.ndarray, rotation: str) -> tuple[np.ndarray, np.ndarray]:
    k = loadings.shape[1]
    if rotation == "none" or k == 1:
        return loadings, np.eye(k)
    from factor_analyzer.rotator import Rotator

    # Oblimin stops by its gradient, varimax and promax by the relative gain of the criterion.
    rotator = Rotator(method=rotation, max_iter=1000, tol=1e-6 if rotation == "oblimin" else 1e-12)
    rotated = np.asarray(rotator.fit_transform(loadings @ _nudge(k)), dtype=float)
    return rotated, np.eye(k) if rotator.phi_ is None else np.asarray(rotator.phi_, dtype=float)


def _nudge(k: int) -> np.ndarray:
    """A fixed rotation (k, k) by some degrees.

    Unrotated loadings with a perfect symmetry (a general factor and a plus-minus one) are a saddle
    of every rotation criterion, on which a gradient search would stay.
    """
    turn = np.triu(np.full((k, k), 0.1), 1)
    return np.asarray(expm(turn - turn.T), dtype=float)


def _ordered(loadings: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signs by the sum of loadings, factors by explained variance."""
    signs = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    loadings, phi = loadings * signs, phi * np.outer(signs, signs)
    order = np.argsort(-np.diag(phi @ loadings.T @ loadings), kind="stable")
    return loadings[:, order], phi[np.ix_(order, order)]


def _likelihood_ratio(R: np.ndarray, common: np.ndarray, n: int, k: int) -> float:
    """Bartlett-corrected discrepancy of R and the model, as psych's ``STATISTIC``."""
    p = len(R)
    implied = common.copy()
    np.fill_diagonal(implied, 1.0)
    sign, logdet = np.linalg.slogdet(implied)
    if sign <= 0:
        return float("nan")
    ratio = np.linalg.solve(implied, R)
    objective = np.trace(ratio) - np.linalg.slogdet(R)[1] + logdet - p
    return float((n - 1 - (2 * p + 5) / 6 - 2 * k / 3) * objective)
