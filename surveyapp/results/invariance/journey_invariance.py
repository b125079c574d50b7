"""Whether a scale measures alike at the ends of several journeys: computed in the worker, and stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import update
from sqlalchemy.orm import Session

from analysis.json_values import to_json
from analysis.provenance import fingerprint, versions
from analysis.rules import RULES
from analysis.scale.plan import Plan, plan_of
from instruments.loader import Library
from instruments.schema import Instrument
from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.results.analyses.frames import frame
from surveyapp.results.invariance.ladder import GROUP, climb, measure_of, needed
from surveyapp.results.portfolio.headlines import Monthly, ends_of, headlines
from surveyapp.results.scope import ALL_TIME
from surveyapp.store.models import InvarianceMember, JourneyInvariance
from surveyapp.surveys.survey import Survey

FORMAT = "journey-invariance/1"
NEWEST = 5_000  # answers of a journey: many more make no verdict surer

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class _Answers:
    """The items of one questionnaire by journey; ``left_out``: why a journey is not among them."""

    plan: Plan
    version: str
    data: pd.DataFrame
    left_out: Mapping[str, str]


def run_invariance(
    installation: Installation, invariance_id: int, *, progress: Progress
) -> dict[str, Any]:
    """Climb the ladder over the journeys of a stored test and store its verdict with its provenance.

    No transaction is open while it computes. Too few answers are a verdict too. Raises NotFound;
    Conflict where none of the journeys asks the instrument.
    """
    store, minimum = installation.store, installation.settings.minimum_cell
    progress(0, "Reading answers")
    with store.reading() as session:
        test = session.get(JourneyInvariance, invariance_id)
        if test is None:
            raise NotFound(f"There is no test number {invariance_id}; it may have been removed.")
        names = {each.journey.code: each.journey.name for each in test.members}
        numbers = {each.journey.code: each.journey_id for each in test.members}
        codes = {number: code for code, number in numbers.items()}
        known = headlines(session, list(codes), minimum=minimum, library=installation.library)
        counts = {codes[journey]: each for (journey, scale), each in known.items() if scale == test.instrument}  # fmt: skip
        read = _answers(session, test.instrument, codes, counts, installation.library)
    progress(20, "Testing measurement invariance")
    least = needed(read.plan, minimum)
    found = climb(read.data, read.plan, least=least)
    left_out = {**read.left_out, **found.left_out}
    result = {
        "format": FORMAT,
        "rules_version": RULES,
        "instrument": test.instrument,
        "version": read.version,
        "key": read.plan.key.code if read.plan.key else None,
        "needed": least,
        "newest": NEWEST,
        **found.stored,
        "journeys": [
            {"id": numbers[code], "code": code, "name": names[code]} for code in found.groups
        ],
        "left_out": [
            {"id": numbers[code], "code": code, "name": names[code], "reason": left_out[code]}
            for code in sorted(left_out)
        ],
    }
    made_with = versions()
    progress(95, "Storing the result")
    with store.writing() as session:
        row = session.get_one(JourneyInvariance, invariance_id)
        row.result = dict(to_json(result))
        row.fingerprint = fingerprint(read.data, read.plan.items)
        row.versions = made_with
        for code, number in numbers.items():
            session.execute(
                update(InvarianceMember)
                .where(
                    InvarianceMember.invariance_id == invariance_id,
                    InvarianceMember.journey_id == number,
                )
                .values(answers=counts[code].answers if code in counts else 0)
            )
    return {"invariance_id": invariance_id, "verdict": result["verdict"]}


def _answers(
    session: Session,
    code: str,
    codes: Mapping[int, str],
    counts: Mapping[str, Monthly],
    library: Library,
) -> _Answers:
    """The newest answers of the journeys that ask the same items as most of them do."""
    asked: dict[int, list[tuple[Survey, Plan, str]]] = {}
    for survey in ends_of(session, codes):
        for ask in survey.asks:
            if ask.instrument == code:
                instrument = library.load(code, ask.version)
                plan = plan_of(instrument, key=ask.key)
                asked.setdefault(survey.journey_id, []).append((survey, plan, instrument.version))
    if not asked:
        raise Conflict(f"none of these journeys asks {code} at its end")
    same = Counter(measure_of(each[0][1]) for each in asked.values())
    usual, _ = same.most_common(1)[0]
    _, plan, version = next(each[0] for each in asked.values() if measure_of(each[0][1]) == usual)
    left_out, frames = {}, []
    for journey, label in sorted(codes.items()):
        own = [each for each in asked.get(journey, ()) if measure_of(each[1]) == usual]
        if not own:
            other = "asks other items of it" if journey in asked else "does not ask it"
            left_out[label] = other
        elif label in counts and counts[label].sums(ALL_TIME)[1]:
            left_out[label] = "the number of its answers is hidden"
        else:
            _, plan, version = own[-1]
            frames += [
                _frame(session, survey, each, label, library.load(code, version))
                for survey, each, version in own
            ]
    columns = [*plan.items, GROUP]
    data = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return _Answers(plan, version, data, left_out)


def _frame(
    session: Session, survey: Survey, plan: Plan, label: str, instrument: Instrument
) -> pd.DataFrame:
    found = frame(
        session,
        instrument,
        journey_id=survey.journey_id,
        survey_id=survey.id,
        without_flagged=True,
        newest=NEWEST,
    )
    return plan.turn(found[plan.items]).assign(**{GROUP: label})
