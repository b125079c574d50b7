"""The table of dynamic cut-offs of fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Column, Look, Table

Section = Mapping[str, Any]
_INDICES = ("srmr", "rmsea", "cfi")


def dynamic_cutoffs(result: Section, number: int) -> Table:
    """The model's fit beside cut-offs that were simulated for it."""
    rows: list[list[Any]] = [
        [
            f"Level {level['level']}" if level["level"] else "The model itself",
            "; ".join(f"{one['lhs']} {one['op']} {one['rhs']}" for one in level["added"]) or "-",
            *(level[name]["value"] for name in _INDICES),
            *(level[name]["sensitivity"] for name in _INDICES),
        ]
        for level in result["levels"]
    ]
    if result["fit"]:
        rows.append(["This fit", "-", *(result["fit"][name] for name in _INDICES), *[None] * 3])
    reached = ", ".join(
        f"{name.upper()} {result['reached'][name]}"
        for name in _INDICES
        if name in result["reached"]
    )
    return Table(
        number=number,
        title="Dynamic Cut-Offs of Fit",
        columns=[
            Column("Cut-offs of", 0.16),
            Column("Left out of the model", 0.24),
            *(Column(name.upper(), 0.1, apa.BOUNDED_3) for name in _INDICES),
            *(
                Column(f"Found by {name.upper()}", 0.1, apa.bounded, name=f"sensitivity {name}")
                for name in _INDICES
            ),
        ],
        cells=rows,
        note="A fit beyond a level's cut-off is like that of a model which lacks what the levels up to it"
        f" add {cited('mcneish-2023')}. Highest level whose cut-off this fit reaches: {reached or '-'}"
        " (0: it is better than every level's)."
        " “Found by” is the share of misspecified samples that the cut-off finds (of the model itself,"
        f" the share that it passes). n = {result['n']:,}, df = {result['df']},"
        f" {result['reps']:,} samples a level, seed {result['seed']}. {_simulated(result)}",
        look=Look.APA,
    )


def _simulated(result: Section) -> str:
    """What the samples consist of; results of earlier versions are of normal answers."""
    work = cited("mcneish-2023-categorical")
    estimator = result.get("estimator", "ML")
    return {
        "normal": "Samples are normal answers, fitted by ML.",
        "ordinal": "Samples are normal answers cut at the items' thresholds, fitted by WLSMV"
        f" {work}; RMSEA and CFI are those of the scaled and shifted test.",
        "likert": "Samples are normal answers cut at the items' thresholds and treated as numbers"
        f" {work}, fitted by {estimator}.",
        "bootstrap": "Samples are the rows, drawn again with their distribution and turned to each"
        f" level's correlations, fitted by {estimator}.",
    }[result.get("answers", "normal")]
