"""The portfolio as JSON: the same for the page and the API."""

from __future__ import annotations

from typing import Any

from surveyapp.results.figure_json import figure_to_json, numbers_to_json, share_to_json
from surveyapp.results.invariance.comparability_phrases import verdict_to_json
from surveyapp.results.portfolio import phrases as portfolio_phrases
from surveyapp.results.portfolio.details import Gap
from surveyapp.results.portfolio.portfolio import Line, Portfolio
from surveyapp.results.scope import month_text
from surveyapp.results.view_models import End


def portfolio_to_json(found: Portfolio, *, few: int) -> dict[str, Any]:
    """A page of the list, with what its ranks and changes were tested among."""
    return {
        "sentence": portfolio_phrases.sentence(found, few=few) or None,
        "from": month_text(found.when.since) or None,
        "to": month_text(found.when.until) or None,
        "compared_with": {
            "from": month_text(found.compared.since),
            "to": month_text(found.compared.until),
            "changes_tested": found.compared.tested,
        }
        if found.compared
        else None,
        "order": found.order,
        "ranked_by": found.scale,
        "ranked": found.ranked,
        "invariance": verdict_to_json(found.verdict, found.scale.upper()),
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "minimum_cell": few,
        "journeys": [_line(each, found.ranked, few) for each in found.lines],
        "first_to_do": [_gap(each, few) for each in found.gaps],
    }


def _line(line: Line, ranked: int, few: int) -> dict[str, Any]:
    journey = line.journey
    return {
        "id": journey.id,
        "code": journey.code,
        "name": journey.name,
        "state": journey.state,
        "kind": journey.kind,
        "target_of": journey.target_of or None,
        "group": journey.group or None,
        "tags": list(journey.tags),
        "owner": journey.owner or None,
        "next_review": journey.next_review,
        "review_every": journey.review_every or None,
        "reviewed_on": journey.reviewed_on,
        "stages": line.stages,
        "touchpoints": line.touchpoints,
        "responses": line.answers.shown,
        "places_hidden": line.answers.places_hidden,
        "response_rate": share_to_json(line.rate),
        "overdue_cases": line.overdue,
        "rank": {"first": line.rank.first, "last": line.rank.last, "of": ranked}
        if line.rank
        else None,
        "figures": [figure_to_json(each, few=few) for each in line.figures],
        "weakest_stage": _weakest(line.weakest, few),
        "trend": [
            {"month": month_text(month.first), **numbers_to_json(month.figure, few=few)}
            for month in line.trend
        ],
    }


def _weakest(end: End | None, few: int) -> dict[str, Any] | None:
    """Null where fewer than two stages have answers; the name null where none differs from all others."""
    if end is None:
        return None
    if not end.stands_out:
        return {
            "name": None,
            "reason": "no stage scores significantly lower than every other",
            "figure": None,
        }
    return {"name": end.name, "reason": None, "figure": figure_to_json(end.figure, few=few)}


def _gap(gap: Gap, few: int) -> dict[str, Any]:
    contrast = gap.priority.against_rest
    return {
        "journey": gap.journey.code,
        "stage": gap.priority.stage,
        "touchpoint": gap.priority.touchpoint,
        "figure": figure_to_json(gap.priority.figure, few=few),
        "below_others": {
            "difference": contrast.difference,
            "low": contrast.low,
            "high": contrast.high,
            "p": contrast.pvalue,
        },
    }
