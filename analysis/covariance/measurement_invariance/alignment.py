"""Many groups compared on latent means without equal items: alignment and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import holm
from analysis.covariance.data import reference_first, require_group_column
from analysis.covariance.drawn_rows import Column, named_column
from analysis.covariance.matrices import Array
from analysis.covariance.measurement_invariance.alignment_optimum import (
    METHODS,
    Measured,
    Optimum,
    align,
    aligned,
)
from analysis.covariance.measurement_invariance.approximate_invariance import invariant_groups
from analysis.covariance.measurement_invariance.large_groups import large_groups
from analysis.covariance.ordinal.joined_categories import joined_categories
from analysis.covariance.ordinal.theta_estimates import (
    Estimates,
    estimates_of,
    theta_estimates,
    thresholds_of,
)
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.settings import LIMITED_INFORMATION
from analysis.covariance.text.model import Model, Modifier
from analysis.covariance.text.syntax import as_model
from analysis.covariance.wald import Z_95, wald
from analysis.errors import ModelError
from analysis.json_values import to_json

LEAST = 50  # rows of a group, below which it is left out
MOST = 200  # groups
_OF_NUMBERS = ("ML", "MLR", "MLM")
TOLERABLE = 0.25  # share of parameters that may differ (Muthén & Asparouhov 2014)


@dataclass(frozen=True)
class FactorAlignment:
    """One factor aligned, in units of the reference group's standard deviation.

    ``means``: group, n, mean, se, ci_lower, ci_upper, sd, sd_ci_lower, sd_ci_upper, rank. ``comparisons``:
    every two groups with difference, se, z, pvalue, p_holm, ci_lower, ci_upper. ``parameters``: of each
    item's loading and intercept (of ordinal items each threshold) in each group the value before and
    after, se, and whether the group is one of those that share it. ``items``: of each loading, intercept
    and threshold the mean over groups that share it, R squared, and the groups that do not.
    ``r2_loadings`` and ``r2_intercepts`` (with thresholds): what the groups' means and variances explain of
    the differences between groups. ``differing``: the share of loadings, intercepts and thresholds that
    are not shared.
    """

    factor: str
    means: pd.DataFrame
    comparisons: pd.DataFrame
    parameters: pd.DataFrame
    items: pd.DataFrame
    r2_loadings: float
    r2_intercepts: float
    differing: float
    loss: float
    reached: int
    starts: int
    curved: bool = True  # whether the loss rises in every direction from there

    @property
    def tolerable(self) -> bool:
        """Whether so few parameters differ that the means may be trusted as they are."""
        return self.differing <= TOLERABLE

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; what does not exist is None."""
        frames = ("means", "comparisons", "parameters", "items")
        own = {name: getattr(self, name).to_dict(orient="records") for name in frames}
        rest = {name: value for name, value in vars(self).items() if name not in frames}
        return dict(to_json({**rest, "tolerable": self.tolerable, **own}))


@dataclass(frozen=True)
class Alignment:
    """All factors of a model aligned over the groups, and the configural model that they come from."""

    group: str
    groups: Mapping[str, int]
    left_out: Mapping[str, int]
    reference: str
    method: str
    epsilon: float
    fit: SemFit
    factors: tuple[FactorAlignment, ...]
    warnings: tuple[str, ...]

    @property
    def ordinal(self) -> tuple[str, ...]:
        """The items whose thresholds were aligned."""
        return tuple(thresholds_of(self.fit))

    def factor(self, name: str) -> FactorAlignment:
        """The factor of that name."""
        return next(each for each in self.factors if each.factor == name)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values at full precision; what does not exist is None."""
        settings = self.fit.settings
        document = {
            "group": self.group,
            "groups": self.groups,
            "left_out": self.left_out,
            "reference": self.reference,
            "method": self.method,
            "epsilon": self.epsilon,
            "estimator": settings.estimator,
            "missing": settings.missing,
            "ordinal": self.ordinal,
            "n": self.fit.n,
            "configural": self.fit.fit,
            "factors": [each.to_json() for each in self.factors],
            "warnings": self.warnings,
        }
        return dict(to_json(document))


def alignment(
    data: pd.DataFrame,
    model: str | Model,
    group: str,
    *,
    method: str = "fixed",
    reference: str | None = None,
    epsilon: float = 0.01,
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: Sequence[str] | None = None,
    least: int = LEAST,
    seed: int = 1,
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> Alignment:
    """Latent means of many groups by alignment, with the parameters that differ between groups.

    ``model``: lines ``factor =~ items``, each item of one factor, and covariances of residuals. It is
    fitted in all groups with nothing held equal; then each factor's means and variances are those
    under which most loadings and intercepts agree (``alignment_optimum``). ``method``: "fixed" sets
    the mean of the ``reference`` (by default the first group in the data) to 0; "free" estimates it,
    which needs loadings that differ somewhere. ``epsilon``: .01 as in Mplus, smaller ones are nearer to
    the sharp loss. Groups with fewer than ``least`` rows are left out, which a warning says.

    With WLSMV, WLSM or ULSMV the items ``ordered`` (all, unless said) are ordinal, and their thresholds are aligned
    with the loadings, each threshold as an intercept is: the residual variances of the variables behind the
    answers are 1 in every group (theta parametrisation). Neighbouring categories that some group does not
    use are joined, which a warning says.

    Standard errors are of the optimum as a function of the configural estimates (delta method).
    ``p_holm`` is over all pairs of groups of a factor.

    Raises ModelError for other estimators and models that are not as above, TooFewCases with fewer than two
    groups, DataError with more than 200; else as ``fit_sem``.

    Validated against: sirt 4.3 ``invariance.alignment`` (methods 3 and 4): means, standard deviations
    and the means' standard errors; of thresholds its loss, with each loading counted once. References: Asparouhov & Muthén (2014); Muthén & Asparouhov
    (2014, 2018).
    """
    described = as_model(model)
    _check(described, method, epsilon, estimator, ordered)
    data, weights_name = named_column(data, sampling_weights, "sampling_weights")
    data, cluster_name = named_column(data, cluster, "cluster")
    large = large_groups(data, group, least=least, most=MOST)
    rows: pd.DataFrame = large.rows
    joined: tuple[str, ...] = ()
    held: dict[str, Any] = {}
    if estimator in LIMITED_INFORMATION:
        items = tuple(ordered or described.observed)
        rows, joined = joined_categories(
            rows,
            items,
            require_group_column(rows, group),
            complete=None if missing == "pairwise" else described.observed,
        )
        # Ordinal items alone are fitted to their correlations, which is much faster, and turned to theta.
        alone = set(described.observed) <= set(items)
        held = {"ordered": items, "parametrization": "delta" if alone else "theta"}
    fit = fit_sem(
        reference_first(rows, group, reference),
        described,
        group=group,
        estimator=estimator,
        missing=missing,
        std_lv=True,
        **held,
        sampling_weights=weights_name,
        cluster=cluster_name,
    )
    if not fit.converged or fit.vcov is None:
        raise ModelError(
            "the model did not converge in all groups at once, so there is nothing to align; leave out"
            " small groups or items that hardly measure the factor"
        )
    estimates = theta_estimates(fit) if fit.settings.ordered else estimates_of(fit)
    thresholds = thresholds_of(fit)
    found = tuple(
        _aligned_factor(fit, factor, estimates, thresholds, method, epsilon, seed)
        for factor in described.latent
    )
    many = [
        f"{each.factor}: the least loss was found from {each.reached} of {each.starts} starts; compare"
        " with another seed or epsilon"
        for each in found
        if each.reached < 2
    ]
    many += [
        f"{each.factor}: the loss does not rise in every direction from its least value (its second"
        " derivatives are not positive definite), so that standard errors and intervals are not to be"
        " trusted; leave out items that hardly measure the factor, or take a larger epsilon"
        for each in found
        if not each.curved
    ]
    return Alignment(
        group,
        fit.group_n,
        large.left_out,
        fit.groups[0],
        method,
        epsilon,
        fit,
        found,
        (*large.said, *joined, *fit.warnings, *many),
    )


def _check(
    model: Model, method: str, epsilon: float, estimator: str, ordered: Sequence[str] | None
) -> None:
    if estimator not in (*_OF_NUMBERS, *LIMITED_INFORMATION):
        raise ModelError(
            f"estimator {estimator}: groups are aligned by ML, MLR or MLM, and thresholds of ordinal items by"
            " WLSMV, WLSM or ULSMV"
        )
    if ordered and estimator in _OF_NUMBERS:
        raise ModelError(f"{estimator} takes answers as numbers; leave ordered out, or use WLSMV")
    if method not in METHODS:
        raise ModelError(f"method {method!r} is not known; choose among {', '.join(METHODS)}")
    if not 1e-8 <= epsilon <= 1:
        raise ModelError(f"epsilon {epsilon:g} is not within 1e-8 and 1; .01 is usual")
    measured = [path.rhs for path in model.paths if path.op == "=~"]
    for path in model.paths:
        item = path.op == "=~" and path.rhs not in model.latent
        residual = path.op == "~~" and {path.lhs, path.rhs} <= set(measured)
        if not (item or residual) or path.modifiers != (Modifier(),):
            raise ModelError(
                f"{path.name}: groups are aligned on a model of lines 'factor =~ items' and covariances of"
                " residuals, nothing fixed or labelled"
            )
    twice = [item for item in measured if measured.count(item) > 1]
    if twice:
        raise ModelError(
            f"{twice[0]} measures two factors; each factor is aligned on items of its own"
        )
    if model.definitions or model.constraints:
        raise ModelError("definitions and constraints do not go with alignment")


def _aligned_factor(
    fit: SemFit,
    factor: str,
    estimates: Estimates,
    thresholds: Mapping[str, int],
    method: str,
    epsilon: float,
    seed: int,
) -> FactorAlignment:
    items = fit.model.indicators(factor)
    levels = levels_of(items, thresholds)
    sizes = np.array([group.size for group in fit.solution.data.groups], dtype=float)
    measured, covariance = _measured(estimates, sizes, factor, items, levels)
    optimum = align(measured, method=method, epsilon=epsilon, seed=seed)
    mean, log_sd, slopes = _in_reference_units(optimum)
    spread = slopes @ covariance @ slopes.T
    groups = fit.groups
    loadings, intercepts = aligned(measured, mean, log_sd)
    parameters, of_items = _parameters(
        fit, items, levels, measured, (loadings, intercepts), (mean, log_sd, slopes), covariance
    )
    r2 = _explained(measured, loadings, intercepts, mean, log_sd)
    of_items["r2"] = np.concatenate([r2.loadings, r2.intercepts])
    return FactorAlignment(
        factor,
        _means(groups, fit.group_n, mean, log_sd, spread),
        _comparisons(groups, mean, spread[: len(groups), : len(groups)]),
        parameters,
        of_items,
        r2.all_loadings,
        r2.all_intercepts,
        float(1 - parameters["shared"].mean()),
        optimum.loss,
        optimum.reached,
        optimum.starts,
        optimum.curved,
    )


@dataclass(frozen=True)
class Level:
    """An item's intercept, or one of its thresholds, which counts with its sign turned: its place among the
    loadings, its name in the parameter table and what a reader calls it.
    """

    item: int
    name: str
    kind: str
    sign: float


def levels_of(items: Sequence[str], thresholds: Mapping[str, int]) -> tuple[Level, ...]:
    """The intercepts of items, and all thresholds of those that are ordinal."""
    found: list[Level] = []
    for j, item in enumerate(items):
        if item in thresholds:
            found += [
                Level(j, f"{item}|t{k}", f"threshold {k}", -1.0)
                for k in range(1, thresholds[item] + 1)
            ]
        else:
            found.append(Level(j, f"{item}~1", "intercept", 1.0))
    return tuple(found)


def _measured(
    estimates: Estimates,
    sizes: Array,
    factor: str,
    items: tuple[str, ...],
    levels: tuple[Level, ...],
) -> tuple[Measured, Array]:
    """Loadings and intercepts of a factor in each group, the sign of its loadings that of the first
    group's, and their sampling covariance (gj + gt), loadings first, row by row.
    """
    groups = range(1, len(sizes) + 1)
    names = ([f"{factor}=~{item}" for item in items], [level.name for level in levels])
    loadings, intercepts = (
        np.array([[estimates.places[name, group] for name in kind] for group in groups])
        for kind in names
    )
    values = estimates.values
    first = values[loadings[0]]
    sign = np.where(values[loadings] @ first < 0, -1.0, 1.0)
    turned = np.array([level.sign for level in levels])
    order = np.concatenate([loadings.ravel(), intercepts.ravel()])
    turn = np.concatenate([np.repeat(sign, len(items)), np.tile(turned, len(sizes))])
    measured = Measured(
        values[loadings] * sign[:, None],
        values[intercepts] * turned,
        sizes,
        np.array([level.item for level in levels]),
    )
    return measured, estimates.covariance[np.ix_(order, order)] * np.outer(turn, turn)


def _in_reference_units(optimum: Optimum) -> tuple[Array, Array, Array]:
    """Means and log SDs where the first group's SD is 1, and how both change with the estimates."""
    groups = len(optimum.mean)
    unit = np.exp(-optimum.log_sd[0])
    mean, log_sd = optimum.mean * unit, optimum.log_sd - optimum.log_sd[0]
    of_unit = optimum.slopes[groups]
    slopes = np.vstack(
        [
            optimum.slopes[:groups] * unit - mean[:, None] * of_unit,
            optimum.slopes[groups:] - of_unit,
        ]
    )
    return mean, log_sd, slopes


def _means(
    groups: tuple[str, ...], n: Mapping[str, int], mean: Array, log_sd: Array, spread: Array
) -> pd.DataFrame:
    errors = np.sqrt(np.maximum(np.diag(spread), 0))
    se, log_se = errors[: len(groups)], errors[len(groups) :]
    frame = pd.DataFrame(
        {
            "group": groups,
            "n": [n[label] for label in groups],
            "mean": mean,
            "se": se,
            "ci_lower": mean - Z_95 * se,
            "ci_upper": mean + Z_95 * se,
            "sd": np.exp(log_sd),
            "sd_ci_lower": np.exp(log_sd - Z_95 * log_se),
            "sd_ci_upper": np.exp(log_sd + Z_95 * log_se),
        }
    )
    return frame.assign(rank=frame["mean"].rank(ascending=False, method="min").astype(int))


def _comparisons(groups: tuple[str, ...], mean: Array, spread: Array) -> pd.DataFrame:
    """Every two groups, the later in the data against the earlier."""
    pairs = list(combinations(range(len(groups)), 2))
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    difference = mean[second] - mean[first]
    diagonal = np.diag(spread)
    variance = diagonal[first] + diagonal[second] - 2 * spread[first, second]
    se = np.sqrt(np.maximum(variance, 0))
    tested = wald(difference, se)
    return pd.DataFrame(
        {
            "group": [groups[k] for k in second],
            "against": [groups[k] for k in first],
            "difference": difference,
            "se": se,
            "z": tested["z"],
            "pvalue": tested["pvalue"],
            "p_holm": holm(np.nan_to_num(tested["pvalue"], nan=1.0).tolist()),
            "ci_lower": tested["ci_lower"],
            "ci_upper": tested["ci_upper"],
        }
    )


def _parameters(
    fit: SemFit,
    items: tuple[str, ...],
    levels: tuple[Level, ...],
    measured: Measured,
    values: tuple[Array, Array],
    moved: tuple[Array, Array, Array],
    covariance: Array,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each loading, intercept and threshold in each group, and over groups."""
    loadings, intercepts = values
    mean, log_sd, slopes = moved
    groups = len(fit.groups)
    at = np.arange(groups)

    def of_loading(j: int) -> Array:
        """How the aligned loading changes (g, gj + gt) with what was measured."""
        change = -loadings[:, j, None] * slopes[groups:]
        change[at, at * len(items) + j] += np.exp(-log_sd)
        return np.asarray(change)

    def of_intercept(t: int, j: int) -> Array:
        change = -loadings[:, j, None] * slopes[:groups] - mean[:, None] * of_loading(j)
        change[at, loadings.size + at * len(levels) + t] += 1
        return np.asarray(change)

    every = [
        (item, "loading", measured.loadings[:, j], loadings[:, j], of_loading(j))
        for j, item in enumerate(items)
    ]
    every += [
        (
            items[level.item],
            level.kind,
            level.sign * measured.intercepts[:, t],
            level.sign * intercepts[:, t],
            level.sign * of_intercept(t, level.item),
        )
        for t, level in enumerate(levels)
    ]
    rows, over = [], []
    for item, kind, before, here, change in every:
        own = change @ covariance @ change.T
        shared = invariant_groups(here, own)
        se = np.sqrt(np.maximum(np.diag(own), 0))
        rows += [
            {
                "item": item,
                "kind": kind,
                "group": label,
                "configural": before[g],
                "aligned": here[g],
                "se": se[g],
                "shared": bool(shared[g]),
            }
            for g, label in enumerate(fit.groups)
        ]
        over.append(
            {
                "item": item,
                "kind": kind,
                "mean": here[shared].mean(),
                "shared_by": int(shared.sum()),
                "not_in": [label for label, yes in zip(fit.groups, shared, strict=True) if not yes],
            }
        )
    return pd.DataFrame(rows), pd.DataFrame(over)


@dataclass(frozen=True)
class _Explained:
    loadings: Array
    intercepts: Array
    all_loadings: float
    all_intercepts: float


def _explained(
    measured: Measured, loadings: Array, intercepts: Array, mean: Array, log_sd: Array
) -> _Explained:
    """R squared of each item's loadings and intercepts, and of all, about each item's own mean."""
    typical, level = loadings.mean(axis=0), intercepts.mean(axis=0)
    left = (
        measured.loadings - np.exp(log_sd)[:, None] * typical,
        measured.intercepts - level - mean[:, None] * (typical @ measured.owners),
    )
    before = (measured.loadings, measured.intercepts)
    each, every = [], []
    for residual, raw in zip(left, before, strict=True):
        unexplained, total = residual.var(axis=0), raw.var(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            each.append(np.where(total > 0, 1 - unexplained / total, np.nan))
        whole = float(total.sum())
        every.append(1 - float(unexplained.sum()) / whole if whole > 0 else float("nan"))
    return _Explained(each[0], each[1], every[0], every[1])
