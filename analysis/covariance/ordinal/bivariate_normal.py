"""The standard bivariate normal distribution, vectorised: distribution function and density."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array

# 24 Gauss-Legendre nodes on [0, asin(rho)] leave an error below 1e-12 up to |rho| = 0.95.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_FINE_NODES, _FINE_WEIGHTS = np.polynomial.legendre.leggauss(96)
_FINE_NODES, _FINE_WEIGHTS = (_FINE_NODES + 1) / 2, _FINE_WEIGHTS / 2


def bivariate_cdf(h: Array, k: Array, rho: Array) -> Array:
    """P(X <= h, Y <= k) for finite h, k and |rho| < 1; the three broadcast together.

    Phi(h) Phi(k) plus the integral of the density over the correlation, in its arcsine
    (Drezner & Wesolowsky 1990).
    """
    h, k, rho = np.broadcast_arrays(h, k, rho)
    angle = np.arcsin(rho)
    steep = np.abs(rho) > 0.95
    nodes, weights = (_FINE_NODES, _FINE_WEIGHTS) if np.any(steep) else (_NODES, _WEIGHTS)
    square, product = (h**2 + k**2) / 2, h * k
    integral = np.zeros(h.shape)
    for node, weight in zip(nodes, weights, strict=True):
        sine = np.sin(angle * node)
        integral += weight * np.exp((sine * product - square) / (1 - sine**2))
    return np.asarray(special.ndtr(h) * special.ndtr(k) + integral * angle / (2 * np.pi))


def bivariate_density(h: Array, k: Array, rho: Array) -> Array:
    """The joint density at (h, k); 0 where either is infinite."""
    spread = 1 - rho**2
    finite = np.isfinite(h) & np.isfinite(k)
    a, b = np.where(np.isfinite(h), h, 0.0), np.where(np.isfinite(k), k, 0.0)
    value = np.exp(-(a**2 - 2 * rho * a * b + b**2) / (2 * spread)) / (2 * np.pi * np.sqrt(spread))
    return np.where(finite, value, 0.0)


# Widest step of the angle, in radians, that so many nodes follow to 1e-12 of the integral.
_STEPS = ((0.004, 2), (0.08, 4), (0.4, 8))


def rise(product: Array, square: Array, start: Array, end: Array) -> Array:
    """What the distribution function gains from correlation sin(start) to sin(end) (pairs,), at places
    whose ``product`` h k and half sum of squares ``square`` are given (pairs, k, k).
    """
    width = end - start
    if not width.any():
        return np.zeros_like(product)
    steep = max(np.abs(np.sin(start)).max(), np.abs(np.sin(end)).max()) > 0.95
    nodes, weights = _FINE_NODES, _FINE_WEIGHTS
    if not steep:
        widest = float(np.abs(width).max())
        count = next((own for most, own in _STEPS if widest <= most), 24)
        nodes, weights = _legendre(count)
    total = np.zeros_like(product)
    for node, weight in zip(nodes, weights, strict=True):
        sine = np.sin(start + width * node)[:, None, None]
        total += weight * np.exp((sine * product - square) / (1 - sine**2))
    return np.asarray(total * (width / (2 * np.pi))[:, None, None])


@lru_cache(maxsize=8)
def _legendre(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2
