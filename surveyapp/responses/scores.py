"""The stored scores of responses: copies of what the answers say, under the rules of a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import cast

from sqlalchemy import Dialect, Table, insert

from analysis.scoring import SCORING_VERSION
from surveyapp.store.models import Score
from surveyapp.store.statements import DatabaseConnection, Insertion

_SCORES = cast(Table, Score.__table__)


def keep_scores(at: DatabaseConnection, scored: Iterable[tuple[int, Mapping[str, float]]]) -> None:
    """Store {scale: value} of each response's number."""
    rows = [
        {"response_id": number, "scale": scale, "value": value, "version": SCORING_VERSION}
        for number, scores in scored
        for scale, value in scores.items()
    ]
    if rows:
        _keeping(at.dialect).run_all(at, rows)


@lru_cache(maxsize=8)
def _keeping(dialect: Dialect) -> Insertion:
    return Insertion(insert(_SCORES), dialect)
