"""A change's effect for programs, of the same view models as its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.robust_regression import Term
from surveyapp.results.figure_json import (
    contrast_to_json,
    definition_to_json,
    numbers_to_json,
    weighted_to_json,
)
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.effects import (
    BeforeAfter,
    ChangeEffect,
    ControlEffect,
    SeriesEffect,
)
from surveyapp.results.scope import month_text
from surveyapp.results.view_models import Marker


def effect_to_json(effect: ChangeEffect, *, few: int) -> dict[str, Any]:
    """Before and after of each score, and of the chosen one its series and its control."""
    return {
        "before": _months(effect.before),
        "after": _months(effect.after),
        "scores": [
            {
                "key": row.key,
                "label": row.label,
                **definition_to_json(row.definition),
                "before": numbers_to_json(row.before, few=few),
                "after": numbers_to_json(row.after, few=few),
                "difference": contrast_to_json(row.contrast, without=effect_phrases.verdict(row)),
                "weighted": _weighted(row, few),
            }
            for row in effect.rows
        ],
        "chosen": effect.chosen.key if effect.chosen else None,
        "series": _series(effect.series),
        "control": _control(effect.control),
        "controls": [{"key": key, "label": label} for key, label in effect.controls],
        "overlapping": _titles(effect.overlapping),
        "control_changes": _titles(effect.control_changes),
    }


def _weighted(row: BeforeAfter, few: int) -> dict[str, Any] | None:
    """The same with weights; null where none are asked for."""
    if row.before.weighted is None:
        return None
    return {
        "before": weighted_to_json(row.before.weighted, few=few),
        "after": weighted_to_json(row.after.weighted, few=few),
        "difference": contrast_to_json(
            row.weighted, without=effect_phrases.verdict(row) or "one side has no weights"
        ),
    }


def _series(series: SeriesEffect | None) -> dict[str, Any] | None:
    if series is None:
        return None
    found, weighted = series.found, _series(series.weighted)
    if found is None:
        reason = effect_phrases.missing(series.missing) if series.missing else None
        return {"reason": reason, "weighted": weighted}
    return {
        "weighted": weighted,
        "level_change": _term(found.level),
        "slope_change": _term(found.slope),
        "slope_before": _term(found.before),
        "average_difference": _term(found.average),
        "months": list(found.months),
        "method": found.method,
        "reason": None,
    }


def _control(control: ControlEffect | None) -> dict[str, Any] | None:
    if control is None:
        return None
    found = control.found
    reason = effect_phrases.missing(control.missing) if control.missing else None
    return {
        "weighted": _control(control.weighted),
        "label": control.label,
        "difference_in_differences": _term(found.effect) if found else None,
        "trend_difference_before": _term(found.before) if found and found.before else None,
        "months": list(found.months) if found else None,
        "method": found.method if found else None,
        "reason": reason,
    }


def _term(found: Term) -> dict[str, float]:
    return {"estimate": found.estimate, "low": found.low, "high": found.high, "p": found.p}


def _months(ends: Any) -> dict[str, str] | None:
    return {"from": month_text(ends[0]), "to": month_text(ends[1])} if ends else None


def _titles(markers: Sequence[Marker]) -> list[str]:
    return [each.title for each in markers]
