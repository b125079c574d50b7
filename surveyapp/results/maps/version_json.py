"""Versions of a map and their comparisons for programs, of the same view models as the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from surveyapp.journeys.map_comparison import MapComparison
from surveyapp.results.figure_json import contrast_to_json, definition_to_json, numbers_to_json
from surveyapp.results.maps.version_scores import VersionScores
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.scope import month_text
from surveyapp.store.models import MapVersion


def version_to_json(version: MapVersion) -> dict[str, Any]:
    """What somebody said of a version, without its document."""
    return {
        "id": version.id,
        "name": version.title,
        "day": version.day,
        "note": version.note or None,
        "saved": version.created_at,
    }


def comparison_to_json(comparison: MapComparison) -> dict[str, Any]:
    """Every difference, and every text old and new."""
    return {
        "differences": [asdict(each) for each in comparison.differences],
        "texts": [asdict(each) for each in comparison.texts],
    }


def version_scores_to_json(scores: VersionScores | None, *, few: int) -> dict[str, Any] | None:
    """The scores before and after; null where no day divides them."""
    if scores is None:
        return None
    before, after = scores.months.before, scores.months.after
    return {
        "before": {"from": month_text(before[0]), "to": month_text(before[1])},
        "after": {"from": month_text(after[0]), "to": month_text(after[1])},
        "complete": scores.is_over,
        "scores": [
            {
                "key": row.key,
                "label": row.label,
                **definition_to_json(row.definition),
                "before": numbers_to_json(row.before, few=few),
                "after": numbers_to_json(row.after, few=few),
                "difference": contrast_to_json(row.contrast, without=effect_phrases.verdict(row)),
            }
            for row in scores.rows
        ],
    }
