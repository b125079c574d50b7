"""A project's measurement model over groups: aligned, its items tested for DIF, its ladder of two levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.covariance.measurement_invariance.alignment import alignment
from analysis.covariance.measurement_invariance.alignment_recovery import WANTED, alignment_recovery
from analysis.covariance.measurement_invariance.mimic import mimic
from analysis.json_values import to_json
from analysis.scale.ordinal_dif import ordinal_dif
from analysis.two_level.invariance import level_invariance
from surveyapp.results.projects.group_options import (
    ALIGNMENT_METHOD,
    ALPHA,
    CLASSES,
    CORRECTION,
    CRITERION,
    EPSILON,
    LEAST,
    NO,
    SIMULATE,
)
from surveyapp.results.projects.options import SEED, drawn_by, ordinal_items
from surveyapp.store.models import ProjectModel

Result = dict[str, Any]


def fit_alignment(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """The model's factors aligned over the groups, and whether samples simulated from them find the means
    again, where that is asked for. Raises as ``alignment`` and ``alignment_recovery``."""
    found = alignment(
        data,
        model.text,
        options["group"],
        method=ALIGNMENT_METHOD.value(options, "method"),
        reference=options.get("reference"),
        epsilon=float(EPSILON.value(options, "epsilon")),
        least=int(LEAST.value(options, "least")),
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        ordered=ordinal_items(model.options) or None,
        seed=SEED,
        **drawn_by(model.options),
    )
    samples = int(SIMULATE.value(options, "simulate"))
    recovery = alignment_recovery(found, reps=samples, seed=SEED) if samples else None
    return {
        **found.to_json(),
        "seed": SEED,
        "recovery": to_json(recovery),
        "wanted": WANTED,
    }


def fit_dif(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """Every item of the model tested for DIF by the chosen method. Raises as ``ordinal_dif``, ``mimic``."""
    group, method = options["group"], options["method"]
    if method == "ordinal":
        tested = ordinal_dif(
            data,
            model.text,
            group,
            classes=CLASSES.value(options, "classes"),
            criterion=CRITERION.value(options, "criterion"),
            purify=options.get("purify") != NO,
            **_compared(options),
        )
        return {"method": method, **tested.to_json()}
    found = mimic(
        data,
        model.text,
        group,
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        ordered=ordinal_items(model.options) or None,
        **_compared(options),
    )
    return {"method": method, **found.to_json()}


def _compared(options: Mapping[str, Any]) -> dict[str, Any]:
    """What both methods of DIF take: the reference, the correction and the level of the tests."""
    return {
        "reference": options.get("reference"),
        "correction": CORRECTION.value(options, "correction"),
        "level": float(ALPHA.value(options, "alpha")),
    }


def fit_level_ladder(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any], free: Sequence[str]
) -> Result:
    """The steps of invariance over groups of clusters, each with its test against the step before; sizes of
    single clusters are left out, as one may be too small to be told of. Raises as ``level_invariance``."""
    chosen = model.options
    found = level_invariance(
        data,
        model.text,
        chosen["cluster"],
        options["group"],
        estimator=chosen["estimator"],
        missing=chosen["missing"],
        free=free,
        sampling_weights=chosen.get("weights"),
        cluster_weights=chosen.get("cluster_weights"),
    ).to_dict()
    return {
        **found,
        "groups": [str(each["name"]) for each in found["groups"]],
        "clusters": found["clusters"]["n"],
    }
