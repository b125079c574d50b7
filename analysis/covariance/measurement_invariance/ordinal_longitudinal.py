"""Longitudinal invariance of ordinal items: thresholds, loadings, intercepts and residuals over waves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.comparability import Verdict
from analysis.compare import holm
from analysis.covariance.data import prepare
from analysis.covariance.measurement_invariance.invariance import Release, Rules, may_be_released
from analysis.covariance.measurement_invariance.invariance_verdict import verdict
from analysis.covariance.measurement_invariance.longitudinal import LEAST
from analysis.covariance.measurement_invariance.ordinal_invariance import (
    BY_CORRELATIONS,
    bread_and_meat,
    sampling_covariance,
)
from analysis.covariance.measurement_invariance.ordinal_ladder import (
    RELEASED,
    OrdinalStep,
    ladder_of,
    ordinal_table,
    undefined_tests,
)
from analysis.covariance.measurement_invariance.wave_model import WaveModel
from analysis.covariance.measurement_invariance.waves import Waves, reversed_at_all
from analysis.covariance.ordinal.joined_categories import joined_categories
from analysis.covariance.ordinal.ordinal_groups import STEPS, STRICT, OrdinalFit
from analysis.covariance.ordinal.ordinal_waves import fit_waves
from analysis.covariance.settings import Options
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.covariance.wald import wald
from analysis.errors import DataError, ModelError, NoVariance, TooFewCases
from analysis.json_values import to_json
from analysis.reversal import reversal_sentences
from analysis.threads import one_blas_thread


@dataclass(frozen=True)
class OrdinalLongitudinal:
    """The ladder over waves of ordinal items; as ``Longitudinal``, with the measures of the partial
    model and no points, which ordinal answers do not have.
    """

    waves: tuple[str, ...]
    people: dict[str, int]
    persons: int
    in_all: int
    n: int
    steps: tuple[OrdinalStep, ...]
    rules: Rules
    reached: str | None
    releases: tuple[Release, ...]
    partial: dict[str, float] | None
    changes: pd.DataFrame
    stability: pd.DataFrame
    warnings: tuple[str, ...]

    def step(self, name: str) -> OrdinalStep:
        """The rung of that name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def verdict(self) -> Verdict:
        """How far the waves are measured alike: whether means, and so ``changes``, may be compared."""
        return verdict(self)

    @property
    def table(self) -> pd.DataFrame:
        """One row a rung."""
        return ordinal_table(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; what does not exist is None."""
        frames = {
            name: getattr(self, name).to_dict(orient="records") for name in ("changes", "stability")
        }
        return dict(to_json({**vars(self), "verdict": self.verdict, **frames}))


def ordinal_longitudinal(
    waves: Waves,
    model: str | Model,
    *,
    free: Sequence[str] = (),
    rules: Rules | None = None,
    partial: bool = True,
    missing: str = "listwise",
    sampling_weights: str | None = None,
    cluster: str | None = None,
) -> OrdinalLongitudinal:
    """Fit configural, thresholds, loadings, intercepts, residuals over waves by WLSMV, and judge each.

    ``model`` as in ``longitudinal``; residuals of one item covary between waves. ``missing``: "listwise" takes
    persons with every answer of every wave, "pairwise" for each correlation those with both answers. The steps are those of Wu and Estabrook (2016), the tests
    Satorra's (2000), rules and ``partial`` as in ``ordinal_invariance``; a parameter is released at all
    waves. ``free``: loadings (``f=~u3``), intercepts (``u3~1``) and items whose thresholds (``u3|``) may
    differ at every step. Categories that some wave never used are joined with their neighbours,
    which the warnings say. ``sampling_weights`` and ``cluster``: kept columns of the waves, as in
    ``fit_sem``.

    ``changes``: of each wave against each earlier one, ``est`` in standard deviations of the first
    wave, ``d`` in those of the two, with 95 % intervals; ``p_holm`` over all of them.

    Raises as ``longitudinal``; DataError for an item with fewer than three categories.

    Validated against: semTools 0.5-6 ``measEq.syntax(ID.cat = "Wu.Estabrook.2016", long.equal)`` with
    lavaan 0.6-14.
    """
    described = as_model(model)
    waves, points = reversed_at_all(waves, described.reversed_items)
    described = replace(described, reversed_items=())
    whole, joined = joined_waves(waves, waves.items, missing=missing)
    repeated = WaveModel.of(described, whole)
    held = held_free(free, list(released_names(repeated, waves.items)))
    require_people(whole, missing)
    options = Options(
        "WLSMV", missing, ordered=True, sampling_weights=sampling_weights, cluster=cluster
    )
    with one_blas_thread():
        prepared = prepare(whole.frame, whole.columns, (), options)
        sample = prepared.groups[0].ordinal
        require_categories(
            dict(zip(sample.names, map(len, sample.categories), strict=True)), waves, waves.items
        )

        def fit(step: str, released: Sequence[str]) -> OrdinalFit:
            return fit_waves(repeated, sample, step, released)

        def candidates(_: OrdinalFit, step: str, released: Sequence[str]) -> Iterator[str]:
            for name in released_names(repeated, waves.items, step):
                if may_be_released(described, name, released):
                    yield name

        fits = {"configural": fit("configural", held)}
        _require_identified(fits["configural"])
        fits |= {step: fit(step, held) for step in (STEPS | STRICT) if step not in fits}
        found = ladder_of(
            fits,
            BY_CORRELATIONS,
            rules=Rules.of(prepared.n) if rules is None else rules,
            partial=partial,
            free=held,
            refit=fit,
            candidates=candidates,
        )
        changes = _changes(found.intercepts, repeated)
        stability = _stability(fits["configural"], repeated)
    return OrdinalLongitudinal(
        waves.labels,
        waves.people,
        len(waves.frame),
        waves.in_all,
        prepared.n,
        found.steps,
        found.rules,
        found.reached,
        found.releases,
        found.partial,
        changes,
        stability,
        (
            *waves.warnings,
            *reversal_sentences(points),
            *joined,
            *prepared.warnings,
            *undefined_tests(found.steps),
        ),
    )


def released_names(
    repeated: WaveModel, ordered: Sequence[str], step: str | None = None
) -> Iterator[str]:
    """What a step holds equal, or all of them, by its name at one wave; only the items ``ordered`` have
    thresholds.
    """
    for own, form in RELEASED.items():
        if step in (None, own):
            for path in repeated.model.paths:
                if path.op == "=~" and (own != "thresholds" or path.rhs in ordered):
                    yield form.format(factor=path.lhs, item=path.rhs)


def held_free(free: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    """What may differ at every step. Raises ModelError for a name that is none of ``every``."""
    held = tuple(name.replace(" ", "") for name in free)
    for name in held:
        if name not in every:
            raise ModelError(
                f"free: {name!r} is no loading, intercept or item's thresholds of the model; write it"
                f" as at one wave: {', '.join([every[0], *every[-1:]])}"
            )
    return held


def require_people(waves: Waves, missing: str) -> None:
    """Raise TooFewCases below the ``LEAST`` persons: with every answer, or of pairwise ones at two waves."""
    if missing == "pairwise":
        count, what = (
            int((waves.answered.sum(axis=1) >= 2).sum()),
            "persons with answers at two waves",
        )
    else:
        count, what = len(waves.frame), "persons with every answer of every wave"
    if count < LEAST:
        raise TooFewCases(LEAST, count, what=what)


def joined_waves(
    waves: Waves, ordered: Sequence[str], *, missing: str
) -> tuple[Waves, tuple[str, ...]]:
    """The waves with the categories of the items ``ordered`` joined until every wave has used each, and
    what is said of that; only persons with every answer, unless ``missing`` is "pairwise".

    Raises NoVariance for an item whose answers at a wave are all one.
    """
    whole = waves.frame if missing == "pairwise" else waves.frame.dropna(subset=list(waves.columns))
    items = list(waves.items)
    parts = [
        whole[[waves.column(item, wave) for item in items]].set_axis(items, axis=1)
        for wave in waves.names
    ]
    for part, label in zip(parts, waves.labels, strict=True):
        for item in items:
            if part[item].nunique() == 1:
                raise NoVariance(
                    f"{item}: all {part[item].count()} answers at wave {label} are"
                    f" {part[item].dropna().iloc[0]:g}; leave the item out"
                )
    rows = pd.concat(parts, ignore_index=True)
    labels = pd.Series(np.repeat(waves.labels, len(whole)))
    joined, said = joined_categories(
        rows, list(ordered), labels, complete=items, pairwise=missing == "pairwise"
    )
    columns = {
        waves.column(item, wave): joined[item].to_numpy()[k * len(whole) : (k + 1) * len(whole)]
        for k, wave in enumerate(waves.names)
        for item in items
    }
    columns |= {name: whole[name].to_numpy() for name in waves.kept}
    told = tuple(
        text.replace("every group", "every wave").replace("in group", "at wave") for text in said
    )
    return replace(waves, frame=pd.DataFrame(columns)), told


def _require_identified(configural: OrdinalFit) -> None:
    """Raise ModelError where nothing holds the parameters of the least restricted model."""
    if not np.isfinite(bread_and_meat(configural)[0]).all():
        raise ModelError(
            "the model is not identified at several waves, or the sample too small for it: residuals of"
            " an item covary between waves, so give each factor three items or more"
        )


def require_categories(counts: Mapping[str, int], waves: Waves, ordered: Sequence[str]) -> None:
    """Raise DataError for an item of fewer than three categories; ``counts`` are by column."""
    for item in ordered:
        least = min(counts[waves.column(item, wave)] for wave in waves.names)
        if least < 3:
            raise DataError(
                f"{item} has {least} categories; thresholds can be compared from three on"
            )


def _changes(fit: OrdinalFit, repeated: WaveModel) -> pd.DataFrame:
    """factor, wave, against, est, se, z, pvalue, p_holm, ci_*, d, d_se, d_ci_*."""
    theta, vcov = fit.optimum.point.theta, sampling_covariance(fit)
    at = {row.name: row.free for row in fit.table.rows if row.free >= 0}
    label = dict(zip(repeated.waves.names, repeated.waves.labels, strict=True))
    rows = []
    for factor in repeated.model.latent:
        for one, other in repeated.pairs:
            slope, by_d = np.zeros(len(theta)), np.zeros(len(theta))
            change, spread = 0.0, 0.0
            for wave, sign in ((one, -1.0), (other, 1.0)):
                mean = at.get(f"{factor}_{wave}~1")
                variance = at.get(f"{factor}_{wave}~~{factor}_{wave}")
                if mean is not None:
                    change += sign * float(theta[mean])
                    slope[mean] = sign
                spread += 0.5 * (1.0 if variance is None else float(theta[variance]))
            root = np.sqrt(spread) if spread > 0 else np.nan
            by_d += slope / root
            for wave in (one, other):
                variance = at.get(f"{factor}_{wave}~~{factor}_{wave}")
                if variance is not None:
                    by_d[variance] -= change / (4 * root**3)
            row: dict[str, Any] = {"factor": factor, "wave": label[other], "against": label[one]}
            for prefix, value, gradient in (("", change, slope), ("d_", change / root, by_d)):
                se = float(np.sqrt(max(float(gradient @ vcov @ gradient), 0.0)))
                tested = wald(np.array([value]), np.array([se]))
                row |= {"est" if not prefix else "d": value, f"{prefix}se": se}
                row |= {f"{prefix}{key}": float(tested[key][0]) for key in ("ci_lower", "ci_upper")}
                if not prefix:
                    row |= {key: float(tested[key][0]) for key in ("z", "pvalue")}
            rows.append(row)
    frame = pd.DataFrame(rows)
    p = frame["pvalue"].to_numpy(dtype=float)
    return frame.assign(p_holm=holm(p.tolist()) if np.isfinite(p).all() else np.nan)


def _stability(fit: OrdinalFit, repeated: WaveModel) -> pd.DataFrame:
    """factor, wave, against, r, ci_lower, ci_upper; variances are 1 in the configural model."""
    theta, errors = (
        fit.optimum.point.theta,
        np.sqrt(np.maximum(np.diag(sampling_covariance(fit)), 0)),
    )
    label = dict(zip(repeated.waves.names, repeated.waves.labels, strict=True))
    rows = []
    for factor in repeated.model.latent:
        for one, other in repeated.pairs:
            ends = {f"{factor}_{one}", f"{factor}_{other}"}
            free = next(
                row.free
                for row in fit.table.rows
                if row.op == "~~" and {row.lhs, row.rhs} == ends and row.lhs != row.rhs
            )
            tested = wald(theta[[free]], errors[[free]])
            rows.append(
                {
                    "factor": factor,
                    "wave": label[other],
                    "against": label[one],
                    "r": float(theta[free]),
                    "ci_lower": float(tested["ci_lower"][0]),
                    "ci_upper": float(tested["ci_upper"][0]),
                }
            )
    return pd.DataFrame(rows)
