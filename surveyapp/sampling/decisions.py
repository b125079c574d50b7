"""Deciding whom to ask: every interaction is looked at once, and every decision leaves a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Connection, Table, insert, select, text, update
from sqlalchemy.orm import Session

from surveyapp.sampling.candidates import KnownInteraction, known_of, surveys_at
from surveyapp.sampling.eligibility import Eligibility, Rules, decide
from surveyapp.store.models import Decision, Interaction, Invitation, OutgoingMessage
from surveyapp.surveys.links import new_seed, token_of
from surveyapp.surveys.survey import Survey

BATCH = 300  # interactions in one transaction
_LOCK = 7_105_001  # PostgreSQL's number for "somebody is deciding"
_DECISIONS = cast(Table, Decision.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_MESSAGES = cast(Table, OutgoingMessage.__table__)

Case = tuple[KnownInteraction, Survey]


def anything_undecided(session: Session) -> bool:
    """Whether there is an interaction that nobody has looked at."""
    query = select(Interaction.id).where(Interaction.decided_at.is_(None)).limit(1)
    return session.scalar(query) is not None


def decide_due(
    session: Session, *, now: datetime, secret_key: str, rules: Rules, limit: int = BATCH
) -> int:
    """Decide about the oldest ``limit`` interactions that wait; how many there were.

    For each of them and every active survey that it may start: a decision, and where it asks an
    invitation and a message that waits to be sent. All in the caller's transaction, which must be
    one that writes. One worker decides at a time, because what one customer is asked depends on what
    the same customer is asked elsewhere; another one finds nothing to do meanwhile.
    """
    connection = session.connection()
    if not _alone(connection):
        return 0
    batch = _claim(connection, now, limit)
    if not batch:
        return 0
    surveys = surveys_at(connection, {interaction.touchpoint_id for interaction in batch})
    # In the order of what happened, not of what was reported: the result does not depend on luck.
    batch.sort(
        key=lambda interaction: (
            interaction.at,
            interaction.touchpoint_id,
            interaction.external_id or "",
            interaction.id,
        )
    )
    cases = [
        (interaction, survey)
        for interaction in batch
        for survey in surveys.get(interaction.touchpoint_id, [])
    ]
    if cases:
        known = known_of(
            connection,
            [interaction for interaction, _ in cases],
            {survey.id: survey for _, survey in cases}.values(),
            secret_key=secret_key,
            now=now,
        )
        found = []
        for interaction, survey in cases:
            eligibility = decide(
                interaction, survey, known, rules=rules, secret_key=secret_key, now=now
            )
            if eligibility.due_at is not None:
                known.note_ask(survey, interaction, eligibility.due_at)
            found.append(eligibility)
        _store(connection, cases, found, secret_key, now)
    return len(batch)


def _alone(connection: Connection) -> bool:
    """Whether this transaction is the one that decides; SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:number)")
    return bool(connection.execute(lock, {"number": _LOCK}).scalar_one())


def _claim(connection: Connection, now: datetime, limit: int) -> list[KnownInteraction]:
    own = _INTERACTIONS.c
    waiting = select(own.id).where(own.decided_at.is_(None)).order_by(own.id).limit(limit)
    claimed = connection.execute(
        update(_INTERACTIONS)
        .where(own.id.in_(waiting.scalar_subquery()), own.decided_at.is_(None))
        .values(decided_at=now)
        .returning(
            *(own.id, own.touchpoint_id, own.journey_run_id, own.customer_ref, own.at),
            *(own.outcome, own.channel, own.attributes, own.external_id),
        )
    )
    return [KnownInteraction(*row) for row in claimed]


def _store(
    connection: Connection,
    cases: Sequence[Case],
    found: Sequence[Eligibility],
    secret_key: str,
    now: datetime,
) -> None:
    decisions = [
        _decision(interaction, survey, eligibility, now)
        for (interaction, survey), eligibility in zip(cases, found, strict=True)
    ]
    asks = [
        (decision, survey)
        for (_, survey), decision in zip(cases, decisions, strict=True)
        if decision["outcome"] == "ask"
    ]
    if asks:
        invitations = [_invitation(ask, survey, secret_key, now) for ask, survey in asks]
        adding = insert(_INVITATIONS).returning(_INVITATIONS.c.id, sort_by_parameter_order=True)
        numbers = list(connection.execute(adding, invitations).scalars())
        for (ask, _), number in zip(asks, numbers, strict=True):
            ask["invitation_id"] = number
        messages = [_message(ask, survey, now) for ask, survey in asks]
        connection.execute(insert(_MESSAGES), messages)
    connection.execute(insert(_DECISIONS), decisions)


def _decision(
    interaction: KnownInteraction, survey: Survey, eligibility: Eligibility, now: datetime
) -> dict[str, Any]:
    reason = eligibility.reason
    return {
        "interaction_id": interaction.id,
        "survey_id": survey.id,
        "customer_ref": interaction.customer_ref,
        "outcome": "ask" if eligibility.asks else "skip",
        "reason": reason.value if reason else "",
        "detail": (eligibility.detail or (reason.sentence if reason else ""))[:300],
        "invitation_id": None,
        "due_at": eligibility.due_at,
        "decided_at": now,
    }


def _invitation(
    ask: dict[str, Any], survey: Survey, secret_key: str, now: datetime
) -> dict[str, Any]:
    seed = new_seed()
    return {
        "survey_id": survey.id,
        "interaction_id": ask["interaction_id"],
        "token_seed": seed,
        "token_hash": sha256(token_of(secret_key, seed).encode()).hexdigest(),
        "channel": survey.sampling.channel,
        "state": "created",
        "created_at": now,
        "expires_at": ask["due_at"] + timedelta(days=survey.sampling.expires_days),
    }


def _message(ask: dict[str, Any], survey: Survey, now: datetime) -> dict[str, Any]:
    return {
        "key": f"invitation {ask['invitation_id']}",
        "kind": "invitation",
        "channel": survey.sampling.channel,
        "survey_id": survey.id,
        "invitation_id": ask["invitation_id"],
        "customer_ref": ask["customer_ref"],
        "due_at": ask["due_at"],
        "created_at": now,
    }
