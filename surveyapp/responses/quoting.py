"""Comments that may be quoted no more, because staff say so."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from surveyapp.comments.rows import QUOTE, say_quoting
from surveyapp.errors import NotFound
from surveyapp.responses.corrections import hold
from surveyapp.responses.outdated import mark_quotes
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Comment, Response, SurveyRow

_RESPONSES = cast(Table, Response.__table__)


def withdraw_quote(session: Session, journey_id: int, response_id: int, *, user_id: int) -> bool:
    """Take back that a response's comments may be quoted; False where it was taken back already, and
    nothing was done.

    They leave pages and exports with the transaction, and a finished report that quotes comments and may
    hold them is not given out again. Staff cannot give the consent back, as it is the customer's. Raises NotFound where the
    response has no comment, or none any more.
    """
    survey = session.scalar(
        select(SurveyRow)
        .join(Comment, Comment.survey_id == SurveyRow.id)
        .where(Comment.response_id == response_id, SurveyRow.journey_id == journey_id)
        .limit(1)
    )
    if survey is None:
        raise NotFound("This comment is not stored any more.")
    connection = session.connection()
    for row in hold(connection, survey.id, [response_id]):
        paradata = {name: value for name, value in row.paradata.items() if name != QUOTE}
        if not say_quoting(connection, response_id, False) and paradata == row.paradata:
            return False
        change = update(_RESPONSES).where(_RESPONSES.c.id == response_id)
        connection.execute(change.values(paradata=paradata))
        # Of an anonymous survey no entry says which response it was.
        said = {} if survey.anonymity == "anonymous" else {"response": row.public_id}
        mark_quotes(session, journey_id, utc_now().date(), [row])
        record(session, user_id, "withdraw quote", f"survey {survey.code}", **said)
    session.flush()
    session.expire_all()
    return True
