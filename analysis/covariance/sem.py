"""Confirmatory factor analysis and structural equation models: one call, one frozen result."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from analysis.covariance.completion import complete
from analysis.covariance.composites.composite_markers import by_strong_markers
from analysis.covariance.composites.composites import (
    composites_of,
    require_complete_likelihood,
    require_no_composites,
)
from analysis.covariance.data import (
    Prepared,
    SemData,
    group_column,
    looks_ordered,
    numeric_rows,
    prepare,
    require_group_column,
)
from analysis.covariance.design import Design, joined
from analysis.covariance.diagnostics import labels_of_all_groups, solution_warnings
from analysis.covariance.drawn_rows import Column, named_column
from analysis.covariance.estimates_table import estimates_frame, undefined_quantities
from analysis.covariance.exploratory.efa_blocks import rotated_form
from analysis.covariance.exploratory.rotated_solution import (
    require_rotation,
    rotation_warnings,
    solve_rotated,
)
from analysis.covariance.exploratory.rotation import Rotation
from analysis.covariance.factor_scores import factor_scores as scores_of
from analysis.covariance.intraclass import Clusters, Weights, clusters_of, weights_of
from analysis.covariance.matrices import Array, Implied
from analysis.covariance.measures import measures
from analysis.covariance.missing.auxiliary import left_free, with_auxiliary, with_baseline
from analysis.covariance.modification import modification_indices as indices_of
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.ordinal.ordinal_items import answers_of, ordinal_items, plainly_ordinal
from analysis.covariance.ordinal.ordinal_scores import ordinal_scores
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.residuals import residual_correlations as residuals_of
from analysis.covariance.restricted_minimum import binding_sentences
from analysis.covariance.settings import LIMITED_INFORMATION, MAXIMUM_LIKELIHOOD, Options
from analysis.covariance.solution import Solution, solve
from analysis.covariance.statistics import TestStatistics, test_statistics
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.covariance.weak_markers import by_unit_variances
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json
from analysis.reversal import reversal_sentences, turned, turning_points
from analysis.threads import one_blas_thread

MAX_ITEMS_ON_ONE_THREAD = 100


@dataclass(frozen=True)
class SemFit:
    """A fitted structural equation model.

    ``fit`` holds every measure by lavaan's name with underscores; ``estimates`` every parameter.
    """

    model: Model
    solution: Solution
    tests: TestStatistics
    fit: dict[str, float]
    warnings: tuple[str, ...]
    turning_points: Mapping[str, float] = field(default_factory=dict)  # of reversed items
    rotation: Rotation | None = None  # of exploratory blocks
    target: pd.DataFrame | None = None

    @property
    def settings(self) -> Options:
        """The choices the fit was made under."""
        return self.solution.settings

    @property
    def table(self) -> ParameterTable:
        """The complete parameter table."""
        return self.solution.table

    @property
    def converged(self) -> bool:
        """Whether a minimum was reached."""
        return self.solution.optimum.converged

    @property
    def n(self) -> int:
        """Rows analysed."""
        return self.solution.data.n

    @property
    def groups(self) -> tuple[str, ...]:
        """Group labels in the order of their numbers (1, 2, ...); one empty label without groups."""
        return tuple(group.label for group in self.solution.data.groups)

    @property
    def group_n(self) -> dict[str, int]:
        """Rows analysed by group label."""
        return {group.label: group.n for group in self.solution.data.groups}

    @property
    def weights(self) -> Weights | None:
        """What the sampling weights are and cost; None without."""
        return weights_of(self._design)

    @cached_property
    def clusters(self) -> Clusters | None:
        """The clusters with each item's intraclass correlation, unweighted; None without."""
        if self._design.clusters is None:
            return None
        # About each group's own means, whose differences are not those of clusters.
        rows = [group.required_rows for group in self.solution.data.groups]
        if len(rows) > 1:
            rows = [own - np.nanmean(own, axis=0) for own in rows]
        return clusters_of(np.concatenate(rows), self.table.observed, self._design)

    @property
    def _design(self) -> Design:
        return joined([group.design for group in self.solution.data.groups])

    @property
    def implied(self) -> tuple[Implied, ...]:
        """Implied moments by group."""
        if self.settings.ordered:
            return tuple(moments.with_unit_variances() for moments in self.solution.implied)
        return self.solution.implied

    @property
    def vcov(self) -> Array | None:
        """Sampling covariance of the free parameters, in the order of the table's free rows."""
        return self.solution.vcov

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software that computed this."""
        names = ("numpy", "scipy", "pandas")
        return {"python": sys.version.split()[0]} | {name: version(name) for name in names}

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Tidy frame: lhs, op, rhs, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv,
        std_all, std_se, std_ci_lower, std_ci_upper; one row a parameter, defined quantities last.
        """
        return estimates_frame(self.solution)

    @cached_property
    def r_squared(self) -> pd.Series:
        """Explained share of each dependent variable's variance, by name (and group number).

        NaN for a residual variance below 0, whose share would exceed 1, and where the fit did not
        converge.
        """
        frame = self.estimates
        dependent = set(frame.loc[frame["op"] == "=~", "rhs"])
        dependent |= set(frame.loc[frame["op"] == "~", "lhs"])
        own = frame[
            (frame["op"] == "~~") & (frame["lhs"] == frame["rhs"]) & frame["lhs"].isin(dependent)
        ]
        names = list(self.table.observed + self.table.latent)
        values, keys = [], []
        for lhs, group, est in zip(own["lhs"], own["group"], own["est"], strict=True):
            i = names.index(lhs)
            total = self.implied[group - 1].covariance[i, i]
            proper = self.converged and est >= 0 and total > 0
            values.append(1 - est / total if proper else np.nan)
            keys.append((lhs, group))
        if len(self.groups) == 1:
            return pd.Series(
                values, index=[name for name, _ in keys], dtype=float, name="r_squared"
            )
        index = pd.MultiIndex.from_tuples(keys, names=["name", "group"])
        return pd.Series(values, index=index, dtype=float, name="r_squared")

    def _r_squared_records(self) -> list[dict[Hashable, Any]]:
        frame = self.r_squared.reset_index()
        if len(self.groups) == 1:
            frame = frame.rename(columns={"index": "name"}).assign(group=1)
        return [dict(row) for row in frame.to_dict("records")]

    def modification_indices(self, *, minimum: float = 0.0) -> pd.DataFrame:
        """lhs, op, rhs, group, mi, epc, sepc_lv, sepc_all, largest index first.

        Raises ModelError for a model with composites, as lavaan does.
        """
        require_no_composites(self.table.composites, "modification indices")
        with threads_for(len(self.table.observed)):
            return indices_of(self.solution, minimum=minimum)

    def residual_correlations(self, *, group: int = 1, kind: str = "bentler") -> pd.DataFrame:
        """Sample minus implied correlations (p, p) of one group (see ``analysis.covariance.residuals``)."""
        sample = self.solution.data.groups[group - 1].cov
        sigma, discrepancy = self.implied[group - 1].sigma, self.solution.discrepancy
        if isinstance(discrepancy, LimitedDiscrepancy):
            sigma = discrepancy.on_answers(self.solution.theta, sigma, group - 1)
        return residuals_of(self.table.observed, sample, sigma, kind=kind)

    def factor_scores(self, data: pd.DataFrame, *, method: str = "regression") -> pd.DataFrame:
        """Scores of every factor for the rows of ``data`` (index kept), missing answers allowed.

        ``method`` is "regression" or "bartlett"; for ordinal models the mode of the posterior, or
        of the likelihood. Rows without any answer, or of an unknown group, get NaN.
        """
        if self.settings.answers:
            raise ModelError(
                "scores of factors measured by ordinal items beside numbers, given predictors, or with "
                "thresholds in the text are not computed; measure the factors by ordinal items alone"
            )
        if method != "regression":
            require_no_composites(self.table.composites, f"{method} scores")
        data = turned(data, self.turning_points)
        out = np.full((len(data), len(self.table.latent)), np.nan)
        column = None
        if self.settings.group is not None:
            column = require_group_column(data, self.settings.group).astype(str)
        for number, group in enumerate(self.solution.data.groups):
            at = np.ones(len(data), dtype=bool) if column is None else (column == group.label)
            implied = self.solution.implied[number]
            rows = numeric_rows(data.loc[np.asarray(at)], self.table.observed)
            if self.settings.ordered:
                out[np.asarray(at)] = self._ordinal_scores(rows, number, method)
                continue
            about = implied.mu if self.table.mean_structure else group.mean
            scores = scores_of(
                rows,
                self.solution.structures[number],
                implied,
                self.solution.theta,
                about,
                method=method,
            )
            out[np.asarray(at)] = scores[:, : out.shape[1]]
        return pd.DataFrame(out, index=data.index, columns=list(self.table.latent))

    def _ordinal_scores(self, rows: Array, number: int, method: str) -> Array:
        p = len(self.table.observed)
        directed = self.solution.structures[number].matrices(self.solution.theta)[0]
        implied = self.solution.implied[number]
        return ordinal_scores(
            rows,
            self.solution.data.groups[number].ordinal,
            directed[:p, p:],
            1 - np.diag(implied.sigma),
            implied.mean[p:],
            implied.covariance[p:, p:],
            method=method,
        )

    def _rotation_record(self) -> dict[str, Any] | None:
        """How exploratory blocks were rotated; None without one."""
        if self.rotation is None:
            return None
        blocks = [
            {
                **{key: getattr(one, key) for key in ("name", "group", "factors", "items")},
                **{
                    key: getattr(one.rotated, key)
                    for key in ("value", "starts", "reached", "optima")
                },
            }
            for one in self.solution.rotations
        ]
        target = None if self.target is None else self.target.to_dict(orient="index")
        return {**vars(self.rotation), "target": target, "blocks": blocks}

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision; what does not exist is None."""
        document = {
            "fit": self.fit,
            "estimates": self.estimates.to_dict(orient="records"),
            "r_squared": self._r_squared_records(),
            "n": self.n,
            "groups": self.group_n if len(self.groups) > 1 else {},
            "weights": self.weights,
            "clusters": self.clusters,
            "converged": self.converged,
            "iterations": self.solution.optimum.iterations,
            "rotation": self._rotation_record(),
            "warnings": self.warnings,
            "model": self.model.text,
            "settings": vars(self.settings),
            "versions": self.versions,
        }
        return dict(to_json(document))


def fit_sem(
    data: SemData,
    model: str | Model,
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    group: str | None = None,
    equal: Sequence[str] = (),
    free: Sequence[str] = (),
    mean_structure: bool | None = None,
    likelihood: str = "normal",
    information: str | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool | None = None,
    ordered: bool | Sequence[str] | None = None,
    parametrization: str = "delta",
    seed: int | None = None,
    h1_information: str = "structured",
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
    rotation: Rotation | None = None,
    target: pd.DataFrame | None = None,
    auxiliary: Sequence[str] = (),
) -> SemFit:
    """Fit a structural equation model in lavaan's syntax (or the typed ``Model``).

    ``data``: a frame with the items as columns (missing as NaN), or ``Moments``, or ``Moments`` by
    group label. ``estimator``: ML, MLR, MLM, MLMV, ULS, GLS, WLS, DWLS, WLSMV, WLSM, ULSMV. ``missing``: "listwise",
    "fiml" (ML and MLR) or "pairwise" (ordinal items). ``group``: the grouping column; ``equal`` what is held equal over
    groups ("loadings", "intercepts", "residuals", "means", "regressions", "lv_variances",
    "lv_covariances", "residual_covariances"), except the parameters named in ``free``. Means are
    modelled when there are groups, FIML or an intercept in the text, unless ``mean_structure``
    says. ``information`` ("expected" or "observed") is for ML; None means the expected one for
    complete data and the observed one for FIML. ``ordered``: the ordinal items' names, or whether all
    outcomes are ordinal; None means yes for WLSMV, WLSM and ULSMV, and for DWLS when each item has at most
    ten values. Ordinal items may stand beside numbers, in regressions, and be explained by observed
    predictors, which are then fixed; ``|`` and ``~*~`` hold their thresholds and response scales.
    ``parametrization`` is "delta" or "theta". ``fixed_x`` leaves the moments of observed predictors to the sample; None means yes
    for ML, MLR and MLM, as in lavaan. ``h1_information`` says where MLM weighs: "structured" at the
    model's moments, "unstructured" at the sample's, as Mplus does. ``seed`` is kept for the record:
    nothing here is random.

    ``sampling_weights``: a column, or one value a row, of weights, which are rescaled to sum to n
    (ML and MLR). ``cluster``: the column, or one value a row, of the clusters whose rows are not
    independent (MLR): scores are summed within clusters, times C / (C - 1), and means are modelled.
    Both go with FIML and groups, not with ordinal items; resampling refuses them. Weights are rescaled
    over all groups together, so that a group counts by the sum of its own, as lavaan's "total".
    Clusters are those within a group: what groups share through one is not counted, which a warning
    says. Rows without a weight or cluster, or of weight 0, are left out, which a warning says too.

    ``auxiliary`` names columns that are no part of the model but tell FIML of its missing cells (saturated
    correlates); they stay in the estimates, where they are not read.

    Composites (``C <~ x1 + x2``) go with ML and MLR, complete rows and no means.

    The factors of exploratory blocks (``efa("block")*f1 + efa("block")*f2 =~ x1 + ...``) are rotated by
    ``rotation`` (geomin unless said), to ``target`` where that asks for one: items as rows, factors as
    columns, NaN where a loading is free. Groups are rotated each by itself.

    A fit that does not converge by its markers is tried again with ``std_lv``, which a warning says.

    Raises ModelError (text that cannot be read, unidentified model: the parameters are named) and
    DataError's kinds (missing or constant item, too few rows, duplicates, text or infinite
    values). What is merely doubtful is in ``warnings``.

    Validated against: lavaan 0.6-14; figures in analysis/README.md. References: Jöreskog (1969);
    Bollen (1989); Yuan & Bentler (2000); Satorra & Bentler (1994); Arbuckle (1996); Muthén (1984);
    Asparouhov & Muthén (2010); Schamberger, Schuberth, Henseler & Rosseel (2025).

    >>> from analysis.moments import Moments
    >>> R = np.array([[1, .5, .4], [.5, 1, .3], [.4, .3, 1]])
    >>> fit = fit_sem(Moments(("a", "b", "c"), 200, np.zeros(3), R), "F =~ a + b + c", std_lv=True)
    >>> float(fit.estimates.est[0].round(4))
    0.8165
    """
    described = with_auxiliary(as_model(model), auxiliary)
    names = described.observed
    data, points = _with_reversed(data, described)
    data, weights_name = named_column(data, sampling_weights, "sampling_weights")
    data, cluster_name = named_column(data, cluster, "cluster")
    if ordered is None:
        ordered = estimator in LIMITED_INFORMATION or (
            estimator == "DWLS" and looks_ordered(data, names)
        )
    if fixed_x is None:
        fixed_x = estimator in MAXIMUM_LIKELIHOOD or ordered is not False
    items = ordinal_items(described, ordered, fixed_x=fixed_x)
    plain = plainly_ordinal(described, items, parametrization=parametrization)
    answers = (
        {}
        if plain or not items
        else answers_of(data, names, items, group, pairwise=_missing_word(missing) == "pairwise")
    )
    settings = Options(
        estimator,
        _missing_word(missing),
        group,
        tuple(equal),
        (*free, *(left_free(described, auxiliary) if equal else ())),
        mean_structure,
        likelihood,
        information or "",
        std_lv,
        orthogonal,
        fixed_x,
        bool(items) and plain,
        seed,
        h1_information,
        weights_name,
        cluster_name,
        answers,
        parametrization,
        tuple(auxiliary),
    )
    composed = composites_of(described)
    require_complete_likelihood(
        composed,
        estimator=estimator,
        missing=settings.missing,
        likelihood=likelihood,
        clustered=cluster is not None,
    )
    require_rotation(described, rotation, target)
    n_groups = _group_count(data, group)
    with_means = mean_structure
    if with_means is None and composed:
        with_means = False  # saturated, so that they would change nothing
    if with_means is None:
        with_means = n_groups > 1 or settings.missing == "fiml" or cluster is not None
    completed = partial(
        complete,
        groups=n_groups,
        mean_structure=bool(answers) or (with_means and not settings.ordered),
        equal=settings.equal,
        free=settings.free,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x and not settings.ordered,
        ordered=settings.ordered,
        thresholds=settings.thresholds,
        theta=parametrization == "theta",
    )
    if described.blocks:
        turn = rotation or Rotation()
        table = completed(rotated_form(described, correlated=not turn.keeps_angles))
        with threads_for(len(names)):
            prepared = prepare(data, names, table.exogenous, settings)
            solution = solve_rotated(described, prepared, settings, completed, turn, target)
            said = (*reversal_sentences(points), *rotation_warnings(solution))
            fit = _evaluated(described, solution, points, said)
            return replace(fit, rotation=turn, target=target)
    table = completed(described)
    with threads_for(len(names)):
        prepared = prepare(data, names, table.exogenous, settings)
        return _fitted(described, table, prepared, settings, points)


def fit_beside(
    fit: SemFit, model: str | Model, *, equal: Sequence[str] = (), free: Sequence[str] = ()
) -> SemFit:
    """Another model of the same variables and predictors, without exploratory blocks, fitted to the
    moments that ``fit`` took of the data, under the same options but ``equal`` and ``free``.

    Raises ModelError for other variables or predictors; else as ``fit_sem``.
    """
    described = as_model(model)
    settings = replace(fit.settings, equal=tuple(equal), free=tuple(free))
    table = complete(
        described,
        groups=len(fit.groups),
        mean_structure=fit.table.mean_structure,
        equal=settings.equal,
        free=settings.free,
        std_lv=settings.std_lv,
        orthogonal=settings.orthogonal,
        fixed_x=settings.fixed_x and not settings.ordered,
        ordered=settings.ordered,
        thresholds=settings.thresholds,
        theta=settings.parametrization == "theta",
    )
    own = (table.observed, table.exogenous)
    if described.blocks or own != (fit.table.observed, fit.table.exogenous):
        raise ModelError("the models do not have the same variables; fit each to the data")
    with threads_for(len(table.observed)):
        return _fitted(described, table, fit.solution.data, settings, fit.turning_points)


def _fitted(
    model: Model,
    table: ParameterTable,
    prepared: Prepared,
    settings: Options,
    points: Mapping[str, float],
) -> SemFit:
    solution = by_strong_markers(model, solve(table, prepared, settings))
    again = None if solution.optimum.converged else by_unit_variances(model, solution)
    if again is not None:
        solution = again[0]
    said = (*reversal_sentences(points), *(() if again is None else (again[1],)))
    return _evaluated(model, solution, points, said)


def fit_from(fit: SemFit, solution: Solution) -> SemFit:
    """The fit with another solution of the same model on the same data, evaluated as ``fit_sem`` does."""
    with threads_for(len(fit.table.observed)):
        said = reversal_sentences(fit.turning_points)
        return _evaluated(fit.model, solution, fit.turning_points, said)


def _evaluated(
    model: Model, solution: Solution, points: Mapping[str, float], said: Sequence[str]
) -> SemFit:
    tests = test_statistics(solution)
    if solution.settings.auxiliary and solution.optimum.converged:
        tests = with_baseline(tests, solution)
    fit = measures(solution, tests)
    warnings = (
        *said,
        *labels_of_all_groups(model, len(solution.data.groups)),
        *solution_warnings(solution, tests, fit),
        *undefined_quantities(solution),
        *binding_sentences(solution.table, solution.theta),
    )
    return SemFit(model, solution, tests, fit, warnings, points)


def _with_reversed(data: SemData, model: Model) -> tuple[SemData, dict[str, float]]:
    """The data with the model's reversed items turned, and about what."""
    if not model.reversed_items:
        return data, {}
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"{model.reversed_items[0]}: to reverse an item needs its answers, not only n, means and "
            "covariance; pass the data frame"
        )
    points = turning_points(data, model.reversed_items)
    return turned(data, points), points


def threads_for(items: int) -> AbstractContextManager[None]:
    """One BLAS thread for the small matrices of most models, all of them for hundreds of items."""
    return one_blas_thread() if items <= MAX_ITEMS_ON_ONE_THREAD else nullcontext()


def _missing_word(word: str) -> str:
    return {"ml": "fiml", "direct": "fiml"}.get(word.lower(), word.lower())


def _group_count(data: SemData, group: str | None) -> int:
    if isinstance(data, pd.DataFrame):
        column = None if group is None else group_column(data, group)
        return 1 if column is None else max(column.nunique(), 1)
    return len(data) if isinstance(data, Mapping) else 1
