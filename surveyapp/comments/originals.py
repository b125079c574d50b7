"""What a customer wrote where masking changed it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.store.models import Comment, CommentOriginal, Response
from surveyapp.surveys.queries import surveys
from surveyapp.surveys.survey import Survey


@dataclass(frozen=True)
class Originals:
    """A response's comments as they were written and as they are read, those that differ."""

    survey: Survey
    public_id: str
    pairs: tuple[tuple[str, str], ...]


def originals_of(session: Session, journey_id: int, response_id: int) -> Originals:
    """The kept originals of a response of this journey. Raises NotFound."""
    same = and_(
        Comment.response_id == CommentOriginal.response_id, Comment.item == CommentOriginal.item
    )
    rows = session.execute(
        select(CommentOriginal.text, Comment.text, Comment.survey_id, Response.public_id)
        .join(Comment, same)
        .join(Response, Response.id == Comment.response_id)
        .where(CommentOriginal.response_id == response_id)
        .order_by(CommentOriginal.item)
    ).all()
    number = rows[0][2] if rows else None
    survey = None if number is None else surveys(session, [number]).get(number)
    if survey is None or survey.journey_id != journey_id:
        raise NotFound("What the customer wrote is not kept, or nothing of it was masked.")
    return Originals(survey, str(rows[0][3]), tuple((row[0], row[1]) for row in rows))
