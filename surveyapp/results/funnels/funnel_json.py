"""Funnels of responses, invitations and journeys as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surveyapp.results.figure_json import hidden_reason, share_to_json
from surveyapp.results.funnels.cohorts import Cohorts
from surveyapp.results.funnels.funnels import Funnel, Row, SegmentRow
from surveyapp.results.funnels.invitation_funnels import InvitationFunnel
from surveyapp.results.funnels.journey_funnel import JourneyFunnel
from surveyapp.results.scope import month_text
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


def invitation_funnels_to_json(
    found: Sequence[InvitationFunnel], *, few: int
) -> list[dict[str, Any]]:
    """What became of the invitations to each survey, and of those of each channel."""
    return [
        {
            "survey": each.code,
            "name": each.name,
            "stage": each.stage,
            "touchpoint": each.touchpoint,
            "channel": each.channel or None,
            "hidden": each.hidden,
            "reason": hidden_reason(each.hidden, few=few),
            "steps": [
                {"step": step.name, "n": step.n, "share": share_to_json(step.share)}
                for step in each.steps
            ],
        }
        for each in found
    ]


def journey_funnel_to_json(found: JourneyFunnel, *, few: int) -> dict[str, Any]:
    """How many customers came to each stage, and how many contacted a touchpoint again."""
    return {
        "customers": found.customers,
        "hidden": found.hidden,
        "reason": hidden_reason(found.hidden, few=few),
        "repeated_within_days": found.days,
        "stages": [
            {
                "stage": stage.name,
                "reached": stage.reached,
                "share": share_to_json(stage.share),
                "last_seen": stage.last_seen,
                "dropped": share_to_json(stage.dropped),
                "hidden": stage.hidden,
                "reason": hidden_reason(stage.hidden, few=few),
                "last_seen_reason": hidden_reason(stage.last_seen_hidden, few=few),
            }
            for stage in found.stages
        ],
        "touchpoints": [
            {
                "stage": each.stage,
                "touchpoint": each.touchpoint,
                "customers": each.customers,
                "again": each.again,
                "share": share_to_json(each.share),
                "hidden": each.hidden,
                "reason": hidden_reason(each.hidden, few=few),
            }
            for each in found.repeated
        ],
    }


def cohorts_to_json(found: Cohorts, *, few: int) -> dict[str, Any]:
    """Customers by month of their first event; ``reached``: of 0, 1, 2 and more months since."""
    return {
        "last_stage": found.stage,
        "months": [
            {
                "month": month_text(row.first),
                "customers": row.customers,
                "reached": [share_to_json(each) for each in row.reached],
                "hidden": row.hidden,
                "reason": hidden_reason(row.hidden, few=few),
            }
            for row in found.rows
        ],
    }
