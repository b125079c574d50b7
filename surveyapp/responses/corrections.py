"""Answers that are in already: found by who gave them, put right, erased; with all that was made of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, delete, exists, select, text, update
from sqlalchemy import cast as as_type
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from analysis.scoring import SCORING_VERSION, score_one
from instruments.loader import Library
from surveyapp.errors import NotFound
from surveyapp.responses import rollups
from surveyapp.responses.counting import Days, countings
from surveyapp.responses.reading import Faulty, read_answers
from surveyapp.responses.tally import SUMS, Tally
from surveyapp.store import events
from surveyapp.store.audit import record
from surveyapp.store.counters import take
from surveyapp.store.models import (
    Case,
    CaseNote,
    Draft,
    Erasure,
    Event,
    Interaction,
    Invitation,
    JourneyRun,
    Number,
    OutgoingMessage,
    Report,
    Response,
    Rollup,
    Score,
)
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.survey import Survey

OUTDATED = "outdated"  # in a report's parameters: the day on which answers under it changed
_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)
_ROLLUPS = cast(Table, Rollup.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_KEY = rollups.KEY


def own_response(session: Session, survey_id: int, ticket: Ticket) -> Response | None:
    """The response that was sent with this ticket; None when there is none, or none any more."""
    return session.scalar(
        select(Response)
        .join(Invitation, Invitation.id == Response.invitation_id)
        .where(
            Invitation.token_hash == ticket.token_hash,
            Invitation.survey_id == survey_id,
        )
    )


def correct(
    session: Session,
    survey: Survey,
    response_id: int,
    raw: Mapping[str, object],
    *,
    now: datetime,
    library: Library,
) -> Faulty | None:
    """Put these answers in the place of the stored ones: answers, scores, rollups and reports.

    Tells the event "response.corrected" with the scores that changed, {scale: [before, after]}.
    ``raw`` is as ``submit`` takes it; a Faulty says what is wrong with it, and nothing was changed.
    When and by whom the survey was answered stays. Raises NotFound when the response is gone.
    """
    optional: Collection[str] = ()
    not_applicable: Sequence[str] = ()
    if survey.logic:
        # The check of attention is no answer: it was passed or failed the first time.
        applied = survey.fitted_logic(library).apply(raw)
        raw, optional, not_applicable = applied.raw, applied.optional, applied.not_applicable
    answers = read_answers(survey, raw, optional=optional, library=library)
    if isinstance(answers, Faulty):
        return answers
    session.flush()
    connection = session.connection()
    row = _locked(connection, survey.id, response_id)
    connection.execute(
        update(_RESPONSES)
        .where(_RESPONSES.c.id == response_id)
        .values(
            answers=answers,
            paradata=_paradata(row.paradata, not_applicable),
            corrected_at=now,
            version=_RESPONSES.c.version + 1,
        )
    )
    _mark_reports(session, survey.journey_id, now.date())
    record(session, None, "correct response", f"survey {survey.code}")
    scores: dict[str, float] = {}
    for instrument, key in survey.asked(library):
        scores |= score_one(instrument, answers[instrument.code], key=key)
    before = _scores_of(connection, response_id)
    connection.execute(delete(_SCORES).where(_SCORES.c.response_id == response_id))
    if scores:
        kept = [
            {"response_id": row.id, "scale": scale, "value": value, "version": SCORING_VERSION}
            for scale, value in scores.items()
        ]
        connection.execute(plain_insert(_SCORES), kept)
    told = {"response_id": row.id, "survey_id": row.survey_id}
    events.publish(connection, "response.corrected", changed=_changed(before, scores), **told)
    _count_instead(connection, survey, row, before, scores)
    place = {"correction": take(connection, "corrections")}  # waited for, hence the last
    connection.execute(update(_RESPONSES).where(_RESPONSES.c.id == response_id).values(place))
    session.expire_all()
    return None


def erase(session: Session, survey: Survey, response_id: int, *, now: datetime) -> None:
    """Delete a response and what was made of it: scores, rollups, draft, events, an empty run.

    The invitation stays as used, so that the link takes no second answer; a case loses its customer
    and what staff noted about them; finished reports of the journey are marked as outdated. What is kept
    is that it was done, and on which day it had been answered, not whose it was. Tells the event
    "response.erased" with what the response was called. Raises NotFound when the response is gone.
    """
    session.flush()
    connection = session.connection()
    row = _locked(connection, survey.id, response_id)
    if row.invitation_id is not None:
        token = select(Invitation.token_hash).where(Invitation.id == row.invitation_id)
        session.execute(delete(Draft).where(Draft.token_hash.in_(token)))
        sent = OutgoingMessage.invitation_id == row.invitation_id
        session.execute(update(OutgoingMessage).where(sent).values(content={}))
    told = as_type(Event.subject["response_id"].as_string(), Number)  # as_integer() has 32 bits
    of_this = told == response_id
    session.execute(delete(Event).where(of_this))
    _mark_reports(session, survey.journey_id, now.date())
    _empty_case(session, response_id)
    answered = row.submitted_at.date()
    erasure = Erasure(survey_id=survey.id, answered_on=answered, erased_at=now)
    session.add(erasure)
    subject = f"survey {survey.code}"
    record(session, None, "erase response", subject, answered=answered.isoformat())
    session.flush()
    before = _scores_of(connection, response_id)
    connection.execute(delete(_SCORES).where(_SCORES.c.response_id == response_id))
    connection.execute(delete(_RESPONSES).where(_RESPONSES.c.id == response_id))
    if row.journey_run_id is not None:
        _delete_empty_run(session, row.journey_run_id)
    if survey.anonymity != "anonymous":  # whose responses nobody was told of by number
        gone = {"erased_id": row.id, "erased": row.public_id, "version": row.version + 1}
        events.publish(connection, "response.erased", **gone)
        erasure.response, erasure.response_id = row.id, row.public_id
    _count_instead(connection, survey, row, before, None)
    if erasure.response is not None:
        erasure.place = take(connection, "corrections")  # waited for, hence the last
    session.flush()
    session.expire_all()


def _locked(connection: Connection, survey_id: int, response_id: int) -> Row[Any]:
    """The response's row, held: two corrections of it come one after the other."""
    columns = [
        _RESPONSES.c[name]
        for name in (
            *("id", "public_id", "survey_id", "invitation_id", "journey_run_id"),
            *("attributes", "submitted_at", "paradata", "version"),
        )
    ]
    query = select(*columns).where(
        _RESPONSES.c.id == response_id, _RESPONSES.c.survey_id == survey_id
    )
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("These answers are not stored any more.")
    return row


def _paradata(before: Mapping[str, Any], not_applicable: Sequence[str]) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name != "not_applicable"}
    return {**kept, "not_applicable": list(not_applicable)} if not_applicable else kept


def _scores_of(connection: Connection, response_id: int) -> dict[str, float]:
    query = select(_SCORES.c.scale, _SCORES.c.value).where(_SCORES.c.response_id == response_id)
    return {scale: value for scale, value in connection.execute(query)}  # noqa: C416 - rows, typed


def _count_instead(
    connection: Connection,
    survey: Survey,
    row: Row[Any],
    before: Mapping[str, float],
    after: Mapping[str, float] | None,
) -> None:
    """Replace the response's part in the rollups; None takes it away.

    The last thing in a transaction: on PostgreSQL nobody else counts meanwhile, because one that
    takes away and adds touches rows in two orders, and two such could wait for each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE rollups IN SHARE ROW EXCLUSIVE MODE"))
    rules = rollups.segment_rules(connection)
    segments = rollups.segments_of(rules, row.id, row.attributes)
    counting = countings(connection)[survey.journey_id]
    days = counting.days(row.id, row.submitted_at, anonymous=survey.anonymity == "anonymous")
    _decrease(connection, _tally(row, days, before, segments))
    if after is not None:
        rollups.increase(connection, _tally(row, days, after, segments))


def _tally(row: Row[Any], days: Days, scores: Mapping[str, float], segments: list[int]) -> Tally:
    tally = Tally()
    tally.add(row.survey_id, days, scores, segments)
    return tally


def _decrease(connection: Connection, tally: Tally) -> None:
    """Take away what was tallied. Rows that count nobody go, as a recount would not make them.

    Where a segment is still being sorted, responses that have not been reached are not taken away.
    """
    keys = [_ROLLUPS.c[name] == bindparam(f"key_{name}") for name in _KEY]
    less = {name: _ROLLUPS.c[name] - bindparam(f"less_{name}") for name in SUMS}
    places = [
        {f"{'less' if name in SUMS else 'key'}_{name}": value for name, value in place.items()}
        for place in tally.rows()
    ]
    connection.execute(update(_ROLLUPS).where(*keys).values(less), places)
    only_keys = [{name: place[name] for name in place if name[:3] == "key"} for place in places]
    connection.execute(delete(_ROLLUPS).where(*keys, _ROLLUPS.c.n <= 0), only_keys)


def _mark_reports(session: Session, journey_id: int, day: date) -> None:
    """Say on each finished report of the journey that answers under it have changed."""
    finished = select(Report).where(Report.journey_id == journey_id, Report.file_id.is_not(None))
    for report in session.scalars(finished):
        report.parameters = {**report.parameters, OUTDATED: day.isoformat()}


def _changed(
    before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, list[float | None]]:
    """The scores that differ, each as it was and as it is; None where there was or is none."""
    pairs = {scale: [before.get(scale), after.get(scale)] for scale in {*before, *after}}
    return {scale: pair for scale, pair in sorted(pairs.items()) if pair[0] != pair[1]}


def _empty_case(session: Session, response_id: int) -> None:
    """Take out of the response's case what staff wrote about the customer, and the way to them."""
    case = session.scalar(select(Case).where(Case.response_id == response_id))
    if case is None:
        return
    about = (CaseNote.case_id == case.id, CaseNote.kind == "note")
    session.execute(delete(CaseNote).where(*about))
    case.follow_up_id = None
    said = "Erased their answers; what was noted about them is deleted."
    session.add(CaseNote(case_id=case.id, kind="customer", text=said))


def _delete_empty_run(session: Session, run_id: int) -> None:
    answered = exists().where(Response.journey_run_id == JourneyRun.id)
    visited = exists().where(Interaction.journey_run_id == JourneyRun.id)
    session.execute(delete(JourneyRun).where(JourneyRun.id == run_id, ~answered, ~visited))
