"""What the demonstration compares: its journeys with each other, and scores that go together."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.results.drivers.joined_scores import joinable
from surveyapp.results.drivers.pairs import declare_pair
from surveyapp.results.invariance.actions import (
    ask_invariance,
    ask_segment_invariance,
    ask_time_invariance,
)
from surveyapp.store.models import Journey

_PAIR = ("sjq.seamlessness", "sjq.coherence")


def compare(session: Session) -> list[int | None]:
    """Declare a pair in each journey, and ask whether SJQ is alike in them, in their segments and over
    time; the jobs that are to run.
    """
    journeys = list(session.scalars(select(Journey).order_by(Journey.id)))
    for journey in journeys:
        kinds = list(joinable(session, journey.id, library=BUILT_IN).values())
        declare_pair(session, journey, _PAIR, kinds, user_id=None)
    test = ask_invariance(session, [each.id for each in journeys], instrument="sjq", user_id=None)
    within = [
        ask(session, each, user_id=None)
        for each in journeys
        for ask in (ask_segment_invariance, ask_time_invariance)
    ]
    return [test.job_id, *(job.id for job in within)]
