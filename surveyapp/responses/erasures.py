"""Responses that go, with all that was made of them: by the customer's wish, by staff, with an import."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Row, Table, delete, func, insert, select, update
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.responses import counted, runs
from surveyapp.responses.erased_ids import erased_as
from surveyapp.responses.outdated import mark_reports
from surveyapp.store import events
from surveyapp.store.audit import record
from surveyapp.store.counters import take
from surveyapp.store.models import (
    Case,
    CaseNote,
    Draft,
    Erasure,
    Event,
    Invitation,
    Number,
    OutgoingMessage,
    Response,
    Score,
)
from surveyapp.surveys.survey import Survey

LONGEST_NOTE = 300
_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)
_ERASURES = cast(Table, Erasure.__table__)
_CUSTOMER_DID = "Erased their answers; what was noted about them is deleted."
_STAFF_DID = "The response was removed; what was noted about the customer is deleted."
_RULE_DID = "The answers were kept for as long as the survey says; what was noted is deleted."


class Reason(StrEnum):
    """Why staff remove a response."""

    TEST = "test"
    SPAM = "spam"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"
    IMPORT = "import"  # with the whole import that it came in by
    RETENTION = "retention"  # kept for as long as the survey's rule says
    ANONYMISED = "anonymised"  # by that rule; its answers stay as a response of nobody's


BY_RULE = frozenset({Reason.RETENTION, Reason.ANONYMISED})


@dataclass(frozen=True)
class Removal:
    """By whom of the staff responses are removed, and why; ``note`` explains it. By a survey's rule of
    retention it is nobody.
    """

    reason: Reason
    user_id: int | None
    note: str = ""
    batch_id: int | None = None


def erase(
    session: Session, survey: Survey, response_id: int, *, now: datetime, secret_key: str
) -> None:
    """Delete a response and what was made of it, as its customer wishes.

    Tells the event "response.erased" with what the response was called. Raises NotFound when the
    response is gone.
    """
    if not erase_all(session, survey, [response_id], now=now, secret_key=secret_key):
        raise NotFound("These answers are not stored any more.")


def remove(
    session: Session,
    survey: Survey,
    response_id: int,
    removal: Removal,
    *,
    now: datetime,
    secret_key: str,
) -> None:
    """Delete a response as ``erase`` does, because staff say that it is none.

    Never an anonymous survey's: what changes on the pages when one response goes is what it said.
    Raises Conflict for one, Invalid for "other" without a note, NotFound when the response is gone.
    """
    if survey.anonymity == "anonymous":
        raise Conflict(
            "Single responses of an anonymous survey cannot be removed: the change in its results would"
            " show the answers. An import can be removed as a whole."
        )
    if removal.reason is Reason.OTHER and not removal.note.strip():
        raise Invalid("Write why the response is removed.", field="note")
    if len(removal.note) > LONGEST_NOTE:
        raise Invalid(f"The note has at most {LONGEST_NOTE} characters.", field="note")
    options: dict[str, Any] = {"now": now, "removal": removal, "secret_key": secret_key}
    if not erase_all(session, survey, [response_id], **options):
        raise NotFound("This response is not stored any more.")


def erase_all(
    session: Session,
    survey: Survey,
    response_ids: Sequence[int],
    *,
    now: datetime,
    secret_key: str,
    removal: Removal | None = None,
) -> int:
    """Delete responses and what was made of them: scores, rollups, drafts, events, empty runs; how many
    there were.

    Invitations stay as used, so that a link takes no second answer; a case loses its customer and what
    staff noted about them; finished reports of the journey are marked as outdated. What is kept is
    that it was done, why, and on which day it had been answered, not whose it was; of an imported one
    a keyed hash of its own id, too, unless the whole import goes. Of each that is not
    anonymous the event "response.erased" is told. In the caller's transaction; a few hundred at most,
    as customers who answer meanwhile wait for its end.
    """
    session.flush()
    connection = session.connection()
    own = _RESPONSES.c
    there = select(
        *(own.id, own.public_id, own.survey_id, own.invitation_id, own.journey_run_id),
        *(own.attributes, own.submitted_at, own.version, own.external_id),
        *(own.paradata, own.source, own.language),
    ).where(own.id.in_(response_ids), own.survey_id == survey.id)
    found: list[Row[Any]] = list(connection.execute(there.order_by(own.id).with_for_update()))
    if not found:
        return 0
    numbers = [row.id for row in found]
    _forget_ways(session, [row.invitation_id for row in found if row.invitation_id is not None])
    told = as_type(Event.subject["response_id"].as_string(), Number)  # as_integer() has 32 bits
    session.execute(delete(Event).where(told.in_(numbers)))
    mark_reports(session, survey.journey_id, now.date(), found, erased=True)
    _empty_cases(session, numbers, removal)
    _record(session, survey, found, removal)
    session.flush()
    scores = counted.scores_of(connection, numbers)
    connection.execute(delete(_SCORES).where(_SCORES.c.response_id.in_(numbers)))
    connection.execute(delete(_RESPONSES).where(own.id.in_(numbers)))
    runs.shrink(connection, sorted({n for row in found if (n := row.journey_run_id) is not None}))
    if survey.anonymity != "anonymous":  # whose responses nobody was told of by number
        subjects = [
            {"erased_id": row.id, "erased": row.public_id, "version": row.version + 1}
            for row in found
        ]
        events.publish_all(connection, "response.erased", subjects)
    counted.take_away(connection, survey, [(row, scores.get(row.id, {})) for row in found])
    tombstones = [_tombstone(survey, row, removal, now, secret_key) for row in found]
    if survey.anonymity != "anonymous":
        last = take(connection, "corrections", len(found))  # waited for, hence the last
        for place, tombstone in enumerate(tombstones, start=last - len(found) + 1):
            tombstone["place"] = place
    connection.execute(insert(_ERASURES), tombstones)
    session.expire_all()
    return len(found)


def _tombstone(
    survey: Survey, row: Row[Any], removal: Removal | None, now: datetime, secret_key: str
) -> dict[str, Any]:
    """What is left of a response."""
    anonymous = survey.anonymity == "anonymous"
    may_return = removal is not None and removal.reason is Reason.IMPORT
    unnamed = anonymous or may_return or row.external_id is None
    return {
        "survey_id": survey.id,
        "answered_on": row.submitted_at.date(),
        "erased_at": now,
        "response": None if anonymous else row.id,
        "response_id": None if anonymous else row.public_id,
        "external_hash": None if unnamed else erased_as(secret_key, survey, row.external_id),
        "place": None,
        "reason": removal.reason if removal else "",
        "note": removal.note.strip() if removal else "",
        "erased_by": removal.user_id if removal else None,
        "import_batch_id": removal.batch_id if removal else None,
    }


def _record(
    session: Session, survey: Survey, found: Sequence[Row[Any]], removal: Removal | None
) -> None:
    """The audit log's entries; of an import and of a night of retention there is one for all.

    Without the note: somebody may have named a customer in it, and no entry can be changed.
    """
    if removal is not None and (removal.batch_id is not None or removal.reason in BY_RULE):
        return
    for row in found:
        detail = {"answered": row.submitted_at.date().isoformat()}
        if removal is not None:
            detail |= {"reason": removal.reason, "response": row.public_id}
        record(
            session,
            removal.user_id if removal else None,
            "remove response" if removal else "erase response",
            f"survey {survey.code}",
            **detail,
        )


def _forget_ways(session: Session, invitations: Sequence[int]) -> None:
    """Delete the drafts behind these invitations, and what their messages said."""
    if not invitations:
        return
    tokens = select(Invitation.token_hash).where(Invitation.id.in_(invitations))
    session.execute(delete(Draft).where(Draft.token_hash.in_(tokens)))
    sent = OutgoingMessage.invitation_id.in_(invitations)
    session.execute(update(OutgoingMessage).where(sent).values(content={}))


def _empty_cases(session: Session, numbers: Sequence[int], removal: Removal | None) -> None:
    """Take out of the responses' cases what staff wrote about customers, and the ways to them."""
    for case in session.scalars(select(Case).where(Case.response_id.in_(numbers))).all():
        about = (CaseNote.case_id == case.id, CaseNote.kind.in_(("note", "reply")))
        session.execute(delete(CaseNote).where(*about))
        _empty_replies(session, case.id)
        case.follow_up_id = None
        user_id = removal.user_id if removal else None
        kind, text = ("change", _STAFF_DID) if removal else ("customer", _CUSTOMER_DID)
        text = _RULE_DID if removal and removal.reason in BY_RULE else text
        session.add(CaseNote(case_id=case.id, kind=kind, user_id=user_id, text=text))


def _empty_replies(session: Session, case_id: int) -> None:
    """Take the words out of replies that were sent, and send no other: they speak of the answers."""
    theirs = OutgoingMessage.case_id == case_id
    waiting = OutgoingMessage.state.in_(("waiting", "sending"))
    stopped = update(OutgoingMessage).where(theirs, waiting)
    session.execute(stopped.values(state="cancelled", error="The answers were erased."))
    session.execute(update(OutgoingMessage).where(theirs).values(content={}))


def removed_by_staff(session: Session, survey_ids: Collection[int]) -> dict[str, int]:
    """How many responses of these surveys staff removed, by reason."""
    rows = session.execute(
        select(Erasure.reason, func.count())
        .where(Erasure.survey_id.in_(survey_ids), Erasure.reason.not_in(["", *BY_RULE]))
        .group_by(Erasure.reason)
        .order_by(Erasure.reason)
    )
    return {reason: count for reason, count in rows}  # noqa: C416 - rows, typed
