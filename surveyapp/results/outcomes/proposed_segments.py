"""Groups of customers who answered alike at a journey's end, proposed as segments.

Of all customers, all time: no filter, so that no two results can be subtracted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from analysis.cluster_rules import ClusterRule, Condition, cluster_rule
from analysis.customer_clusters import DOUBTFUL, STABLE, Clusters, customer_clusters
from analysis.errors import AnalysisError
from analysis.outcome_bands import mean_by_band
from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from surveyapp.results.outcomes.cells import DISTINCT, TOO_FEW
from surveyapp.results.outcomes.rows import Customer
from surveyapp.results.outcomes.score_bands import Bands

RESAMPLES = 100
SEED = 1
_ATTRIBUTE = re.compile(r"[^\W\d][\w.-]*")


def proposed_segments(
    answered: Sequence[Customer],
    bands: Sequence[Bands],
    *,
    minimum: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """The clusters by all scores of the journey's end as a document, or ``reason`` why there are none."""
    scales = [each.scale for each in bands]
    if len(scales) < 2:
        return {"reason": "customers are grouped by two scores or more of the journey's end"}
    own = [each for each in answered if all(scale in each.scores for scale in scales)]
    if 0 < len(answered) - len(own) < minimum:
        return {"reason": DISTINCT}
    columns = {scale: [each.scores[scale] for each in own] for scale in scales}
    try:
        found = customer_clusters(columns, resamples=resamples, seed=SEED)
    except AnalysisError as error:
        return {"reason": str(error)}
    if min(each.size for each in found.clusters) < minimum:
        return {"reason": f"a group has {TOO_FEW}"}
    return {
        "n": found.n,
        "left_out": len(answered) - found.n,
        "sampled": found.sampled,
        "silhouette": found.silhouette,
        "bic": {str(count): value for count, value in found.bic.items()},
        "resamples": found.resamples,
        "seed": found.seed,
        "method": found.method,
        "clusters": _told(found, bands, own, columns, minimum),
    }


def _told(
    found: Clusters,
    bands: Sequence[Bands],
    own: Sequence[Customer],
    columns: dict[str, list[float]],
    minimum: int,
) -> list[dict[str, Any]]:
    count = len(found.clusters)
    means = {
        each.scale: mean_by_band(columns[each.scale], found.labels, count).bands for each in bands
    }
    known = [
        {name: value for name, value in each.attributes.items() if _can_be_asked(name, value)}
        for each in own
    ]
    return [
        {
            "n": each.size,
            "share": each.size / found.n,
            "jaccard": each.jaccard,
            "stability": stability(each.jaccard),
            "scores": [
                {
                    "scale": band.scale,
                    "label": band.label,
                    "mean": means[band.scale][at].estimate,
                    "low": means[band.scale][at].low,
                    "high": means[band.scale][at].high,
                }
                for band in bands
            ],
            "rule": _rule(known, [label == at for label in found.labels], minimum),
        }
        for at, each in enumerate(found.clusters)
    ]


def stability(jaccard: float) -> str:
    """Hennig's reading of the mean likeness: ``stable``, ``doubtful`` or ``unstable``."""
    return "stable" if jaccard >= STABLE else "doubtful" if jaccard >= DOUBTFUL else "unstable"


def _can_be_asked(name: str, value: object) -> bool:
    return bool(_ATTRIBUTE.fullmatch(name)) and isinstance(value, (str, int, float))


def _rule(known: Sequence[dict[str, Any]], inside: Sequence[bool], minimum: int) -> dict[str, Any]:
    """The rule over attributes that agrees best with the group, with how well it does."""
    found = cluster_rule(known, inside, least=minimum, seed=SEED)
    if found is None:
        return {"reason": "no attribute of these customers has values that enough of them share"}
    if any(0 < cell < minimum for cell in found.cells):
        return {"reason": f"the best rule is told apart from the group by {TOO_FEW}"}
    text = " and ".join(_condition(each) for each in found.conditions)
    try:
        parse(text)
    except Invalid as error:
        return {"reason": f"the best rule cannot be written: {error}"}
    return {"text": text, "describes": found.describes, "kappa": found.kappa, **_shares(found)}


def _shares(found: ClusterRule) -> dict[str, Any]:
    return {name: vars(getattr(found, name)) for name in ("precision", "recall")}


def _condition(one: Condition) -> str:
    values = [_value(each) for each in one.values]
    if one.sign != "in":
        return f"{one.attribute} {one.sign} {values[0]}"
    if len(values) == 1:
        return f"{one.attribute} = {values[0]}"
    return f"{one.attribute} in ({', '.join(values)})"


def _value(value: str | float | bool) -> str:
    """A value as the language of rules writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
