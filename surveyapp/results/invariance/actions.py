"""Asking for tests of invariance between journeys, segments and quarters: by somebody, or at night."""

from __future__ import annotations

from collections.abc import Callable, Collection
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
from surveyapp.results.invariance.comparability import comparability
from surveyapp.results.invariance.segment_verdicts import needs_test
from surveyapp.results.invariance.time_verdicts import needs_time_test
from surveyapp.results.journey import ground
from surveyapp.results.portfolio.headlines import headlines
from surveyapp.store.audit import record
from surveyapp.store.counters import advance
from surveyapp.store.models import InvarianceMember, Job, Journey, JourneyInvariance, Segment

MOST_JOURNEYS = 200  # read for one test; of these the 20 with the most answers are compared
_NIGHT = range(1, 5)  # hours, UTC
_ASKED = "invariance asked"  # the counter of hours
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


def ask_segment_invariance(session: Session, journey: Journey, *, user_id: int | None) -> Job:
    """Ask whether the journey's questionnaires measure alike in each segment and all other customers.

    The job that already waits or runs for it, where there is one. Raises Invalid without a segment.
    """
    if not session.scalar(select(exists().where(Segment.sorted_to.is_(None)))):
        raise Invalid("There is no segment to test; create one from customer attributes first.")
    return _ask(
        session,
        kinds.TEST_SEGMENT_INVARIANCE,
        journey,
        "test segment invariance",
        user_id=user_id,
    )


def ask_time_invariance(session: Session, journey: Journey, *, user_id: int | None) -> Job:
    """Ask whether the journey's questionnaires measure alike in its quarters.

    The job that already waits or runs for it, where there is one.
    """
    return _ask(
        session, kinds.TEST_TIME_INVARIANCE, journey, "test invariance over time", user_id=user_id
    )


def _ask(
    session: Session,
    kind: kinds.Kind[kinds.JourneyPayload],
    journey: Journey,
    action: str,
    *,
    user_id: int | None,
) -> Job:
    under_way = session.scalar(
        select(Job).where(
            Job.kind == kind.name,
            Job.journey_id == journey.id,
            Job.state.in_(("waiting", "running")),
        )
    )
    if under_way is not None:
        return under_way
    payload = kinds.JourneyPayload(journey.id)
    job = kind.ask(session, payload, journey_id=journey.id, user_id=user_id)
    record(session, user_id, action, f"journey {journey.code}")
    return job


def ask_due(installation: Installation, now: datetime) -> int:
    """At night, ask for the tests between all current journeys, and between the segments and over the
    quarters of each, that are missing or stale.
    """
    if now.hour not in _NIGHT:
        return 0
    with installation.store.reading() as session:
        minimum, library = installation.settings.minimum_cell, installation.library
        due = _due(session, now, minimum, library)
        segmented = _untested(
            session, kinds.TEST_SEGMENT_INVARIANCE, needs_test, now, minimum, library
        )
        timed = _untested(
            session, kinds.TEST_TIME_INVARIANCE, needs_time_test, now, minimum, library
        )
    if not due and not segmented and not timed:
        return 0
    with installation.store.writing() as session:
        if not advance(session.connection(), _ASKED, int(now.timestamp() // 3600)):
            return 0  # another worker asks in this hour
    for instrument, journeys in due.items():
        with installation.store.writing() as session:
            ask_invariance(session, journeys, instrument=instrument, user_id=None)
    for number in segmented:
        with installation.store.writing() as session:
            ask_segment_invariance(session, session.get_one(Journey, number), user_id=None)
    for number in timed:
        with installation.store.writing() as session:
            ask_time_invariance(session, session.get_one(Journey, number), user_id=None)
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


def _untested(
    session: Session,
    kind: kinds.Kind[kinds.JourneyPayload],
    is_due: Callable[..., bool],
    now: datetime,
    minimum: int,
    library: Library,
) -> list[int]:
    """The current journeys for which the test is due, each asked for at most once a night."""
    tried = set(
        session.scalars(
            select(Job.journey_id).where(Job.kind == kind.name, Job.created_at > now - _PAUSE)
        )
    )
    current = [each.id for each in listed(session) if each.state == "current"]
    return [
        number
        for number in current[:MOST_JOURNEYS]
        if number not in tried
        and is_due(session, ground(session, number, library=library), minimum=minimum)
    ]


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
