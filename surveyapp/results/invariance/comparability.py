"""Whether journeys may be compared on a scale of several items, by the stored tests between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from analysis.comparability import Verdict
from analysis.rules import RULES
from surveyapp.store.models import InvarianceMember, JourneyInvariance

_CHANGED = 0.1  # of the answers tested: from then on its test is said to be old
_LOOKED_AT = 200  # newest tests


class Verdicts(StrEnum):
    """A test's verdict, or why there is none."""

    SCALAR = Verdict.SCALAR
    PARTIAL_SCALAR = Verdict.PARTIAL_SCALAR
    METRIC = Verdict.METRIC
    NONE = Verdict.NONE
    TOO_FEW = "too few answers"
    FAILED = "could not be tested"
    NOT_TESTED = "not tested"

    @property
    def allows_means(self) -> bool:
        """Whether means may be compared, but for what is named where the verdict is a partial one."""
        return self in (Verdicts.SCALAR, Verdicts.PARTIAL_SCALAR)


@dataclass(frozen=True)
class Comparability:
    """The verdict between some journeys. ``covered``: those of them that the test speaks of; ``asked``:
    those that it was asked for.

    ``released``: parameters that differ between journeys, where the verdict is a partial one;
    ``stale``: some journey's answers are many more or fewer than were tested, or the rules changed;
    ``others``: journeys beside these that the test is about; ``running``: a test was asked for.
    """

    instrument: str
    verdict: Verdicts
    covered: frozenset[int] = frozenset()
    released: tuple[str, ...] = ()
    test_id: int | None = None
    tested_at: datetime | None = None
    stale: bool = False
    asked: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    running: bool = False

    @property
    def allows(self) -> bool:
        """Whether the covered journeys may be compared."""
        return self.verdict.allows_means and len(self.covered) > 1


def comparability(
    session: Session, instrument: str, answers: Mapping[int, int], *, only: int | None = None
) -> Comparability | None:
    """The verdict of the stored test that fits these journeys best; None for fewer than two.

    ``answers``: how many each journey has of all time. That test is taken which speaks of most of
    them, then one that is not stale, then the one about the fewest other journeys, then the newest:
    what holds between many journeys holds between some of them, but not the other way round. ``only``:
    the number of the one test that is looked at.
    """
    if len(answers) < 2:
        return None
    tests = session.scalars(
        select(JourneyInvariance)
        .where(
            JourneyInvariance.instrument == instrument,
            JourneyInvariance.id == only if only is not None else true(),
            JourneyInvariance.id.in_(
                select(InvarianceMember.invariance_id).where(
                    InvarianceMember.journey_id.in_(sorted(answers))
                )
            ),
        )
        .options(joinedload(JourneyInvariance.job), selectinload(JourneyInvariance.members))
        .order_by(JourneyInvariance.id.desc())
        .limit(_LOOKED_AT)
    ).all()
    known = [_read(test, instrument, answers) for test in tests if test.result is not None]
    running = any(
        test.result is None and test.job is not None and test.job.state in ("waiting", "running")
        for test in tests
    )
    best = max(
        (each for each in known if len(each.covered) > 1 or each.verdict is Verdicts.TOO_FEW),
        key=lambda each: (len(each.covered), not each.stale, -len(each.others), each.test_id),
        default=Comparability(instrument, Verdicts.NOT_TESTED),
    )
    return replace(best, running=running)


def is_stale(test: JourneyInvariance, answers: Mapping[int, int]) -> bool:
    """Whether a test's journeys have a tenth more or fewer answers now, or the rules are others."""
    if (test.result or {}).get("rules_version") != RULES:
        return True
    return any(
        changed_much(answers[each.journey_id], each.answers)
        for each in test.members
        if each.journey_id in answers
    )


def changed_much(now: int, then: int) -> bool:
    """Whether there are a tenth more or fewer answers than when a test was made."""
    return abs(now - then) > _CHANGED * max(1, then)


def _read(test: JourneyInvariance, instrument: str, answers: Mapping[int, int]) -> Comparability:
    result = test.result or {}
    tested = {each["id"] for each in result["journeys"]}
    ladder = result["ladder"] or {}
    verdict = Verdicts(result["verdict"])
    members = frozenset(each.journey_id for each in test.members)
    return Comparability(
        instrument,
        verdict,
        frozenset(tested & answers.keys()),
        tuple(each["parameter"] for each in ladder.get("releases", ()))
        if verdict is Verdicts.PARTIAL_SCALAR
        else (),
        test.id,
        test.created_at,
        is_stale(test, answers),
        members & answers.keys(),
        members - answers.keys(),
    )
