"""One general factor behind correlated ones: Schmid-Leiman loadings and omega hierarchical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ModelError
from analysis.moments import Moments, moments
from analysis.scale.efa import efa


@dataclass(frozen=True)
class OmegaHierarchical:
    """Omega of the unit-weighted sum of standardised items.

    ``omega_hierarchical`` is the general factor's share of the sum's variance, ``omega_total`` all
    common factors'. ``ecv`` is the general factor's share of the common variance. ``general`` (p,)
    and ``group`` (p, k) are orthogonal loadings. ``inadmissible``: why the solution is not to be
    interpreted; the shares are NaN then.
    """

    items: tuple[str, ...]
    n: int
    omega_hierarchical: float
    omega_total: float
    ecv: float
    general: np.ndarray
    group: np.ndarray
    warnings: tuple[str, ...]
    inadmissible: str = ""


def omega_hierarchical(
    data: pd.DataFrame | Moments,
    factors: int,
    items: Sequence[str] | None = None,
    *,
    method: str = "minres",
) -> OmegaHierarchical:
    """Omega hierarchical and total (McDonald 1999; Zinbarg et al. 2005) by exploratory factoring.

    Oblimin-rotated factors are themselves factored with one factor, and the loadings made
    orthogonal (Schmid & Leiman 1957). With two factors their correlation's root is taken for both.
    Raises ModelError below two factors, else as ``efa``.

    Validated against R psych ``omega`` (omega_h and omega.tot to 1e-4).
    """
    if factors < 2:
        raise ModelError("a general factor needs at least 2 factors below it")
    found = moments(data, items)
    first = efa(found, factors, method=method, rotation="oblimin")
    second = _one_factor_of(first.phi)
    general = first.loadings @ second
    group = first.loadings * np.sqrt(np.maximum(1 - second**2, 0.0))
    total = float(found.correlation.sum())
    communality = float(np.sum(first.communalities))
    said = first.warnings
    inadmissible = first.inadmissible
    if (np.abs(second) > 1).any():
        inadmissible = "not admissible: a factor correlates beyond 1 with the general one"
        said += (inadmissible,)
    known = np.nan if inadmissible else 1.0
    return OmegaHierarchical(
        items=found.names,
        n=found.n,
        omega_hierarchical=float(general.sum() ** 2 / total) * known,
        omega_total=(1 - (len(found.names) - communality) / total) * known,
        ecv=float(np.sum(general**2) / (np.sum(general**2) + np.sum(group**2))) * known,
        general=general,
        group=group,
        warnings=said,
        inadmissible=inadmissible,
    )


def _one_factor_of(phi: np.ndarray) -> np.ndarray:
    """Loadings (k,) of one minres factor of the factor correlations."""
    k = len(phi)
    if k == 2:
        r = float(phi[0, 1])
        return np.asarray(np.sqrt(abs(r)) * np.array([1.0, np.sign(r)]))
    communalities = np.max(np.abs(phi - np.eye(k)), axis=1)
    reduced = phi.copy()
    loadings: np.ndarray = communalities
    for _ in range(5000):
        np.fill_diagonal(reduced, communalities)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
        if np.abs(loadings**2 - communalities).max() < 1e-10:
            break
        communalities = loadings**2
    return loadings if loadings.sum() >= 0 else -loadings
