"""Two-level factor analysis and structural equation models: one call, one frozen result."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis.covariance.drawn_rows import Column, named_column
from analysis.covariance.matrices import Array
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json
from analysis.reversal import reversal_sentences, turned, turning_points
from analysis.threads import one_blas_thread
from analysis.two_level.cluster_factors import cluster_factor_scores
from analysis.two_level.clusters import cluster_data
from analysis.two_level.diagnostics import solution_warnings
from analysis.two_level.estimates import estimates_frame, r_squared, undefined_quantities
from analysis.two_level.measures import LevelFit, level_fits, measures
from analysis.two_level.model import TwoLevelModel, parse_levels
from analysis.two_level.modification import modification_indices as indices_of
from analysis.two_level.reliability import (
    ItemShare,
    LevelReliability,
    item_shares,
    level_reliabilities,
)
from analysis.two_level.solution import TwoLevelSolution, solve
from analysis.two_level.table import two_level_table
from analysis.two_level.unit_variances import SAID, by_unit_variances

ESTIMATORS = ("ML", "MLR")
VARIABLES_ON_ONE_THREAD = 24


@dataclass(frozen=True)
class TwoLevelOptions:
    """The choices the fit was made under."""

    estimator: str
    cluster: str
    std_lv: bool
    orthogonal: bool
    fixed_x: bool

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise ModelError(
                f"estimator {self.estimator!r} does not go with levels; two-level models are fitted by "
                "ML or MLR"
            )


@dataclass(frozen=True)
class TwoLevelFit:
    """A fitted two-level model.

    ``fit`` holds every measure by lavaan's name with underscores; ``estimates`` every parameter.
    """

    model: TwoLevelModel
    solution: TwoLevelSolution
    settings: TwoLevelOptions
    fit: dict[str, float]
    warnings: tuple[str, ...]
    turning_points: Mapping[str, float] = field(default_factory=dict)  # of reversed items

    @property
    def converged(self) -> bool:
        """Whether a minimum was reached."""
        return self.solution.optimum.converged

    @property
    def n(self) -> int:
        """Rows analysed."""
        return self.solution.data.n

    @property
    def n_clusters(self) -> int:
        """Clusters analysed."""
        return self.solution.data.n_clusters

    @property
    def vcov(self) -> Array | None:
        """Sampling covariance of the free parameters, in the order of the joint table's free rows."""
        return self.solution.vcov

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software that computed this."""
        names = ("numpy", "scipy", "pandas")
        return {"python": sys.version.split()[0]} | {name: version(name) for name in names}

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Tidy frame, see ``analysis.two_level.estimates``; its ``level`` is 1 within, 2 between."""
        return estimates_frame(self.solution)

    @cached_property
    def items(self) -> tuple[ItemShare, ...]:
        """Each variable's share of variance between clusters."""
        return item_shares(self.solution)

    @cached_property
    def reliabilities(self) -> tuple[LevelReliability, ...]:
        """Each factor's omega at its level."""
        return level_reliabilities(self.solution)

    @cached_property
    def levels(self) -> tuple[LevelFit, ...]:
        """Each level's own fit; empty where parameters are tied across levels."""
        with threads_for(self.model):
            return level_fits(self.solution)

    @cached_property
    def r_squared(self) -> dict[tuple[str, int], float]:
        """Explained share of each dependent variable's variance, by name and level."""
        return r_squared(self.solution)

    @cached_property
    def cluster_scores(self) -> pd.DataFrame:
        """Each cluster's scores on the factors between, see ``analysis.two_level.cluster_factors``."""
        return cluster_factor_scores(self.solution)

    def modification_indices(self, *, minimum: float = 0.0) -> pd.DataFrame:
        """lhs, op, rhs, level, mi, epc, sepc_lv, sepc_all, largest index first."""
        with threads_for(self.model):
            return indices_of(self.solution, minimum=minimum)

    @property
    def cluster_sizes(self) -> dict[str, float]:
        """Number of clusters with their smallest, mean and largest size."""
        sizes = self.solution.data.sizes
        return {
            "n": len(sizes),
            "smallest": int(sizes.min()),
            "mean": float(sizes.mean()),
            "largest": int(sizes.max()),
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision; what does not exist is None."""
        document = {
            "fit": self.fit,
            "level_fit": [{"name": one.name, **vars(one)} for one in self.levels],
            "estimates": self.estimates.to_dict(orient="records"),
            "r_squared": [
                {"name": name, "level": level, "r_squared": value}
                for (name, level), value in self.r_squared.items()
            ],
            "reliability": [{"name": one.name, **vars(one)} for one in self.reliabilities],
            "items": [vars(one) for one in self.items],
            "cluster_scores": self.cluster_scores.to_dict(orient="records"),
            "n": self.n,
            "clusters": self.cluster_sizes,
            "converged": self.converged,
            "iterations": self.solution.optimum.iterations,
            "warnings": self.warnings,
            "model": self.model.text,
            "settings": vars(self.settings),
            "versions": self.versions,
        }
        return dict(to_json(document))


def fit_two_level(
    data: pd.DataFrame,
    model: str | TwoLevelModel,
    cluster: Column,
    *,
    estimator: str = "ML",
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
) -> TwoLevelFit:
    """Fit a two-level model with random intercepts: rows within clusters, in lavaan's syntax.

    ``model``: text with ``level: 1`` and ``level: 2`` (or ``within``, ``between``). A variable of both
    levels is split into a part that varies within clusters and one that varies between them; one of level
    1 alone has no variance between, one of level 2 alone has one value a cluster. ``cluster``: the column,
    or one value a row. Rows with a missing answer or no cluster are left out, which a warning says.

    Full-information maximum likelihood for clusters of any sizes, standard errors by the observed
    information; ``estimator`` MLR sums scores over clusters for robust ones, and scales the tests.
    ``fixed_x`` leaves the moments of observed predictors, at each level, to the unrestricted model. The
    unrestricted covariance between clusters is kept one that variables can have.

    Raises ModelError (text that cannot be read, unidentified model: the parameters are named) and
    DataError's kinds (missing or constant item, a level-2 variable that differs within a cluster, too few
    clusters). What is merely doubtful is in ``warnings``.

    Validated against: lavaan 0.6-14; figures in analysis/README.md. References: McDonald & Goldstein
    (1989); Muthén (1989, 1994); Muthén & Satorra (1995); Yuan & Bentler (2000); Liang & Bentler (2004);
    Ryu & West (2009); Geldhof, Preacher & Zyphur (2014).

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> b = np.repeat(np.arange(60), 10)
    >>> f = rng.normal(size=600) + rng.normal(size=60)[b]
    >>> data = pd.DataFrame({f"y{j}": f + rng.normal(size=600) for j in (1, 2, 3)}).assign(branch=b)
    >>> fit = fit_two_level(data, "level: 1; w =~ y1 + y2 + y3; level: 2; b =~ y1 + y2 + y3", "branch")
    >>> fit.n_clusters, fit.fit["df"]
    (60, 0.0)
    """
    described = model if isinstance(model, TwoLevelModel) else parse_levels(model)
    if not isinstance(data, pd.DataFrame):
        raise DataError("two-level models need every row; pass the data frame")
    points = turning_points(data, described.reversed_items)
    data, name = named_column(turned(data, points), cluster, "cluster")
    settings = TwoLevelOptions(estimator, str(name), std_lv, orthogonal, fixed_x)
    if name in described.observed:
        raise ModelError(f"{name} names the clusters and cannot be a variable of the model, too")
    table = two_level_table(described, std_lv=std_lv, orthogonal=orthogonal, fixed_x=fixed_x)
    with threads_for(described):
        rows = cluster_data(data, described, settings.cluster)
        solution = solve(table, rows, robust=estimator == "MLR")
        again = None
        if not (solution.optimum.converged or std_lv):
            again = by_unit_variances(described, solution, orthogonal=orthogonal, fixed_x=fixed_x)
            solution = again or solution
        fit = measures(solution)
    warnings = (
        *reversal_sentences(points),
        *(() if again is None else (SAID,)),
        *solution_warnings(solution, fit),
        *undefined_quantities(solution),
    )
    return TwoLevelFit(described, solution, settings, fit, warnings, points)


def threads_for(model: TwoLevelModel) -> AbstractContextManager[None]:
    """One BLAS thread for the small matrices of most models; all for the unrestricted model of many
    variables, whose parameters are their square.
    """
    many = max(len(model.within.observed), len(model.between.observed)) > VARIABLES_ON_ONE_THREAD
    return nullcontext() if many else one_blas_thread()
