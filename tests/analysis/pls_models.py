"""Models and populations that the tests of composite models share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.moments import Moments

MEASURES = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
Value =~ PERV1 + PERV2
Complaints =~ CUSCO
Loyalty =~ CUSL1 + CUSL2 + CUSL3
"""
ECSI = (
    MEASURES
    + """
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Expectation ~ Image
Quality ~ Expectation
Value ~ Expectation + Quality
Satisfaction ~ Image + Expectation + Quality + Value
Complaints ~ Satisfaction
Loyalty ~ Image + Satisfaction + Complaints
"""
)
SMALL = """
Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
Expectation =~ CUEX1 + CUEX2 + CUEX3
Value <~ PERV1 + PERV2
Satisfaction =~ CUSA1 + CUSA2 + CUSA3
Satisfaction ~ Image + Expectation + Value
"""
HIGHER = (
    MEASURES
    + """
Satisfaction <~ Image + Value
Satisfaction ~ Expectation + Quality
Complaints ~ Satisfaction
Loyalty ~ Satisfaction
"""
)


def block_matrix(
    blocks: Mapping[str, np.ndarray],
    loadings: Mapping[str, np.ndarray],
    constructs: pd.DataFrame,
) -> Moments:
    """Population correlations of items: within a block as given, between through the constructs.

    Items are named after their construct in lower case and numbered from 1.
    """
    names = list(blocks)
    items = [f"{name.lower()}{k + 1}" for name in names for k in range(len(loadings[name]))]
    rows = []
    for a in names:
        row = [
            blocks[a]
            if a == b
            else np.outer(loadings[a], loadings[b]) * float(constructs.loc[a, b])
            for b in names
        ]
        rows.append(np.hstack(row))
    sigma = np.vstack(rows)
    return Moments(tuple(items), 1_000_000, np.zeros(len(items)), sigma)


def factor_block(loadings: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Correlations and loadings of the items of a common factor."""
    lam = np.array(loadings)
    block = np.outer(lam, lam)
    np.fill_diagonal(block, 1.0)
    return block, lam


def composite_block(
    correlations: np.ndarray, weights: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlations, loadings and unit-variance weights of the items of a composite."""
    w = np.array(weights)
    w = w / np.sqrt(w @ correlations @ w)
    return correlations, correlations @ w, w


def second_order_population(
    *, dimensions: str, second: str
) -> tuple[Moments, str, dict[str, float], np.ndarray, np.ndarray]:
    """A population with a second-order construct Q of three dimensions, X -> Q -> Y and X -> Y.

    ``dimensions`` and ``second`` are "factor" or "composite". Returns the moments, the model text,
    the true paths, the true loadings of the dimensions on Q, and (for a composite) its weights.
    """
    lam = {"D1": (0.8, 0.6), "D2": (0.8, 0.7, 0.6, 0.8), "D3": (0.6, 0.5, 0.7, 0.9, 0.8)}
    blocks: dict[str, np.ndarray] = {}
    loadings: dict[str, np.ndarray] = {}
    for name, values in lam.items():
        if dimensions == "factor":
            blocks[name], loadings[name] = factor_block(values)
        else:
            k = len(values)
            r = np.array(
                [[1.0 if i == j else 0.5 - 0.06 * abs(i - j) for j in range(k)] for i in range(k)]
            )
            blocks[name], loadings[name], _ = composite_block(r, values)
    for name, values in {"X": (0.8, 0.7, 0.7), "Y": (0.8, 0.8, 0.7)}.items():
        blocks[name], loadings[name] = factor_block(values)
    if second == "factor":
        among, up = factor_block((0.7, 0.8, 0.9))
        weights = np.zeros(3)
    else:
        r = np.array([[1, 0.49, 0.27], [0.49, 1, 0.413], [0.27, 0.413, 1]])
        among, up, weights = composite_block(r, (0.4, 0.4, 0.5))
    xq, xy, qy = 0.3, 0.2, 0.4
    x_y, q_y = xy + qy * xq, qy + xy * xq
    names = ["D1", "D2", "D3", "X", "Y"]
    C = np.eye(5)
    C[:3, :3] = among
    C[:3, 3] = C[3, :3] = up * xq
    C[:3, 4] = C[4, :3] = up * q_y
    C[3, 4] = C[4, 3] = x_y
    moments = block_matrix(blocks, loadings, pd.DataFrame(C, index=names, columns=names))
    lower = "=~" if dimensions == "factor" else "<~"
    text = "\n".join(
        f"{name} {'=~' if name in 'XY' else lower} "
        + " + ".join(f"{name.lower()}{k + 1}" for k in range(len(loadings[name])))
        for name in names
    )
    text += f"\nQ {'=~' if second == 'factor' else '<~'} D1 + D2 + D3\nQ ~ X\nY ~ X + Q"
    return moments, text, {"X->Q": xq, "X->Y": xy, "Q->Y": qy}, up, weights
