"""Two-level factor analysis and structural equation models: one call, one frozen result."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from analysis.covariance.diagnostics import labels_of_all_groups
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
TREATMENTS = ("listwise", "fiml")
VARIABLES_ON_ONE_THREAD = 24


@dataclass(frozen=True)
class TwoLevelOptions:
    """The choices the fit was made under."""

    estimator: str
    cluster: str
    std_lv: bool
    orthogonal: bool
    fixed_x: bool
    missing: str = "listwise"
    group: str | None = None
    equal: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    sampling_weights: str | None = None  # of rows
    cluster_weights: str | None = None

    def __post_init__(self) -> None:
        if self.missing not in TREATMENTS:
            raise ModelError(
                f"missing {self.missing!r} does not go with levels; missing answers are left out by rows "
                "(listwise), or rows kept by fiml"
            )
        if self.weighted and self.estimator == "ML":
            raise ModelError(
                "weights need robust standard errors; choose estimator MLR, or leave the weights out"
            )
        if self.equal and self.group is None:
            raise ModelError("equal holds parameters over groups; name the grouping column")
        if self.estimator not in ESTIMATORS:
            raise ModelError(
                f"estimator {self.estimator!r} does not go with levels; two-level models are fitted by "
                "ML or MLR"
            )

    @property
    def weighted(self) -> bool:
        """Whether rows or clusters have weights."""
        return not (self.sampling_weights is None and self.cluster_weights is None)


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
        return self.solution.n

    @property
    def n_clusters(self) -> int:
        """Clusters analysed."""
        return self.solution.n_clusters

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups' names in the order of their numbers; one empty name without groups."""
        return tuple(group.name for group in self.solution.groups)

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
    def r_squared(self) -> dict[tuple[str, int, int], float]:
        """Explained share of each dependent variable's variance, by name, level and group."""
        return r_squared(self.solution)

    @cached_property
    def cluster_scores(self) -> pd.DataFrame:
        """Each cluster's scores on the factors between, see ``analysis.two_level.cluster_factors``."""
        return cluster_factor_scores(self.solution)

    def modification_indices(self, *, minimum: float = 0.0) -> pd.DataFrame:
        """lhs, op, rhs, level, group, mi, epc, sepc_lv, sepc_all, largest index first."""
        with threads_for(self.model):
            return indices_of(self.solution, minimum=minimum)

    @property
    def cluster_sizes(self) -> dict[str, float]:
        """Number of clusters with their smallest, mean and largest size."""
        sizes = np.concatenate([data.sizes for data in self.solution.data])
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
                {"name": name, "level": level, "group": group, "r_squared": value}
                for (name, level, group), value in self.r_squared.items()
            ],
            "reliability": [{"name": one.name, **vars(one)} for one in self.reliabilities],
            "items": [vars(one) for one in self.items],
            "cluster_scores": self.cluster_scores.to_dict(orient="records"),
            "groups": [
                {"name": data.group, "n": data.n, "clusters": data.n_clusters}
                for data in self.solution.data
                if data.group is not None
            ],
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
    missing: str = "listwise",
    group: Column | None = None,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    sampling_weights: Column | None = None,
    cluster_weights: Column | None = None,
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

    ``missing`` fiml keeps rows with some answers, which says nothing of why others are missing but that
    what is seen foretells it; rows without a fixed predictor are left out. ``group``: a column whose
    values' clusters have parameters of their own but for those that labels or ``equal`` hold together
    (``"loadings"``, ``"intercepts"``, ...; each at the levels that have them), ``free`` leaving out single
    ones. lavaan 0.6-14 does not hold ``group.equal`` at two levels; labels say the same there.

    ``sampling_weights`` of rows, scaled to add up to each cluster's size, and ``cluster_weights``, scaled
    so that all add up to N, multiply the terms of the likelihood (pseudo maximum likelihood, Asparouhov
    2006; Mplus's default scales). They need MLR, whose errors and tests allow for them.

    Raises ModelError (text that cannot be read, unidentified model: the parameters are named) and
    DataError's kinds (missing or constant item, a level-2 variable that differs within a cluster, too few
    clusters). What is merely doubtful is in ``warnings``.

    Validated against: lavaan 0.6-14, and weights as repeated clusters; figures in analysis/README.md. References: McDonald & Goldstein
    (1989); Muthén (1989, 1994); Asparouhov (2006); Muthén & Satorra (1995); Yuan & Bentler (2000); Liang & Bentler (2004);
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
    data, group_name = named_column(data, group, "group")
    data, weights = named_column(data, sampling_weights, "weights")
    data, own_weights = named_column(data, cluster_weights, "cluster weights")
    settings = TwoLevelOptions(
        estimator,
        str(name),
        std_lv,
        orthogonal,
        fixed_x,
        missing,
        group_name,
        tuple(equal),
        tuple(free),
        weights,
        own_weights,
    )
    for column, what in (
        (name, "the clusters"),
        (group_name, "the groups"),
        (weights, "the weights"),
        (own_weights, "the clusters' weights"),
    ):
        if column in described.observed:
            raise ModelError(f"{column} names {what} and cannot be a variable of the model, too")
    parts, told = _parts(data, settings)
    table = two_level_table(
        described,
        groups=len(parts),
        equal=settings.equal,
        free=settings.free,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
    )
    needed = table.within.exogenous + table.between.exogenous
    with threads_for(described):
        rows = tuple(
            cluster_data(
                part,
                described,
                settings.cluster,
                incomplete=missing == "fiml",
                needed=needed,
                weights=weights,
                cluster_weights=own_weights,
                group=value,
            )
            for value, part in parts
        )
        solution = solve(table, rows, robust=estimator == "MLR")
        again = None
        if not (solution.optimum.converged or std_lv):
            again = by_unit_variances(
                described,
                solution,
                equal=settings.equal,
                free=settings.free,
                orthogonal=orthogonal,
                fixed_x=fixed_x,
            )
            solution = again or solution
        fit = measures(solution)
    warnings = (
        *reversal_sentences(points),
        *told,
        *(() if again is None else (SAID,)),
        *labels_of_all_groups(described.within, solution.table.groups),
        *labels_of_all_groups(described.between, solution.table.groups),
        *solution_warnings(solution, fit),
        *undefined_quantities(solution),
    )
    return TwoLevelFit(described, solution, settings, fit, warnings, points)


def _parts(
    data: pd.DataFrame, settings: TwoLevelOptions
) -> tuple[list[tuple[object, pd.DataFrame]], list[str]]:
    """Each group's rows with its value, in the order in which they appear, and what a reader must know of
    them; one part without a value where there are no groups.
    """
    if settings.group is None:
        return [(None, data)], []
    column = data[settings.group]
    known = data[column.notna()]  # cluster_data says which of them have no cluster
    told = []
    lost = int(column.isna().sum())
    if lost:
        verb, left = ("has", "was") if lost == 1 else ("have", "were")
        told.append(
            f"{lost} of {len(data)} rows {verb} no value of {settings.group} and {left} left out"
        )
    values = list(pd.unique(known[settings.group]))
    if len(values) < 2:
        raise DataError(
            f"{settings.group} has {len(values)} different values; groups need two or more, or leave "
            "the grouping column out"
        )
    across = int((known.groupby(settings.cluster)[settings.group].nunique() > 1).sum())
    if across:
        who = "1 cluster" if across == 1 else f"{across} clusters"
        verb = "has" if across == 1 else "have"
        told.append(
            f"{who} of {settings.cluster} {verb} rows in more than one group of {settings.group} and "
            "count as different clusters in each, so that standard errors of differences between groups "
            "are biased; two-level groups are groups of clusters"
        )
    return [(value, known[known[settings.group] == value]) for value in values], told


def threads_for(model: TwoLevelModel) -> AbstractContextManager[None]:
    """One BLAS thread for the small matrices of most models; all for the unrestricted model of many
    variables, whose parameters are their square.
    """
    many = max(len(model.within.observed), len(model.between.observed)) > VARIABLES_ON_ONE_THREAD
    return nullcontext() if many else one_blas_thread()
