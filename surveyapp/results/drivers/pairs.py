"""Pairs of scores that somebody declared to be looked at together: stored, not searched for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import DriverPair, Journey

MOST_PAIRS = 10  # of a journey: each makes the correction for all stricter


def pairs_of(session: Session, journey_id: int) -> list[DriverPair]:
    """The pairs of a journey, in the order in which they were declared."""
    query = select(DriverPair).where(DriverPair.journey_id == journey_id).order_by(DriverPair.id)
    return list(session.scalars(query))


def declare_pair(
    session: Session,
    journey: Journey,
    keys: tuple[str, str],
    kinds: Sequence[Mapping[str, str]],
    *,
    user_id: int | None,
) -> DriverPair:
    """Store that the first score's slope may differ with the second.

    ``kinds``: the labels of the journey's scores by key, those that one customer gives together. Raises
    Invalid for a score that is not asked, for two of different kinds, for one pair twice, in either
    order, and for too many.
    """
    first, second = keys
    together = next((labels for labels in kinds if first in labels), None)
    if together is None:
        raise Invalid("Choose a first score from the list.", field="first")
    if second not in together or first == second:
        raise Invalid(
            "Choose another score of the same kind: two dimensions, or two touchpoints.",
            field="second",
        )
    known = {frozenset((each.first, each.second)) for each in pairs_of(session, journey.id)}
    if frozenset(keys) in known:
        raise Invalid("This pair is looked at already.", field="second")
    if len(known) >= MOST_PAIRS:
        raise Invalid(
            f"A journey has at most {MOST_PAIRS} pairs, since each makes the correction for all"
            " stricter; remove one first.",
            field="first",
        )
    made = DriverPair(journey_id=journey.id, first=first, second=second, created_by=user_id)
    session.add(made)
    session.flush()
    record(session, user_id, "declare pair", f"journey {journey.code}", first=first, second=second)
    return made


def remove_pair(session: Session, journey: Journey, pair_id: int, *, user_id: int | None) -> None:
    """Look at a pair no more. Raises NotFound for one of another journey."""
    pair = session.get(DriverPair, pair_id)
    if pair is None or pair.journey_id != journey.id:
        raise NotFound("There is no such pair in this journey; it may have been removed.")
    record(
        session,
        user_id,
        "remove pair",
        f"journey {journey.code}",
        first=pair.first,
        second=pair.second,
    )
    session.delete(pair)
    session.flush()
