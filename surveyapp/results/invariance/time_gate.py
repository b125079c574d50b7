"""What bars a comparison of two times at one place: other words, or another meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results.cells import MonthKey
from surveyapp.results.invariance.rewordings import (
    Worded,
    are_different,
    months_answered,
    wordings_asked,
)
from surveyapp.results.invariance.time_verdicts import Side, TimeVerdicts, time_verdicts
from surveyapp.results.journey import Cell, Ground
from surveyapp.results.view_models import OverTime


@dataclass(frozen=True)
class Barred:
    """Whether the sides were ``reworded``, and hence are not compared; ``by`` is the test that says that the
    score means something else on one of them, so that no difference is called significant.
    """

    reworded: bool = False
    by: OverTime | None = None


FREE = Barred()


@dataclass(frozen=True)
class TimeGate:
    """Wordings and tests of a journey, of all customers."""

    base: Ground
    worded: Worded
    answered: Mapping[str, Mapping[int, set[MonthKey]]]  # by scale and survey, where words changed
    verdicts: TimeVerdicts

    def of(self, cell: Cell, *sides: Side) -> Barred:
        """What bars a comparison of these sides."""
        answered = self.answered.get(cell[1], {})
        return Barred(
            are_different(self.base, self.worded, answered, cell, *sides),
            self.verdicts.barring(cell, *sides),
        )


def time_gate(session: Session, base: Ground, *, minimum: int, library: Library) -> TimeGate:
    """The gate of a journey."""
    worded = wordings_asked(base, library)
    return TimeGate(
        base,
        worded,
        months_answered(session, base, worded),
        time_verdicts(session, base, minimum=minimum),
    )


def among(months: Iterable[MonthKey]) -> Side:
    """Whether a month is one of these."""
    return frozenset(months).__contains__
