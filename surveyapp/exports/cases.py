"""Cases as a table: what was done about low scores, for whoever plans or checks the work.

It says who looked after what and when. What customers wrote and what was noted about them stays where
erasing reaches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.closed_loop import queries
from surveyapp.closed_loop.queries import Wanted
from surveyapp.closed_loop.rules import watchable
from surveyapp.exports.cells import csv_chunks
from surveyapp.exports.csv_table import CsvTable, counted
from surveyapp.store.models import Case
from surveyapp.surveys.queries import survey_of

_COLUMNS = (
    *("case", "case_id", "journey", "survey", "response", "response_id"),
    *("score", "value", "state", "outcome", "owner"),
    *("opened_at", "due_at", "contacted_at", "closed_at", "overdue"),
)


def cases_csv(session: Session, wanted: Wanted, *, now: datetime, library: Library) -> CsvTable:
    """The cases that the list would show, all its pages, as CSV: the soonest due first.

    Reading the chunks raises Truncated when they end before the last case.
    """
    names: dict[tuple[int, str], str] = {}

    def score(case: Case) -> str:
        """The score's name, looked up once for each survey."""
        place = (case.survey_id, case.scale)
        if place not in names:
            known = watchable(survey_of(case.survey), library=library).get(case.scale)
            names[place] = known.definition.label if known else case.scale
        return names[place]

    def cells(case: Case, owner: str, response_id: str | None) -> list[Any]:
        return [
            case.id,
            case.public_id,
            case.survey.journey.name,
            case.survey.name,
            case.response_id,
            response_id,
            score(case),
            case.value,
            case.state,
            case.outcome,
            owner,
            *map(_moment, (case.opened_at, case.due_at, case.contacted_at, case.closed_at)),
            queries.is_overdue(case, now),
        ]

    expected = queries.how_many(session, wanted, now=now)

    def rows() -> Iterator[list[Any]]:
        yield list(_COLUMNS)
        for found in counted(queries.every(session, wanted, now=now), expected):
            yield cells(*found)

    return CsvTable(expected, csv_chunks(rows()))


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
