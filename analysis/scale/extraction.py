"""Factor extraction from other starting values, where the first one ended in a Heywood case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

LARGEST = 0.995  # communality from which a solution is a Heywood case
LEAST_UNIQUE = 1 - LARGEST
STARTS = 6
SEED = 1
SAME = 1e-6  # of the criterion, by which a solution fits as well as another


@dataclass(frozen=True)
class Extraction:
    """Unrotated loadings (p, k), and what was tried for them; empty where the first was proper."""

    loadings: np.ndarray
    proper: bool
    tried: str = ""


def proper_extraction(
    R: np.ndarray, loadings: np.ndarray, *, ml: bool, starts: int = STARTS, seed: int = SEED
) -> Extraction:
    """The loadings if no communality reaches .995; else the best proper ones from other starts that
    reproduce R as well or better; else the first.

    ``ml``: by the likelihood's criterion (Joreskog 1967), else by the squared residuals off the
    diagonal (minres; Harman & Jones 1966), each a function of the uniquenesses alone.
    """
    communalities = (loadings**2).sum(axis=1)
    if communalities.max() < LARGEST:
        return Extraction(loadings, True)
    k, rng = loadings.shape[1], np.random.default_rng(seed)
    criterion = _likelihood if ml else _residuals
    first = criterion(np.clip(1 - communalities, LEAST_UNIQUE, 1.0), R, k)[0]
    found = []
    for _ in range(starts):
        end = minimize(
            criterion,
            rng.uniform(0.1, 0.9, len(R)),
            args=(R, k),
            jac=True,
            method="L-BFGS-B",
            bounds=[(LEAST_UNIQUE / 10, 1.0)] * len(R),
            options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-8},
        )
        found.append((float(end.fun), np.asarray(end.x)))
    proper = [(value, unique) for value, unique in found if unique.min() > LEAST_UNIQUE]
    lowest = min([first, *(value for value, _ in found)])
    how = f"tried {starts} further starts (seed {seed})"
    best = min(proper, key=lambda one: one[0], default=None)
    if best is not None and best[0] <= lowest + SAME:
        said = f"{how}: the first solution was a Heywood case, this one is proper and fits as well or better"
        return Extraction(_loadings(best[1], R, k, ml=ml), True, said)
    ended = "none is proper" if not proper else f"{len(proper)} are proper, but fit worse"
    return Extraction(loadings, False, f"{how}: {ended}")


def _residuals(unique: np.ndarray, R: np.ndarray, k: int) -> tuple[float, np.ndarray]:
    """Half the sum of squared eigenvalues of R less uniquenesses that k factors leave, and its gradient."""
    values, vectors = np.linalg.eigh(R - np.diag(unique))
    rest, behind = values[:-k], vectors[:, :-k]
    return 0.5 * float(rest @ rest), -(behind**2 @ rest)


def _likelihood(unique: np.ndarray, R: np.ndarray, k: int) -> tuple[float, np.ndarray]:
    """The likelihood's discrepancy, minimised over loadings, and its gradient."""
    scale = 1 / np.sqrt(unique)
    values, vectors = np.linalg.eigh(R * np.outer(scale, scale))
    rest, behind = np.maximum(values[:-k], 1e-12), vectors[:, :-k]
    value = float((rest - np.log(rest) - 1).sum())
    return value, (behind**2 @ (1 - rest)) / unique


def _loadings(unique: np.ndarray, R: np.ndarray, k: int, *, ml: bool) -> np.ndarray:
    scale = 1 / np.sqrt(unique) if ml else np.ones(len(R))
    reduced = R * np.outer(scale, scale) - (np.eye(len(R)) if ml else np.diag(unique))
    values, vectors = np.linalg.eigh(reduced)
    largest = np.argsort(values)[::-1][:k]
    found: np.ndarray = (
        vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0)) / scale[:, None]
    )
    return found
