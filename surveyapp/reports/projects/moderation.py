"""Simple slopes of a moderated path, and the redundancy of a formed construct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.i18n.words import MINUS
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Chart, Column, Interval, Look, Table, italic

Section = Mapping[str, Any]


def slope_chart(result: Section) -> Chart:
    """Slopes of each moderated path at low, middle and high values of its moderator."""
    rows = [
        Estimate(
            _stands(found["moderator"], each["at"]),
            each["estimate"],
            each["lower"],
            each["upper"],
            f"{found['source']} → {found['target']}",
        )
        for found in result["moderations"]
        for each in found["slopes"]
    ]
    return Chart(
        "Simple slopes by the moderator", intervals(rows), f"95% intervals, n = {result['n']:,}."
    )


def coverage_chart(result: Section) -> Chart:
    """The path from a formed construct to the item that asks for all of it, beside .70."""
    row = Estimate(
        f"Formed by {len(result['items'])} items", result["path"], result["lower"], result["upper"]
    )
    return Chart(
        f"Path to {', '.join(result['global_items'])}",
        intervals([row], cut=0.7, cut_label=".70"),
        f"95% interval, n = {result['n']:,}.",
    )


def simple_slopes(result: Section, number: int) -> Table:
    """Slopes of each moderated path by values of its moderator, with the region of significance."""
    rows: list[list[Any]] = []
    said = []
    for found in result["moderations"]:
        of = f"{found['source']} → {found['target']}"
        rows.append(_slope(of, f"per SD of {found['moderator']}", found["interaction"]))
        rows += [
            _slope(of, _stands(found["moderator"], each["at"]), each) for each in found["slopes"]
        ]
        where = " and ".join(
            f"{apa.number(low)} to {apa.number(high)}" for low, high in found["significant"]
        )
        said.append(
            f"{of}: significant with {found['moderator']} from {where} SD"
            if where
            else f"{of}: nowhere significant between {MINUS}3 and 3 SD of {found['moderator']}"
        )
    return Table(
        number=number,
        title="Simple Slopes",
        columns=[
            Column("Path", 0.26),
            Column("Moderator", 0.26),
            Column("Estimate", 0.12, apa.bounded),
            Column(italic("SE"), 0.1, apa.bounded),
            Column("95% CI", 0.16, apa.interval),
            Column(apa.P, 0.1, apa.pvalue),
        ],
        cells=rows,
        note=f"{'; '.join(said)} (Johnson and Neyman, within {MINUS}3 to 3). n = {result['n']:,},"
        f" {result.get('interaction', 'two-stage')} product, {result['bootstrap']:,} resamples, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def _stands(moderator: str, at: float) -> str:
    if at == 0:
        return f"{moderator} at its mean"
    return f"{moderator} at {'+' if at > 0 else MINUS}{abs(at):g} SD"


def _slope(path: str, moderator: str, found: Section) -> list[Any]:
    between = Interval(found["lower"], found["upper"])
    return [path, moderator, found["estimate"], found["se"], between, found["p"]]


def redundancy(result: Section, number: int) -> Table:
    """Whether the items of a formed construct cover it, by the item that asks for all of it."""
    said = "at least" if result["convergent"] else "below"
    return Table(
        number=number,
        title="Redundancy Analysis",
        columns=[
            Column("Formed by", 0.5),
            Column("Whole", 0.2),
            Column("Path", 0.12, apa.bounded),
            Column("95% CI", 0.18, apa.interval),
        ],
        cells=[
            [
                ", ".join(result["items"]),
                ", ".join(result["global_items"]),
                result["path"],
                Interval(result["lower"], result["upper"]),
            ]
        ],
        note=f"The path is {said} .70, from which on the items cover the construct {cited('cheah-2018')}."
        f" n = {result['n']:,}, {result['bootstrap']:,} resamples, seed {result['seed']}.",
        look=Look.APA,
    )
