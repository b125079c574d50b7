"""Data made ready for a covariance-structure model: by group, checked, summarised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.covariance.design import Design
from analysis.covariance.drawn_rows import design_of, drawn_rows, shared_clusters, weights_in
from analysis.covariance.matrices import Array, log_determinant
from analysis.covariance.missing.missing_patterns import Patterns, em_moments, patterns_of
from analysis.covariance.ordinal.limited_moments import (
    LimitedMoments,
    MomentLayout,
    limited_moments,
)
from analysis.covariance.ordinal.pairwise import pairwise_polychoric
from analysis.covariance.ordinal.polychoric import Polychoric, polychoric_of
from analysis.covariance.settings import Options
from analysis.errors import DataError, MissingItem, NoVariance, TooFewCases
from analysis.losses import INCOMPLETE
from analysis.moments import Moments, numeric, of_complete
from analysis.names import columns_by_name

SemData = pd.DataFrame | Moments | Mapping[str, Moments]
MAX_ORDERED_VALUES = 10
NO_VARIANCE = 1e-12  # of the squared mean, below which a variance may be rounding alone


@dataclass(frozen=True)
class GroupData:
    """One group's summary: n, means and covariance (the estimator's divisor), rows where kept.

    ``rows`` are the analysed rows, with NaN under FIML; None when only moments were given.
    """

    label: str
    n: int
    mean: Array
    cov: Array
    rows: Array | None = None
    patterns: Patterns | None = None
    polychoric: Polychoric | None = None
    limited: LimitedMoments | None = None
    dropped: int = 0
    design: Design = field(default_factory=Design)

    @property
    def size(self) -> float:
        """n, or the sum of the rows' weights, by which the group counts beside others."""
        return self.design.size_of(self.n)

    @cached_property
    def log_determinant(self) -> float:
        """Of the covariance, which is positive definite."""
        return log_determinant(self.cov)

    @property
    def required_rows(self) -> Array:
        """The rows; DataError where only moments were given."""
        if self.rows is None:
            raise DataError(
                "this estimator needs every row, not only n, means and covariance; "
                "pass the data frame, or use ML, GLS or ULS"
            )
        return self.rows

    @property
    def ordinal(self) -> Polychoric:
        """Thresholds and polychoric correlations; DataError for a continuous fit."""
        if self.polychoric is None:
            raise DataError("the items were not treated as ordinal")
        return self.polychoric

    @property
    def limited_moments(self) -> LimitedMoments:
        """Moments given the predictors; DataError where none were computed."""
        if self.limited is None:
            raise DataError("the items were not treated as ordinal beside numbers or predictors")
        return self.limited


@dataclass(frozen=True)
class Prepared:
    """All groups with the item names and what must be told about the data."""

    names: tuple[str, ...]
    groups: tuple[GroupData, ...]
    warnings: tuple[str, ...]

    @property
    def n(self) -> int:
        """Rows analysed in all groups."""
        return sum(group.n for group in self.groups)

    @property
    def shares(self) -> Array:
        """Each group's share of the rows, or of their weights."""
        return np.array([group.size / self.n for group in self.groups])


def looks_ordered(data: SemData, names: tuple[str, ...]) -> bool:
    """Whether every item of the frame has at most ten different answers."""
    if not isinstance(data, pd.DataFrame):
        return False
    return all(name in data and data[name].nunique() <= MAX_ORDERED_VALUES for name in names)


def prepare(
    data: SemData, names: tuple[str, ...], exogenous: tuple[str, ...], settings: Options
) -> Prepared:
    """Split by group, drop or summarise incomplete rows, and check every item.

    Raises MissingItem, NoVariance, TooFewCases, NotPositiveDefinite or DataError, naming item and
    group.
    """
    warnings: list[str] = []
    if isinstance(data, pd.DataFrame):
        parts = _split(drawn_rows(data, settings, warnings), settings, warnings)
        warnings.extend(shared_clusters([part for _, part in parts], settings))
        scale = _weights_scale([part for _, part in parts], names, exogenous, settings)
        groups = [
            _from_rows(part, label, names, exogenous, settings, warnings, scale)
            for label, part in parts
        ]
    else:
        parts_of = {"": data} if isinstance(data, Moments) else dict(data)
        groups = [_from_moments(m, label, names, settings) for label, m in parts_of.items()]
    if settings.ordered:
        _compare_categories(groups, names, warnings)
    return Prepared(names, tuple(groups), tuple(warnings))


def numeric_rows(data: pd.DataFrame, names: tuple[str, ...]) -> Array:
    """The named columns as floats (n, p); ``x1:x2`` that is no column is the product of two that are."""
    products = [name for name in names if ":" in name and name not in data.columns]
    if not products:
        return numeric(data, names)
    columns = [name for name in names if name not in products]
    columns = list(dict.fromkeys([*columns, *(part for n in products for part in n.split(":"))]))
    found = dict(zip(columns, numeric(data, columns).T, strict=True))
    found |= {name: np.prod([found[part] for part in name.split(":")], axis=0) for name in products}
    return np.column_stack([found[name] for name in names])


def _split(
    data: pd.DataFrame, settings: Options, warnings: list[str]
) -> list[tuple[str, pd.DataFrame]]:
    """The frame's groups in order of appearance, as lavaan orders them."""
    if settings.group is None:
        return [("", data)]
    column = require_group_column(data, settings.group)
    unknown = int(column.isna().sum())
    if unknown:
        warnings.append(f"{unknown} rows have no value of {settings.group} and were left out")
    levels = list(pd.unique(column.dropna()))
    if len(levels) < 2:
        raise DataError(
            f"{settings.group} has {len(levels)} different values; comparing groups needs at least 2"
        )
    return [(str(level), data[column == level]) for level in levels]


def reference_first(
    data: pd.DataFrame | Mapping[str, Moments], group: str, reference: str | None
) -> pd.DataFrame | Mapping[str, Moments]:
    """The data with the reference group first, which makes it group 1; as they are without one.

    Raises DataError for a group that is not there.
    """
    if reference is None:
        return data
    if isinstance(data, pd.DataFrame):
        column = require_group_column(data, group)
        labels = [str(level) for level in column.dropna().unique()]
    else:
        labels = list(data)
    if reference not in labels:
        raise DataError(f"the reference group {reference!r} is none of {', '.join(labels)}")
    if isinstance(data, pd.DataFrame):
        own = column.astype(str) == reference
        return pd.concat([data[own], data[~own]])
    return {reference: data[reference]} | dict(data)


def group_column(data: pd.DataFrame, group: str) -> pd.Series | None:
    """The grouping column, None where there is none of that name."""
    name = columns_by_name(data, [group]).get(group, group)
    return data[name] if name in data.columns else None


def require_group_column(data: pd.DataFrame, group: str) -> pd.Series:
    """The grouping column; MissingItem where there is none of that name."""
    column = group_column(data, group)
    if column is None:
        raise MissingItem(f"the grouping variable {group} is not among the data's columns")
    return column


def _where(label: str) -> str:
    return f" in group {label}" if label else ""


def _from_rows(
    data: pd.DataFrame,
    label: str,
    names: tuple[str, ...],
    exogenous: tuple[str, ...],
    settings: Options,
    warnings: list[str],
    scale: float,
) -> GroupData:
    rows = numeric_rows(data, names)
    total = len(rows)
    keep = _usable(rows, names, exogenous, settings)
    rows = rows if keep is None else rows[keep]
    dropped = total - len(rows)
    if dropped:
        reason = INCOMPLETE if settings.missing == "listwise" else "have no usable answer"
        warnings.append(f"{dropped} of {total} rows{_where(label)} {reason} and were left out")
    if len(rows) <= len(names) and settings.estimator != "ULS":
        raise TooFewCases(
            len(names) + 1,
            len(rows),
            what=("complete rows" if settings.missing == "listwise" else "rows") + _where(label),
        )
    used = data if keep is None else data[keep]
    design = design_of(used, settings, warnings, scale=scale, where=_where(label))
    if settings.ordinal:
        _check_spread(rows, names, label)
        group = limited_group(rows, names, exogenous, settings.answers, design, _where(label))
        warnings.extend(f"{text}{_where(label)}" for text in group.limited_moments.warnings)
        return replace(group, label=label, dropped=dropped)
    if settings.ordered:
        _check_spread(rows, names, label)
        if settings.missing == "pairwise" and np.isnan(rows).any():
            found = pairwise_polychoric(rows, names, design)
        else:
            found = polychoric_of(rows, names, covariance=True, design=design)
        warnings.extend(f"{text}{_where(label)}" for text in found.warnings)
        zero = np.zeros(len(names))
        return GroupData(
            label,
            len(rows),
            zero,
            found.correlation,
            rows,
            polychoric=found,
            dropped=dropped,
            design=design,
        )
    if settings.missing == "fiml" and np.isnan(rows).any():
        _check_spread(rows, names, label)
        patterns = patterns_of(rows, design.weights)
        mean, cov = em_moments(patterns, names)
        return GroupData(
            label, len(rows), mean, cov, rows, patterns, dropped=dropped, design=design
        )
    moments = of_complete(rows, names)
    if design.weights is not None:
        mean, cov = design.moments(rows)
        moments = replace(moments, mean=mean, cov=cov)
    if (moments.cov.diagonal() <= NO_VARIANCE * moments.mean**2).any():
        _check_spread(rows, names, label)
    group = replace(_from_moments(moments, label, names, settings), rows=rows, dropped=dropped)
    group = replace(group, design=design)
    if settings.missing != "fiml":
        return group
    return replace(group, patterns=patterns_of(rows, design.weights))


def limited_group(
    rows: Array,
    names: tuple[str, ...],
    exogenous: tuple[str, ...],
    answers: Mapping[str, tuple[float, ...]],
    design: Design,
    where: str = "",
) -> GroupData:
    """A group of complete rows (n, p) with its moments given the predictors; ``answers`` are those of
    each ordinal item. Means and covariances are of outcomes and predictors together.
    """
    at = {name: j for j, name in enumerate(names)}
    outcomes = tuple(name for name in names if name not in exogenous)
    counts = tuple(len(answers[name]) - 1 if name in answers else 0 for name in outcomes)
    layout = MomentLayout(outcomes, counts, exogenous)
    order = np.array([at[name] for name in (*outcomes, *exogenous)])
    x = rows[:, order[len(outcomes) :]]
    categories = {name: np.array(own) for name, own in answers.items()}
    found = limited_moments(
        rows[:, order[: len(outcomes)]], x, layout, categories, design, where=where
    )
    at_predictors = np.zeros(0), np.zeros((0, 0))
    if exogenous:
        mean_x, cov_x = design.moments(x)
        at_predictors = mean_x, cov_x * len(x) / (len(x) - 1)  # unbiased, as in lavaan
    mean, cov = found.with_predictors(*at_predictors)
    back = np.argsort(order)
    return GroupData(
        "", len(rows), mean[back], cov[np.ix_(back, back)], rows, limited=found, design=design
    )


def _weights_scale(
    parts: list[pd.DataFrame],
    names: tuple[str, ...],
    exogenous: tuple[str, ...],
    settings: Options,
) -> float:
    """What makes the weights of all groups' analysed rows sum to their number; 1 without weights."""
    if settings.sampling_weights is None:
        return 1.0
    count, total = 0, 0.0
    for part in parts:
        keep = _usable(numeric_rows(part, names), names, exogenous, settings)
        own = weights_in(part if keep is None else part[keep], settings.sampling_weights)
        count, total = count + len(own), total + float(own.sum())
    return count / total if total else 1.0


def _usable(
    rows: Array, names: tuple[str, ...], exogenous: tuple[str, ...], settings: Options
) -> Array | None:
    """Which rows the handling of missing cells keeps (n,); None for all."""
    if not np.isnan(rows.sum()):  # a sum is NaN as soon as one answer is
        return None
    holes = np.isnan(rows)
    if settings.missing == "listwise":
        return np.asarray(~holes.any(axis=1))
    at = [names.index(name) for name in exogenous]
    others = [j for j in range(len(names)) if j not in at] if settings.answers else slice(None)
    return np.asarray(~holes[:, others].all(axis=1) & ~holes[:, at].any(axis=1))


def _check_spread(rows: Array, names: tuple[str, ...], label: str) -> None:
    if len(rows) and np.all(rows.min(axis=0) < rows.max(axis=0)):
        return  # the usual case at once; a missing answer makes the comparison false
    for j, name in enumerate(names):
        answers = rows[:, j][~np.isnan(rows[:, j])]
        if not len(answers):
            raise DataError(f"{name} has no answers{_where(label)}; leave the item out")
        if answers.min() == answers.max():
            raise NoVariance(
                f"{name}: all {len(answers)} answers{_where(label)} are {answers[0]:g}; leave the item out"
            )


def _from_moments(
    data: Moments, label: str, names: tuple[str, ...], settings: Options
) -> GroupData:
    products = [name for name in names if ":" in name and name not in data.names]
    if products:
        raise DataError(
            f"{products[0]}: a product needs every row, not only n, means and covariance; pass the "
            "data frame"
        )
    chosen = data.select(names)
    if not np.all(np.isfinite(chosen.cov)) or not np.all(np.isfinite(chosen.mean)):
        raise DataError(f"the moments{_where(label)} hold infinite or missing values")
    if np.any(chosen.cov.diagonal() <= 0):
        still = [n for n, v in zip(names, chosen.cov.diagonal(), strict=True) if v <= 0]
        raise NoVariance(f"{', '.join(still)}{_where(label)}: no variance; leave the item out")
    if settings.estimator != "ULS":
        chosen.require_positive_definite()
    if settings.ordered:
        raise DataError("ordinal estimation needs the rows; moments are not enough")
    factor = chosen.n / (chosen.n - 1) if settings.unbiased else 1.0
    return GroupData(label, chosen.n, chosen.mean, chosen.cov * factor, dropped=chosen.dropped)


def _compare_categories(
    groups: list[GroupData], names: tuple[str, ...], warnings: list[str]
) -> None:
    """Say where a category that other groups use is never chosen in one group."""
    for j, name in enumerate(names):
        used = [set(g.polychoric.categories[j]) for g in groups if g.polychoric is not None]
        every = set().union(*used)
        for group, own in zip(groups, used, strict=True):
            absent = sorted(every - own)
            if absent:
                listed = ", ".join(f"{value:g}" for value in absent)
                warnings.append(f"{name}: nobody{_where(group.label)} chose {listed}")
