"""A regression of a project's model whose intercept and slopes differ between clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.two_level.random_slopes import fit_mixed
from surveyapp.results.projects.equation_columns import variables_of_equation
from surveyapp.results.projects.model_equations import Equations, equations, random_slopes
from surveyapp.store.models import ProjectModel


def fit_slopes_by_cluster(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The outcome's regression as a linear mixed model. Raises as ``fit_mixed``, and Conflict as
    ``variables_of_equation``.

    Departures of single clusters are left out, as a cluster may be too small to be told of.
    """
    outcome, cluster = options["outcome"], options["cluster"]
    found = equations(model.kind, model.text)
    rows = variables_of_equation(data, found, outcome, options["scales"])
    said = _said(rows, data, found, model)
    rows = rows.assign(**{cluster: data[cluster]}) if cluster in data.columns else rows
    fit = fit_mixed(
        rows,
        outcome,
        found.predictors[outcome],
        cluster,
        slopes=random_slopes(found, outcome, options.get("slope", "")),
        method=options["method"].upper(),
        means=options.get("means") == "apart",
    )
    document = fit.to_dict()
    return {
        **document,
        "clusters": document.pop("n_clusters"),
        "means": options.get("means") == "apart",
        "means_of": {
            name: found.parts[name] for name in rows.columns if found.parts.get(name) is not None
        },
        "warnings": [*document["warnings"], *said],
    }


def _said(
    rows: pd.DataFrame, data: pd.DataFrame, found: Equations, model: ProjectModel
) -> list[str]:
    said = []
    for name in rows.columns:
        items = [each for each in found.parts.get(name, ()) if each in data.columns]
        against = _against(data, items, found.reversed_items)
        if against:
            said.append(
                f"{', '.join(against)} run against the other items of {name}, whose mean takes them as they"
                " are; reverse them by a step"
            )
    options = model.options
    if options.get("group"):
        said.append(f"the model's groups by {options['group']} are taken together")
    if options.get("weights") or options.get("cluster_weights"):
        said.append("the model's weights are not used")
    return said


def _against(data: pd.DataFrame, items: Sequence[str], turned: Sequence[str]) -> list[str]:
    """The items that correlate negatively with the sum of the others."""
    if len(items) < 2:
        return []
    values = data[list(items)].apply(pd.to_numeric, errors="coerce").dropna()
    for name in items:
        if name in turned:
            values[name] = -values[name]
    whole = values.sum(axis=1)
    return [name for name in items if values[name].cov(whole - values[name]) < 0]
