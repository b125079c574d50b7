"""The stored scores of responses: copies of what the answers say, under the rules of a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Table

from analysis.scoring import SCORING_VERSION
from surveyapp.store.models import Score
from surveyapp.store.row_documents import insert_rows
from surveyapp.store.statements import DatabaseConnection

_SCORES = cast(Table, Score.__table__)


def keep_scores(at: DatabaseConnection, scored: Iterable[tuple[int, Mapping[str, float]]]) -> None:
    """Store {scale: value} of each response's number."""
    rows = [
        {"response_id": number, "scale": scale, "value": value, "version": SCORING_VERSION}
        for number, scores in scored
        for scale, value in scores.items()
    ]
    if rows:
        insert_rows(at, _SCORES, rows)
