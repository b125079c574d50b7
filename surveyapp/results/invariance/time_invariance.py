"""Whether a scale measures alike in the newest quarters of a journey: computed in the worker, and stored.

A score can change because customers have come to read its questions differently, or because others
answer. Each quarter is a group of the ladder.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from sqlalchemy import delete
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.json_values import to_json
from analysis.provenance import fingerprint, versions
from analysis.rules import RULES
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import JourneyPayload
from surveyapp.jobs.running import Progress
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results.analyses.frames import Span, frame
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.gated_answers import Asked, GatedAnswers, gated_answers
from surveyapp.results.invariance.ladder import GROUP, Climbed, climb, needed
from surveyapp.results.invariance.segment_verdicts import scores_counted
from surveyapp.results.invariance.time_verdicts import QUARTERS, Quarter, newest_quarters
from surveyapp.results.journey import Ground, ground
from surveyapp.results.scope import period
from surveyapp.store.models import EVERYBODY, TimeInvariance

FORMAT = "time-invariance/1"
NEWEST = 5_000  # answers of a quarter: many more make no verdict surer


def run_time_invariance(
    installation: Installation, asked: JourneyPayload, *, progress: Progress
) -> dict[str, Any]:
    """Climb the ladder over the newest quarters for each place and questionnaire, and store each verdict.

    What was stored before is replaced. No transaction is open while it computes. Raises NotFound.
    """
    store, minimum = installation.store, installation.settings.minimum_cell
    progress(0, "Reading answers")
    with store.reading() as session:
        base = ground(session, asked.journey_id, library=installation.library)
        today = calendar_of(base.journey).day(installation.now())
        quarters = newest_quarters(today, QUARTERS)
        read = gated_answers(
            base, lambda each: _frame(session, base, each, quarters), library=installation.library
        )
        known = scores_counted(session, base, minimum=minimum)
    rows, made_with = [], versions()
    for at, each in enumerate(read):
        progress(10 + 85 * at // len(read), f"Testing {each.instrument}")
        row = _tested(asked.journey_id, each, minimum)
        row.answers = known.get((each.place, each.instrument), {}).get(EVERYBODY, 0)
        row.versions = made_with
        row.tested_at = installation.now()
        rows.append(row)
    progress(95, "Storing the results")
    with store.writing() as session:
        session.execute(delete(TimeInvariance).where(TimeInvariance.journey_id == asked.journey_id))
        session.add_all(rows)
    verdicts = Counter(row.verdict for row in rows)
    return {"journey_id": asked.journey_id, "verdicts": dict(sorted(verdicts.items()))}


def _tested(journey_id: int, each: GatedAnswers, minimum: int) -> TimeInvariance:
    """The test of one questionnaire; that it cannot be made is a result, too."""
    least = needed(each.plan, minimum)
    reason = ""
    try:
        found = climb(each.data, each.plan, least=least)
    except AnalysisError as error:
        found, reason = Climbed(Verdicts.FAILED), str(error)
    document = {
        "format": FORMAT,
        "version": each.version,
        "key": each.plan.key.code if each.plan.key else None,
        "newest": NEWEST,
        "reason": reason,
        "left_out": dict(sorted(found.left_out.items())),
        **found.stored,
    }
    ladder = to_json(found.ladder) if found.ladder else {}
    is_partial = found.verdict == Verdicts.PARTIAL_SCALAR
    return TimeInvariance(
        journey_id=journey_id,
        place=each.place or 0,
        instrument=each.instrument,
        quarters=list(found.groups),
        rules_version=RULES,
        verdict=str(found.verdict),
        needed=least,
        released=[one["parameter"] for one in ladder.get("releases", ())] if is_partial else [],
        result=dict(to_json(document)),
        fingerprint=fingerprint(each.data, each.plan.items),
    )


def _frame(session: Session, base: Ground, each: Asked, quarters: list[Quarter]) -> pd.DataFrame:
    """The newest answers of each quarter, with its name."""
    found = []
    for quarter in quarters:
        own = frame(
            session,
            each.instrument,
            journey_id=base.journey.id,
            survey_id=each.survey.id,
            without_flagged=True,
            newest=NEWEST,
            between=_span(base, each, quarter),
        )
        found.append(each.plan.turn(own[each.plan.items]).assign(**{GROUP: str(quarter)}))
    return pd.concat(found, ignore_index=True)


def _span(base: Ground, each: Asked, quarter: Quarter) -> Span:
    when = period(quarter.begin, quarter.end)
    begin, end = calendar_of(base.journey).bounds(
        when.since, when.until, anonymous=each.survey.is_anonymous
    )
    if begin is None or end is None:
        raise ValueError(f"{quarter} has an open end")
    return begin, end
