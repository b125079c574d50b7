"""A stored test between journeys with everything that its verdict rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.responses.erasures import Reason
from surveyapp.results.analyses.staleness import Staleness
from surveyapp.results.invariance.comparability import Comparability, Verdicts, comparability
from surveyapp.results.invariance.comparability_phrases import UNTESTED, verdict_sentence
from surveyapp.results.portfolio.headlines import ends_of, headlines
from surveyapp.store.models import Erasure, Job, JourneyInvariance, Response


@dataclass(frozen=True)
class Named:
    """A journey of the test; ``reason``: why it was left out, empty where it was compared."""

    id: int
    name: str
    reason: str = ""


@dataclass(frozen=True)
class Details:
    """``verdict`` is None while the test has no result. ``sentence`` says what it allows; ``changed``:
    answers that were changed and erased since they were read."""

    id: int
    instrument: str
    requested_at: datetime
    journeys: tuple[Named, ...]
    job: Job | None
    verdict: Verdicts | None = None
    sentence: str = UNTESTED
    ladder: Mapping[str, Any] | None = None  # of analysis.scale.sections.invariance, as stored
    result: dict[str, Any] = field(default_factory=dict)
    changed: Staleness = field(default_factory=Staleness)
    stale: bool = False
    fingerprint: str = ""

    @property
    def compared(self) -> list[Named]:
        """The journeys that were compared."""
        return [each for each in self.journeys if not each.reason]

    @property
    def left_out(self) -> list[Named]:
        """The journeys that were not, each with its reason."""
        return [each for each in self.journeys if each.reason]


def details(
    session: Session, invariance_id: int, *, minimum_cell: int, library: Library
) -> Details | None:
    """The test of this number; None where there is none."""
    test = session.get(JourneyInvariance, invariance_id)
    if test is None:
        return None
    reasons = {each["id"]: each["reason"] for each in (test.result or {}).get("left_out", ())}
    journeys = tuple(
        Named(each.journey_id, each.journey.name, reasons.get(each.journey_id, ""))
        for each in test.members
    )
    if test.result is None:
        return Details(test.id, test.instrument, test.created_at, journeys, test.job)
    counts = headlines(
        session, [each.id for each in journeys], minimum=minimum_cell, library=library
    )
    found = comparability(
        session,
        test.instrument,
        {
            journey: each.answers
            for (journey, scale), each in counts.items()
            if scale == test.instrument
        },
        only=test.id,
    )
    short = test.instrument.upper()
    return Details(
        test.id,
        test.instrument,
        test.created_at,
        journeys,
        test.job,
        Verdicts(test.result["verdict"]),
        verdict_sentence(found or _alone(test), short),
        test.result["ladder"],
        test.result,
        _changed(session, test),
        found is not None and found.stale,
        test.fingerprint,
    )


def _alone(test: JourneyInvariance) -> Comparability:
    """The verdict as it was, where by now fewer than two of the journeys have an answer."""
    return Comparability(
        test.instrument, Verdicts((test.result or {})["verdict"]), tested_at=test.created_at
    )


def _changed(session: Session, test: JourneyInvariance) -> Staleness:
    """How many of the answers under it were changed and erased after it had read them."""
    read_at = test.job.started_at if test.job and test.job.started_at else test.created_at
    surveys = [
        survey.id
        for survey in ends_of(session, [each.journey_id for each in test.members])
        if test.instrument in {ask.instrument for ask in survey.asks}
    ]
    corrected = session.scalar(
        select(func.count()).where(
            Response.survey_id.in_(surveys),
            Response.submitted_at <= read_at,
            Response.corrected_at > read_at,
        )
    )
    erased = session.scalar(
        select(func.count()).where(
            Erasure.survey_id.in_(surveys),
            Erasure.erased_at > read_at,
            Erasure.reason != Reason.ANONYMISED,  # those count as before
            or_(Erasure.answered_on.is_(None), Erasure.answered_on <= read_at.date()),
        )
    )
    return Staleness(corrected or 0, erased or 0)


def details_to_json(found: Details) -> dict[str, Any]:
    """The whole test, every digit of it."""
    return {
        "id": found.id,
        "instrument": found.instrument,
        "requested_at": found.requested_at,
        "state": "done" if found.verdict else found.job.state if found.job else "failed",
        "verdict": found.verdict,
        "sentence": found.sentence,
        "stale": found.stale or bool(found.changed),
        "fingerprint": found.fingerprint or None,
        "journeys": [vars(each) for each in found.journeys],
        "result": found.result or None,
    }
