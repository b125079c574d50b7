"""A project's confirmatory model as a check on its sample: rows within clusters, missing answers imputed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.covariance.intraclass import Weights
from analysis.covariance.missing.pooling import fit_imputed
from analysis.two_level.fit import TwoLevelFit, fit_two_level
from surveyapp.errors import Conflict
from surveyapp.results.projects.options import SEED, auxiliary_items, drawn_by, freed, ordinal_items
from surveyapp.store.models import ProjectModel

IMPUTATIONS = 20


def fit_levels(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The model's structure within and between clusters at once, by its own weights and treatment of
    missing answers. Raises Conflict for WLSMV and for weights without robust errors, else as ``fit_two_level``.
    """
    if model.options.get("weights") and model.options["estimator"] != "MLR":
        raise Conflict(
            "Two levels with weights need robust standard errors: fit the model by MLR first."
        )
    if model.options["estimator"] == "WLSMV":
        raise Conflict(
            "Two levels are fitted by ML or MLR, which take items as numbers: fit the model by one of them first."
        )
    text = f"level: 1\n{model.text}\nlevel: 2\n{model.text}"
    found = fit_two_level(
        data,
        text,
        options["cluster"],
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        sampling_weights=model.options.get("weights"),
        std_lv=model.options["std_lv"],
    )
    document = levels_document(found)
    return {**document, "warnings": [*document["warnings"], *_not_used(model.options, options)]}


def _not_used(of_model: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """What is said of the model's groups and clusters, which two levels do not take over."""
    said = []
    if of_model.get("group"):
        said.append(f"the model's groups by {of_model['group']} are taken together")
    if of_model.get("cluster") not in (None, "", options["cluster"]):
        said.append(f"the model's clusters by {of_model['cluster']} are not used")
    return said


def levels_document(fit: TwoLevelFit) -> dict[str, Any]:
    """A two-level fit as it is stored: scores of single clusters and the sizes of the smallest and largest
    are left out, as a cluster may be too small to be told of; ``groups`` are names.
    """
    found = fit.to_dict()
    sizes = found.pop("clusters")
    del found["cluster_scores"]
    return {
        **found,
        "groups": [str(each["name"]) for each in found["groups"]],
        "cluster": fit.settings.cluster,
        "clusters": sizes["n"],
        "mean_size": sizes["mean"],
        "estimator": fit.settings.estimator,
    }


def weights_document(weights: Weights | None) -> dict[str, float] | None:
    """What weights cost as it is stored: without the smallest and the largest, which are single respondents'."""
    if weights is None:
        return None
    return {"effective_n": weights.effective_n, "design_effect": weights.design_effect}


def fit_imputations(
    data: pd.DataFrame, model: ProjectModel, _options: Mapping[str, Any]
) -> dict[str, Any]:
    """The model fitted to imputations of its missing answers, pooled, beside the fit that it has. Raises as
    ``fit_imputed``."""
    chosen = model.options
    items = ordinal_items(chosen)
    found = fit_imputed(
        data,
        model.text,
        count=IMPUTATIONS,
        seed=SEED,
        group=chosen["group"] or None,
        estimator=chosen["estimator"],
        auxiliary=auxiliary_items(chosen),
        equal=tuple(filter(None, chosen["equal"].split(","))),
        free=freed(chosen),
        std_lv=chosen["std_lv"],
        ordered=items or None,
        **drawn_by(chosen),
    ).to_dict()
    fitted = model.result or {}
    return {
        **found,
        "seed": SEED,
        "estimator": chosen["estimator"],
        "missing": chosen["missing"],
        "groups": list(fitted["groups"]),
        "n_fitted": fitted["n"],
        "fitted": [
            {key: row[key] for key in ("lhs", "op", "rhs", "group", "est", "se", "pvalue")}
            for row in fitted["estimates"]
        ],
    }
