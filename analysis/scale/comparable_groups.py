"""Is a scale measured alike in several groups, so that their means may be compared?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.comparability import FEWEST, Verdict
from analysis.covariance.measurement_invariance.invariance import Invariance, Rules, invariance
from analysis.covariance.measurement_invariance.invariance_verdict import verdict
from analysis.covariance.measurement_invariance.ordinal_invariance import (
    OrdinalInvariance,
    ordinal_invariance,
)
from analysis.errors import TooFewCases
from analysis.scale.cfa import Model, sem_model
from analysis.scale.sections.invariance import MOST_GROUPS, Ladder, ladder_of
from analysis.threads import one_blas_thread

_FEW_CATEGORIES = 5  # up to which answers are taken as ordered categories


@dataclass(frozen=True)
class ComparableGroups:
    """The verdict on the groups with ``FEWEST`` complete rows, with the ladder that it rests on.

    ``left_out``: the complete rows of each group that has fewer, or is beyond the 20 largest.
    ``estimator``: MLR, or WLSMV of items with at most five categories. ``rule``: the bounds in words.
    """

    verdict: Verdict
    groups: tuple[str, ...]
    left_out: Mapping[str, int]
    estimator: str
    rule: str
    ladder: Ladder
    warnings: tuple[str, ...]


def needed(items: int) -> int:
    """Complete rows that a group must have."""
    return max(FEWEST, items + 1)


def comparable_groups(
    data: pd.DataFrame, model: Model, group: str, *, categories: int
) -> ComparableGroups:
    """Climb the ladder of invariance over the column ``group`` and say what it allows.

    ``model``: items by factor; ``categories``: of an item's answer scale. Rows with a missing answer are
    left out. The estimator follows from ``categories``: answers in six or more are taken as numbers with
    a test and fit indices that do not need them to be normal, answers in five or fewer as ordered
    categories (Rhemtulla, Brosseau-Liard & Savalei 2012, Psychological Methods 17, 354-373).

    Raises TooFewCases with fewer than two groups of ``needed`` rows; else as ``invariance`` and
    ``ordinal_invariance``.
    """
    items = [item for members in model.values() for item in members]
    whole = data.dropna(subset=[*items, group])
    sizes = whole[group].value_counts()
    least = needed(len(items))
    order = sorted(sizes.index, key=lambda label: (-sizes[label], label))
    kept = sorted([label for label in order if sizes[label] >= least][:MOST_GROUPS])
    every = data[group].dropna().unique()
    if len(kept) < 2:
        second = sorted((int(sizes.get(label, 0)) for label in every), reverse=True)
        raise TooFewCases(
            least, second[1] if len(second) > 1 else 0, what="complete rows in a second group"
        )
    rows = whole[whole[group].isin(kept)].sort_values(group, kind="stable")
    found: Invariance | OrdinalInvariance
    ordinal = categories <= _FEW_CATEGORIES
    with one_blas_thread():
        if ordinal:
            found = ordinal_invariance(rows, sem_model(model), group, strict=True, join=True)
        else:
            found = invariance(rows, sem_model(model), group, estimator="MLR")
    return ComparableGroups(
        verdict(found),
        tuple(kept),
        {str(label): int(sizes.get(label, 0)) for label in sorted(every) if label not in kept},
        "WLSMV" if ordinal else "MLR",
        Rules.told(found.rules, ordinal=ordinal),
        ladder_of(found, model, sizes),
        found.warnings,
    )
