"""Response funnels as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.figure_json import hidden_reason, share_to_json
from surveyapp.results.funnels import Funnel, Row, SegmentRow
from surveyapp.results.view_models import State


def funnel_to_json(funnel: Funnel) -> dict[str, Any]:
    """Events, invitations and what came of them. What a survey does not store is no step."""
    return {
        "events": funnel.decided,
        "invited": funnel.asked,
        "waiting": funnel.waiting,
        "held_back": funnel.held_back,
        "steps": [
            {"step": step.name, "n": step.n, "of": step.of, "share": share_to_json(step.rate)}
            for step in funnel.steps
        ],
        "not_invited": [
            {"reason": why.words, "n": why.n, "share": share_to_json(why.rate)}
            for why in funnel.reasons
        ],
    }


def rows_to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The funnel of each survey."""
    return [
        {
            "survey": row.survey.code,
            "name": row.survey.name,
            "stage": row.stage,
            "touchpoint": row.touchpoint,
            "funnel": funnel_to_json(row.funnel),
        }
        for row in rows
    ]


def segments_to_json(rows: Sequence[SegmentRow], *, few: int) -> list[dict[str, Any]]:
    """The funnel of each segment; null where it is hidden."""
    return [
        {
            "segment": row.name,
            "hidden": row.hidden,
            "state": State.SHOWN if row.funnel else State.HIDDEN,
            "reason": hidden_reason(row.hidden, few=few),
            "funnel": funnel_to_json(row.funnel) if row.funnel else None,
        }
        for row in rows
    ]
