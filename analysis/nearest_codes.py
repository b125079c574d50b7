"""Codes that texts would be given if they were coded as the texts most like them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from analysis.text_vectors import TextVectors

NEIGHBOURS = 9
ENOUGH = 0.5  # of the neighbours' weight that has a code
_AT_ONCE = 500


def neighbour_shares(
    vectors: TextVectors,
    known: Sequence[int],
    given: np.ndarray,
    *,
    wanted: Sequence[int],
    apart: Sequence[Hashable],
    neighbours: int = NEIGHBOURS,
) -> np.ndarray:
    """How much of the nearest coded texts' weight has each code, from 0 to 1: (wanted, codes).

    Parameters
    ----------
    known : the places of the texts that people coded.
    given : which codes each of them has: (known, codes).
    wanted : the places of the texts that are asked about.
    apart : by which texts are kept from each other, one for each text: a text's neighbours are of
        another. Its writer leaves out the text itself, and so measures what codes would have been
        proposed; its language measures what the other languages' codes are good for.

    Notes
    -----
    Nearest neighbours by cosine, weighted by it; only a cosine above 0 counts. A text that is like
    none has 0 throughout.

    References
    ----------
    Dudani, S. A. (1976). The distance-weighted k-nearest-neighbor rule. IEEE Transactions on Systems,
    Man, and Cybernetics, 6, 325-327.
    """
    found = np.zeros((len(wanted), given.shape[1]))
    if not len(known):
        return found
    numbers = {label: number for number, label in enumerate(dict.fromkeys(apart))}
    labels = np.asarray([numbers[label] for label in apart])
    own = labels[list(known)]
    count = min(neighbours, len(known))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        alike = vectors.similarity(some, known)
        alike[labels[list(some)][:, None] == own[None, :]] = 0.0
        # A stable order: of texts that are equally alike the first ones count.
        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :count]
        weights = np.maximum(np.take_along_axis(alike, nearest, axis=1), 0.0)
        weights[weights < 1e-6] = 0.0
        total = weights.sum(axis=1, keepdims=True)
        shares = np.einsum("ij,ijc->ic", weights, given[nearest].astype(float))
        found[start : start + len(some)] = shares / np.where(total > 0, total, np.inf)
    return found


def proposed(shares: np.ndarray) -> np.ndarray:
    """Which codes are proposed: those that half of the neighbours' weight has, by shares of
    ``neighbour_shares``.
    """
    return np.asarray(shares >= ENOUGH)
