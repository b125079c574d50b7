"""Insights, opportunities and the chains through them for programs."""

from __future__ import annotations

from typing import Any

from surveyapp.journeys.chains import Chain
from surveyapp.store.models import Insight, Opportunity


def insight_to_json(insight: Insight) -> dict[str, Any]:
    """An insight with the numbers of the pain points that it rests on."""
    there = [each.id for each in insight.pain_points if each.removed_at is None]
    return {
        "id": insight.id,
        "title": insight.title,
        "text": insight.text or None,
        "pain_points": there,
    }


def opportunity_to_json(row: Opportunity) -> dict[str, Any]:
    """An opportunity; without stage and touchpoint it is of the journey as a whole."""
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description or None,
        "stage": row.stage.code if row.stage else None,
        "touchpoint": row.touchpoint.code if row.touchpoint else None,
        "effort": row.effort,
        "impact": row.impact,
        "driver": row.driver_key or None,
        "owner": row.owner.name if row.owner else None,
        "state": row.state,
        "insights": [each.id for each in row.insights if each.removed_at is None],
    }


def chain_to_json(chain: Chain) -> dict[str, Any]:
    """The numbers of the records of a chain, null where it ends."""
    return {
        "pain_points": [each.id for each in chain.pain_points],
        "insight": chain.insight.id if chain.insight else None,
        "opportunity": chain.opportunity.id if chain.opportunity else None,
        "action": chain.action.id if chain.action else None,
        "change": chain.change.id if chain.change else None,
    }
