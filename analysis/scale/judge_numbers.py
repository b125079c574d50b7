"""How many judges a pretest of items takes, and how many of them have to agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import special

from analysis.errors import DataError
from analysis.metrics import critical_z, wilson
from analysis.scale.content_validity import (
    FEWEST_JUDGES,
    critical_number,
    is_relevant,
    modified_kappa,
)

Judged = Literal["sort", "relevance", "essential"]
MOST_JUDGES = 300


@dataclass(frozen=True)
class JudgeNumber:
    """What ``judges`` of an item can tell.

    ``needed`` of them have to agree for the item to be kept, None where even all are too few; ``share`` is
    that number's share (psa, or I-CVI), ``ratio`` 2 share - 1: csv if everybody else chose the same rival,
    or CVR; None of relevance. ``kappa`` is kappa* at ``needed``, None but of relevance. ``chance`` is the
    probability that an item is kept if judges toss coins, ``power`` that of an item of which each
    agrees with probability ``true``. An observed share of ``true`` would have the 95 % interval ``low`` to
    ``high``.
    """

    judges: int
    needed: int | None
    share: float | None
    ratio: float | None
    kappa: float | None
    chance: float
    power: float
    true: float
    low: float
    high: float


@dataclass(frozen=True)
class FewestJudges:
    """The fewest judges with the wanted power, and from how many on no larger number has less: a test of
    counts steps, so that one judge more may cost power. None: not up to ``MOST_JUDGES``."""

    first: int | None
    always: int | None


def judge_number(judged: Judged, judges: int, *, true: float = 0.9) -> JudgeNumber:
    """The number of judges who have to agree, and how surely a good item is kept.

    Sort and essential: the exact binomial test against one half, one-sided .05 (Anderson & Gerbing 1991 for
    sorts, Ayre & Scally 2014 for Lawshe's ratio). Relevance: all of up to five judges, an I-CVI of at least
    7 of 9 of more, and kappa* above .74 (Lynn 1986; Polit, Beck & Owen 2007). Judges are taken to be
    independent, and alike. Validated against sums of the binomial and the documented output of R's
    contentvalidR (``sort_power(N = c(20, 30), true_p = c(.65, .75))``). Raises DataError for fewer than one judge, too many, or a probability that is none.

    >>> found = judge_number("sort", 20)
    >>> found.needed, found.ratio, round(found.power, 3)
    (15, 0.5, 0.989)
    """
    if not 1 <= judges <= MOST_JUDGES:
        raise DataError(f"{judges} judges: give 1 to {MOST_JUDGES}")
    if not 0 < true < 1:
        raise DataError(f"a probability of {true:g} plans nothing; give one above 0 and below 1")
    needed = _needed(judged, judges)
    share = None if needed is None else needed / judges
    low, high = wilson(true, judges, critical_z(0.95))
    rated = judged == "relevance"
    return JudgeNumber(
        judges,
        needed,
        share,
        None if share is None or rated else 2 * share - 1,
        modified_kappa(needed, judges)[0] if needed is not None and rated else None,
        0.0 if needed is None else float(special.bdtrc(needed - 1, judges, 0.5)),
        0.0 if needed is None else float(special.bdtrc(needed - 1, judges, true)),
        true,
        low,
        high,
    )


def fewest_judges(judged: Judged, *, true: float = 0.9, power: float = 0.8) -> FewestJudges:
    """How many judges keep an item, on which each agrees with probability ``true``, with that power.

    >>> fewest_judges("sort"), fewest_judges("relevance", true=0.95)
    (FewestJudges(first=8, always=11), FewestJudges(first=3, always=6))
    """
    if not 0 < power < 1:
        raise DataError(
            f"a power of {power:g} is no plan; give one above 0 and below 1, such as 0.8"
        )
    reached = [
        number
        for number in range(FEWEST_JUDGES, MOST_JUDGES + 1)
        if judge_number(judged, number, true=true).power >= power
    ]
    if not reached:
        return FewestJudges(None, None)
    always = None
    for number in range(MOST_JUDGES, FEWEST_JUDGES - 1, -1):
        if number not in reached:
            break
        always = number
    return FewestJudges(reached[0], always)


def _needed(judged: Judged, judges: int) -> int | None:
    if judged == "relevance":
        if judges < FEWEST_JUDGES:
            return None
        return next(n for n in range(judges + 1) if is_relevant(n, judges))
    found = critical_number(judges)
    return found if found <= judges else None
