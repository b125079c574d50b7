"""Cases: opened by a low score, worked on by their owner, closed with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import staff_messages
from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation
from surveyapp.store import events
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.inserts import insert
from surveyapp.store.models import Case, CaseNote, Event, Response, Score, User
from surveyapp.surveys.queries import surveys
from surveyapp.surveys.settings.closed_loop import CaseRule
from surveyapp.surveys.survey import Survey

OUTCOMES = {
    "recovered": "Recovered",
    "not_recovered": "Not recovered",
    "unreachable": "Not reached",
    "no_action": "No action needed",
}
LONGEST_NOTE = 5000
_CASES = cast(Table, Case.__table__)


def on_response(session: Session, event: Event, *, installation: Installation) -> None:
    """Open a case when the event's response scored low by its survey's rule.

    Exactly one a response, however often the event is dispatched. Publishes the event "case" and writes a
    message to the owner. An event without a response (an anonymous survey's) opens nothing.
    """
    response_id = event.subject.get("response_id")
    survey = _survey(session, event)
    if response_id is None or survey is None or survey.anonymity == "anonymous":
        return
    rule = survey.case_rule
    score = session.get(Score, (response_id, rule.scale)) if rule else None
    if rule is None or score is None or not rule.catches(score.value):
        return
    case_id = _open(session, survey, rule, score, event.at)
    if case_id is not None:
        staff_messages.tell_of_case(session, session.get_one(Case, case_id), installation)
        version = session.get_one(Response, response_id).version
        told = {"case_id": case_id, "survey_id": survey.id, "response_version": version}
        events.publish(session, "case", **told)


def on_correction(session: Session, event: Event, *, installation: Installation) -> None:
    """Act on a customer's change to their own answers, by the survey's rule.

    A response with a case gets a line in its story and nothing more: whether a score that is fine now
    closes the case is for its owner to say, and a closed one stays closed. A response without a case
    gets one when its score fell to the limit with this change.
    """
    survey = _survey(session, event)
    rule = survey.case_rule if survey is not None else None
    case = session.scalar(select(Case).where(Case.response_id == event.subject["response_id"]))
    changed = event.subject.get("changed", {})
    if case is not None:
        _note_correction(session, case, changed.get(case.scale), rule, event.at)
        return
    before, after = changed.get(rule.scale, (None, None)) if rule else (None, None)
    if rule is None or after is None or not rule.catches(after):
        return
    if before is None or not rule.catches(before):
        on_response(session, event, installation=installation)


def _survey(session: Session, event: Event) -> Survey | None:
    """The survey that an event is about; None when it was removed since."""
    number = event.subject.get("survey_id", 0)
    return surveys(session, [number]).get(number)


def _note_correction(
    session: Session,
    case: Case,
    change: Sequence[float | None] | None,
    rule: CaseRule | None,
    at: datetime,
) -> None:
    if change is None:
        text = "Changed their answers; this case's score is unchanged."
    elif change[1] is None:
        text = "Withdrew the answer that this case is about."
    else:
        before = "none" if change[0] is None else f"{change[0]:g}"
        text = f"Changed the score from {before} to {change[1]:g}."
        if rule is not None and rule.scale == case.scale and not rule.catches(change[1]):
            text += " It is no longer low; the owner decides what is left to do."
    session.add(CaseNote(case_id=case.id, kind="customer", text=text, at=at))


def _open(
    session: Session, survey: Survey, rule: CaseRule, score: Score, at: datetime
) -> int | None:
    """The new case's number, None when the response has one: several workers may hear the event."""
    owner = session.get(User, rule.owner_id) if rule.owner_id else None
    row = {
        "response_id": score.response_id,
        "survey_id": survey.id,
        "scale": rule.scale,
        "value": score.value,
        "state": "open",
        "outcome": "",
        "owner_id": owner.id if owner and _may_work(session, owner, survey.journey_id) else None,
        "due_at": rule.due_at(at),
        "opened_at": at,
    }
    session.flush()
    connection = session.connection()
    opening = insert(_CASES, connection.dialect.name).on_conflict_do_nothing(
        index_elements=[_CASES.c.response_id]
    )
    return connection.execute(opening.returning(_CASES.c.id), row).scalar_one_or_none()


def assign(
    session: Session,
    case: Case,
    owner_id: int | None,
    *,
    user_id: int,
    installation: Installation,
) -> None:
    """Give the case to somebody, who gets a message unless they took it themselves; None: nobody."""
    if owner_id == case.owner_id:
        return
    owner = session.get(User, owner_id) if owner_id is not None else None
    if owner_id is not None and (owner is None or not owner.active):
        raise Invalid("That person has no active account; choose someone else.", field="owner_id")
    if owner is not None and not _may_work(session, owner, case.survey.journey_id):
        raise Invalid(
            f"{owner.name} may not work on cases of this journey; grant access first, or choose"
            " someone else.",
            field="owner_id",
        )
    case.owner_id = owner_id
    _change(session, case, f"Assigned to {owner.name}." if owner else "Given to nobody.", user_id)
    record(session, user_id, "assign case", f"case {case.id}", owner_id=owner_id)
    if owner is not None and owner.id != user_id:
        staff_messages.tell_of_assignment(session, case, owner, installation)


def _may_work(session: Session, user: User, journey_id: int) -> bool:
    return may_on(session, account_of(user), Permission.WORK_CASES, journey_id)


def add_note(session: Session, case: Case, text: str, *, user_id: int) -> None:
    """Keep what somebody learned. The same words again, right after, are a form sent twice."""
    text = text.strip()
    if not text:
        raise Invalid("Write what you learned or agreed.", field="text")
    if len(text) > LONGEST_NOTE:
        raise Invalid(
            f"The note has {len(text):,} characters; use at most {LONGEST_NOTE:,}.", field="text"
        )
    last = next((note for note in reversed(case.notes) if note.kind == "note"), None)
    if last is not None and (last.user_id, last.text) == (user_id, text):
        return
    case.notes.append(CaseNote(user_id=user_id, kind="note", text=text))
    record(session, user_id, "note on case", f"case {case.id}")


def mark_contacted(
    session: Session, case: Case, *, user_id: int, now: datetime | None = None
) -> None:
    """The customer has been spoken to. Raises Conflict for a closed case."""
    if case.state == "contacted":
        return
    if case.state == "closed":
        raise Conflict("The case is closed; reopen it first.")
    case.state, case.contacted_at = "contacted", case.contacted_at or now or utc_now()
    _change(session, case, "Customer contacted.", user_id)
    record(session, user_id, "contact on case", f"case {case.id}")


def close(
    session: Session, case: Case, outcome: str, *, user_id: int, now: datetime | None = None
) -> None:
    """Close with what came of it. Closing twice with one outcome is one; with another, Conflict."""
    if outcome not in OUTCOMES:
        raise Invalid("Choose an outcome.", field="outcome")
    if case.state == "closed":
        if case.outcome == outcome:
            return
        raise Conflict(
            f"The case is already closed as: {OUTCOMES[case.outcome].lower()}. Reopen"
            " it to change the outcome."
        )
    case.state, case.outcome, case.closed_at = "closed", outcome, now or utc_now()
    _change(session, case, f"Closed: {OUTCOMES[outcome].lower()}.", user_id)
    record(session, user_id, "close case", f"case {case.id}", outcome=outcome)


def reopen(session: Session, case: Case, *, user_id: int) -> None:
    """Take a closed case up again; its outcome is forgotten, its story is not."""
    if case.state != "closed":
        return
    case.state = "contacted" if case.contacted_at else "open"
    case.outcome, case.closed_at = "", None
    _change(session, case, "Reopened.", user_id)
    record(session, user_id, "reopen case", f"case {case.id}")


def _change(session: Session, case: Case, text: str, user_id: int | None) -> None:
    case.notes.append(CaseNote(user_id=user_id, kind="change", text=text))
    session.flush()
