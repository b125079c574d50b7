"""The ladder of measurement invariance over groups of answers: journeys, or a segment and all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.errors import TooFewCases
from analysis.scale.comparable_groups import comparable_groups
from analysis.scale.comparable_groups import needed as rows_needed
from analysis.scale.plan import Plan
from analysis.scale.sections.invariance import Ladder

GROUP = "code of the group"  # the column of the groups; no question is called so
TOO_FEW = "too few answers"


@dataclass(frozen=True)
class Climbed:
    """The verdict with its ladder over ``groups``; ``left_out``: why each other group is not in it."""

    verdict: str
    estimator: str | None = None
    rule: str = ""
    ladder: Ladder | None = None
    groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Any]:
        """What a stored test keeps of it, beside who was compared."""
        return {
            "verdict": self.verdict,
            "estimator": self.estimator,
            "rule": self.rule,
            "ladder": self.ladder,
            "warnings": list(self.warnings),
        }


def needed(plan: Plan, minimum: int) -> int:
    """Complete answers that a group must have."""
    return max(rows_needed(len(plan.items)), minimum)


def measure_of(plan: Plan) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What makes two questionnaires the same measure: their items by factor."""
    return tuple((name, tuple(items)) for name, items in plan.model.items())


def climb(rows: pd.DataFrame, plan: Plan, *, least: int) -> Climbed:
    """Test the plan's items over the column ``GROUP`` of these rows; too few answers are a verdict too.

    Rows with a missing answer are left out. Raises as ``comparable_groups``, but for TooFewCases.
    """
    left_out: dict[str, str] = {}
    sizes = rows.dropna()[GROUP].value_counts() if len(rows) else pd.Series(dtype=int)
    for code in sorted(rows[GROUP].unique()):
        if sizes.get(code, 0) < least:
            left_out[code] = f"fewer than {least} complete answers"
    kept = rows[~rows[GROUP].isin(left_out)]
    try:
        found = comparable_groups(kept, plan.model, GROUP, categories=_categories(plan))
    except TooFewCases:
        alone = dict.fromkeys(kept[GROUP].unique(), "no other has enough complete answers")
        return Climbed(TOO_FEW, left_out={**left_out, **alone})
    left_out |= dict.fromkeys(found.left_out, "more than can be tested at once")
    return Climbed(
        found.verdict,
        found.estimator,
        found.rule,
        found.ladder,
        found.groups,
        tuple(found.warnings),
        left_out,
    )


def _categories(plan: Plan) -> int:
    """How many answers an item allows, the fewest of all."""
    return min((int(high - low) + 1 for low, high in plan.scales.values()), default=7)
