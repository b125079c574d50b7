"""How far a composite model's implied correlations are from those of the items."""

from __future__ import annotations

import numpy as np

from analysis.composite.estimate import Estimates
from analysis.composite.evaluate import rows_of
from analysis.composite.layout import causal_rank
from analysis.composite.weights import Stage

FIT = ("srmr", "d_uls", "d_g")


def implied_constructs(e: Estimates) -> np.ndarray:
    """Construct correlations (B, J, J) that the paths imply: errors are uncorrelated.

    Correlations among constructs without antecedents are those observed.
    """
    layout = e.layout
    arrows = layout.final.arrows
    sources = np.array([s for s, _ in layout.arrows])
    b = e.paths * e.product_sd[:, sources]
    place = {arrow: k for k, arrow in enumerate(layout.arrows)}
    exogenous = np.asarray(~arrows.any(axis=0))
    order = causal_rank(layout)
    C = np.zeros_like(e.C)
    J = np.arange(len(layout.names))
    C[:, J, J] = 1.0
    free = np.flatnonzero(exogenous)
    C[:, free[:, None], free] = e.C[:, free[:, None], free]
    seen = free.tolist()
    for j in order:
        if exogenous[j]:
            continue
        before = np.array(seen)
        own = np.flatnonzero(arrows[:, j])
        paths = b[:, [place[(int(s), j)] for s in own]]
        C[:, before, j] = np.einsum("bk,bkv->bv", paths, C[:, own[:, None], before])
        C[:, j, before] = C[:, before, j]
        seen.append(j)
    return C


def _implied_parts(
    R: np.ndarray, loadings: np.ndarray, owner: np.ndarray, C: np.ndarray, corrected: list[bool]
) -> np.ndarray:
    """Correlations of parts from their constructs' C; within a composite's block as observed.

    A construct corrected for attenuation is a common factor: its parts correlate through it only.
    """
    implied: np.ndarray = loadings[:, :, None] * C[:, owner[:, None], owner] * loadings[:, None, :]
    for j, factor in enumerate(corrected):
        own = np.flatnonzero(owner == j)
        if not factor:
            implied[:, own[:, None], own] = R[:, own[:, None], own]
    k = np.arange(len(owner))
    implied[:, k, k] = 1.0
    return implied


def implied_items(e: Estimates, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed and implied correlations (B, p, p) of the items, given construct correlations C."""
    layout, p = e.layout, len(e.layout.items)
    three = layout.settings.higher_order == "three-stage" and layout.first is not None
    consistent = layout.settings.consistent or three
    R = e.cov[:, :p, :p]
    stage = layout.first
    if stage is None:
        bottom = [c.name for c in layout.model.first_order]
        at = np.array([layout.names.index(name) for name in bottom])
        below = C[:, at[:, None], at]
        factors = dict(zip(layout.final.names, layout.final.factors, strict=True))
    else:
        bottom = list(stage.names)
        below = _first_order_correlations(e, C, stage)
        factors = dict(zip(stage.names, stage.factors, strict=True))
    owner, rows, items = [], [], []
    for j, name in enumerate(bottom):
        own = rows_of(layout, name)
        rows += own.tolist()
        owner += [j] * len(own)
        items += [layout.items.index(layout.measured[k][1]) for k in own]
    order = np.array(items)
    corrected = [consistent and factors[name] for name in bottom]
    observed = R[:, order[:, None], order]
    return observed, _implied_parts(
        observed, e.loadings[:, rows], np.array(owner), below, corrected
    )


def _first_order_correlations(e: Estimates, C: np.ndarray, stage: Stage) -> np.ndarray:
    """Correlations of the first-order constructs, dimensions through their second-order one."""
    layout = e.layout
    final = layout.final
    owner, loadings, position = [], [], []
    for name in stage.names:
        above = next((c.name for c in layout.model.higher if name in c.parts), name)
        owner.append(final.names.index(above))
        position.append(name)
        if above == name:
            loadings.append(np.ones(len(C)))
        else:
            loadings.append(e.loadings[:, layout.measured.index((above, name))])
    at = np.array(owner)
    if layout.settings.higher_order == "three-stage":
        observed = e.first_correlations
    else:
        chosen = [e.constructs.index(name) for name in position]
        observed = e.scores[:, np.array(chosen)[:, None], np.array(chosen)]
    consistent = layout.settings.consistent or layout.settings.higher_order == "three-stage"
    corrected = [consistent and factor for factor in final.factors]
    return _implied_parts(observed, np.stack(loadings, axis=1), at, C, corrected)


def distances(observed: np.ndarray, implied: np.ndarray) -> np.ndarray:
    """SRMR, d_ULS and d_G (B, 3) between correlation matrices (B, p, p).

    SRMR: root mean squared difference over the p(p + 1)/2 elements (Henseler et al. 2014);
    d_ULS: half the sum of squared differences; d_G: half the sum of squared logarithms of the
    eigenvalues of observed^-1 implied (Dijkstra & Henseler 2015). NaN where one is not definite.
    """
    p = observed.shape[1]
    squared = (observed - implied) ** 2
    total = squared.sum(axis=(1, 2))
    out = np.full((len(observed), 3), np.nan)
    out[:, 0] = np.sqrt(total / 2 / (p * (p + 1) / 2))
    out[:, 1] = total / 2
    definite = (np.linalg.eigvalsh(observed)[:, 0] > 1e-12) & (
        np.linalg.eigvalsh(implied)[:, 0] > 1e-12
    )
    if definite.any():
        L = np.linalg.inv(np.linalg.cholesky(observed[definite]))
        values = np.linalg.eigvalsh(L @ implied[definite] @ np.swapaxes(L, 1, 2))
        out[definite, 2] = (np.log(values) ** 2).sum(axis=1) / 2
    return out


def fit_distances(e: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Distances (B, 3) of the saturated model (constructs correlate freely) and of the paths'."""
    observed, saturated = implied_items(e, e.C)
    _, structural = implied_items(e, implied_constructs(e))
    return distances(observed, saturated), distances(observed, structural)
