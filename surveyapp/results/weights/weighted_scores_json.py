"""Weighted scores as programs read them, and how a page says what they rest on."""

from __future__ import annotations

from typing import Any

from surveyapp.results.figure_json import figure_to_json
from surveyapp.results.weights.weighted_scores import WeightedRow, WeightedScores

BASIS = (
    "Each answer is weighted so that all answers together have the shares of the population. 95% intervals"
    " allow for the weights (linearised, Student's t). The design effect says by how much unequal weights"
    " raise the variance (Kish), and the effective n how many equal weights would say as much."
)


def weighted_scores_to_json(found: WeightedScores, *, few: int) -> dict[str, Any]:
    """The shares and every row; ``refused`` is null where rows are."""
    return {
        "refused": found.refused or None,
        "population_shares": [
            {
                "attribute": each.attribute,
                "shares": dict(each.shares),
                "source": each.source,
                "counted_on": each.counted_on,
            }
            for each in found.margins
        ],
        "scores": [_row(row, few) for row in found.rows],
    }


def _row(row: WeightedRow, few: int) -> dict[str, Any]:
    return {
        "place": row.place or None,
        "unweighted": figure_to_json(row.figure, few=few),
        "weighted": figure_to_json(row.weighted, few=few) if row.weighted else None,
        "design_effect": row.design_effect,
        "effective_n": row.effective_n,
        "left_out": row.left_out,
        "refused": row.refused or None,
    }
