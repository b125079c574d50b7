"""Do the paths depend on how missing answers are treated? The item's mean beside listwise deletion."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.composite.drawn_rows import require_columns
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.covariance.drawn_rows import not_drawn
from analysis.losses import Losses, losses
from analysis.moments import numeric


@dataclass(frozen=True)
class TreatedPath:
    """A path under both treatments of missing answers."""

    source: str
    target: str
    mean: float
    listwise: float


@dataclass(frozen=True)
class MissingPaths:
    """Every path by the mean of the item and by listwise deletion, and the rows each of them uses.

    PLS has no likelihood, so that full information maximum likelihood does not go with it.
    """

    n_mean: int
    n_listwise: int
    paths: tuple[TreatedPath, ...]

    @property
    def largest(self) -> TreatedPath:
        """The path that differs most."""
        return max(self.paths, key=lambda path: abs(path.mean - path.listwise))


def row_losses(data: pd.DataFrame, found: PlsResult) -> Losses:
    """The losses of a composite model to data with its columns of weights and clusters."""
    drawn = found.drawn
    require_columns(data, drawn)
    unknown = int(not_drawn(data, drawn.weights, drawn.cluster).sum())
    return losses(numeric(data, found.estimates.layout.items), found.n, not_drawn=unknown)


def both_treatments(found: PlsResult, data: pd.DataFrame, model: str) -> MissingPaths:
    """The paths of the model by both treatments; one of them is ``found``.

    The data has the columns of weights and clusters. Raises as ``fit_pls``.
    """
    settings = found.settings
    require_columns(data, found.drawn)
    other = fit_pls(
        data,
        model,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        interaction=settings.interaction,
        missing="listwise" if found.missing == "mean" else "mean",
        sampling_weights=found.drawn.weights,
        cluster=found.drawn.cluster,
    )
    mean, listwise = (found, other) if found.missing == "mean" else (other, found)
    return MissingPaths(
        mean.n,
        listwise.n,
        tuple(
            TreatedPath(row["source"], row["target"], row["estimate"], theirs["estimate"])
            for row, theirs in zip(
                mean.paths.to_dict("records"), listwise.paths.to_dict("records"), strict=True
            )
        ),
    )
