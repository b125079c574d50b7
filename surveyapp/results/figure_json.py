"""Figures and differences as JSON values, the same for pages and API: every digit, or null and why.

Times and days stay as they are; whoever writes the text writes them as ISO 8601.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analysis.metrics import Share
from surveyapp.results import phrases
from surveyapp.results.invariance.segment_verdict_phrases import alike_to_json
from surveyapp.results.invariance.time_verdict_phrases import over_time_to_json
from surveyapp.results.targets.standing import Gap
from surveyapp.results.view_models import Contrast, Definition, Figure, Hidden, State, Weighted


def state_of(figures: Iterable[Figure]) -> State:
    """That of a place where these figures are asked for: the best that any of them has."""
    states = {figure.state for figure in figures}
    known = (State.SHOWN, State.HIDDEN, State.UNANSWERED)
    return next((state for state in known if state in states), State.UNASKED)


def definition_to_json(definition: Definition) -> dict[str, Any]:
    """What is measured, in which unit, and how its interval is calculated."""
    return {
        "scale": definition.scale,
        "label": definition.label,
        "unit": definition.unit,
        "interval": definition.interval,
    }


def numbers_to_json(figure: Figure, *, few: int) -> dict[str, Any]:
    """The numbers of a figure, with the reason for each that is null."""
    return {
        "n": figure.n,
        "estimate": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "hidden": figure.hidden,
        "state": figure.state,
        "reason": _reason(figure, few),
    }


def figure_to_json(figure: Figure, *, few: int) -> dict[str, Any]:
    """A figure and its change; ``few`` is the smallest group that may be shown."""
    return {
        **definition_to_json(figure.definition),
        **numbers_to_json(figure, few=few),
        "change": _change_to_json(figure, few),
        "other_customers": _beside_to_json(figure, few),
        "target": gap_to_json(figure.target),
        "weighted": weighted_to_json(figure.weighted, few=few),
    }


def weighted_to_json(weighted: Weighted | None, *, few: int) -> dict[str, Any] | None:
    """A score with weights, and what they cost; null where none are asked for."""
    if weighted is None:
        return None
    own = weighted.figure
    numbers = dict.fromkeys(("n", "estimate", "low", "high", "interval"))
    if own is not None:
        numbers = {
            "n": own.n,
            "estimate": own.estimate,
            "low": own.low,
            "high": own.high,
            "interval": own.definition.interval,
        }
    return {
        **numbers,
        "design_effect": weighted.design_effect,
        "effective_n": weighted.effective_n,
        "left_out": weighted.left_out,
        "refused": weighted.refused or None,
        "change": None if own is None else _change_to_json(own, few),
    }


def gap_to_json(gap: Gap | None) -> dict[str, Any] | None:
    """A target and how the figure stands against it; null where none is set."""
    if gap is None:
        return None
    return {
        "value": gap.target.value,
        "due": gap.target.due,
        "owner": gap.target.owner or None,
        **_standing_to_json(gap),
        "weighted": _standing_to_json(gap.weighted) if gap.weighted else None,
    }


def _standing_to_json(gap: Gap) -> dict[str, Any]:
    return {"gap": gap.difference, "low": gap.low, "high": gap.high, "standing": gap.standing}


def _beside_to_json(figure: Figure, few: int) -> dict[str, Any] | None:
    """Null where it is of all customers."""
    if figure.beside is None:
        return None
    return {
        **numbers_to_json(figure.beside.rest, few=few),
        "difference": contrast_to_json(
            figure.beside.contrast, without=phrases.beside(figure, few=few)
        ),
        "invariance": alike_to_json(figure.beside.alike, phrases.questionnaire(figure.definition)),
    }


def _change_to_json(figure: Figure, few: int) -> dict[str, Any] | None:
    """Null where nothing is compared with."""
    if figure.change is None:
        return None
    return {
        "before": numbers_to_json(figure.change.before, few=few),
        **contrast_to_json(figure.change.contrast, without=phrases.change(figure, few=few)),
        "invariance": over_time_to_json(
            figure.change.barring, phrases.questionnaire(figure.definition)
        ),
    }


def contrast_to_json(contrast: Contrast | None, *, without: str) -> dict[str, Any]:
    """A difference; ``without`` says why there is none."""
    if contrast is None:
        return {
            **dict.fromkeys(("difference", "low", "high", "p", "significant")),
            "reason": without,
        }
    return {
        "difference": contrast.difference,
        "low": contrast.low,
        "high": contrast.high,
        "p": contrast.pvalue,
        "significant": contrast.certain,
        "reason": None,
    }


def share_to_json(share: Share | None) -> dict[str, Any]:
    """A rate with its interval, 0 to 100."""
    if share is None:
        return {
            **dict.fromkeys(("estimate", "low", "high")),
            "reason": "there is nothing to take a share of",
        }
    return {"estimate": share.estimate, "low": share.low, "high": share.high, "reason": None}


def hidden_reason(reason: Hidden, *, few: int) -> str | None:
    """Why it is hidden; None where it is not."""
    return phrases.hidden(reason, few=few) or None


def _reason(figure: Figure, few: int) -> str | None:
    if figure.suppressed:
        return hidden_reason(figure.hidden, few=few)
    if not figure.shown:
        return str(State.UNANSWERED)
    if figure.low is None or figure.high is None:
        return "a single answer has no interval"
    return None
