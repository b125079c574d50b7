"""Many stored rows in a moment: the database makes them itself."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Uuid, cast, func, insert, literal, select, text
from sqlalchemy.orm import Session
from sqlalchemy.types import Float, String

from surveyapp.responses import rollups
from surveyapp.responses.counting import countings_of_surveys
from surveyapp.responses.facets import facet_of
from surveyapp.responses.tally import Tally
from surveyapp.store.columns import Document, UtcDateTime
from surveyapp.store.models import EVERYBODY, Case, Response, Score
from tests.responses.makers import NOW


def make_responses(session: Session, survey_id: int, count: int, *, after: int = 0) -> None:
    """Responses numbered from ``after`` + 1, each with the same answers to NPS and its score."""
    numbers = select(literal(after + 1).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < after + count))
    values = {
        "public_id": _public_id(numbers.c.i),
        "survey_id": literal(survey_id),
        "source": literal("import"),
        "answers": literal({"nps": {"nps": 3, "nps_reason": "Slow."}}, Document),
        "wordings": literal({"nps": "en-1"}, Document),
        "attributes": literal({"region": "North"}, Document),
        "language": literal("en"),
        "consent_version": literal(""),
        "submitted_at": literal(NOW - timedelta(days=1), UtcDateTime),
        "paradata": literal({}, Document),
    }
    session.execute(
        insert(Response).from_select(
            ["id", *values],
            select(numbers.c.i, *(value.label(name) for name, value in values.items())),
            include_defaults=False,
        )
    )
    if session.get_bind().dialect.name == "postgresql":  # readers trust its sequence
        session.execute(text(f"SELECT setval('responses_id_seq', {after + count})"))
    session.execute(
        insert(Score).from_select(
            ["response_id", "scale", "value", "version"],
            select(numbers.c.i, literal("nps"), cast(literal(3.0), Float), literal("1")),
            include_defaults=False,
        )
    )
    _count(session, survey_id, count, after)


def _count(session: Session, survey_id: int, count: int, after: int) -> None:
    """Into the rollups, which say which scales an export has: all as the first, which they are like."""
    connection = session.connection()
    [first] = rollups.page_after(connection, after, 1)
    days = countings_of_surveys(connection)[survey_id].days(first["id"], first["submitted_at"])
    tally = Tally()
    tally.add(survey_id, days, {"nps": 3.0}, [EVERYBODY], facet_of(first), times=count)
    rollups.increase(connection, tally)


def make_cases(session: Session, survey_id: int, owner_id: int, count: int) -> None:
    """A case of each of the responses numbered 1 to ``count``."""
    session.execute(
        insert(Case).from_select(
            [
                *(
                    "public_id",
                    "response_id",
                    "survey_id",
                    "scale",
                    "value",
                    "state",
                    "outcome",
                ),
                *("owner_id", "due_at", "opened_at"),
            ],
            select(
                _public_id(Response.id),
                Response.id,
                literal(survey_id),
                literal("nps"),
                cast(literal(3.0), Float),
                literal("open"),
                literal(""),
                literal(owner_id),
                Response.submitted_at,
                Response.submitted_at,
            ).where(Response.id <= count),
            include_defaults=False,
        )
    )


def _public_id(number: ColumnElement[int]) -> ColumnElement[str]:
    """A UUID that is the number."""
    digits = literal("0" * 32) + cast(number, String)
    return cast(func.substr(digits, func.length(digits) - 31), Uuid(as_uuid=False))
