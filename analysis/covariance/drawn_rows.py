"""The columns that say how rows were drawn: checked, rows without a value left out, clusters together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from analysis.covariance.design import Design
from analysis.covariance.settings import Options
from analysis.errors import DataError, MissingItem, TooFewCases
from analysis.names import columns_by_name

Column = str | Sequence[float] | np.ndarray | pd.Series
D = TypeVar("D")
FEW_CLUSTERS = 30  # below which cluster-robust errors are too small (Cameron & Miller 2015)


def named_column(data: D, given: Column | None, word: str) -> tuple[D | pd.DataFrame, str | None]:
    """The data and the name of the column; values, one a row, become the column ``word``.

    Raises DataError for moments, MissingItem for an unknown name.
    """
    if given is None:
        return data, None
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"{word} needs every row, not only n, means and covariance; pass the data frame"
        )
    if isinstance(given, str):
        name = columns_by_name(data, [given]).get(given, given)
        if name not in data.columns:
            raise MissingItem(f"{word}: {given} is not among the data's columns")
        return data, str(name)
    values = list(given)
    if len(values) != len(data):
        raise DataError(f"{word}: {len(values)} values for {len(data)} rows; give one a row")
    name = f"({word})"
    return data.assign(**{name: values}), name


def drawn_rows(data: pd.DataFrame, settings: Options, warnings: list[str]) -> pd.DataFrame:
    """The rows that have a weight above 0 and a cluster, each cluster's together.

    Raises DataError for weights that are no numbers, negative or infinite.
    """
    name = settings.sampling_weights
    if name is not None:
        values = _weights(data[name], name)
        data = _kept(data, ~np.isnan(values), f"no weight in {name}", warnings)
        values = values[~np.isnan(values)]
        data = _kept(data, values > 0, f"the weight 0 in {name}", warnings)
    if settings.cluster is not None:
        known = data[settings.cluster].notna().to_numpy()
        data = _kept(data, known, f"no value of {settings.cluster}", warnings)
        codes = pd.factorize(data[settings.cluster])[0]
        data = data.iloc[np.argsort(codes, kind="stable")]
    return data


def not_drawn(data: pd.DataFrame, weights: str | None, cluster: str | None) -> np.ndarray:
    """Which rows ``drawn_rows`` leaves out (n,)."""
    out = np.zeros(len(data), dtype=bool)
    if weights is not None:
        out |= ~(_weights(data[weights], weights) > 0)
    if cluster is not None:
        out |= data[cluster].isna().to_numpy()
    return out


def shared_clusters(parts: Sequence[pd.DataFrame], settings: Options) -> list[str]:
    """What to say of clusters that have rows in several groups."""
    name = settings.cluster
    if name is None or len(parts) < 2:
        return []
    known = pd.concat([part[name].drop_duplicates() for part in parts])
    shared = int((known.value_counts() > 1).sum())
    if not shared:
        return []
    has = "cluster has" if shared == 1 else "clusters have"
    return [
        f"{shared} {has} rows in several groups; groups are taken to be independent, so that what they "
        "share through a cluster is not in the standard errors"
    ]


def design_of(
    data: pd.DataFrame,
    settings: Options,
    warnings: list[str],
    *,
    scale: float = 1.0,
    where: str = "",
) -> Design:
    """How the analysed rows were drawn, after ``drawn_rows``, weights times ``scale``; TooFewCases for
    a single cluster.
    """
    weights = clusters = None
    if settings.sampling_weights is not None:
        weights = weights_in(data, settings.sampling_weights) * scale
        said = (
            "ML weights the estimates, but its standard errors and tests take the weights for "
            "numbers of answers; use MLR"
        )
        if settings.estimator == "ML" and said not in warnings:
            warnings.append(said)
    if settings.cluster is not None:
        clusters = pd.factorize(data[settings.cluster])[0]
        found = len(np.unique(clusters))
        if found < 2:
            raise TooFewCases(2, found, what=f"clusters in {settings.cluster}{where}")
        if found < FEW_CLUSTERS:
            warnings.append(
                f"{settings.cluster} has {found} clusters{where}; below {FEW_CLUSTERS} cluster-robust "
                "standard errors tend to be too small"
            )
    return Design(weights, clusters)


def weights_in(data: pd.DataFrame, name: str) -> np.ndarray:
    """The weights of the rows (n,). Raises DataError for what is no number, negative or infinite."""
    return _weights(data[name], name)


def _weights(column: pd.Series, name: str) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    text = np.isnan(values) & column.notna().to_numpy()
    if text.any():
        raise DataError(f"{name}: the weight {column.iloc[int(text.argmax())]!r} is no number")
    for what, wrong in (("negative", values < 0), ("infinite", np.isinf(values))):
        if wrong.any():
            raise DataError(f"{name}: {int(wrong.sum())} weights are {what}; correct them")
    return np.asarray(values)


def _kept(data: pd.DataFrame, keep: np.ndarray, why: str, warnings: list[str]) -> pd.DataFrame:
    lost = int((~keep).sum())
    if not lost:
        return data
    has, was = ("has", "was") if lost == 1 else ("have", "were")
    warnings.append(f"{lost} of {len(data)} rows {has} {why} and {was} left out")
    return data[keep]
