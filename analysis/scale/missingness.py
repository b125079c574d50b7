"""What is not there: missing answers by item, by person and by pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from analysis.covariance.missing.missing_patterns import em_moments, patterns_of, pieces
from analysis.errors import DataError, TooFewCases
from analysis.moments import numeric


@dataclass(frozen=True)
class ItemMissing:
    """How many answers an item lacks; ``share`` is of all rows."""

    item: str
    missing: int
    share: float


@dataclass(frozen=True)
class MissingPattern:
    """Rows that lack exactly the items in ``missing``."""

    missing: tuple[str, ...]
    n: int


@dataclass(frozen=True)
class MissingReport:
    """Counts over a rows x items table. ``patterns`` start with the most frequent."""

    n_rows: int
    n_items: int
    n_complete: int
    n_empty: int  # rows without any answer
    cells: int
    missing_cells: int
    share: float
    items: tuple[ItemMissing, ...]
    patterns: tuple[MissingPattern, ...]


@dataclass(frozen=True)
class LittleTest:
    """Chi-square of answers missing completely at random; a small p speaks against it."""

    n: int
    patterns: int
    chisq: float
    df: int
    pvalue: float


def missing_report(data: pd.DataFrame, items: Sequence[str] | None = None) -> MissingReport:
    """Count missing answers by item and by pattern.

    Raises MissingItem, and DataError for text or infinity.

    >>> missing_report(pd.DataFrame({"a": [1, None], "b": [2, 3]})).patterns[1]
    MissingPattern(missing=('a',), n=1)
    """
    names = tuple(data.columns) if items is None else tuple(items)
    absent = np.isnan(numeric(data, names))
    rows, cols = absent.shape
    kinds, counts = (
        np.unique(absent, axis=0, return_counts=True) if absent.size else (absent[:0], np.empty(0))
    )
    order = np.argsort(-counts, kind="stable")
    total = int(absent.sum())
    return MissingReport(
        n_rows=rows,
        n_items=cols,
        n_complete=int((~absent.any(axis=1)).sum()) if cols else rows,
        n_empty=int(absent.all(axis=1).sum()) if cols else 0,
        cells=absent.size,
        missing_cells=total,
        share=total / absent.size if absent.size else 0.0,
        items=tuple(
            ItemMissing(name, int(absent[:, j].sum()), float(absent[:, j].mean()) if rows else 0.0)
            for j, name in enumerate(names)
        ),
        patterns=tuple(
            MissingPattern(tuple(np.array(names)[kinds[i]].tolist()), int(counts[i])) for i in order
        ),
    )


def little_test(data: pd.DataFrame, items: Sequence[str] | None = None) -> LittleTest:
    """Little's test (1988) that answers are missing completely at random.

    Each pattern's means are compared with those that EM estimates for all rows (normal data):
    d2 = sum of n_j (m_j - mu_j)' Sigma_j^-1 (m_j - mu_j) over patterns j, with
    (sum of p_j) - p degrees of freedom. Rows without any answer are left out.

    Raises DataError when nothing is missing or two items are never answered together, TooFewCases
    unless rows exceed items, MissingItem as ``numeric``.

    Validated against R naniar ``mcar_test(airquality)``: 35.10613, df 14, p .0014178 (1e-5).
    """
    names = tuple(data.columns) if items is None else tuple(items)
    values = numeric(data, names)
    values = values[~np.isnan(values).all(axis=1)]
    if not np.isnan(values).any():
        raise DataError("no answer is missing, so there is nothing to test")
    if len(values) <= len(names):
        raise TooFewCases(len(names) + 1, len(values), what="rows with an answer")
    patterns = patterns_of(values)
    mean, cov = em_moments(patterns, names)
    found = pieces(patterns, mean, cov)
    if found is None:
        raise DataError("the covariance that EM estimates is singular; look for duplicate items")
    chisq = float(patterns.n @ (found.shift * found.score).sum(axis=1))
    df = int(patterns.seen.sum()) - len(names)
    return LittleTest(
        n=len(values),
        patterns=len(patterns.n),
        chisq=chisq,
        df=df,
        pvalue=float(chi2.sf(chisq, df)) if df > 0 else float("nan"),
    )
