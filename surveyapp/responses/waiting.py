"""Anonymous answers on the disk that no figure counts yet: they wait for their release.

An answer is committed at once, in a transaction that neither reads nor writes who gave it; what keeps
a personal link single-use is in ``surveys.epochs``. The answer is sealed: as long as customers come one
at a time, the order of invitations and answers alone would tell much.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, bindparam, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import UTC_DAYS
from surveyapp.responses.numbers import random_number
from surveyapp.responses.prepared import row_of
from surveyapp.responses.submission import Submission
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.inserts import insert
from surveyapp.store.models import HeldResponse, Response
from surveyapp.store.padded_seal import PaddedSeal
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys import epochs
from surveyapp.surveys.epochs import Ledger
from surveyapp.surveys.invitations import is_usable
from surveyapp.surveys.links import Ticket

_HELD = cast(Table, HeldResponse.__table__)
_RESPONSES = cast(Table, Response.__table__)
CONTENT = ("source", "answers", "wordings", "language", "consent_version", "paradata")


def hold(
    at: DatabaseConnection, submissions: Sequence[Submission], keys: EpochKeys
) -> list[tuple[int | None, bool]]:
    """Store anonymous submissions until they are released: each one's number, and whether it is new.

    The number is None where its invitation had been used with another form. In the caller's
    transaction, which must be one that writes.
    """
    ledgers = _ledgers(at, submissions, keys)
    spent: dict[int, list[Ticket]] = {number: [] for number in ledgers}
    found: list[tuple[int | None, bool]] = []
    for submission in submissions:
        number, survey = known(at, submission.key, keys.seal), submission.survey
        ticket = submission.invitation
        if number is not None:
            found.append((number, False))
            continue
        if ticket is not None and not (
            ticket not in spent[survey.id]
            and not ledgers[survey.id].is_spent(ticket)
            and is_usable(
                at, survey_id=survey.id, ticket=ticket, now=submission.prepared.submitted_at
            )
        ):
            found.append((None, False))
            continue
        number = _stored(at, submission, keys.seal)
        if number is None:  # by another process in this very moment
            found.append((known(at, submission.key, keys.seal), False))
            continue
        found.append((number, True))
        if ticket is not None:
            spent[survey.id].append(ticket)
    for survey_id, ledger in ledgers.items():
        ledger.spend(spent[survey_id])
    return found


def known(at: DatabaseConnection, submission_key: str, seal: PaddedSeal) -> int | None:
    """The number of the anonymous answer that this form brought, whether it waits or is released."""
    # In this order: a release moves answers from one table to the other.
    for table, key in ((_HELD, seal.hidden(submission_key)), (_RESPONSES, submission_key)):
        number = _finding(at.dialect, table).scalar(at, {"key": key})
        if number is not None:
            return int(number)
    return None


def content_of(session: Session, number: int, seal: PaddedSeal) -> Mapping[str, Any] | None:
    """The content of an answer that waits; None where none of this number does."""
    held = session.get(HeldResponse, number)
    return None if held is None else read_content(held.content, seal)


def read_content(kept: bytes, seal: PaddedSeal) -> Mapping[str, Any] | None:
    """The content of an answer that waits; None where another secret key sealed it."""
    text = seal.opened(kept)
    content: Mapping[str, Any] | None = None if text is None else json.loads(text)
    return content


def external_ids(connection: Connection, survey_id: int, ids: Collection[str]) -> set[str]:
    """Those of these external ids under which an answer waits."""
    own = _HELD.c
    query = select(own.external_id).where(own.survey_id == survey_id, own.external_id.in_(ids))
    return set(connection.execute(query).scalars())


def _ledgers(
    at: DatabaseConnection, submissions: Sequence[Submission], keys: EpochKeys
) -> dict[int, Ledger]:
    surveys = {each.survey.id for each in submissions if each.invitation is not None}
    epochs.lock(at, surveys)
    return {number: Ledger(at, number, keys) for number in surveys}


def _stored(at: DatabaseConnection, submission: Submission, seal: PaddedSeal) -> int | None:
    survey, prepared = submission.survey, submission.prepared
    row = row_of(
        survey,
        prepared,
        run=None,
        source=submission.source if submission.invitation is None else "invitation",
        wordings=submission.wordings,
        calendar=UTC_DAYS,
    )
    content = {name: row[name] for name in CONTENT}
    content |= {"submission_key": submission.key, "scores": dict(submission.scores)}
    content["comments"] = dict(submission.comments)
    number = _holding(at.dialect).scalar(
        at,
        {
            "id": random_number(),
            "survey_id": survey.id,
            "submission_key": seal.hidden(submission.key),
            "external_id": prepared.external_id,
            "attributes": row["attributes"],
            "content": seal.closed(json.dumps(content)),
        },
    )
    return None if number is None else int(number)


@lru_cache(maxsize=8)
def _holding(dialect: Dialect) -> Statement:
    statement = insert(_HELD, dialect.name).on_conflict_do_nothing()
    return Statement(statement.returning(_HELD.c.id), dialect)


@lru_cache(maxsize=8)
def _finding(dialect: Dialect, table: Table) -> Statement:
    return Statement(select(table.c.id).where(table.c.submission_key == bindparam("key")), dialect)
