"""The answers to each question as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.answers.answer_shares import AnswerShares, Part
from surveyapp.results.figure_json import share_to_json


def answer_shares_to_json(found: Sequence[AnswerShares], *, few: int) -> list[dict[str, Any]]:
    """Every question with its answers; null and why where they are hidden."""
    return [
        {
            "stage": each.stage,
            "touchpoint": each.touchpoint,
            "item": each.item,
            "questionnaire": each.questionnaire,
            "question": each.question,
            "n": each.n,
            "hidden": each.hidden,
            "state": each.state,
            "reason": each.why(few) or None,
            "answers": [_part(part) for part in each.answers],
            "groups": [_part(part) for part in each.groups],
            "not_weighted": each.not_weighted or None,
        }
        for each in found
    ]


def _part(part: Part) -> dict[str, Any]:
    """``percent`` is rounded so that the parts add up to 100."""
    return {
        "answer": part.label,
        "n": part.n,
        "percent": part.percent,
        "share": share_to_json(part.share),
        "weighted": _weighted(part),
    }


def _weighted(part: Part) -> dict[str, float] | None:
    """The share with weights; null where it has none or none are asked for."""
    found = part.weighted
    if found is None:
        return None
    return {
        "estimate": found.estimate,
        "low": max(0.0, found.low),
        "high": min(100.0, found.high),
        "effective_n": found.effective_n,
    }
