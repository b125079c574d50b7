"""The stored scores of responses: copies of what the answers say, under the rules of a version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from sqlalchemy import Table

from analysis.scoring import SCORING_VERSION
from surveyapp.comments.rows import COMMENTS, Written, comment_rows, keep_originals
from surveyapp.store.models import Score
from surveyapp.store.row_documents import insert_in_turn, insert_rows
from surveyapp.store.statements import DatabaseConnection

_SCORES = cast(Table, Score.__table__)


Scored = Iterable[tuple[int, Mapping[str, float]]]  # {scale: value} of each response's number


def keep_scores(at: DatabaseConnection, scored: Scored) -> None:
    """Store these scores."""
    rows = _rows(scored)
    if rows:
        insert_rows(at, _SCORES, rows)


def keep_scores_and_comments(
    at: DatabaseConnection, scored: Scored, written: Collection[Written]
) -> None:
    """Store the scores of new responses and what they say in words."""
    insert_in_turn(at, [(_SCORES, _rows(scored)), (COMMENTS, comment_rows(written))])
    keep_originals(at, written)


def _rows(scored: Scored) -> list[dict[str, Any]]:
    return [
        {"response_id": number, "scale": scale, "value": value, "version": SCORING_VERSION}
        for number, scores in scored
        for scale, value in scores.items()
    ]
