"""The ladder of invariance over groups of clusters, of a project's model with levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Column, Look, Table

Section = Mapping[str, Any]
_LEVEL = 0.05


def is_of_levels(result: Section) -> bool:
    """Whether a ladder is of a model with levels."""
    return "clusters" in result


def level_verdict(result: Section) -> str:
    """The last step up to which no difference test rejects, and what it allows."""
    first, *further = result["steps"]
    reached = first
    for step in further:
        test = step["difference"]
        if test is None or test["pvalue"] is None or test["pvalue"] < _LEVEL:
            break
        reached = step
    meaning = reached["meaning"][:1].upper() + reached["meaning"][1:]
    return (
        f"Not rejected at 5%: {reached['name']}. {meaning}. {len(result['groups'])} groups of"
        f" {result['clusters']:,} clusters, n = {result['n']:,}."
    )


def level_ladder(result: Section, number: int) -> Table:
    """Each step's fit at both levels, and the test against the step before."""
    blank = {"chisq": None, "df": None, "pvalue": None}
    return Table(
        number=number,
        title=f"Measurement Invariance at Two Levels by {result['group'].replace('_', ' ').capitalize()}",
        columns=[
            Column("Step", 0.15),
            Column(apa.CHI, 0.1, apa.number),
            Column(apa.DF, 0.07, apa.count),
            Column("CFI", 0.09, apa.BOUNDED_3),
            Column("RMSEA", 0.1, apa.BOUNDED_3),
            Column("SRMR within", 0.11, apa.BOUNDED_3),
            Column("SRMR between", 0.12, apa.BOUNDED_3),
            Column(apa.DELTA_CHI, 0.1, apa.number),
            Column(("Δ", *apa.DF), 0.07, apa.count, name="difference df"),
            Column(apa.P, 0.09, apa.pvalue),
        ],
        cells=[
            [
                step["name"].capitalize(),
                *(
                    step[key]
                    for key in ("chisq", "df", "cfi", "rmsea", "srmr_within", "srmr_between")
                ),
                *((step["difference"] or blank)[key] for key in ("chisq", "df", "pvalue")),
            ]
            for step in result["steps"]
        ],
        note=f"{level_verdict(result)} A step holds its parameters equal at both levels; intercepts are those"
        " between. The difference test decides: bounds for changes of CFI and RMSEA are known of models of one"
        f" level alone. {result['estimator']}.",
        look=Look.APA,
    )
