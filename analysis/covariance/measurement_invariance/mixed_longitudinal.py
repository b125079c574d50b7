"""Longitudinal invariance of ordinal items beside numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.compare import holm
from analysis.covariance.measurement_invariance.invariance import Rules, may_be_released
from analysis.covariance.measurement_invariance.longitudinal import stability_of
from analysis.covariance.measurement_invariance.mixed_invariance import BY_MOMENTS
from analysis.covariance.measurement_invariance.ordinal_ladder import (
    ladder_of,
    undefined_tests,
)
from analysis.covariance.measurement_invariance.ordinal_longitudinal import (
    OrdinalLongitudinal,
    held_free,
    joined_waves,
    ordinal_longitudinal,
    released_names,
    require_categories,
    require_people,
)
from analysis.covariance.measurement_invariance.wave_model import WaveModel
from analysis.covariance.measurement_invariance.waves import Waves, reversed_at_all
from analysis.covariance.ordinal.ordinal_groups import STEPS, STRICT
from analysis.covariance.sem import SemFit, fit_beside, fit_sem
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model, parse
from analysis.errors import ModelError
from analysis.reversal import reversal_sentences


def mixed_longitudinal(
    waves: Waves,
    model: str | Model,
    *,
    ordered: Sequence[str],
    free: Sequence[str] = (),
    rules: Rules | None = None,
    partial: bool = True,
    missing: str = "listwise",
    sampling_weights: str | None = None,
    cluster: str | None = None,
) -> OrdinalLongitudinal:
    """The ladder of ``ordinal_longitudinal``, with the items ``ordered`` as ordinal and the others as
    numbers.

    The step thresholds asks nothing of numbers; from loadings on theirs are equal over waves as well, then
    their intercepts, and at the step residuals their residual variances. All models are those of the theta
    parametrisation with factor variances of 1 at the first wave. ``free``, ``missing`` and all else as
    there; with all items ordered the ladder is that of ordinal items alone.

    Raises ModelError for an unknown item in ``ordered`` and for none; else as there.

    Validated against: semTools 0.5-6 ``measEq.syntax(ordered, ID.cat = "Wu.Estabrook.2016", long.equal)``
    with lavaan 0.6-14.
    """
    described = as_model(model)
    items = tuple(name for name in described.observed if name in ordered)
    for name in ordered:
        if name not in described.observed:
            raise ModelError(f"ordered: {name} is no item of the model; correct the name")
    if not items:
        raise ModelError(
            "ordered names no item; numbers alone are compared over waves by ML, MLR or MLM"
        )
    if items == described.observed:
        return ordinal_longitudinal(
            waves,
            model,
            free=free,
            rules=rules,
            partial=partial,
            missing=missing,
            sampling_weights=sampling_weights,
            cluster=cluster,
        )
    waves, points = reversed_at_all(waves, described.reversed_items)
    described = replace(described, reversed_items=())
    whole, joined = joined_waves(waves, items, missing=missing)
    repeated = WaveModel.of(described, whole)
    held = held_free(free, list(released_names(repeated, items)))
    require_people(whole, missing)
    counts = {
        whole.column(item, wave): whole.frame[whole.column(item, wave)].nunique()
        for item in items
        for wave in whole.names
    }
    require_categories(counts, whole, items)
    thresholds = {item: counts[whole.column(item, whole.names[0])] - 1 for item in items}
    ladder = STEPS | STRICT
    first = fit_sem(
        whole.frame,
        repeated.mixed_text((), thresholds, held),
        estimator="WLSMV",
        missing=missing,
        ordered=list(counts),
        parametrization="theta",
        sampling_weights=sampling_weights,
        cluster=cluster,
    )

    def fit(step: str, released: Sequence[str]) -> SemFit:
        if step == "configural":
            return first
        return fit_beside(first, parse(repeated.mixed_text(ladder[step], thresholds, released)))

    def candidates(_: SemFit, step: str, released: Sequence[str]) -> Iterator[str]:
        for name in released_names(repeated, items, step):
            if may_be_released(described, name, released):
                yield name

    fits = {step: fit(step, held) for step in ladder}
    found = ladder_of(
        fits,
        BY_MOMENTS,
        rules=Rules.of(first.n) if rules is None else rules,
        partial=partial,
        free=held,
        refit=fit,
        candidates=candidates,
    )
    return OrdinalLongitudinal(
        waves.labels,
        waves.people,
        len(waves.frame),
        waves.in_all,
        first.n,
        found.steps,
        found.rules,
        found.reached,
        found.releases,
        found.partial,
        _changes(found.intercepts, repeated),
        stability_of(first, repeated),
        (
            *waves.warnings,
            *reversal_sentences(points),
            *joined,
            *first.solution.data.warnings,
            *undefined_tests(found.steps),
        ),
    )


def _changes(fit: SemFit, repeated: WaveModel) -> pd.DataFrame:
    """factor, wave, against, est, se, z, pvalue, p_holm, ci_*, d, d_se, d_ci_*."""
    defined: dict[str, dict[Hashable, Any]] = {
        str(row["lhs"]): row for row in fit.estimates.to_dict("records") if row["op"] == ":="
    }
    label = dict(zip(repeated.waves.names, repeated.waves.labels, strict=True))
    rows = []
    for factor in repeated.model.latent:
        for one, other in repeated.pairs:
            change = defined[repeated.defined("change", factor, one, other)]
            d = defined[repeated.defined("d", factor, one, other)]
            rows.append(
                {"factor": factor, "wave": label[other], "against": label[one], "d": d["est"]}
                | {key: change[key] for key in ("est", "se", "z", "pvalue", "ci_lower", "ci_upper")}
                | {f"d_{key}": d[key] for key in ("se", "ci_lower", "ci_upper")}
            )
    frame = pd.DataFrame(rows)
    p = frame["pvalue"].to_numpy(dtype=float)
    return frame.assign(p_holm=holm(p.tolist()) if np.isfinite(p).all() else np.nan)
