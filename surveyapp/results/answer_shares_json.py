"""The answers to each question as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.answer_shares import AnswerShares, Part
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
    }
