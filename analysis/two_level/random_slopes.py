"""Regressions whose intercepts and slopes differ between clusters: linear mixed models of observed variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.covariance.data import numeric_rows
from analysis.covariance.matrices import Array
from analysis.errors import DataError, ModelError, NoVariance, TooFewCases
from analysis.json_values import to_json
from analysis.two_level.mixed_likelihood import (
    Minimum,
    Products,
    Profile,
    minimum,
    products_of,
    relative_factor,
    with_first,
)

METHODS = ("REML", "ML")
FEW_CLUSTERS = 30  # below which variances between clusters are uncertain (Maas & Hox 2005)
LEVEL = 0.95
NOTHING = 1e-10  # of a standard deviation or variance, below which it is that of rounding


@dataclass(frozen=True)
class FixedEffect:
    """A coefficient with its t test; ``df`` counts rows for what varies within clusters, clusters else."""

    term: str
    est: float
    se: float
    t: float
    df: int
    pvalue: float
    ci_lower: float
    ci_upper: float


@dataclass(frozen=True)
class SlopeTest:
    """Whether slopes differ: the likelihood ratio against random intercepts alone. As a variance cannot
    fall below 0, the p value is the mean of those of one degree of freedom less and of all (Stram & Lee
    1994): right for one slope, near it for several.
    """

    chisq: float
    df: int
    pvalue: float


@dataclass(frozen=True)
class MixedFit:
    """A linear mixed model. ``covariance`` is that of the random effects, the intercept's first."""

    outcome: str
    cluster: str
    method: str
    fixed: tuple[FixedEffect, ...]
    random: tuple[str, ...]
    covariance: Array
    residual: float
    logl: float
    npar: int
    n: int
    n_clusters: int
    converged: bool
    slopes: SlopeTest | None
    warnings: tuple[str, ...] = ()
    effects: pd.DataFrame = field(default_factory=pd.DataFrame)  # of each cluster

    @property
    def icc(self) -> float:
        """Share of what the predictors leave that lies between clusters, where they all are 0."""
        between = float(self.covariance[0, 0])
        return between / (between + self.residual)

    @property
    def aic(self) -> float:
        """-2 log-likelihood and two for each parameter."""
        return -2 * self.logl + 2 * self.npar

    def to_dict(self) -> dict[str, Any]:
        """Everything but the clusters' own effects as JSON values at full precision."""
        document = {
            **{
                name: getattr(self, name)
                for name in ("outcome", "cluster", "method", "n", "n_clusters", "converged")
            },
            "fixed": [vars(one) for one in self.fixed],
            "random": self.random,
            "covariance": self.covariance.tolist(),
            "residual": self.residual,
            "icc": self.icc,
            "logl": self.logl,
            "aic": self.aic,
            "npar": self.npar,
            "slopes": None if self.slopes is None else vars(self.slopes),
            "warnings": self.warnings,
        }
        return dict(to_json(document))


def fit_mixed(
    data: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    cluster: str,
    *,
    slopes: Sequence[str] = (),
    method: str = "REML",
    means: bool = False,
) -> MixedFit:
    """Regress an observed outcome on predictors, with an intercept of each cluster and, for ``slopes``, a
    slope of each.

    ``predictors`` may be of rows, of clusters, or products (``"wait:tenure"``, a cross-level interaction).
    Rows with a missing answer or no cluster are left out, which a warning says. Estimates are by restricted
    maximum likelihood (REML) or maximum likelihood (ML); t tests have the degrees of freedom of Pinheiro &
    Bates (2000). This is a model of observed variables: a factor's slope is not random here.

    With ``means`` each predictor that differs within clusters and between them counts by its departure from
    the cluster's mean, and the means are predictors of their own, ``wait_mean``: what holds within clusters
    and between them, apart (Mundlak 1978; Enders & Tofighi 2007).

    Raises ModelError, MissingItem, DataError, TooFewCases. Validated against: nlme 3.1-162 ``lme``.
    """
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; choose REML or ML")
    unknown = [name for name in slopes if name not in predictors]
    if unknown:
        raise ModelError(
            f"{unknown[0]} has a random slope and is no predictor; add it, so that the slopes have a mean"
        )
    if cluster not in data.columns:
        raise DataError(f"{cluster} is not among the data's columns; name that of the clusters")
    if len(set(slopes)) < len(slopes):
        raise ModelError("a random slope is named twice; name it once")
    names = [part for term in predictors for part in term.split(":")]
    if outcome in names:
        raise ModelError(f"{outcome} is the outcome and cannot be a predictor, too; leave it out")
    rows = _complete_rows(data, tuple(dict.fromkeys([outcome, *names])), cluster)
    known, starts = rows.known, rows.starts
    n, count = len(known[outcome]), len(starts)
    if means and n:
        predictors = [*predictors, *_split(known, predictors, starts)]
    terms = ["(Intercept)", *predictors]
    x = np.column_stack([np.ones(n), *(_term(term, known) for term in predictors)])
    z = x[:, [0, *(terms.index(name) for name in slopes)]]
    _require_enough(x, z, starts, terms, cluster)
    _require_spread(known[outcome], starts, outcome, cluster)
    products = products_of(x, z, known[outcome], starts)
    found = minimum(products, z.shape[1], method)
    profile, factor = found.profile, relative_factor(found.theta, z.shape[1])
    if profile.residual <= NOTHING * float(known[outcome].var()):
        raise DataError(
            f"the predictors and clusters foretell {outcome} exactly; leave out the predictor that is "
            "made of it"
        )
    said = [*rows.losses, *_said(found, rows, cluster, slopes)]
    test = None
    if slopes:
        plain = minimum(with_first(products, 1), 1, method)
        if found.converged and plain.converged:
            test = _slope_test(max(plain.profile.value - profile.value, 0.0), len(slopes))
        elif found.converged:
            said.append(
                "the model without random slopes did not converge, so that it is not tested whether slopes "
                "differ"
            )
    return MixedFit(
        outcome,
        cluster,
        method,
        _effects(profile, terms, _varying(x, starts), n, count),
        ("(Intercept)", *slopes),
        profile.residual * factor @ factor.T,
        profile.residual,
        -profile.value / 2,
        len(terms) + len(found.theta) + 1,
        n,
        count,
        found.converged,
        test,
        tuple(said),
        _of_clusters(profile, products, factor, rows.labels, ("(Intercept)", *slopes), cluster),
    )


@dataclass(frozen=True)
class _Rows:
    """The complete rows, each cluster's together: values by column, where clusters begin, their labels."""

    known: dict[str, Array]
    starts: Array
    labels: Sequence[object]
    losses: tuple[str, ...]


def _complete_rows(data: pd.DataFrame, columns: tuple[str, ...], cluster: str) -> _Rows:
    values = numeric_rows(data, columns)
    keep = data[cluster].notna().to_numpy() & ~np.isnan(values).any(axis=1)
    codes, labels = pd.factorize(data.loc[keep, cluster])
    order = np.argsort(codes, kind="stable")
    known = dict(zip(columns, values[keep][order].T, strict=True))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    lost = int((~keep).sum())
    losses = []
    if lost:
        verb, left = ("has", "was") if lost == 1 else ("have", "were")
        losses.append(
            f"{lost} of {len(data)} rows {verb} a missing answer or no value of {cluster} and {left} "
            "left out"
        )
    return _Rows(known, starts, labels, tuple(losses))


def _split(known: dict[str, Array], predictors: Sequence[str], starts: Array) -> list[str]:
    """Turn predictors into departures from their clusters' means, in place; the names of the means."""
    sizes = np.diff(np.append(starts, len(next(iter(known.values())))))
    added = []
    for name in [each for each in predictors if ":" not in each]:
        average = np.repeat(np.add.reduceat(known[name], starts) / sizes, sizes)
        away = known[name] - average
        # Measured by the predictor's own spread: a year's clusters differ little beside 2,000.
        if min(away.std(), average.std()) <= NOTHING * known[name].std():
            continue
        mean = f"{name}_mean"
        if mean in known:
            raise ModelError(
                f"{mean} is a column already; rename it, as the means of {name} take it"
            )
        known[name], known[mean] = away, average
        added.append(mean)
    return added


def _term(term: str, known: dict[str, Array]) -> Array:
    found = np.ones(len(next(iter(known.values()))))
    for part in term.split(":"):
        found = found * known[part]
    return found


def _varying(x: Array, starts: Array) -> Array:
    """Which columns vary within clusters."""
    low, high = np.minimum.reduceat(x, starts, axis=0), np.maximum.reduceat(x, starts, axis=0)
    return np.asarray((low < high).any(axis=0))


def _require_enough(x: Array, z: Array, starts: Array, terms: Sequence[str], cluster: str) -> None:
    n, count = len(x), len(starts)
    if n == 0 or count <= len(terms):
        raise TooFewCases(len(terms) + 1, count, what=f"clusters in {cluster}")
    if n <= count:
        raise DataError(
            f"every cluster of {cluster} has one row, so that clusters cannot be told from rows"
        )
    if np.linalg.matrix_rank(x / np.maximum(np.abs(x).max(axis=0), 1e-300)) < x.shape[1]:
        raise DataError(
            "the predictors are constant or depend on each other exactly; leave one of them out"
        )
    inside = int(_varying(x, starts).sum())
    if n <= count + inside:
        raise TooFewCases(count + inside + 1, n, what=f"rows in {count} clusters")
    fixed = ~_varying(z, starts)
    if fixed[1:].any():
        name = terms[int(np.flatnonzero(fixed[1:])[0]) + 1]
        raise ModelError(
            f"{name} is the same for all rows of each {cluster}, so that its slope cannot differ between "
            "clusters; leave the random slope out"
        )


def _require_spread(y: Array, starts: Array, outcome: str, cluster: str) -> None:
    if y.min() == y.max():
        raise NoVariance(
            f"{outcome}: all {len(y)} answers are {y[0]:g}; there is nothing to explain"
        )
    if not _varying(y[:, None], starts).any():
        raise DataError(
            f"{outcome} is the same for all rows of each {cluster}; regress one row a cluster, without levels"
        )


def _slope_test(chisq: float, slopes: int) -> SlopeTest:
    """Adding k slopes adds k variances and their covariances with the k effects that are there."""
    df = sum(range(2, slopes + 2))
    tails = [stats.chi2.sf(chisq, each) for each in (df - 1, df)]
    return SlopeTest(chisq, df, float(np.mean(tails)))


def _effects(
    found: Profile, terms: Sequence[str], varying: Array, n: int, count: int
) -> tuple[FixedEffect, ...]:
    inside = int(varying[1:].sum())
    # The intercept has the rows' degrees of freedom (Pinheiro & Bates 2000, p. 91).
    of_rows, of_clusters = n - count - inside, count - 1 - (len(terms) - 1 - inside)
    made = []
    for at, term in enumerate(terms):
        df = of_rows if at == 0 or varying[at] else of_clusters
        est = float(found.beta[at])
        se = math.sqrt(found.residual * float(found.inverse[at, at]))
        reach = float(stats.t.ppf((1 + LEVEL) / 2, df)) * se
        p = float(2 * stats.t.sf(abs(est / se), df))
        made.append(FixedEffect(term, est, se, est / se, df, p, est - reach, est + reach))
    return tuple(made)


def _of_clusters(
    found: Profile,
    products: Products,
    factor: Array,
    labels: Sequence[object],
    random: Sequence[str],
    cluster: str,
) -> pd.DataFrame:
    """Each cluster's departures from the mean coefficients, drawn to 0 by how little it tells."""
    q = len(random)
    inside = np.eye(q) + factor.T @ products.zz @ factor
    left = products.zy - products.zx @ found.beta
    effects = np.linalg.solve(inside, (left @ factor)[:, :, None])[:, :, 0] @ factor.T
    frame = pd.DataFrame(effects, columns=list(random))
    frame.insert(0, cluster, list(labels))
    return frame


def _said(found: Minimum, rows: _Rows, cluster: str, slopes: Sequence[str]) -> list[str]:
    """What a reader must know of the clusters and the estimation."""
    said = []
    known, starts, count = rows.known, rows.starts, len(rows.starts)
    if count < FEW_CLUSTERS:
        said.append(
            f"{cluster} has {count} clusters; below {FEW_CLUSTERS} the variances between them are uncertain"
        )
    if not found.converged:
        said.append("the estimation did not converge; the estimates are no result")
    if found.singular:
        said.append(
            "the random effects' covariance is singular: an effect hardly differs between clusters, or "
            "two differ as one; leave a random slope out"
            if slopes
            else "the outcome differs no more between clusters than rows do within them: the variance "
            "between clusters is 0, and a regression without clusters says the same"
        )
    for name in slopes:
        values = known.get(name)
        if values is None:
            continue
        sizes = np.diff(np.append(starts, len(values)))
        means = np.add.reduceat(values, starts) / sizes
        away = values - np.repeat(means, sizes)
        within = float(away @ away) / max(len(values) - count, 1)
        between = float(sizes @ (means - values.mean()) ** 2) / (count - 1)
        if between > 2 * within:
            said.append(
                f"{name} differs between clusters, too: its slope mixes what holds within clusters and "
                "between them; take each cluster's mean from it and add the means as a predictor (option"
                " means)"
            )
    return said
