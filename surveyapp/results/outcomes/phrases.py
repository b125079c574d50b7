"""What an analysis of outcomes says in words, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.results import phrases
from surveyapp.results.outcomes.actions import FoundOutcomes
from surveyapp.results.outcomes.staleness import MOST, OutcomeChanges

LIMITS = (
    "Customers who scored low may differ in other ways, too: what is shown goes together, and nothing here"
    " tells what would happen if a score changed. All customers of all time: there are no filters, so that"
    " no two results can be subtracted. Answers to anonymous surveys are never joined to outcomes."
)
ATTRIBUTION_NAMES = {
    "first": "First touch",
    "last": "Last touch",
    "linear": "Linear",
    "time_decay": "Time decay",
    "markov": "Markov removal",
    "shapley": "Shapley",
}
STABILITY = {
    "stable": "stable",
    "doubtful": "doubtful",
    "unstable": "not found again: do not read it as a group",
}
SIGNIFICANT = 0.05


def outcomes_to_json(found: FoundOutcomes) -> dict[str, Any]:
    """The newest analysis as the page shows it; ``result`` is null before the first."""
    return {
        "made_at": found.made_at,
        "stale": found.is_stale,
        "since": since(found.changes) or None,
        "running": found.is_running,
        "stored": dict(found.stored),
        "limits": LIMITS,
        "result": found.result
        and {name: value for name, value in found.result.items() if name != "seen"},
    }


def since(changes: OutcomeChanges) -> str:
    """What has changed since an analysis, as a sentence; empty where nothing has."""
    if changes.is_of_earlier_version:
        return "Computed by an earlier version, whose figures were made in another way."
    said = [
        _many(n, one, did)
        for n, one, did in (
            (changes.answers, "answer", "came"),
            (changes.changed, "answer", "changed"),
            (changes.erased, "answer", "erased"),
            (changes.outcomes, "outcome", "came"),
            (changes.gone, "outcome", "removed"),
            (changes.events, "event", "came"),
        )
        if n
    ]
    return f"Not in these figures: {', '.join(said)} since." if said else ""


def _many(n: int, noun: str, did: str) -> str:
    many = f"more than {MOST:,}" if n > MOST else f"{n:,}"
    return f"{many} {noun}{'' if n == 1 else 's'} {did}"


def rule_of_group(rule: Mapping[str, Any]) -> str:
    """How well a rule over attributes tells who is in a group of customers."""
    own, took = (_share(rule[name]) for name in ("recall", "precision"))
    verdict = "" if rule["describes"] else " It does not describe the group."
    return (
        f"It takes {own} of the group, and {took} of those whom it takes are in the group, among customers"
        f" whom it was not found with (kappa {phrases.number(rule['kappa'], 2)}).{verdict}"
    )


def _share(found: Mapping[str, Any]) -> str:
    if not found["n"]:
        return "none"
    percent, low, high = (
        phrases.number(100 * found[name], 0) for name in ("estimate", "low", "high")
    )
    return f"{percent}% (95% CI {low} to {high}, n = {found['n']})"


def number(value: float | None, is_event: bool) -> str:
    """A band's rate in per cent, or its mean."""
    if value is None:
        return "-"
    return f"{phrases.number(100 * value, 1)}%" if is_event else phrases.number(value, 1)


def trend(part: Mapping[str, Any]) -> str:
    """Whether the outcome goes with the bands."""
    found = part["trend"]
    if found is None:
        return "There is nothing to test: the outcome is the same in all bands, or one band alone has customers."
    p = phrases.pvalue(found["p"])
    said = f"p {p}" if p[:1] in "<>" else f"p = {p}"
    if found["p"] >= SIGNIFICANT:
        return f"No significant trend across bands ({found['method']}, {said})."
    way = "Higher" if found["z"] > 0 else "Lower"
    return f"{way} where the score is higher: a significant trend ({found['method']}, {said})."


def log_rank(found: Mapping[str, Any]) -> str:
    """Whether the curves differ."""
    if "reason" in found:
        return f"The curves are not tested: {found['reason']}."
    p = phrases.pvalue(found["p"])
    said = f"p {p}" if p[:1] in "<>" else f"p = {p}"
    verdict = (
        "The curves differ significantly"
        if found["p"] < SIGNIFICANT
        else "The curves are not significantly different"
    )
    return f"{verdict} (log-rank test, chi-square {phrases.number(found['chi2'], 2)}, df {found['df']}, {said})."


def proportional(found: Mapping[str, Any]) -> str:
    """Whether one hazard ratio for all times will do."""
    p = found["proportional_p"]
    if p is None:
        return ""
    if p < SIGNIFICANT:
        return (
            "The ratios change with time (test of proportional hazards): read the curves instead."
        )
    return "No significant change of the ratios with time (test of proportional hazards)."
