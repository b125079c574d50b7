"""Which scores a project's model has: known before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.two_level.model import has_levels
from surveyapp.errors import Conflict, Invalid
from surveyapp.results.projects.model_texts import COVARIANCE
from surveyapp.store.models import ProjectModel

COMPOSITE_METHOD = "composite"
METHODS: Mapping[str, str] = MappingProxyType(
    {"regression": "Regression", "bartlett": "Bartlett"}
)  # of factors
MOST_ROWS = 50_000  # of a model that is fitted while somebody waits


def scoring_method(model: ProjectModel, asked: str) -> str:
    """How the model's scores are computed. Raises Invalid for a method that this kind of model has not."""
    if model.kind != COVARIANCE:
        if asked not in ("", COMPOSITE_METHOD):
            raise Invalid(
                "Factors are scored by a method, and composites by their weights; leave it out.",
                field="method",
            )
        return COMPOSITE_METHOD
    if asked not in ("", *METHODS):
        raise Invalid(
            f"{asked[:60]!r} is no method of scoring; use one of {', '.join(METHODS)}.",
            field="method",
        )
    return asked or "regression"


def require_scores(model: ProjectModel) -> None:
    """Raise Conflict where the model has no scores, or more than are made while somebody waits."""
    if model.result is None:
        raise Conflict("This model has no result yet; fit it first.")
    if model.kind == COVARIANCE and has_levels(model.text):
        raise Conflict(
            "Scores of a model of two levels are not computed; fit the same factors without levels."
        )
    refuse_many_rows(int(model.result["n_rows"]))


def refuse_many_rows(rows: int) -> None:
    """Raise Conflict for more rows than are fitted while somebody waits."""
    if rows > MOST_ROWS:
        raise Conflict(
            f"Scores of more than {MOST_ROWS:,} rows are not made here; these are {rows:,}. Export the"
            " responses and run `surveyapp scores`."
        )
