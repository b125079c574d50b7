"""Measurement invariance of ordinal items: thresholds, loadings, intercepts (Wu & Estabrook 2016)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from analysis.covariance.data import prepare
from analysis.covariance.drawn_rows import Column, named_column
from analysis.covariance.fit_measures import (
    chi_square_pvalue,
    incremental,
    residual_measures,
    rmsea,
)
from analysis.covariance.matrices import Array
from analysis.covariance.measurement_invariance.invariance import (
    Release,
    Rules,
    may_be_released,
)
from analysis.covariance.measurement_invariance.ladder_rows import ladder_rows
from analysis.covariance.measurement_invariance.ordinal_ladder import (
    RELEASED,
    Difference,
    Evaluation,
    OrdinalStep,
    ladder_of,
    ordinal_table,
    undefined_tests,
)
from analysis.covariance.ordinal.ordinal_groups import STEPS, STRICT, OrdinalFit, fit_step
from analysis.covariance.ordinal.polychoric import Polychoric
from analysis.covariance.settings import Options
from analysis.covariance.solution import well_conditioned_inverse
from analysis.covariance.statistics import scaled_shifted
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.covariance.u_gamma import u_gamma_traces
from analysis.covariance.wald import Z_95
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json
from analysis.threads import one_blas_thread


@dataclass(frozen=True)
class OrdinalInvariance:
    """The ladder, partial invariance (the last fit's measures) and the latent means of the model with
    equal intercepts, or of the partial one.
    """

    group: str
    groups: tuple[str, ...]
    n: int
    steps: tuple[OrdinalStep, ...]
    rules: Rules
    reached: str | None
    releases: tuple[Release, ...]
    partial: dict[str, float] | None
    latent_means: pd.DataFrame
    warnings: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a rung."""
        return ordinal_table(self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; what does not exist is None."""
        document = {
            "group": self.group,
            "groups": self.groups,
            "n": self.n,
            "reached": self.reached,
            "rules": self.rules,
            "steps": self.steps,
            "releases": self.releases,
            "partial": self.partial,
            "latent_means": self.latent_means.to_dict(orient="records"),
            "warnings": self.warnings,
        }
        return dict(to_json(document))


def ordinal_invariance(
    data: pd.DataFrame,
    model: str | Model,
    group: str,
    *,
    rules: Rules | None = None,
    strict: bool = False,
    reference: str | None = None,
    free: Sequence[str] = (),
    partial: bool = True,
    join: bool = False,
    missing: str = "listwise",
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> OrdinalInvariance:
    """Fit the ladder configural, thresholds, loadings, intercepts by WLSMV and judge each step.

    ``strict`` adds the step residuals: what the factors leave of the responses behind the answers has
    the same variance in every group. ``reference`` is the group that the others are compared with,
    by default the first in the data. ``free`` names loadings (``f=~u3``), intercepts (``u3~1``) and
    items whose thresholds (``u3|``) may differ at every step. With ``partial``, from the first step
    that fails up to intercepts, the parameter whose release lowers the discrepancy most is freed, one
    at a time, while each factor keeps two untouched items: a proposal with its log. ``join`` puts
    categories that not every group uses together with their neighbours, which the warnings say.
    ``missing``: "listwise", or "pairwise", where each correlation is of the rows that answered both of its
    items. ``sampling_weights`` and ``cluster`` as ``fit_sem``.

    In the order of Wu & Estabrook (2016): thresholds first, because what they leave free (the
    scale of the responses behind the answers) is what loadings and intercepts are compared on.
    Difference tests are Satorra's (2000), scaled and shifted; verdicts as for continuous items
    (``invariance.Rules``) on scaled CFI and RMSEA. With three categories the thresholds step fits
    as the configural one does.

    Raises DataError when an item's categories differ between groups or are fewer than three, and
    what ``fit_sem`` raises.

    Validated against: semTools 0.5-6 ``measEq.syntax(ID.cat = "Wu.Estabrook.2016")`` with lavaan
    0.6-14, ``group.partial`` included.
    """
    described = as_model(model)
    data, weights_name = named_column(data, sampling_weights, "sampling_weights")
    data, cluster_name = named_column(data, cluster, "cluster")
    settings = Options(
        "WLSMV",
        missing,
        group=group,
        ordered=True,
        sampling_weights=weights_name,
        cluster=cluster_name,
    )
    rows, said = ladder_rows(
        data,
        described,
        group,
        ordered=described.observed,
        reference=reference,
        join=join,
        missing=missing,
    )
    with one_blas_thread():
        prepared = prepare(rows, described.observed, (), settings)
        labels = [item.label for item in prepared.groups]
        samples = tuple(item.ordinal for item in prepared.groups)
        _check_categories(samples, labels)
        require_known(described, free)
        ladder = {**STEPS, **STRICT} if strict else STEPS
        fits = {name: fit_step(described, samples, name, free) for name in ladder}

        def refit(step: str, released: Sequence[str]) -> OrdinalFit:
            return fit_step(described, samples, step, released)

        def candidates(fit: OrdinalFit, step: str, released: Sequence[str]) -> Iterator[str]:
            return _releasable(described, fit, step, released)

        found = ladder_of(
            fits,
            BY_CORRELATIONS,
            rules=Rules.of(prepared.n) if rules is None else rules,
            partial=partial,
            free=free,
            refit=refit,
            candidates=candidates,
        )
        means = _latent_means(found.intercepts, labels)
    return OrdinalInvariance(
        group,
        tuple(labels),
        prepared.n,
        found.steps,
        found.rules,
        found.reached,
        found.releases,
        found.partial,
        means,
        (*said, *prepared.warnings, *undefined_tests(found.steps)),
    )


def _releasable(model: Model, fit: OrdinalFit, step: str, released: Sequence[str]) -> Iterator[str]:
    """Names of the parameters that the step holds and that may still be freed."""
    fixed = {row.name for row in fit.table.rows if row.op == "=~" and row.free < 0}
    for path in model.paths:
        if path.op != "=~" or path.rhs in model.latent:
            continue
        name = RELEASED[step].format(factor=path.lhs, item=path.rhs)
        if name not in fixed and may_be_released(model, name, released):
            yield name


def require_known(model: Model, free: Sequence[str]) -> None:
    """Raise ModelError for a name in ``free`` that is no parameter a step could hold."""
    items = [path for path in model.paths if path.op == "=~" and path.rhs not in model.latent]
    known = {
        form.format(factor=path.lhs, item=path.rhs) for path in items for form in RELEASED.values()
    }
    for name in free:
        if name.replace(" ", "") not in known:
            one = items[-1] if items else None
            cure = "" if one is None else f"; write {one.name}, {one.rhs}~1 or {one.rhs}|"
            raise ModelError(
                f"free: {name!r} is no loading, intercept or item's thresholds of the model{cure}"
            )


def _check_categories(samples: tuple[Polychoric, ...], labels: list[str]) -> None:
    first = samples[0]
    for sample, label in zip(samples, labels, strict=True):
        for name, own, other in zip(first.names, sample.categories, first.categories, strict=True):
            if len(own) < 3:
                raise DataError(
                    f"{name} has {len(own)} categories in group {label}; thresholds can be compared from three on"
                )
            if len(own) != len(other) or not np.array_equal(own, other):
                raise DataError(
                    f"{name}: groups {labels[0]} and {label} use different categories; "
                    "join the categories that one of them never chose"
                )


def ordinal_measures(fit: OrdinalFit) -> dict[str, float]:
    """Scaled chi-square, CFI and RMSEA, and SRMR of the correlations; NaN where the fit did not
    converge.
    """
    d, groups = fit.discrepancy, len(fit.discrepancy.samples)
    p = d.structures[0].p
    n = [sample.size for sample in d.samples]
    multiplier = sum(n) - groups
    pairs = groups * p * (p - 1) // 2
    df = pairs + groups * len(d.owner) - fit.transform.shape[1]
    chisq = multiplier * fit.optimum.point.value
    out: dict[str, float] = {"chisq": chisq, "df": df}
    scaled = chisq
    if df > 0 and not np.isfinite(bread_and_meat(fit)[0]).all():
        scaled = float("nan")
    elif df > 0:
        scaled = scaled_shifted(*u_gamma_traces(fit.parts(), fit.transform), df).apply(chisq)
    out |= {"chisq_scaled": scaled, "pvalue_scaled": chi_square_pvalue(scaled, df)}
    k = len(d.owner)
    only = [
        (np.zeros((len(v) - k, 0)), v[k:], gamma[k:, k:], weight)
        for _, v, gamma, weight in fit.parts()
    ]
    rows, columns = np.tril_indices(p, -1)
    apart = sum(
        weight * float(np.sum(s.correlation[rows, columns] ** 2 * _by_pair(v[k:], p)))
        for s, (_, v, _, weight) in zip(d.samples, fit.parts(), strict=True)
    )
    baseline = scaled_shifted(*u_gamma_traces(only, np.zeros((0, 0))), pairs).apply(
        multiplier * apart
    )
    out["cfi_scaled"] = incremental(scaled, df, baseline, pairs)["cfi"]
    out["tli_scaled"] = incremental(scaled, df, baseline, pairs)["tli"]
    out["rmsea_scaled"] = rmsea(scaled, df, multiplier, n_groups=groups).estimate
    out["srmr"] = residual_measures(
        [s.correlation for s in d.samples],
        [_implied_correlations(fit, g) for g in range(groups)],
        group_n=[float(size) for size in n],
    )["srmr_bentler"]
    converged = fit.optimum.converged
    return {
        key: float(value) if converged or key == "df" else float("nan")
        for key, value in out.items()
    }


def _by_pair(weights: Array, p: int) -> Array:
    """Weights given column by column of the lower triangle, in the order of its rows."""
    full = np.zeros((p, p))
    columns, rows = np.triu_indices(p, 1)
    full[rows, columns] = weights
    return np.asarray(full[np.tril_indices(p, -1)])


def _implied_correlations(fit: OrdinalFit, g: int) -> Array:
    d, point = fit.discrepancy, fit.optimum.point
    delta = d.scales(point.theta, point.implied, g)
    sigma = point.implied[g].sigma * np.outer(delta, delta)
    np.fill_diagonal(sigma, 1.0)
    return np.asarray(sigma)


def ordinal_difference(restricted: OrdinalFit, general: OrdinalFit) -> Difference:
    """Satorra's (2000) difference test, scaled and shifted; None where nothing was restricted."""
    size = sum(s.size for s in general.discrepancy.samples) - len(general.discrepancy.samples)
    difference = size * (restricted.optimum.point.value - general.optimum.point.value)
    df = general.transform.shape[1] - restricted.transform.shape[1]
    if df <= 0 or not (restricted.optimum.converged and general.optimum.converged):
        return None, df, None
    parts = general.parts()
    wide = np.vstack([delta for delta, *_ in parts]) @ general.transform
    narrow = np.vstack([delta for delta, *_ in restricted.parts()]) @ restricted.transform
    held = np.linalg.lstsq(wide, narrow, rcond=None)[0]
    left, singular, _ = np.linalg.svd(held)
    across = left[:, int(np.sum(singular > 1e-8 * singular[0])) :].T
    bread, meat = bread_and_meat(general)
    inside = across @ bread @ across.T
    if not np.isfinite(inside).all() or np.linalg.matrix_rank(inside) < len(inside):
        return None, df, None
    form = np.linalg.solve(inside, across @ bread @ meat @ bread @ across.T)
    scaling = scaled_shifted(float(np.trace(form)), float(np.sum(form * form.T)), df)
    value = scaling.apply(difference)
    return value, df, chi_square_pvalue(value, df)


def bread_and_meat(fit: OrdinalFit) -> tuple[Array, Array]:
    """Inverse information (NaN where it is singular) and sampling covariance of the gradient, of one
    row.
    """
    size = fit.transform.shape[1]
    information, meat = np.zeros((size, size)), np.zeros((size, size))
    for delta, v, gamma, weight in fit.parts():
        vd = v[:, None] * (delta @ fit.transform)
        information += weight * (delta @ fit.transform).T @ vd
        meat += weight * vd.T @ gamma @ vd
    inverse = well_conditioned_inverse(information)
    return np.full_like(information, np.nan) if inverse is None else inverse, meat


def sampling_covariance(fit: OrdinalFit) -> Array:
    """Of all free parameters (q, q); NaN where the information is singular or the fit did not converge."""
    if not fit.optimum.converged:
        return np.full((len(fit.transform),) * 2, np.nan)
    bread, meat = bread_and_meat(fit)
    size = sum(s.size for s in fit.discrepancy.samples) - len(fit.discrepancy.samples)
    return np.asarray(fit.transform @ bread @ meat @ bread @ fit.transform.T / size)


BY_CORRELATIONS = Evaluation[OrdinalFit](
    ordinal_measures,
    ordinal_difference,
    lambda fit: fit.optimum.point.value,
    lambda fit: fit.optimum.converged,
)


def _latent_means(fit: OrdinalFit, labels: list[str]) -> pd.DataFrame:
    """factor, group, est, se, z, pvalue, ci_lower, ci_upper, d against the first group's 0 (``d`` in its factor SDs)."""
    vcov = sampling_covariance(fit)
    point = fit.optimum.point
    p = fit.discrepancy.structures[0].p
    latent = fit.table.latent
    rows = []
    for row in fit.table.rows:
        if row.op == "~1" and row.lhs in latent and row.free >= 0:
            est, se = float(point.theta[row.free]), float(np.sqrt(vcov[row.free, row.free]))
            i = p + latent.index(row.lhs)
            spread = float(point.implied[0].covariance[i, i])
            rows.append(
                {
                    "factor": row.lhs,
                    "group": labels[row.group - 1],
                    "est": est,
                    "se": se,
                    "z": est / se,
                    "pvalue": float(2 * special.ndtr(-abs(est / se))),
                    "ci_lower": est - Z_95 * se,
                    "ci_upper": est + Z_95 * se,
                    "d": est / np.sqrt(spread) if spread > 0 else float("nan"),
                }
            )
    if not rows:
        raise ModelError("the model has no latent variable to compare")
    return pd.DataFrame(rows)
