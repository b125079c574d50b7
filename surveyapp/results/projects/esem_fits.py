"""A project's confirmatory model beside the same model with every cross-loading free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.exploratory.esem import exploratory
from analysis.covariance.exploratory.rotation import BIFACTOR, TO_TARGET, Rotation
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.text.syntax import parse
from analysis.errors import AnalysisError, ModelError
from surveyapp.errors import Conflict
from surveyapp.results.projects.fits import fit_covariance
from surveyapp.results.projects.group_options import YES
from surveyapp.results.projects.options import auxiliary_items, drawn_by, ordinal_items
from surveyapp.store.models import ProjectModel


def fit_esem(data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]) -> dict[str, Any]:
    """Both models with their standardised loadings, the factors' correlations, fit and the test between
    them. Raises Conflict for a model of several groups, ModelError without convergence, else as
    ``exploratory`` and ``fit_sem``."""
    if model.options["group"]:
        raise Conflict(
            f"This model is fitted by {model.options['group']}, and loadings are rotated here for all rows"
            " together: fit the model without groups first."
        )
    method = options["rotation"]
    orthogonal = options.get("orthogonal") == YES
    made = exploratory(parse(model.text), bifactor=method in BIFACTOR)
    rotation = made.rotation if method in TO_TARGET else Rotation(method)
    if orthogonal:
        rotation = replace(rotation, orthogonal=True)
    esem = fit_sem(
        data,
        made.model,
        estimator=model.options["estimator"],
        ordered=ordinal_items(model.options) or None,
        missing=model.options["missing"],
        auxiliary=auxiliary_items(model.options),
        rotation=rotation,
        target=made.target if method in TO_TARGET else None,
        **drawn_by(model.options),
    )
    if not esem.converged:
        raise ModelError(
            "the ESEM did not converge: there may be more factors than the items tell apart, or too few rows"
        )
    confirmatory = fit_covariance(data, model)
    factors = [str(name) for name in made.target.columns]
    own, turned = _standardised(confirmatory), _standardised(esem)
    rotated = esem.solution.rotations[0].rotated
    return {
        "n": esem.n,
        "estimator": model.options["estimator"],
        "rotation": method,
        "orthogonal": orthogonal,
        "starts": rotated.starts,
        "reached": rotated.reached,
        "optima": rotated.optima,
        "factors": factors,
        "items": [
            {
                "item": str(item),
                "factor": _own_factor(own, str(item), factors),
                "cfa": _own_loading(own, str(item), factors),
                "loadings": [_loading(turned[name, "=~", str(item)]) for name in factors],
            }
            for item in made.target.index
        ],
        "correlations": [
            {"first": a, "second": b, "cfa": _between(own, a, b), "esem": _between(turned, a, b)}
            for a, b in combinations(factors, 2)
        ],
        "cfa_fit": confirmatory.fit,
        "fit": esem.fit,
        "difference": _difference(confirmatory, esem),
        "warnings": list(esem.warnings),
    }


Row = Mapping[Any, Any]
Rows = Mapping[tuple[str, str, str], Row]


def _standardised(fit: SemFit) -> Rows:
    """The estimates by left side, operator and right side."""
    return {
        (row["lhs"], row["op"], row["rhs"]): row for row in fit.estimates.to_dict(orient="records")
    }


def _loading(row: Row) -> dict[str, Any]:
    return {
        "std": row["std_all"],
        "lower": row.get("std_ci_lower"),
        "upper": row.get("std_ci_upper"),
    }


def _own_factor(own: Rows, item: str, factors: list[str]) -> str:
    return ", ".join(name for name in factors if (name, "=~", item) in own)


def _own_loading(own: Rows, item: str, factors: list[str]) -> dict[str, Any] | None:
    """The item's loading in the confirmatory model; None where it has several there."""
    found = [own[name, "=~", item] for name in factors if (name, "=~", item) in own]
    return _loading(found[0]) if len(found) == 1 else None


def _between(rows: Rows, first: str, second: str) -> float | None:
    """The correlation of two factors; None where the model has none of them."""
    row = rows.get((first, "~~", second), rows.get((second, "~~", first)))
    return None if row is None else row["std_all"]


def _difference(confirmatory: SemFit, esem: SemFit) -> dict[str, Any]:
    """The test of the confirmatory model against the ESEM; why there is none."""
    try:
        return dict(vars(difference_test(confirmatory, esem)))
    except AnalysisError as error:
        return {"why": str(error)}
