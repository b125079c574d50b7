"""Asking for tests of invariance between journeys: by somebody, or by the clock at night."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from analysis.comparability import FEWEST
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.jobs import kinds
from surveyapp.journeys.portfolio import listed
from surveyapp.results.comparability import comparability
from surveyapp.results.headlines import headlines
from surveyapp.store.audit import record
from surveyapp.store.models import InvarianceMember, Journey, JourneyInvariance

MOST_JOURNEYS = 200  # read for one test; of these the 20 with the most answers are compared
_NIGHT = range(1, 5)  # hours, UTC
_PAUSE = timedelta(hours=20)  # before the same test is asked for again, where one came to nothing


def ask_invariance(
    session: Session, journeys: Collection[int], *, instrument: str, user_id: int | None
) -> JourneyInvariance:
    """Ask whether the instrument measures alike at the ends of these journeys.

    Raises Invalid for fewer than two or too many journeys.
    """
    chosen = sorted(set(journeys))
    if not 2 <= len(chosen) <= MOST_JOURNEYS:
        raise Invalid(
            f"{len(chosen)} journeys cannot be tested; choose 2 to {MOST_JOURNEYS} that ask"
            f" {instrument} at their end.",
            field="journey",
        )
    test = JourneyInvariance(
        instrument=instrument,
        members=[InvarianceMember(journey_id=number) for number in chosen],
        created_by=user_id,
    )
    session.add(test)
    session.flush()
    payload = kinds.InvariancePayload(test.id)
    job = kinds.TEST_INVARIANCE.ask(session, payload, journey_id=None, user_id=user_id)
    test.job_id = job.id
    session.flush()
    codes = session.scalars(select(Journey.code).where(Journey.id.in_(chosen)).order_by(Journey.id))
    record(session, user_id, "test invariance", instrument, journeys=list(codes)[:50])
    return test


def ask_due(installation: Installation, now: datetime) -> int:
    """At night, ask for the tests between all current journeys that are missing or stale; how many."""
    if now.hour not in _NIGHT:
        return 0
    with installation.store.reading() as session:
        due = _due(session, now, installation.settings.minimum_cell, installation.library)
    for instrument, journeys in due.items():
        with installation.store.writing() as session:
            ask_invariance(session, journeys, instrument=instrument, user_id=None)
    return 0  # nothing is left to do at once: the jobs wait for a worker


def _due(session: Session, now: datetime, minimum: int, library: Library) -> dict[str, list[int]]:
    current = [each.id for each in listed(session) if each.state == "current"][:MOST_JOURNEYS]
    answers: dict[str, dict[int, int]] = {}
    for (journey, scale), each in headlines(
        session, current, minimum=minimum, library=library
    ).items():
        is_index = each.scored.definition.metric is Metric.INDEX
        if is_index and each.answers >= FEWEST:
            answers.setdefault(scale, {})[journey] = each.answers
    return {
        scale: list(by_journey)
        for scale, by_journey in answers.items()
        if len(by_journey) > 1
        and not _is_answered(session, scale, by_journey)
        and not _was_tried(session, scale, now)
    }


def _is_answered(session: Session, instrument: str, answers: dict[int, int]) -> bool:
    found = comparability(session, instrument, answers)
    if found is None or found.running:
        return True
    return not found.stale and found.asked >= answers.keys()


def _was_tried(session: Session, instrument: str, now: datetime) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    JourneyInvariance.instrument == instrument,
                    JourneyInvariance.created_by.is_(None),
                    JourneyInvariance.created_at > now - _PAUSE,
                )
            )
        )
    )
