"""The sufficient statistics of complete data: n, means and the covariance matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import lapack

from analysis.errors import DataError, MissingItem, NotPositiveDefinite, NoVariance, TooFewCases
from analysis.names import columns_by_name

CHUNK = 16_384
FAR = 100.0  # squared distance of a mean in variances, beyond which products would lose digits


@dataclass(frozen=True)
class Moments:
    """n, means (p,) and the maximum-likelihood covariance (p, p), divisor n, of complete rows.

    Everything that maximum likelihood, alpha, omega and PLS need of complete data, so that a
    model on millions of rows costs one pass over them.
    """

    names: tuple[str, ...]
    n: int
    mean: np.ndarray
    cov: np.ndarray
    dropped: int = 0  # rows left out because an item was missing; never silent

    def __post_init__(self) -> None:
        p = len(self.names)
        if self.mean.shape != (p,) or self.cov.shape != (p, p):
            raise DataError(
                f"{p} names need means of shape ({p},) and a covariance of shape ({p}, {p}); "
                f"found {self.mean.shape} and {self.cov.shape}"
            )
        if len(set(self.names)) != p:
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise DataError(f"each item may stand once; twice here: {', '.join(twice)}")

    def select(self, names: Sequence[str]) -> Moments:
        """The same moments for some of the items, in the order given."""
        if tuple(names) == self.names:
            return self
        missing = [name for name in names if name not in self.names]
        if missing:
            raise MissingItem(f"not among the data's columns: {', '.join(missing)}")
        at = [self.names.index(name) for name in names]
        return Moments(tuple(names), self.n, self.mean[at], self.cov[np.ix_(at, at)], self.dropped)

    @property
    def sd(self) -> np.ndarray:
        """Standard deviations (p,), divisor n."""
        return np.sqrt(np.diag(self.cov))

    @property
    def correlation(self) -> np.ndarray:
        """Correlation matrix (p, p)."""
        sd = self.sd
        if not sd.all():
            still = [name for name, s in zip(self.names, sd, strict=True) if s == 0]
            raise NoVariance(f"{', '.join(still)}: every answer is the same; leave the item out")
        result: np.ndarray = self.cov / (sd[:, None] * sd)
        np.fill_diagonal(result, 1.0)
        return result

    def require_positive_definite(self) -> None:
        """Raise NotPositiveDefinite, naming the items most involved, unless the covariance is."""
        correlation = self.correlation
        root, failed = lapack.dpotrf(correlation, lower=1)
        half = root if failed else lapack.dtrtri(root, lower=1)[0]
        # The smallest eigenvalue is at least 1 over the trace of the inverse.
        if not failed and np.vdot(half, half) < 1e10:
            return
        if np.linalg.eigvalsh(correlation)[0] <= 1e-10:
            values, vectors = np.linalg.eigh(correlation)
            order = np.argsort(-np.abs(vectors[:, 0]))[:4]
            culprits = ", ".join(self.names[i] for i in order if abs(vectors[i, 0]) > 0.1)
            raise NotPositiveDefinite(
                f"the covariance matrix is not positive definite (smallest eigenvalue {values[0]:.2g}); "
                f"look for duplicate or exactly dependent items among {culprits}"
            )


def numeric(data: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """The named columns as floats (n, p), missing as NaN.

    Raises MissingItem for an absent column, DataError naming item and value for text or infinity.
    """
    plain = _plain(data, names)
    if plain is not None:
        return plain
    typed_otherwise = columns_by_name(data, names)
    missing = [name for name in names if name not in data.columns and name not in typed_otherwise]
    if missing:
        raise MissingItem(f"not among the data's columns: {', '.join(missing)}")
    out = np.empty((len(data), len(names)))
    for j, name in enumerate(names):
        column = data[typed_otherwise.get(name, name)]
        if isinstance(column, pd.DataFrame):
            raise DataError(
                f"{name}: the data has {column.shape[1]} columns of this name; rename all but one"
            )
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        wrong = np.flatnonzero(np.isnan(values) & ~pd.isna(column).to_numpy())
        if wrong.size:
            raise DataError(
                f"{name}: {column.iloc[wrong[0]]!r} in row {wrong[0] + 1} is not a number "
                f"({wrong.size} such values); correct the cells or leave them empty"
            )
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            raise DataError(
                f"{name}: row {infinite[0] + 1} is infinite ({infinite.size} such values)"
            )
        out[:, j] = values
    return out


def _plain(data: pd.DataFrame, names: Sequence[str]) -> np.ndarray | None:
    """The columns in one go, in a new array, where they are numpy's numbers without infinities."""
    found = _together(data, names)
    if found is None:
        return None
    values = np.array(found, dtype=float, order="C")
    return None if np.isinf(values).any() else values


def _together(data: pd.DataFrame, names: Sequence[str]) -> np.ndarray | None:
    """The columns as pandas holds them where all are numpy's numbers, None otherwise.

    The usual case: pandas' conversion of one column after the other takes longer than a small model.
    """
    if not data.columns.is_unique:
        return None
    columns = data.columns.tolist()
    if columns != list(names):
        place = {name: j for j, name in enumerate(columns)}
        at = [place.get(name, -1) for name in names]
        if -1 in at:  # the first level of a column's name stands for several columns
            return None
        data = data.take(at, axis=1)
    found = data.to_numpy()
    return found if found.dtype.kind in "iufb" else None


def moments(
    data: pd.DataFrame | Moments, names: Sequence[str] | None = None, *, need: int = 2
) -> Moments:
    """Moments of the rows that are complete on ``names`` (all columns when None).

    Rows with a missing item are counted in ``dropped``. Raises TooFewCases below ``need`` rows.
    """
    if isinstance(data, Moments):
        return data if names is None else data.select(names)
    chosen = tuple(data.columns) if names is None else tuple(names)
    # In chunks that fit the processor's cache: one pass over the table, no copy of it.
    parts: list[Moments] = []
    dropped, whole = 0, True
    for start in range(0, max(len(data), 1), CHUNK):
        part = data.iloc[start : start + CHUNK]
        near = parts[-1].mean if parts else None
        together = _together(part, chosen) if whole else None
        if together is not None and len(part):
            found = _about(together, chosen, near)
            if np.isfinite(found.cov).all():
                parts.append(found)
                continue
        # A missing or infinite cell, or columns to convert: likely not the last.
        whole = False
        try:
            values = numeric(part, chosen)
        except DataError:
            numeric(data, chosen)  # says the row's number in the whole table
            raise
        # A row's sum is NaN as soon as one answer is; infinities were refused above.
        complete = ~np.isnan(values.sum(axis=1))
        kept = values if complete.all() else values[complete]
        dropped += len(values) - len(kept)
        if len(kept):
            parts.append(_about(kept, chosen, near))
    n = sum(part.n for part in parts)
    if n < need:
        raise TooFewCases(need, n, what="complete rows")
    every = parts[0] if len(parts) == 1 else pooled(parts)
    return Moments(chosen, n, every.mean, every.cov, dropped)


def _about(values: np.ndarray, names: tuple[str, ...], near: np.ndarray | None) -> Moments:
    """Moments of rows, not finite where a cell is missing or infinite.

    About a mean ``near`` theirs one reading is enough: what their own mean is away from it comes off
    the products afterwards, and none of their digits with it while that is a few standard deviations.
    """
    n = len(values)
    with np.errstate(invalid="ignore", over="ignore"):
        if near is None:
            return of_complete(np.ascontiguousarray(values, dtype=float), names)
        away = values - near
        shift = np.ones(n) @ away / n
        cov = away.T @ away / n - shift[:, None] * shift
        if (shift * shift > FAR * cov.diagonal()).any():
            return _about(values, names, None)
    return Moments(names, n, near + shift, cov)


def of_complete(rows: np.ndarray, names: tuple[str, ...]) -> Moments:
    """Moments of rows (n, p) without missing cells."""
    mean = rows.mean(axis=0)
    away = rows - mean
    return Moments(names, len(rows), mean, away.T @ away / len(rows))


def pooled(parts: Iterable[Moments]) -> Moments:
    """Moments of several chunks of the same population together (Chan, Golub & LeVeque 1983).

    Lets a data set that does not fit in memory be read once, chunk by chunk.
    """
    chunks = list(parts)
    if not chunks:
        raise TooFewCases(1, 0, what="chunks")
    first = chunks[0]
    n, mean, scatter, dropped = 0, np.zeros_like(first.mean), np.zeros_like(first.cov), 0
    for chunk in chunks:
        if chunk.names != first.names:
            raise DataError("chunks must have the same items in the same order")
        total = n + chunk.n
        delta = chunk.mean - mean
        scatter = scatter + chunk.cov * chunk.n + np.outer(delta, delta) * (n * chunk.n / total)
        mean = mean + delta * (chunk.n / total)
        n, dropped = total, dropped + chunk.dropped
    return Moments(first.names, n, mean, scatter / n, dropped)
