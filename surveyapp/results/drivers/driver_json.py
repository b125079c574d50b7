"""The importance-performance map and interactions as JSON: every digit, or null and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.weighted_regression import Coefficient
from surveyapp.results.drivers.association_phrases import caution, outcome_named
from surveyapp.results.drivers.interactions import Interactions, PairFound
from surveyapp.results.drivers.phrases import INTERACTION_CAUTION, map_basis
from surveyapp.results.drivers.priority_map import Point, PriorityMap
from surveyapp.results.figure_json import numbers_to_json, weighted_to_json


def maps_to_json(found: Sequence[PriorityMap], *, few: int) -> list[dict[str, Any]]:
    """Each kind's map."""
    return [_map(each, few) for each in found]


def _map(found: PriorityMap, few: int) -> dict[str, Any]:
    split = found.found
    importance, score = found.lines
    return {
        "kind": found.kind,
        "outcome": {"scale": found.outcome.scale, "label": outcome_named(found.outcome)},
        "caution": caution(found.outcome),
        "hidden": found.hidden,
        "reason": found.why or None,
        "basis": map_basis(found) or None,
        "effective_n": split.importance.n if split else None,
        "pairs_least": split.least if split else None,
        "pairs_most": split.most if split else None,
        "resamples": split.importance.resamples if split else None,
        "inadmissible": split.inadmissible if split else None,
        "r_squared": {
            "estimate": split.importance.r_squared,
            "low": split.importance.low,
            "high": split.importance.high,
        }
        if split
        else None,
        "leader": found.leader or None,
        "lines": {"importance": importance, "score": score} if found.points else None,
        "scores": [
            {
                "label": point.label,
                "importance": numbers_to_json(point.importance, few=few),
                "score": numbers_to_json(point.performance, few=few),
                "weighted": _point_weighted(point, few) if found.is_weighted else None,
                **dict(zip(("importance_side", "score_side"), found.sides(point), strict=True)),
            }
            for point in found.ordered
        ],
        "left_out": [{"label": each.label, "reason": each.why} for each in found.left_out],
        "not_weighted": found.not_weighted or None,
    }


def _point_weighted(point: Point, few: int) -> dict[str, Any]:
    own = point.weighted_importance
    return {
        "importance": numbers_to_json(own, few=few) if own else None,
        "score": weighted_to_json(point.performance.weighted, few=few),
    }


def interactions_to_json(found: Interactions | None, *, few: int) -> dict[str, Any] | None:
    """The declared pairs; None where the journey's end asks no outcome."""
    if found is None:
        return None
    return {
        "outcome": {"scale": found.outcome.scale, "label": outcome_named(found.outcome)},
        "caution": INTERACTION_CAUTION,
        "in_points_of_the_metric": found.in_points,
        "tested": found.tested,
        "pairs": [_pair(each, few) for each in found.pairs],
    }


def _pair(pair: PairFound, few: int) -> dict[str, Any]:
    one = pair.found
    return {
        "id": pair.id,
        "first": pair.first,
        "second": pair.second,
        "n": pair.n,
        "hidden": pair.hidden,
        "reason": pair.why(few) or None,
        "interaction": {
            "estimate": one.estimate,
            "low": one.low,
            "high": one.high,
            "error": one.error,
        }
        if one
        else None,
        "weighted": _pair_weighted(pair),
        "p": pair.pvalue,
        "significant": pair.certain if one else None,
        "slopes_of_the_first": [vars(slope) for slope in one.slopes] if one else [],
    }


def _pair_weighted(pair: PairFound) -> dict[str, Any] | None:
    """The product and the slopes with weights; null where none are asked for."""
    if pair.weighted is None:
        return {"reason": pair.not_weighted} if pair.not_weighted else None
    return {
        "interaction": _coefficient(pair.weighted),
        "p": pair.weighted_p,
        "slopes_of_the_first": [_coefficient(each) for each in pair.weighted_slopes],
        "reason": None,
    }


def _coefficient(found: Coefficient) -> dict[str, float]:
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "error": found.error,
    }
