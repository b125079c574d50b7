"""A project's measurement model over groups: aligned, and its items tested for DIF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.covariance.alignment import alignment
from analysis.covariance.mimic import mimic
from analysis.scale.ordinal_dif import ordinal_dif
from surveyapp.results.project_options import SEED, ordinal_items
from surveyapp.store.models import ProjectModel

Result = dict[str, Any]


def fit_alignment(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """The model's factors aligned over the groups. Raises as ``alignment``."""
    found = alignment(
        data,
        model.text,
        options["group"],
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        ordered=ordinal_items(model.options) or None,
        seed=SEED,
    ).to_json()
    return {**found, "seed": SEED}


def fit_dif(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> Result:
    """Every item of the model tested for DIF by the chosen method. Raises as ``ordinal_dif``, ``mimic``."""
    group, method = options["group"], options["method"]
    if method == "ordinal":
        return {"method": method, **ordinal_dif(data, model.text, group).to_json()}
    found = mimic(
        data,
        model.text,
        group,
        estimator=model.options["estimator"],
        missing=model.options["missing"],
        ordered=ordinal_items(model.options) or None,
    )
    return {"method": method, **found.to_json()}
