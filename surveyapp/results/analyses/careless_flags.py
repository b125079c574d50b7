"""Flags of careless answers by response, as the newest validation of a questionnaire sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, delete, insert, or_, select
from sqlalchemy.orm import Session

from surveyapp.store.db import Store
from surveyapp.store.models import (
    CARELESS_SIGNS,
    Analysis,
    CarelessFlag,
    Response,
    SurveyRow,
)

_AT_ONCE = 500  # customers who answer meanwhile wait for it
_FLAGS = cast(Table, CarelessFlag.__table__)


@dataclass(frozen=True)
class Flags:
    """What a validation says of one response; bits in the order of CARELESS_SIGNS."""

    response_id: int
    known: int
    flagged: int


def careless_of(
    session: Session, responses: Sequence[int]
) -> dict[int, dict[str, dict[str, bool | int | None]]]:
    """By response and questionnaire: whether it shows each sign of careless answers, None where that
    could not be computed, and the number of the ``validation`` that looked.
    """
    found: dict[int, dict[str, dict[str, bool | int | None]]] = {}
    for start in range(0, len(responses), _AT_ONCE):
        some = CarelessFlag.response_id.in_(responses[start : start + _AT_ONCE])
        for flag in session.scalars(select(CarelessFlag).where(some)):
            signs: dict[str, bool | int | None] = {
                sign: bool(flag.flagged >> place & 1) if flag.known >> place & 1 else None
                for place, sign in enumerate(CARELESS_SIGNS)
            }
            told = {**signs, "validation": flag.analysis_id}
            found.setdefault(flag.response_id, {})[flag.instrument] = told
    return found


def keep_flags(
    store: Store, analysis: Analysis, flags: Sequence[Flags], *, read_at: datetime
) -> None:
    """Store the flags of an analysis in place of those that its responses had from earlier ones.

    A part in a transaction, so that an export meanwhile sees each response's old flags or its new ones.
    Responses that were erased or corrected since ``read_at``, when the answers were read, get none, nor
    do those that a newer analysis has had meanwhile. A segment's validation keeps none: whoever is in
    another segment, too, would have two.
    """
    if analysis.segment_id is not None:
        return
    for start in range(0, len(flags), _AT_ONCE):
        _keep(store, analysis, flags[start : start + _AT_ONCE], read_at)
    older = select(Response.id).join(SurveyRow).where(SurveyRow.journey_id == analysis.journey_id)
    if analysis.survey_id is not None:
        older = older.where(Response.survey_id == analysis.survey_id)
    with store.writing() as session:
        session.execute(
            delete(CarelessFlag).where(
                CarelessFlag.instrument == analysis.instrument,
                CarelessFlag.analysis_id < analysis.id,
                CarelessFlag.response_id.in_(older),
            )
        )


def _keep(store: Store, analysis: Analysis, flags: Sequence[Flags], read_at: datetime) -> None:
    numbers = [each.response_id for each in flags]
    with store.writing() as session:
        there = (
            select(Response.id)
            .where(Response.id.in_(numbers))
            .where(or_(Response.corrected_at.is_(None), Response.corrected_at < read_at))
            .order_by(Response.id)
            .with_for_update(key_share=True)  # else one could be erased before its flags are stored
        )
        kept = set(session.scalars(there))
        stored = (
            CarelessFlag.instrument == analysis.instrument,
            CarelessFlag.response_id.in_(numbers),
        )
        earlier = CarelessFlag.analysis_id <= analysis.id
        session.execute(delete(CarelessFlag).where(*stored, earlier))
        kept -= set(session.scalars(select(CarelessFlag.response_id).where(*stored)))
        rows = [
            {
                "response_id": each.response_id,
                "instrument": analysis.instrument,
                "analysis_id": analysis.id,
                "known": each.known,
                "flagged": each.flagged,
            }
            for each in flags
            if each.response_id in kept
        ]
        if rows:
            session.connection().execute(insert(_FLAGS), rows)
