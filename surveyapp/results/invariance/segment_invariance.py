"""Whether a scale measures alike in each segment and in all other customers: computed in the worker, and stored.

Each segment is tested against everybody outside it, as its scores are compared: segments may overlap, and
a segment and its complement never do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.analyses.frames import Beside, frame, segment_column
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.gated_answers import Asked, GatedAnswers, gated_answers
from surveyapp.results.invariance.ladder import GROUP, Climbed, climb, needed
from surveyapp.results.invariance.segment_verdicts import scores_counted
from surveyapp.results.journey import Ground, ground
from surveyapp.results.suppression.publication import publication
from surveyapp.results.view_models import SegmentName
from surveyapp.store.models import EVERYBODY, SegmentInvariance

FORMAT = "segment-invariance/1"
READ = 20_000  # newest answers of a survey that are sorted into segments
NEWEST = 5_000  # of these on either side: many more make no verdict surer
INSIDE, OUTSIDE = "segment", "others"
_AT_ONCE = (1, 1)  # all answers are one block of months: no period is cut from them


def run_segment_invariance(
    installation: Installation, asked: JourneyPayload, *, progress: Progress
) -> dict[str, Any]:
    """Climb the ladder for each segment, place and questionnaire of the journey, and store each verdict.

    What was stored before is replaced. No transaction is open while it computes. Segments whose number
    of complete answers may not be shown are left out: an earlier verdict of theirs goes. Raises NotFound.
    """
    store, minimum = installation.store, installation.settings.minimum_cell
    progress(0, "Reading answers")
    with store.reading() as session:
        base = ground(session, asked.journey_id, library=installation.library)
        rules = {number: parse(each.rule) for number, each in base.segments.items()}
        read = (
            gated_answers(
                base, lambda each: _frame(session, base, each, rules), library=installation.library
            )
            if rules
            else []
        )
        known = scores_counted(session, base, minimum=minimum)
    wanted = [
        (each, base.segments[segment])
        for each in read
        for segment in _told(each, base, minimum=minimum)
    ]
    rows, made_with = [], versions()
    for at, (each, segment) in enumerate(wanted):
        progress(10 + 85 * at // len(wanted), f"Testing {segment.name} on {each.instrument}")
        row = _tested(asked.journey_id, each, segment, minimum)
        row.answers = known.get((each.place, each.instrument), {}).get(segment.id, 0)
        row.versions = made_with
        row.tested_at = installation.now()
        rows.append(row)
    progress(95, "Storing the results")
    with store.writing() as session:
        session.execute(
            delete(SegmentInvariance).where(SegmentInvariance.journey_id == asked.journey_id)
        )
        session.add_all(rows)
    verdicts = Counter(row.verdict for row in rows)
    return {"journey_id": asked.journey_id, "verdicts": dict(sorted(verdicts.items()))}


def _told(each: GatedAnswers, base: Ground, *, minimum: int) -> list[int]:
    """The segments whose number of complete answers may be shown, with that of everybody else."""
    whole = each.data.dropna(subset=each.plan.items)
    columns = [segment_column(number) for number in base.segments]
    kinds: Counter[frozenset[int]] = Counter()
    for inside in whole[columns].itertuples(index=False):
        own = (number for number, there in zip(base.segments, inside, strict=True) if there)
        kinds[frozenset((EVERYBODY, *own))] += 1
    counts = {
        number: {_AT_ONCE: sum(n for kind, n in kinds.items() if number in kind)}
        for number in (EVERYBODY, *base.segments)
    }
    found = publication(
        counts,
        base.lying,
        minimum=minimum,
        kinds={kind: {_AT_ONCE: n} for kind, n in kinds.items()},
    )
    return [number for number in base.segments if not found.why_hidden(number)]


def _tested(
    journey_id: int, each: GatedAnswers, segment: SegmentName, minimum: int
) -> SegmentInvariance:
    """The test of one segment on one questionnaire; that it cannot be made is a result, too."""
    own = each.data[segment_column(segment.id)].astype(bool)
    sides = {INSIDE: own, OUTSIDE: ~own}
    rows = pd.concat(
        [
            each.data.loc[there, each.plan.items].tail(NEWEST).assign(**{GROUP: name})
            for name, there in sides.items()
        ],
        ignore_index=True,
    )
    complete = each.data[each.plan.items].notna().all(axis=1)
    least = needed(each.plan, minimum)
    reason = ""
    try:
        found = climb(rows, each.plan, least=least)
    except AnalysisError as error:
        found, reason = Climbed(Verdicts.FAILED), str(error)
    document = {
        "format": FORMAT,
        "version": each.version,
        "key": each.plan.key.code if each.plan.key else None,
        "newest": NEWEST,
        "reason": reason,
        **found.stored,
    }
    ladder = to_json(found.ladder) if found.ladder else {}
    is_partial = found.verdict == Verdicts.PARTIAL_SCALAR
    return SegmentInvariance(
        journey_id=journey_id,
        place=each.place or 0,
        instrument=each.instrument,
        segment_id=segment.id,
        rule=segment.rule,
        rules_version=RULES,
        verdict=str(found.verdict),
        needed=least,
        inside=int((complete & own).sum()),
        outside=int((complete & ~own).sum()),
        released=[one["parameter"] for one in ladder.get("releases", ())] if is_partial else [],
        result=dict(to_json(document)),
        fingerprint=fingerprint(rows, each.plan.items),
    )


def _frame(session: Session, base: Ground, each: Asked, rules: Mapping[int, Rule]) -> pd.DataFrame:
    found = frame(
        session,
        each.instrument,
        journey_id=base.journey.id,
        survey_id=each.survey.id,
        beside=Beside(rules=rules),
        without_flagged=True,
        newest=READ,
    )
    columns: Sequence[str] = [*each.plan.items, *map(segment_column, rules)]
    return each.plan.turn(found[columns])
