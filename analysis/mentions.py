"""Scores of those who mention something against the scores of those who do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from analysis.compare import holm


@dataclass(frozen=True)
class Mention:
    """The mean score of those who mention something minus that of the others, in points of the scale.

    ``p`` is two-sided, ``corrected`` by Holm over all mentions that were compared together.
    """

    mean: float
    others: float
    difference: float
    low: float
    high: float
    p: float
    corrected: float
    n: int
    n_others: int
    confidence: float
    method: str = "Welch's t, Holm's correction"


def mention_differences(
    scores: Sequence[float],
    mentions: Mapping[str, Sequence[bool]],
    *,
    minimum: int = 5,
    confidence: float = 0.95,
) -> dict[str, Mention]:
    """The difference of each mention, by name.

    Parameters
    ----------
    scores : one for each person, in points of one scale.
    mentions : by name, whether each person mentions it; a person may mention several.
    minimum : the fewest on either side. Mentions with fewer, and those where neither side varies, are
        left out.

    Notes
    -----
    Two-sided Welch interval and test with Satterthwaite's degrees of freedom. An association: who
    mentions something may differ in other ways.

    Validated against ``scipy.stats.ttest_ind(equal_var=False)``.

    References
    ----------
    Welch, B. L. (1947). The generalization of "Student's" problem. Biometrika, 34, 28-35.
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics, 6, 65-70.
    """
    points = np.asarray(scores, dtype=float)
    found = {}
    for name, marks in mentions.items():
        inside = np.asarray(marks, dtype=bool)
        if min(inside.sum(), (~inside).sum()) < max(2, minimum):
            continue
        compared = _welch(points[inside], points[~inside], confidence)
        if compared is not None:
            found[name] = compared
    corrected = holm([each.p for each in found.values()]) if found else ()
    return {
        name: replace(each, corrected=p)
        for (name, each), p in zip(found.items(), corrected, strict=True)
    }


def _welch(first: np.ndarray, second: np.ndarray, confidence: float) -> Mention | None:
    parts = [float(np.var(side, ddof=1)) / len(side) for side in (first, second)]
    error = math.sqrt(sum(parts))
    if error == 0:
        return None
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(side) - 1) for part, side in zip(parts, (first, second), strict=True)
    )
    means = float(first.mean()), float(second.mean())
    apart = means[0] - means[1]
    reach = float(stdtrit(freedom, 0.5 + confidence / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(apart) / error))
    return Mention(
        *(means[0], means[1], apart, apart - reach, apart + reach, p, p),
        n=len(first),
        n_others=len(second),
        confidence=confidence,
    )
