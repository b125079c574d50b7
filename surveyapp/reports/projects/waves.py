"""Tables and figures of a model over waves of the same customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Chart, Column, Interval, Look, Table, italic

Section = Mapping[str, Any]


def change_chart(result: Section) -> Chart | None:
    """Every latent change with its interval; None where none has one."""
    several = len({row["factor"] for row in result["changes"]}) > 1
    rows = [
        Estimate(
            f"{row['wave']} against {row['against']}",
            row["est"],
            row["ci_lower"],
            row["ci_upper"],
            row["factor"] if several else "",
        )
        for row in result["changes"]
        if row["ci_lower"] is not None and row["ci_upper"] is not None
    ]
    if not rows:
        return None
    return Chart(
        "Change of the latent means",
        intervals(rows),
        f"95% intervals, n = {result['n']:,} customers; in standard deviations of the first wave.",
    )


def wave_changes(result: Section, number: int) -> Table:
    """Changes of the latent means from wave to wave."""
    people = ", ".join(f"{wave}: {count:,}" for wave, count in result["people"].items())
    in_points = any("points" in row for row in result["changes"])  # not of ordinal items
    may = result["verdict"] in ("scalar", "partial scalar", "partial_scalar")
    return Table(
        number=number,
        title="Change of the Latent Means",
        columns=[
            Column("Factor", 0.2),
            Column("Waves", 0.22),
            Column("Change", 0.1, apa.number),
            Column("95% CI", 0.18, apa.free_interval),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Holm", 0.08, apa.pvalue),
            Column(italic("d"), 0.07, apa.number),
            *([Column("Points", 0.07, apa.number)] if in_points else []),
        ],
        cells=[
            [
                row["factor"],
                f"{row['wave']} against {row['against']}",
                row["est"],
                Interval(row["ci_lower"], row["ci_upper"]),
                row["pvalue"],
                row["p_holm"],
                row["d"],
                *([row["points"]] if in_points else []),
            ]
            for row in result["changes"]
        ],
        note=(
            "The same customers are compared. "
            if may
            else "These may be changes of the items, not of the customers: intercepts are not equal over waves. "
        )
        + f"In standard deviations of the first wave. Customers: {people}; {result['in_all']:,} of"
        f" {result['persons']:,} at every wave, n = {result['n']:,} analysed, {result['estimator']}.",
        look=Look.APA,
    )


def wave_stability(result: Section, number: int) -> Table:
    """How each factor correlates with itself at another wave."""
    return Table(
        number=number,
        title="Stability of the Factors",
        columns=[
            Column("Factor", 0.36),
            Column("Waves", 0.3),
            Column(italic("r"), 0.12, apa.bounded),
            Column("95% CI", 0.22, apa.interval),
        ],
        cells=[
            [
                row["factor"],
                f"{row['wave']} with {row['against']}",
                row["r"],
                Interval(row["ci_lower"], row["ci_upper"]),
            ]
            for row in result["stability"]
        ],
        note=f"n = {result['n']:,} customers.",
        look=Look.APA,
    )


def wave_attrition(result: Section, number: int) -> Table:
    """How those who missed a wave scored at the first."""
    return Table(
        number=number,
        title="Scores at the First Wave by Who Came Back",
        columns=[
            Column("Factor", 0.2),
            Column("Stayed", 0.1, apa.number),
            Column(italic("n"), 0.08, apa.count, name="n stayed"),
            Column("Missed a wave", 0.12, apa.number),
            Column(italic("n"), 0.08, apa.count, name="n missed"),
            Column("Difference", 0.1, apa.number),
            Column("95% CI", 0.16, apa.free_interval),
            Column("Holm", 0.08, apa.pvalue),
            Column(italic("d"), 0.08, apa.number),
        ],
        cells=[
            [
                row["factor"],
                row["stayed_mean"],
                row["stayed"],
                row["missed_mean"],
                row["missed"],
                row["difference"],
                Interval(row["ci_lower"], row["ci_upper"]),
                row["p_holm"],
                row["d"],
            ]
            for row in result["attrition"]
        ],
        note="Where those who came back began otherwise, the changes are theirs alone.",
        look=Look.APA,
    )
