"""Associations as a JSON document: every digit, or null and why."""

from __future__ import annotations

from typing import Any

from surveyapp.results import phrases
from surveyapp.results.drivers.association_phrases import basis, caution, outcome_named
from surveyapp.results.drivers.associations import NEEDED, AssociatedKind, Association, Associations
from surveyapp.results.figure_json import contrast_to_json, weighted_to_json
from surveyapp.results.view_models import Figure

NOT_ENOUGH = "not enough answers"  # beside the states of every other figure


def associations_to_json(found: Associations | None, *, few: int) -> dict[str, Any] | None:
    """Each score's correlation with the outcome; None where nothing is set side by side."""
    if found is None or not (found.hidden or found.kinds):
        return None
    return {
        "outcome": {"scale": found.outcome.scale, "label": outcome_named(found.outcome)},
        "caution": caution(found.outcome),
        "hidden": found.hidden,
        "reason": phrases.hidden(found.hidden, few=few) or None,
        "pairs_needed": NEEDED,
        "comparisons": found.comparisons,
        "comparisons_with_other_customers": found.beside_tested,
        "kinds": [
            {
                "kind": kind.name,
                "outcomes": kind.outcomes,
                "basis": basis(found, kind),
                "scores": [_score(each, kind, few) for each in kind.each],
            }
            for kind in found.kinds
        ],
    }


def _score(each: Association, kind: AssociatedKind, few: int) -> dict[str, Any]:
    figure = each.figure
    return {
        "label": each.label,
        "pairs": each.n,
        "missing": kind.missing(each),
        "correlation": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "p": each.pvalue,
        "significant": each.certain if figure.shown else None,
        "gain_per_point": {
            "estimate": each.gain.estimate,
            "low": each.gain.low,
            "high": each.gain.high,
        }
        if each.gain
        else None,
        "hidden": each.hidden,
        "state": NOT_ENOUGH if each.n and not figure.shown else figure.state,
        "reason": each.why(few) or None,
        "other_customers": _others(figure, few),
        "weighted": _weighted(each, few),
    }


def _weighted(each: Association, few: int) -> dict[str, Any] | None:
    """The correlation and the gain with weights; null where none are asked for."""
    own, gain = weighted_to_json(each.figure.weighted, few=few), each.weighted_gain
    if own is None:
        return None
    own.pop("change")
    gained = gain and {"estimate": gain.estimate, "low": gain.low, "high": gain.high}
    return {**own, "correlation": own.pop("estimate"), "gain_per_point": gained}


def _others(figure: Figure, few: int) -> dict[str, Any] | None:
    """The correlation among all customers outside the segment; null where it is of all customers."""
    if figure.beside is None:
        return None
    rest = figure.beside.rest
    return {
        "pairs": rest.n,
        "correlation": rest.estimate,
        "low": rest.low,
        "high": rest.high,
        "hidden": rest.hidden,
        "state": NOT_ENOUGH if rest.n and not rest.shown else rest.state,
        "reason": None if rest.shown else phrases.value(rest, few=few),
        "difference": contrast_to_json(
            figure.beside.contrast, without=phrases.beside(figure, few=few)
        ),
    }
