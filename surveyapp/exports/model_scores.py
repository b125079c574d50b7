"""Scores of a model as a table, one row for each row of answers, with what joins them to other exports."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.exports.chosen import ChosenResponses
from surveyapp.exports.csv_table import counted
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.installation import Installation
from surveyapp.results.projects.model_scores import ModelScores, model_scores
from surveyapp.results.projects.model_scoring import COMPOSITE_METHOD
from surveyapp.results.projects.steps import RESPONSE, RUN
from surveyapp.results.projects.wave_fits import run_customers
from surveyapp.store.models import ProjectModel
from surveyapp.surveys.queries import surveys_of

_ROW = Variable("row", "Number of the row in the file, the first below the headings", Kind.INTEGER)
_ABOUT = (
    Variable("response", "Number of the response, never given twice", Kind.INTEGER),
    Variable("response_id", "ID of the response, as in the API and webhooks", Kind.TEXT),
)
_CUSTOMER = (
    Variable("customer", "Pseudonym of the customer", Kind.TEXT),
    Variable("run", "Number of the customer's passage through the journey", Kind.INTEGER),
)
_SAID = {
    "regression": "factor score by regression",
    "bartlett": "factor score by Bartlett's method",
    COMPOSITE_METHOD: "standardised score of the composite",
}


def model_scores_table(
    session: Session,
    model: ProjectModel,
    installation: Installation,
    *,
    method: str,
    customers: bool,
) -> Table:
    """A row for each row of the model's answers, in their order, empty where there is no score.

    Of a survey each has its response, as the export of responses; of a whole journey a row that several
    responses make has none, and the customer's pseudonym and passage only for those who may export
    them (``customers``). Of a file each has the number of its row. Raises as ``model_scores``.
    """
    found = model_scores(session, model, installation, method=method)
    scores = [
        Variable(f"score.{name}", f"{name}: {_SAID[found.method]}", Kind.NUMBER, Measure.SCALE)
        for name in found.scores.columns
    ]
    if model.project.file_name:
        about: Sequence[Variable] = (_ROW,)
        own: list[tuple[Cell, ...]] = [(int(at) + 1,) for at in found.scores.index]
    else:
        about = (*_ABOUT, *(_CUSTOMER if customers else ()))
        own = _owners(session, model, found, customers=customers)
    return Table(
        [*about, *scores], len(own), counted(_rows(own, found.scores), len(own)), _notes(found)
    )


def respondent_scores(
    session: Session, model: ProjectModel, installation: Installation, *, method: str
) -> dict[str, Any]:
    """``method``, ``as_fitted`` and of each row what tells whose it is, and its ``scores`` by name.

    Raises as ``model_scores``, and Conflict where some of the answers are anonymous: programs are never
    told of these one by one as they arrive.
    """
    found = model_scores(session, model, installation, method=method)
    names = [str(name) for name in found.scores.columns]
    scores = [
        dict(zip(names, score_cells(row), strict=True))
        for row in found.scores.to_numpy(dtype=float).tolist()
    ]
    nobody: dict[str, Any] = {"response_id": None, "run": None, "row": None}
    if model.project.file_name:
        whose = [{**nobody, "row": int(at) + 1} for at in found.scores.index]
    else:
        known = response_ids(session, found)
        anonymous = {
            each.id for each in surveys_of(session, model.project.journey_id) if each.is_anonymous
        }
        if any(survey in anonymous for _, survey in known.values()):
            raise Conflict(
                "Some of these answers are anonymous, and their scores are not told one by one; export"
                " them from the model's page."
            )
        whose = [
            {**nobody, "response_id": known[number][0] if number is not None else None, "run": run}
            for number, run in zip(found.rows[RESPONSE], found.rows[RUN], strict=True)
        ]
    return {
        "method": found.method,
        "as_fitted": found.as_fitted,
        "respondents": [{**one, "scores": own} for one, own in zip(whose, scores, strict=True)],
    }


def response_ids(session: Session, found: ModelScores) -> dict[int, tuple[str, int]]:
    """By the number of each response its public ID and its survey's number."""
    numbers = array("q", sorted(each for each in found.rows[RESPONSE] if each is not None))
    return {
        number: (public, survey)
        for stored in ChosenResponses(numbers, {}).batches(session)
        for number, public, survey in zip(
            stored["id"], stored["public_id"], stored["survey_id"], strict=True
        )
    }


def score_cells(row: Sequence[float]) -> list[float | None]:
    """The row's scores, None for each that it lacks."""
    return [None if pd.isna(value) else float(value) for value in row]


def _owners(
    session: Session, model: ProjectModel, found: ModelScores, *, customers: bool
) -> list[tuple[Cell, ...]]:
    known = response_ids(session, found)
    refs = run_customers(session, found.rows[RUN]) if customers else {}
    owners: list[tuple[Cell, ...]] = []
    for number, run in zip(found.rows[RESPONSE], found.rows[RUN], strict=True):
        cells: tuple[Cell, ...] = (number, None if number is None else known[number][0])
        passage = (None if run is None else refs.get(run), run)
        owners.append((*cells, *passage) if customers else cells)
    return owners


def _rows(own: Sequence[tuple[Cell, ...]], scores: pd.DataFrame) -> Iterator[list[Cell]]:
    for about, row in zip(own, scores.to_numpy(dtype=float).tolist(), strict=True):
        yield [*about, *score_cells(row)]


def _notes(found: ModelScores) -> list[str]:
    left_out = [f"{each}." for each in found.left_out]
    if found.as_fitted:
        return left_out
    return [
        "The answers have changed since the model was fitted; these scores are of them as they are now.",
        *left_out,
    ]
