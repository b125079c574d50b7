"""Correlations of products of common factors from those of products of their scores."""

from __future__ import annotations

import numpy as np


def latent_products(
    S: np.ndarray,
    rho: np.ndarray,
    products: tuple[tuple[int, int, int], ...],
    sizes: np.ndarray,
    parts: np.ndarray,
    parts_rho: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Construct correlations (B, J, J) corrected for attenuation, and products' standard deviations.

    S (B, J, J): correlations of the scores as they are, products among them, with reliabilities rho
    (B, J), 1 for products. products: (product, first, second), the last two as places in ``parts``
    (B, M, M), the scores that were multiplied, whose reliabilities are ``parts_rho`` (B, M).
    ``sizes`` (B, P) are the standard deviations of the products of scores. Returned beside the
    correlations (B, J, J) are the standard deviations (B, P) of the products of factors.

    A score is sqrt(rho) times its factor and an error that is independent of factors and of other
    scores' errors; a construct that is no factor has rho 1. So, with q = sqrt(rho), E(s1 s2 s3) is
    q1 q2 q3 times the factors', E(s1^2 s2^2) is q1^2 q2^2 times theirs + 1 - q1^2 q2^2, and
    E(s1^2 s2 s3) is q1^2 q2 q3 times theirs + (1 - q1^2) q2 q3 E(f2 f3). Dijkstra & Henseler (2011),
    Quality & Quantity 45(6); Dijkstra & Schermelleh-Engel (2014), Psychometrika 79(4).
    """
    q = np.sqrt(rho)
    own = np.sqrt(parts_rho)
    C = S / (q[:, :, None] * q[:, None, :])
    latent = parts / (own[:, :, None] * own[:, None, :])
    places = [p for p, _, _ in products]
    spread = np.empty((len(S), len(products)))
    for k, (p, a, b) in enumerate(products):
        both = own[:, a] * own[:, b]
        C[:, p] = C[:, p] * (sizes[:, k] / both)[:, None]
        C[:, :, p] = C[:, p]
        second = sizes[:, k] ** 2 + parts[:, a, b] ** 2  # E(s1^2 s2^2)
        square = (second - 1 + both**2) / both**2
        spread[:, k] = np.sqrt(square - latent[:, a, b] ** 2)
    for k, (p, a, b) in enumerate(products):
        for m, (r, c, d) in enumerate(products[:k]):
            product = S[:, p, r] * sizes[:, k] * sizes[:, m] + parts[:, a, b] * parts[:, c, d]
            shared = {a, b} & {c, d}
            if shared:
                (x,) = shared
                y, z = ({a, b} - shared).pop(), ({c, d} - shared).pop()
                product = product - (1 - own[:, x] ** 2) * parts[:, y, z]
            scale = own[:, a] * own[:, b] * own[:, c] * own[:, d]
            C[:, p, r] = C[:, r, p] = product / scale - latent[:, a, b] * latent[:, c, d]
    deviation = np.ones((len(S), C.shape[1]))
    deviation[:, places] = spread
    C = C / (deviation[:, :, None] * deviation[:, None, :])
    J = np.arange(C.shape[1])
    C[:, J, J] = 1.0
    return C, spread
