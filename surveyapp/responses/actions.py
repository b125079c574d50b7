"""Keeping what was submitted: response, scores, rollups, run, invitation and event, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause

from instruments.loader import Library
from surveyapp.comments.rows import Written
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses import rollups, runs
from surveyapp.responses.counting import Counting, countings_of
from surveyapp.responses.numbers import counted_up
from surveyapp.responses.prepared import ends_run, row_of, visit_of
from surveyapp.responses.reading import Faulty
from surveyapp.responses.scores import keep_scores_and_comments
from surveyapp.responses.submission import Submission, read_submission
from surveyapp.responses.tally import Tally
from surveyapp.responses.waiting import hold
from surveyapp.store import events
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.inserts import insert
from surveyapp.store.key_tables import unique_keys
from surveyapp.store.models import Response
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys import drafts
from surveyapp.surveys.invitations import use_invitation
from surveyapp.surveys.survey import Survey

_RESPONSES = cast(Table, Response.__table__)


@dataclass(frozen=True)
class Stored:
    """The answers are kept. ``new`` is False when they had been before.

    ``response_id`` is None when the invitation had been used with another form: the first counted.
    """

    response_id: int | None
    new: bool


def submit(
    at: Session | Connection,
    survey: Survey,
    raw: Mapping[str, object],
    *,
    library: Library,
    keys: EpochKeys | None = None,
    **sent: Any,
) -> Stored | Faulty:
    """Read, score and keep one submission; ``sent`` is what ``read_submission`` takes besides.

    In the caller's transaction, which must be one that writes. ``keys`` as ``keep`` takes them.
    """
    submission = read_submission(survey, raw, library=library, **sent)
    if isinstance(submission, Faulty):
        return submission
    if isinstance(at, Session):
        at.flush()
        at = at.connection()
    return keep(at, [submission], keys)[0]


def keep(
    at: DatabaseConnection, submissions: Sequence[Submission], keys: EpochKeys | None = None
) -> list[Stored]:
    """Keep submissions, in their order; what each came to.

    The same key sent again keeps one response, and so does an invitation, whose draft is dropped.
    Those of anonymous surveys wait for their release, without a trace of customer and invitation;
    these need ``keys``. All in the caller's transaction, which must be
    one that writes. Several submissions cost less than one after the other: their scores and rollups
    are written together.
    """
    anonymous = [each for each in submissions if each.survey.is_anonymous]
    named = [each for each in submissions if not each.survey.is_anonymous]
    if anonymous and keys is None:
        raise ValueError("an anonymous answer needs the keys under which it waits")
    held = iter(hold(at, anonymous, keys) if keys is not None else ())
    kept = iter(_keep_named(at, named) if named else ())
    return [Stored(*next(held)) if each.survey.is_anonymous else next(kept) for each in submissions]


def _keep_named(at: DatabaseConnection, submissions: Sequence[Submission]) -> list[Stored]:
    rollups.begin(at)
    known = countings_of(at, {each.survey.journey_id for each in submissions})
    numbers = iter(counted_up(at, len(submissions)))  # none where the database numbers them
    stored: list[Stored] = []
    kept: list[tuple[int, Mapping[str, Any], Submission]] = []
    for submission in submissions:
        row = _row(at, submission, known[submission.survey.journey_id].calendar)
        number = None if row is None else _once(at, row, numbers)
        if row is None or number is None:
            stored.append(Stored(_response_of(at, submission.key), new=False))
        else:
            stored.append(Stored(number, new=True))
            kept.append((number, row, submission))
    scored = [(number, each.scores) for number, _, each in kept]
    written = [
        Written(number, row, each.comments, each.prepared.originals) for number, row, each in kept
    ]
    keep_scores_and_comments(at, scored, written)
    _count(at, kept, known)
    told = [_subject(*each) for each in kept if each[2].survey.listened]
    if told:
        events.publish_all(at, "response", told)
    return stored


def _row(
    at: DatabaseConnection, submission: Submission, calendar: Calendar
) -> dict[str, Any] | None:
    """The row of a submission whose invitation has been used up and whose run has been joined.

    None when its invitation had been used already.
    """
    survey, prepared = submission.survey, submission.prepared
    ticket, used, source = submission.invitation, None, submission.source
    if ticket is not None:
        used = use_invitation(at, survey_id=survey.id, ticket=ticket, now=prepared.submitted_at)
        if used is None:
            return None
        source = "invitation"
        drafts.drop(at, ticket)
        prepared = replace(prepared, started_at=_earlier(prepared.started_at, used.started_at))
    run = _joined(at, submission)
    row = row_of(
        survey,
        prepared,
        run=run,
        source=source,
        wordings=submission.wordings,
        calendar=calendar,
    )
    row["submission_key"] = submission.key
    if used is not None:
        row["invitation_id"] = used.id
    return row


def _joined(at: DatabaseConnection, submission: Submission) -> int | None:
    """The run of the answer: that of the interaction it was asked about, else the customer's own."""
    survey, ticket = submission.survey, submission.invitation
    visit, ends = visit_of(survey, submission.prepared), ends_run(survey)
    if visit is None:
        return None
    if ticket is not None and ticket.run_id is not None:
        return runs.rejoin(at, ticket.run_id, visit.at, ends=ends)
    return runs.join(at, survey.journey_id, visit, ends=ends)


def _once(at: DatabaseConnection, row: dict[str, Any], numbers: Iterator[int]) -> int | None:
    """The number of the row that was inserted; None when its key is there already."""
    given = next(numbers, None)
    if given is not None:
        row["id"] = given
    number = _inserting(at.dialect, tuple(row)).scalar(at, row)
    return None if number is None else int(number)


@lru_cache(maxsize=16)
def _inserting(dialect: Dialect, columns: tuple[str, ...]) -> Statement:
    statement = insert(_RESPONSES, dialect.name)
    # No key is named: in a partitioned table it is that of a table beside it.
    once = statement.on_conflict_do_nothing()
    return Statement(once.returning(_RESPONSES.c.id), dialect, columns=columns)


def _response_of(at: DatabaseConnection, submission_key: str) -> int | None:
    finding = _finding(at.dialect, unique_keys(at, _RESPONSES))
    number = finding.scalar(at, {"key": submission_key})
    return None if number is None else int(number)


@lru_cache(maxsize=8)
def _finding(dialect: Dialect, keys: FromClause) -> Statement:
    return Statement(select(keys.c.id).where(keys.c.submission_key == bindparam("key")), dialect)


def _count(
    at: DatabaseConnection,
    kept: Sequence[tuple[int, Mapping[str, Any], Submission]],
    known: Mapping[int, Counting],
) -> None:
    told = any(row["attributes"] for _, row, _ in kept)
    rules = rollups.segment_rules(at) if told else []
    tally = Tally()
    for number, row, submission in kept:
        survey = submission.survey
        days = known[survey.journey_id].days(number, row["submitted_at"], anonymous=False)
        rollups.count(tally, {**row, "id": number}, submission.scores, rules, days)
    rollups.increase(at, tally)


def _earlier(first: datetime | None, second: datetime | None) -> datetime | None:
    known = [moment for moment in (first, second) if moment is not None]
    return min(known, default=None)


def _subject(number: int, _row: Mapping[str, Any], submission: Submission) -> dict[str, Any]:
    """What an event says of a response."""
    return {"survey_id": submission.survey.id, "response_id": number}
