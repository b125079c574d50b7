"""Groups set side by side, as JSON."""

from __future__ import annotations

from typing import Any

from surveyapp.results.figure_json import contrast_to_json, definition_to_json, numbers_to_json
from surveyapp.results.invariance.comparability_phrases import (
    UNTESTED,
    verdict_sentence,
    verdict_to_json,
)
from surveyapp.results.scope import month_text
from surveyapp.results.side_by_side import Compared, SideBySide

UNKNOWN = "one of the two is not shown, or has a single answer"


def side_by_side_to_json(found: SideBySide, *, few: int) -> dict[str, Any]:
    """Each score of all groups, with the difference of each pair."""
    return {
        "groups": found.groups,
        "from": month_text(found.when.since) or None,
        "to": month_text(found.when.until) or None,
        "minimum_cell": few,
        "differences_tested": found.tested,
        "left_out": found.left_out,
        "scores": [_score(each, few) for each in found.scores],
    }


def _score(each: Compared, few: int) -> dict[str, Any]:
    return {
        **definition_to_json(each.definition),
        "members": [
            {"name": member.name, **numbers_to_json(member.figure, few=few)}
            for member in each.members
        ],
        "pairs": None
        if each.pairs is None
        else [
            {
                "first": pair.first,
                "second": pair.second,
                **contrast_to_json(pair.contrast, without=UNKNOWN),
            }
            for pair in each.pairs
        ],
        "pairs_reason": verdict_said(each) if each.pairs is None else None,
        "invariance": verdict_to_json(each.verdict, each.definition.short),
        "unpaired": list(each.unpaired),
    }


def verdict_said(each: Compared) -> str:
    """Whether an index may be compared between these groups, and why not; empty for other scores."""
    if each.verdict is not None:
        return verdict_sentence(each.verdict, each.definition.short)
    return UNTESTED if each.pairs is None else ""
