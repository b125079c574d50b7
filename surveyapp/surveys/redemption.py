"""The flush of an anonymous survey's epoch: used invitations and draw entries become visible.

It comes at set times, never with an answer, and takes a minimum cell of customers or more at once, so
that it tells of each that they are among as many. Then the epoch's key is destroyed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from secrets import SystemRandom
from typing import cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import Session

from surveyapp.store.encrypted_columns import OfRow
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.inserts import insert
from surveyapp.store.models import AnonymityEpoch, DrawEntry, Invitation, Response
from surveyapp.surveys import epochs
from surveyapp.surveys.epochs import Epoch
from surveyapp.surveys.survey import Survey

log = logging.getLogger(__name__)

_ENTRIES = cast(Table, DrawEntry.__table__)
_AT_ONCE = 500


@dataclass(frozen=True)
class Flush:
    """How a survey is flushed: groups of ``minimum`` or more; ``final`` once it takes no more answers."""

    minimum: int
    final: bool
    day: date


def flush(session: Session, survey: Survey, keys: EpochKeys, how: Flush) -> list[str]:
    """Redeem the invitations of waiting answers and store draw entries, where there are enough; the
    names of the keys to be destroyed once the caller's transaction, which must be one that writes, is
    committed.

    Fewer than the minimum wait, and once the survey takes no more answers are forgotten: nobody will
    ever know who they were.
    """
    at = session.connection()
    epochs.lock(at, [survey.id])
    found = epochs.read(at, survey.id, keys)
    readable = [epoch for epoch in found if epoch.key is not None]
    _tell_lost(session, survey, found, keys, final=how.final)
    entries = {number: a for epoch in readable for number, a in epoch.entries.items()}
    redeems = sum(len(epoch.used) for epoch in readable) >= how.minimum
    drawn = _drawn(session, survey, entries, how)
    given_up = how.final and any(epoch.used for epoch in readable)
    if not (redeems or drawn or given_up):
        return []
    waiting = _waiting(session, survey.id, readable)
    if redeems:
        _redeem(session, list(waiting.values()))
    _store(session, survey.id, {number: entries.pop(number) for number in drawn}, how.day)
    for epoch in readable:
        epochs.end(at, survey.id, epoch.name)
    left = [] if redeems or how.final else list(waiting)
    if readable and (left or entries):
        following = epochs.begin(at, survey.id, keys)
        following.used = {following.digest(token_hash) for token_hash in left}
        following.entries = entries
        epochs.write(at, survey.id, following)
    return [epoch.name for epoch in readable]


def begun(session: Session) -> set[int]:
    """The surveys that have an epoch."""
    return set(session.scalars(select(AnonymityEpoch.survey_id)))


def names(session: Session) -> set[str]:
    """The names of all epochs, which are those of their keys."""
    return set(session.scalars(select(AnonymityEpoch.name)))


def _waiting(session: Session, survey_id: int, readable: Sequence[Epoch]) -> dict[str, int]:
    """The invitations of waiting answers: {token hash: id}."""
    if not any(epoch.used for epoch in readable):
        return {}
    query = select(Invitation.token_hash, Invitation.id).where(Invitation.survey_id == survey_id)
    return {
        token_hash: number
        for token_hash, number in session.execute(query)
        if any(epoch.has(token_hash) for epoch in readable)
    }


def _redeem(session: Session, numbers: list[int]) -> None:
    """Delete invitations, and with them what was still to be sent: who has answered is asked no more."""
    SystemRandom().shuffle(numbers)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        session.execute(delete(Invitation).where(Invitation.id.in_(some)))


def _drawn(
    session: Session, survey: Survey, entries: Mapping[int, str], how: Flush
) -> Sequence[int]:
    """The entries that can be stored now, by chance.

    As many as the minimum stay behind as long as the survey runs, so that its last ones are never
    too few; if it has few entries in all, those are of any of its answers.
    """
    numbers = list(entries)
    SystemRandom().shuffle(numbers)
    if not how.final:
        ready = len(numbers) - (how.minimum if how.minimum > 1 else 0)
        return numbers[: max(0, ready)] if ready >= how.minimum else []
    if len(numbers) >= how.minimum:
        return numbers
    stored = session.scalar(select(func.count()).where(DrawEntry.survey_id == survey.id))
    answers = session.scalar(select(func.count()).where(Response.survey_id == survey.id)) or 0
    return numbers if not stored and answers >= how.minimum else []


def _store(session: Session, survey_id: int, entries: Mapping[int, str], day: date) -> None:
    """Store draw entries in the order of their random numbers; an address that is there stays once."""
    rows = [
        {"id": number, "survey_id": survey_id, "address": OfRow(address, number), "day": day}
        for number, address in sorted(entries.items())
    ]
    if rows:
        connection = session.connection()
        statement = insert(_ENTRIES, connection.dialect.name)
        connection.execute(statement.on_conflict_do_nothing(), rows)


def _tell_lost(
    session: Session, survey: Survey, found: Sequence[Epoch], keys: EpochKeys, *, final: bool
) -> None:
    """Log epochs whose key is not here; at the end they are given up."""
    for epoch in found:
        if epoch.key is not None:
            continue
        log.warning(
            "The key %s of the survey %s is not in %s: its links can be used once more and its draw"
            " entries wait. Hosts of one database need one SURVEYAPP_EPOCH_KEYS and one secret key.",
            *(epoch.name[:8], survey.code, keys.place),
        )
        if final:
            epochs.end(session.connection(), survey.id, epoch.name)
