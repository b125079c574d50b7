"""Measurement invariance of composites (MICOM): may two groups' composites be compared?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.estimate import Estimates
from analysis.composite.groups import Grouping, TwoGroups, two_groups
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import PlsModel
from analysis.errors import DataError
from analysis.threads import one_blas_thread

Invariance = Literal["full", "partial", "none"]


@dataclass(frozen=True)
class Micom:
    """The three steps of MICOM, construct by construct.

    ``table`` by construct: correlation (of the composites that both groups' weights make of all
    rows), correlation_5 (5 % quantile over permutations), p_correlation; mean_difference,
    mean_lower, mean_upper, p_mean; variance_difference (of logarithms), variance_lower,
    variance_upper, p_variance; invariance: "none" if the correlation is below its quantile, else
    "full" if neither means nor variances differ, else "partial". ``configural`` says what step 1
    rests on.
    """

    groups: tuple[str, str]
    n: tuple[int, int]
    configural: str
    table: pd.DataFrame
    permutations: int
    inadmissible: int
    seed: int | None

    @property
    def comparable(self) -> bool:
        """Whether paths may be compared: at least partial invariance of every construct."""
        return bool((self.table["invariance"] != "none").all())


@one_blas_thread()
def micom(
    data: pd.DataFrame,
    model: str | PlsModel,
    grouping: Grouping,
    *,
    groups: tuple[object, object] | None = None,
    permutations: int = 1_000,
    seed: int | None = None,
    level: float = 0.95,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> Micom:
    """Configural, compositional, and equality of means and variances (Henseler et al. 2016).

    Step 2 correlates the scores that each group's weights give to the pooled rows; step 3 compares
    means and log variances of the pooled scores; all against random groups of the same sizes, in
    batches. Henseler, J., Ringle, C. M. and Sarstedt, M. (2016), International Marketing Review
    33(3). Raises as ``fit_pls``, for each group; DataError with fewer than 20 permutations.
    """
    if permutations < 20:
        raise DataError(f"permutations must be at least 20, found {permutations}")
    both = two_groups(data, model, grouping, groups=groups, settings=settings, missing=missing)
    whole = both.cases.whole()
    names = [name for name in both.pooled.constructs if ":" not in name]
    at = [both.pooled.constructs.index(name) for name in names]
    z = both.cases.standardised(both.cases.values, whole.mean[0], whole.sd[0])
    scores = z @ both.pooled.composites[0][:, at]
    own = both.first[None].astype(float)
    a, b, ok = both.pair(own)
    if not ok.all():
        raise DataError("the model has no solution in one of the groups")
    c = _agreement(both, a, b, at)[0]
    mean, variance = (v[0] for v in _differences(own, scores))
    found: list[list[np.ndarray]] = [[], [], []]
    for members in both.permuted(permutations, seed):
        a, b, fine = both.pair(members)
        found[0].append(_agreement(both, a, b, at)[fine])
        for k, values in enumerate(_differences(members, scores), start=1):
            found[k].append(values)
    c_u, mean_u, variance_u = (np.concatenate(part) for part in found)
    table = _table(names, c, c_u, (mean, mean_u), (variance, variance_u), level)
    return Micom(
        both.names,
        both.sizes,
        "the same items, coding and settings in both groups (one model, one call)",
        table,
        permutations,
        permutations - len(c_u),
        seed,
    )


def _agreement(both: TwoGroups, a: Estimates, b: Estimates, at: list[int]) -> np.ndarray:
    """Correlations (B, K) over the pooled rows of the composites made by both sets of weights."""
    S = both.pooled.cov[0]
    U, V = a.composites[:, :, at], b.composites[:, :, at]
    cross = np.einsum("bqk,bqk->bk", U, S @ V)
    sizes = [np.einsum("bqk,bqk->bk", W, S @ W) for W in (U, V)]
    return np.asarray(cross / np.sqrt(sizes[0] * sizes[1]))


def _differences(members: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences (B, K) of means and of log variances (divisor n - 1) between the groups."""
    out = []
    for weight in (members, 1.0 - members):
        n = weight.sum(axis=1, keepdims=True)
        mean = weight @ scores / n
        out.append((mean, (weight @ scores**2 - n * mean**2) / (n - 1)))
    (m1, v1), (m2, v2) = out
    return m1 - m2, np.log(v1) - np.log(v2)


def _table(
    names: list[str],
    c: np.ndarray,
    c_u: np.ndarray,
    means: tuple[np.ndarray, np.ndarray],
    variances: tuple[np.ndarray, np.ndarray],
    level: float,
) -> pd.DataFrame:
    tail = (1 - level) / 2
    columns: dict[str, np.ndarray | list[str]] = {
        "correlation": c,
        "correlation_5": np.quantile(c_u, 1 - level, axis=0),
        "p_correlation": (c_u <= c + 1e-12).mean(axis=0),
    }
    # A single item's composite is the item: the correlation is 1 whatever the groups.
    holds = c >= np.quantile(c_u, 1 - level, axis=0) - 1e-9
    equal = np.ones(len(names), dtype=bool)
    for what, (value, draws) in (("mean", means), ("variance", variances)):
        lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
        columns[f"{what}_difference"] = value
        columns[f"{what}_lower"], columns[f"{what}_upper"] = lower, upper
        columns[f"p_{what}"] = (np.sum(np.abs(draws) >= np.abs(value), axis=0) + 1) / (
            len(draws) + 1
        )
        equal &= (lower <= value) & (value <= upper)
    columns["invariance"] = [
        "none" if not h else ("full" if e else "partial") for h, e in zip(holds, equal, strict=True)
    ]
    return pd.DataFrame(columns, index=pd.Index(names, name="construct"))
