"""Sampling weights and clusters of the rows that a composite model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.composite.cases import Cases
from analysis.covariance.design import Design
from analysis.covariance.drawn_rows import (
    FEW_CLUSTERS,
    Column,
    named_column,
    not_drawn,
    weights_in,
)
from analysis.covariance.intraclass import Clusters, Weights, clusters_of, weights_of
from analysis.errors import DataError, MissingItem, TooFewCases
from analysis.moments import Moments


@dataclass(frozen=True)
class Drawn:
    """The columns with the rows' weights and clusters; None where every row weighs the same, or is
    drawn by itself.
    """

    weights: str | None = None
    cluster: str | None = None

    @property
    def simple(self) -> bool:
        """Whether there are neither weights nor clusters."""
        return self.weights is None and self.cluster is None


def drawn_rows(
    data: pd.DataFrame | Moments, weights: Column | None, cluster: Column | None
) -> tuple[pd.DataFrame | Moments, Drawn]:
    """The data with the columns that say how its rows were drawn, less rows that were not.

    Values, one a row, become a column. A row without a weight above 0 or without a cluster is no
    part of the sample. Raises DataError for moments and for weights that are no numbers, negative
    or infinite; MissingItem for an unknown column.
    """
    framed, weight_name = named_column(data, weights, "sampling_weights")
    framed, cluster_name = named_column(framed, cluster, "cluster")
    if not isinstance(framed, pd.DataFrame) or (weight_name is None and cluster_name is None):
        return framed, Drawn()
    kept = framed[~not_drawn(framed, weight_name, cluster_name)]
    if not len(kept):
        raise DataError("no row has both a weight above 0 and a cluster; check the columns' names")
    return kept, Drawn(weight_name, cluster_name)


def weights_and_clusters(
    data: pd.DataFrame, drawn: Drawn
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Weights (n,) and labels of clusters (n,) of the rows that ``drawn_rows`` kept."""
    return (
        None if drawn.weights is None else weights_in(data, drawn.weights),
        None if drawn.cluster is None else data[drawn.cluster].to_numpy(),
    )


def require_columns(data: pd.DataFrame, drawn: Drawn) -> None:
    """Raise MissingItem where weights or clusters were given as values, and are no columns."""
    for name in (drawn.weights, drawn.cluster):
        if name is not None and name not in data.columns:
            raise MissingItem(
                f"{name} is not among the data's columns; fit the model with a column's name"
            )


def require_clusters(cases: Cases, drawn: Drawn) -> None:
    """Raise TooFewCases where all rows are of one cluster."""
    if drawn.cluster is not None and cases.units < 2:
        raise TooFewCases(2, cases.units, what=f"clusters in {drawn.cluster}")


def cost_of_weights(cases: Cases | None) -> Weights | None:
    """Smallest and largest weight of mean 1, effective n and design effect; None without."""
    return None if cases is None else weights_of(Design(cases.weights))


def alike_in_clusters(cases: Cases | None) -> Clusters | None:
    """Number of clusters, mean size, and each item's intraclass correlation; None without."""
    if cases is None or cases.clusters is None:
        return None
    order = np.argsort(cases.clusters, kind="stable")
    return clusters_of(cases.values[order], cases.items, Design(clusters=cases.clusters[order]))


def notes_on_drawing(cases: Cases | None, drawn: Drawn, left_out: int) -> tuple[str, ...]:
    """What to say of rows without weight or cluster, and of few clusters."""
    said = []
    if left_out:
        wanted = [
            what
            for what, name in (
                (f"a weight above 0 in {drawn.weights}", drawn.weights),
                (f"a value of {drawn.cluster}", drawn.cluster),
            )
            if name is not None
        ]
        were = "row was" if left_out == 1 else "rows were"
        said.append(f"{left_out} {were} left out for want of {' or '.join(wanted)}")
    if cases is not None and drawn.cluster is not None and cases.units < FEW_CLUSTERS:
        said.append(
            f"{drawn.cluster} has {cases.units} clusters; below {FEW_CLUSTERS} the intervals of a "
            "cluster bootstrap tend to be too narrow"
        )
    return tuple(said)
