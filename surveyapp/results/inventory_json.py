"""The inventory as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveyapp.results import phrases
from surveyapp.results.inventory import Answered, CoverageCounts, InventoryPlace


def coverage_to_json(counts: CoverageCounts) -> dict[str, Any]:
    """Numbers of touchpoints; ``percent`` is that of those whose survey takes answers."""
    return {
        "touchpoints": counts.total,
        "open": counts.open,
        "closed": counts.closed,
        "none": counts.none,
        "percent": counts.percent,
    }


def inventory_to_json(
    places: Sequence[InventoryPlace], answers: Mapping[int, Answered], *, few: int
) -> list[dict[str, Any]]:
    """The rows of a page; ``responses`` is null where hidden, and ``reason`` says why."""
    return [_row(each, answers[each.id], few) for each in places]


def _row(each: InventoryPlace, answered: Answered, few: int) -> dict[str, Any]:
    return {
        "journey": each.journey_code,
        "stage": each.stage_code,
        "touchpoint": each.code,
        "name": each.name,
        "channel": each.channel,
        "ownership": each.ownership,
        "partner": each.partner or None,
        "moment_of_truth": each.moment_of_truth,
        "coverage": each.coverage.value,
        "surveys": [
            {"survey": survey.code, "name": survey.name, "state": survey.state}
            for survey in each.surveys
        ],
        "responses": None if answered.hidden else answered.responses,
        "reason": phrases.hidden(answered.hidden, few=few) or None,
        "last_month": f"{answered.last_month:%Y-%m}" if answered.last_month else None,
    }
