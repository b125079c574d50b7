"""Scores of a project's model for its rows: of each factor, or of each composite."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy.orm import Session

from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.errors import AnalysisError
from analysis.provenance import fingerprint
from analysis.threads import one_blas_thread
from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.results.projects.fits import fit_covariance, model_rows
from surveyapp.results.projects.model_scoring import (
    refuse_many_rows,
    require_scores,
    scoring_method,
)
from surveyapp.results.projects.model_texts import COVARIANCE
from surveyapp.results.projects.options import drawn_by
from surveyapp.results.projects.path_fits import composite_settings
from surveyapp.results.projects.suppression import left_out_by, of_large_groups
from surveyapp.store.models import ProjectModel


@dataclass(frozen=True)
class ModelScores:
    """Scores by row, a column a factor or composite, NaN for want of answers; ``rows`` are those that they
    are of, with what tells whose they are.

    ``as_fitted``: whether the answers are still those that the model's result is of; ``left_out`` says which
    rows have no part in it.
    """

    scores: pd.DataFrame
    rows: pd.DataFrame
    method: str
    as_fitted: bool
    left_out: tuple[str, ...] = ()


def model_scores(
    session: Session, model: ProjectModel, installation: Installation, *, method: str
) -> ModelScores:
    """The model fitted to its answers as they are now, and the scores of every row of them.

    Raises Conflict for a model that has no scores, Invalid for a method that it has not.
    """
    method = scoring_method(model, method)
    require_scores(model)
    found = model_rows(session, model, installation)
    data, minimum = found.data, installation.settings.minimum_cell
    group = model.options.get("group")
    if group:
        data = of_large_groups(data, group, found.used, model.options["missing"], minimum)
    refuse_many_rows(len(data))
    try:
        with one_blas_thread():
            if model.kind == COVARIANCE:
                fit = fit_covariance(data, model)
                if not fit.converged:
                    raise Conflict("The estimation does not converge, so that there are no scores.")
                scores = fit.factor_scores(data, method=method)
            else:
                scores = composite_scores(_composite(data, model), data)
    except AnalysisError as error:
        raise Conflict(f"There are no scores: {error}") from error
    if scores.columns.empty:
        raise Conflict("This model has no factors, and scores are of factors.")
    said = (
        [*found.left_out, *left_out_by(group, len(found.data) - len(data))]
        if group
        else found.left_out
    )
    as_fitted = fingerprint(data, found.numbers) == model.fingerprint
    return ModelScores(scores, data, method, as_fitted, tuple(said))


def composite_scores(fit: PlsResult, data: pd.DataFrame) -> pd.DataFrame:
    """Scores of the rows that the model was fitted to; NaN where a row was left out for want of an answer.

    Raises AnalysisError of a model that was not fitted to rows.
    """
    used = fit.scores
    if used is None:
        raise AnalysisError("a composite model has scores only where it is fitted to rows")
    if len(used) == len(data):
        return pd.DataFrame(used.set_axis(data.index))
    complete = data[list(fit.estimates.layout.items)].notna().all(axis=1)
    return pd.DataFrame(used.set_axis(data.index[complete]).reindex(data.index))


def _composite(data: pd.DataFrame, model: ProjectModel) -> PlsResult:
    settings = composite_settings(model)
    return fit_pls(
        data,
        model.text,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        missing=model.options["missing"],
        **drawn_by(model.options),
    )
