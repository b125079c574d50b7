"""The tables of the ladder of measurement invariance, and of the means that it allows to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Column, Look, Table, italic
from surveyapp.reports.projects.headlines import ladder_verdict

Section = Mapping[str, Any]


def ladder(result: Section, number: int) -> Table:
    """The steps of the ladder: fit of each, and its test against the step before."""
    steps = result["steps"]
    scaled = steps[0]["fit"].get("chisq_scaled") is not None
    test = "_scaled" if scaled else ""
    index = "_robust" if steps[0]["fit"].get("cfi_robust") is not None else test
    return Table(
        number=number,
        title=f"Measurement Invariance by {result['group'].replace('_', ' ').capitalize()}",
        columns=[
            Column("Step", 0.16),
            Column(apa.CHI, 0.11, apa.number),
            Column(apa.DF, 0.07, apa.count),
            Column("CFI", 0.09, apa.BOUNDED_3),
            Column("RMSEA", 0.1, apa.BOUNDED_3),
            Column("SRMR", 0.09, apa.BOUNDED_3),
            Column(apa.DELTA_CHI, 0.1, apa.number),
            Column(apa.P, 0.08, apa.pvalue),
            Column("ΔCFI", 0.09, apa.BOUNDED_3),
            Column("Holds", 0.11),
        ],
        cells=[
            [
                step["name"].capitalize(),
                step["fit"].get(f"chisq{test}"),
                step["fit"].get("df"),
                step["fit"].get(f"cfi{index}"),
                step["fit"].get(f"rmsea{index}"),
                step["fit"].get("srmr"),
                step.get("d_chisq"),
                step.get("d_pvalue"),
                step.get("d_cfi"),
                "yes" if step["holds"] else "no",
            ]
            for step in steps
        ],
        note=ladder_verdict(result)
        + " "
        + _released(result)
        + " ".join(f"{step['name'].capitalize()}: {step['because']}." for step in steps),
        look=Look.APA,
    )


def _released(result: Section) -> str:
    """What was let differ, as a proposal; nothing where no release was tried."""
    names = [str(each["parameter"]) for each in result["releases"]]
    if not names:
        return ""
    if result["partial"] is None:
        return f"Releasing {', '.join(names)} was not enough. "
    return f"Released, as a proposal to be justified by content: {', '.join(names)}. "


def latent_means(result: Section, number: int) -> Table:
    """Means of the factors by group, beside the reference group's, where they may be compared."""
    rows = result["latent_means"]
    return Table(
        number=number,
        title="Latent Means",
        columns=[
            Column("Factor", 0.3),
            Column("Group", 0.25),
            Column("Difference", 0.12, apa.number),
            Column(italic("SE"), 0.11, apa.number),
            Column(apa.P, 0.11, apa.pvalue),
            Column(italic("d"), 0.11, apa.number),
        ],
        cells=[
            [
                row["factor"],
                str(row["group"]),
                *(row.get(key) for key in ("est", "se", "pvalue", "d")),
            ]
            for row in rows
        ],
        note=f"Against {result['groups'][0]}, whose means are 0. They can be read only where means may"
        " be compared.",
        look=Look.APA,
    )
