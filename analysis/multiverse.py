"""One result over every combination of defensible choices: estimator, missing answers, exclusions.

Steegen, Tuerlinckx, Gelman and Vanpaemel 2016 (multiverse); Simonsohn, Simmons and Nelson 2020
(specification curve). The universes share rows, so they are no independent tests of anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from analysis.errors import AnalysisError, DataError

MOST_UNIVERSES = 1_024
Choices = Mapping[str, str]  # what was chosen, by the name of the choice


@dataclass(frozen=True)
class Headline:
    """The result in one universe, its 95 % interval, and the rows that it comes from."""

    estimate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Universe:
    """One combination of choices; without ``headline`` its fit failed, and ``why`` says it."""

    choices: Choices
    headline: Headline | None
    why: str = ""


@dataclass(frozen=True)
class Multiverse:
    """All universes: those with a headline by its size, then those that failed. ``impossible`` counts
    combinations that no method allows, which are no universes."""

    dimensions: Mapping[str, Sequence[str]]
    universes: Sequence[Universe]
    impossible: int = 0

    @property
    def headlines(self) -> list[Headline]:
        return [each.headline for each in self.universes if each.headline is not None]

    @property
    def failed(self) -> list[Universe]:
        return [each for each in self.universes if each.headline is None]

    @property
    def median(self) -> float:
        """Of the estimates; NaN where every fit failed."""
        found = [each.estimate for each in self.headlines]
        return float(np.median(found)) if found else math.nan

    @property
    def same_sign(self) -> float:
        """Share of the estimates that have the sign of most; NaN where every fit failed."""
        above = sum(each.estimate > 0 for each in self.headlines)
        below = sum(each.estimate < 0 for each in self.headlines)
        return max(above, below) / len(self.headlines) if self.headlines else math.nan

    @property
    def excluding_zero(self) -> float:
        """Share of the intervals that do not hold zero; NaN where every fit failed."""
        apart = sum(each.low > 0 or each.high < 0 for each in self.headlines)
        return apart / len(self.headlines) if self.headlines else math.nan


def multiverse(
    dimensions: Mapping[str, Sequence[str]],
    fit: Callable[[Choices], Headline],
    *,
    possible: Callable[[Choices], bool] = lambda _choices: True,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Multiverse:
    """Fit the headline in every universe.

    dimensions: the choices and what can be chosen for each. fit: the headline of one combination; an
    AnalysisError of it is kept with its universe. possible: whether a combination exists at all.
    progress: called with the universes done and all of them; what it raises (a cancelled job) ends the
    run. Raises DataError for a choice without alternatives, and for none or too many universes.
    """
    for name, alternatives in dimensions.items():
        if not alternatives or len(set(alternatives)) < len(alternatives):
            raise DataError(f"{name}: name each alternative once, and at least one")
    size = math.prod(len(alternatives) for alternatives in dimensions.values())
    if size > MOST_UNIVERSES:
        raise DataError(
            f"{size:,} combinations are more than {MOST_UNIVERSES:,}; leave out a choice or an"
            " alternative"
        )
    every = [dict(zip(dimensions, chosen, strict=True)) for chosen in product(*dimensions.values())]
    asked = [choices for choices in every if possible(choices)]
    if not asked:
        raise DataError("no combination of these choices can be fitted; add an alternative")
    found = []
    for done, choices in enumerate(asked):
        progress(done, len(asked))
        try:
            found.append(Universe(choices, fit(choices)))
        except AnalysisError as error:
            found.append(Universe(choices, None, str(error)))
    found.sort(key=lambda each: math.inf if each.headline is None else each.headline.estimate)
    return Multiverse(dimensions, found, len(every) - len(asked))
