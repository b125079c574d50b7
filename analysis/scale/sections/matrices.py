"""Correlations and covariances of the items, from which the model can be fitted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from analysis.covariance.ordinal.polychoric import polychoric
from analysis.errors import AnalysisError, TooFewCases
from analysis.json_values import filled
from analysis.moments import numeric
from analysis.scale.study import Matrix, Number, Section, Study

ORDINAL = "WLSMV"  # the estimator that takes answers as ordered categories


@dataclass(frozen=True)
class MatricesSection(Section, percent=5, title="item matrices"):
    """Of the answers as the model has them, reverse items turned; rows and columns as in ``items``.

    ``n``: rows with every item, or with ``pairwise_n`` the fewest of a pair: under full information
    each number is of the rows that have its items. Divisor of ``covariance`` and ``sd``: n - 1.
    ``polychoric``: of an ordinal analysis, from the rows with every item. None where an item's
    answers are all the same.
    """

    items: tuple[str, ...]
    n: int
    mean: tuple[Number, ...]
    sd: tuple[Number, ...]
    correlation: Matrix
    covariance: Matrix
    polychoric: Matrix | None = None
    pairwise_n: tuple[tuple[int, ...], ...] | None = None

    @classmethod
    def compute(cls, study: Study) -> Self:
        if study.choices.missing == "listwise":
            found = study.moments()
            n, mean, covariance = found.n, found.mean, found.cov * (found.n / (found.n - 1))
            pairs = None
        else:
            mean, covariance, pairs = pairwise(numeric(study.data, study.items))
            n = int(pairs.min())
        sd = np.sqrt(np.diag(covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = _correlation(study, covariance, pairs)
        return filled(
            cls,
            items=study.items,
            n=n,
            mean=mean,
            sd=sd,
            correlation=correlation,
            covariance=covariance,
            polychoric=_polychoric(study),
            pairwise_n=pairs,
        )


def pairwise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means (p,), covariances (p, p) and numbers of rows (p, p) of the rows (n, p) that have both
    items, missing as NaN. NaN where there are fewer than two.

    Raises TooFewCases where no two rows have a pair.

    Validated against: R 4.2 ``cov(x, use = "pairwise.complete.obs")``.
    """
    there = (~np.isnan(values)).astype(float)
    n = there.T @ there
    if n.max(initial=0) < 2:
        raise TooFewCases(2, int(n.max(initial=0)), what="rows with two items")
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / there.sum(axis=0)
        away = np.where(there > 0, values - mean, 0.0)
        # About each item's mean of all its rows first, then about that of the pair's rows.
        shift = away.T @ there / n
        covariance = (away.T @ away - n * shift * shift.T) / np.where(n > 1, n - 1, np.nan)
    return mean, covariance, n.astype(int)


def _correlation(study: Study, covariance: np.ndarray, pairs: np.ndarray | None) -> np.ndarray:
    """Of a pair's own rows, as R's ``cor`` with "pairwise.complete.obs" gives it."""
    if pairs is None or pairs.min() == pairs.max():
        variance = np.diag(covariance)
        first, second = variance[:, None], variance[None, :]
    else:
        first = _pair_variances(numeric(study.data, study.items))
        second = first.T
    found = np.asarray(covariance / np.sqrt(first * second))
    np.fill_diagonal(found, np.where(np.diag(covariance) > 0, 1.0, np.nan))
    return found


def _pair_variances(values: np.ndarray) -> np.ndarray:
    """(p, p): the variance of the row's item in the rows that have the column's item too."""
    there = (~np.isnan(values)).astype(float)
    n = there.T @ there
    away = np.where(there > 0, values - np.nanmean(values, axis=0), 0.0)
    sums, squares = away.T @ there, (away**2).T @ there
    return np.asarray((squares - sums**2 / n) / np.where(n > 1, n - 1, np.nan))


def _polychoric(study: Study) -> np.ndarray | None:
    if study.choices.estimator != ORDINAL:
        return None
    try:
        return polychoric(study.data, study.items).correlation
    except AnalysisError as error:
        study.warn(MatricesSection, [f"polychoric correlations: {error}"])
        return None
