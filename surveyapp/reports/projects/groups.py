"""Tables and figures of a model over groups: alignment, and items with differential functioning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Cell, Chart, Column, Interval, Look, Table, italic

Section = Mapping[str, Any]
_PAIRS = 45  # differences of groups that a table shows; the JSON has all
_LEVEL = 0.05
_FIXED = Interval(None, None)  # of a mean that is set, not estimated
_TOLERABLE = 0.25  # as analysis.covariance.measurement_invariance.alignment has it


def _by(group: str) -> str:
    return f"by {group.replace('_', ' ').capitalize()}"


def headed(sections: Iterable[tuple[str, Sequence[list[Cell]]]], width: int) -> dict[str, Any]:
    """``cells`` and ``groups`` of a table whose rows stand under heads; without heads for one section."""
    every = list(sections)
    if len(every) == 1:
        return {"cells": list(every[0][1])}
    cells: list[list[Cell]] = []
    heads = set()
    for head, rows in every:
        heads.add(len(cells))
        cells.append([head, *([""] * (width - 1))])
        cells += rows
    return {"cells": cells, "groups": frozenset(heads)}


def alignment_chart(result: Section) -> Chart | None:
    """Every estimated mean with its interval, the highest first; None where no mean has one."""
    several = len(result["factors"]) > 1
    rows = [
        Estimate(
            str(row["group"]),
            row["mean"],
            row["ci_lower"],
            row["ci_upper"],
            factor["factor"] if several else "",
        )
        for factor in result["factors"]
        for row in sorted(factor["means"], key=lambda row: -row["mean"])
        if row["se"] and row["ci_lower"] is not None and row["ci_upper"] is not None
    ]
    if not rows:
        return None
    return Chart(
        f"Aligned means {_by(result['group'])}",
        intervals(rows),
        f"95% intervals, n = {result['n']:,}; in standard deviations of {_unit_group(result)}.",
    )


def _unit_group(result: Section) -> str:
    """The group whose standard deviation is the unit, and whose mean is 0 unless it is estimated."""
    fixed = result["method"] == "fixed"
    return f"{result['reference']}, whose mean is 0" if fixed else str(result["reference"])


def aligned_means(result: Section, number: int) -> Table:
    """Means and standard deviations of each group, and how many groups each is significantly above."""
    sections = []
    for factor in result["factors"]:
        above: dict[str, int] = {}
        for pair in factor["comparisons"]:
            if pair["p_holm"] <= _LEVEL:
                higher = pair["group"] if pair["difference"] > 0 else pair["against"]
                above[higher] = above.get(higher, 0) + 1
        rows: list[list[Cell]] = [
            [
                str(row["group"]),
                row["n"],
                row["mean"],
                Interval(row["ci_lower"], row["ci_upper"]) if row["se"] else _FIXED,
                row["sd"],
                row["rank"],
                above.get(row["group"], 0),
            ]
            for row in sorted(factor["means"], key=lambda row: row["rank"])
        ]
        sections.append((factor["factor"], rows))
    return Table(
        number=number,
        title=f"Aligned Means {_by(result['group'])}",
        columns=[
            Column("Group", 0.26),
            Column(italic("n"), 0.1, apa.count),
            Column("Mean", 0.12, apa.number),
            Column("95% CI", 0.2, apa.free_interval),
            Column(italic("SD"), 0.1, apa.number),
            Column("Rank", 0.08, apa.count),
            Column("Higher than", 0.14, apa.count),
        ],
        **headed(sections, 7),
        note=f"{aligned_trust(result)} In standard deviations of {_unit_group(result)}. “Higher than”"
        f" counts groups with a significantly lower mean (Holm). n = {result['n']:,},"
        f" {result['estimator']}, {result['method']} alignment, ε = {result['epsilon']:g}, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def aligned_trust(result: Section) -> str:
    """Of which factors so few parameters differ that means may be compared, and what simulation says."""
    if result.get("recovery"):
        return _recovered_trust(result)
    said = []
    for tolerable, verdict in (
        (True, "no more than 25%: the means may be compared (rule of thumb)."),
        (
            False,
            "more than 25%: do not compare the means before a simulation of 100 samples has shown that they"
            " are found again.",
        ),
    ):
        shares = [
            f"{factor['factor']} {apa.percent(factor['differing'])}"
            for factor in result["factors"]
            if (factor["differing"] <= _TOLERABLE) == tolerable
        ]
        if shares:
            named = _parameters(result).capitalize()
            said.append(f"{named} that differ: {', '.join(shares)}; {verdict}")
    return " ".join(said)


def _parameters(result: Section) -> str:
    """What was aligned; results of earlier versions knew no thresholds."""
    ordinal = set(result.get("ordinal", ()))
    if not ordinal:
        return "loadings and intercepts"
    items = {row["item"] for factor in result["factors"] for row in factor["items"]}
    return "loadings, intercepts and thresholds" if items - ordinal else "loadings and thresholds"


def _recovered_trust(result: Section) -> str:
    """For which factors simulated samples find the means again."""
    said = []
    for enough, verdict in (
        (True, "the ranking of the groups is found again in simulated samples"),
        (False, "it is not found again; do not rank the groups"),
    ):
        found = [
            f"{row['factor']} {apa.bounded(row['mean_correlation'], 3)}"
            for row in result["recovery"]["factors"]
            if (row["mean_correlation"] >= result["wanted"]) == enough
        ]
        if found:
            said.append(
                f"Correlation of found with true means {', '.join(found)} (wanted:"
                f" {apa.bounded(result['wanted'])}): {verdict}."
            )
    return " ".join(said)


def _drawn(result: Section) -> str:
    """What the simulated answers are like; results of earlier versions knew no ordinal ones."""
    return "answers cut at the thresholds" if result.get("ordinal") else "normal answers"


def aligned_recovery(result: Section, number: int) -> Table:
    """What samples simulated from the aligned model find of its means."""
    found = result["recovery"]
    return Table(
        number=number,
        title="Simulation of the Alignment",
        columns=[
            Column("Factor", 0.32),
            Column("Correlation of means", 0.18, apa.BOUNDED_3),
            Column("At the least", 0.14, apa.BOUNDED_3),
            Column(("Correlation of ", *italic("SD"), "s"), 0.18, apa.BOUNDED_3),
            Column("Error of a mean", 0.18, apa.number),
        ],
        cells=[
            [
                row["factor"],
                *(
                    row[key]
                    for key in (
                        *("mean_correlation", "least_correlation"),
                        *("sd_correlation", "mean_error"),
                    )
                ),
            ]
            for row in found["factors"]
        ],
        note=f"{_recovered_trust(result)} Means found in samples of {_drawn(result)}, from the aligned model"
        " with its groups' sizes, against those of the model (rule of thumb). The error is the root mean"
        f" square, in standard deviations of {result['reference']}. {found['reps']:,} samples,"
        f" {apa.percent(found['converged'])} converged, n = {result['n']:,}, seed {found['seed']}.",
        look=Look.APA,
    )


def aligned_items(result: Section, number: int) -> Table:
    """Each loading, intercept and threshold: in which groups it differs from those that share it."""
    sections = []
    for factor in result["factors"]:
        rows: list[list[Cell]] = [
            [
                row["item"],
                row["kind"],
                row["mean"],
                row["r2"],
                row["shared_by"],
                ", ".join(map(str, row["not_in"])) or "-",
            ]
            for row in factor["items"]
        ]
        sections.append((factor["factor"], rows))
    return Table(
        number=number,
        title=f"Aligned {_parameters(result).title().replace(' And ', ' and ')} {_by(result['group'])}",
        columns=[
            Column("Item", 0.2),
            Column("Parameter", 0.16),
            Column("Mean", 0.12, apa.number),
            Column((*italic("R"), "²"), 0.12, apa.bounded),
            Column("Shared by", 0.12, apa.count),
            Column("Differs in", 0.28),
        ],
        **headed(sections, 6),
        note=f"Of {len(result['groups'])} groups. R² is what the groups' means and variances explain of the"
        " differences between groups.",
        look=Look.APA,
    )


def aligned_pairs(result: Section, number: int) -> Table:
    """Every two groups compared; the largest differences where there are many."""
    sections = []
    pairs = sum(len(factor["comparisons"]) for factor in result["factors"])
    each = max(1, _PAIRS // len(result["factors"]))
    for factor in result["factors"]:
        ranked = sorted(factor["comparisons"], key=lambda row: -abs(row["difference"]))
        rows: list[list[Cell]] = [
            [
                f"{row['group']} against {row['against']}",
                row["difference"],
                Interval(row["ci_lower"], row["ci_upper"]),
                row["pvalue"],
                row["p_holm"],
            ]
            for row in ranked[:each]
        ]
        sections.append((factor["factor"], rows))
    shown = sum(len(rows) for _, rows in sections)
    return Table(
        number=number,
        title="Differences of the Aligned Means",
        columns=[
            Column("Groups", 0.4),
            Column("Difference", 0.16, apa.number),
            Column("95% CI", 0.22, apa.free_interval),
            Column(apa.P, 0.11, apa.pvalue),
            Column("Holm", 0.11, apa.pvalue),
        ],
        **headed(sections, 5),
        note=f"In standard deviations of {result['reference']}."
        + (f" The {shown} largest of {pairs}; the JSON has all." if shown < pairs else ""),
        look=Look.APA,
    )


def dif_chart(result: Section) -> Chart | None:
    """How the flagged items are answered beside the reference; None without any."""
    ordinal = result["method"] == "ordinal"
    rows = [
        Estimate(
            str(effect["group"]),
            effect["log_odds" if ordinal else "est"],
            effect["ci_lower"],
            effect["ci_upper"],
            item["item"],
        )
        for item in result["items"]
        if item["item"] in result["flagged"]
        for effect in item["effects"]
        if effect["ci_lower"] is not None and effect["ci_upper"] is not None
    ]
    if not rows:
        return None
    unit = "log odds of a higher answer" if ordinal else "points of the answer"
    if result.get("ordinal"):
        named = {item["item"] for item in result["items"]}
        unit = "SDs within groups of the response behind the answer"
        if named - set(result["ordinal"]):
            unit = f"points of the answer, of ordinal items {unit}"
    return Chart(
        f"Items with DIF {_by(result['group'])}",
        intervals(rows),
        f"95% intervals, n = {result['n']:,}; {unit} beside {result['reference']}, at the same level.",
    )


def dif_items(result: Section, number: int) -> Table:
    """The test of each item."""
    made = _ordinal_items if result["method"] == "ordinal" else _mimic_items
    return made(result, number)


def dif_verdict(result: Section) -> str:
    if not result["flagged"]:
        return "No item was found to be answered differently at the same level."
    return (
        f"Answered differently at the same level: {', '.join(result['flagged'])}. Compare the groups without"
        " them, or with their paths free, and look for the reason in their wording."
    )


def _sample(result: Section) -> str:
    sizes = ", ".join(f"{label}: n = {size:,}" for label, size in result["groups"].items())
    adjusted = " and ".join(each.capitalize() for each in result["correction"].split("-"))
    return (
        f"Reference: {result['reference']}. {sizes}. Tests adjusted by {adjusted}, significant at"
        f" {100 * result['level']:g}%."
    )


def _ordinal_items(result: Section, number: int) -> Table:
    rows: list[list[Cell]] = [
        [
            item["item"],
            item["uniform"]["chisq"],
            item["nonuniform"]["chisq"],
            item["total"]["chisq"],
            item["total"]["df"],
            item["total"]["pvalue"],
            item["p_adjusted"],
            item["total"]["nagelkerke"],
            item["size"],
            item["kind"] if item["flagged"] else "none",
        ]
        for item in result["items"]
    ]
    return Table(
        number=number,
        title=f"Differential Item Functioning {_by(result['group'])}",
        columns=[
            Column("Item", 0.14),
            Column("Uniform χ²", 0.11, apa.number),
            Column("Non-uniform χ²", 0.12, apa.number),
            Column("Both χ²", 0.1, apa.number),
            Column(apa.DF, 0.06, apa.count),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Adjusted", 0.09, apa.pvalue),
            Column((*italic("R"), "² gained"), 0.09, apa.BOUNDED_3),
            Column("Size", 0.1),
            Column("DIF", 0.11),
        ],
        cells=rows,
        note=f"{dif_verdict(result)} Ordinal logistic regression on the score of the factor's items {cited('zumbo-1999')},"
        f" {'purified' if result['purified'] else 'not purified'}; R² gained is Nagelkerke's, {_bounds(result)}"
        f" {_sample(result)} n = {result['n']:,}.",
        look=Look.APA,
    )


def _bounds(result: Section) -> str:
    """From where on a gain is moderate and large, and whether an item's size decides beside its test."""
    size = " An item differs where its gain is not negligible, besides." * (
        result["criterion"] == "size"
    )
    if result["classes"] == "zumbo":
        return f"by Zumbo and Thomas from .130 on moderate and from .260 on large.{size}"
    return f"from .035 on moderate and from .070 on large {cited('jodoin-2001')}.{size}"


def _mimic_items(result: Section, number: int) -> Table:
    rows: list[list[Cell]] = [
        [
            item["item"],
            item["factor"],
            item["chisq"],
            item["df"],
            item["pvalue"],
            item["p_adjusted"],
            "-" if item["released"] is None else str(item["released"]),
        ]
        for item in result["items"]
    ]
    return Table(
        number=number,
        title=f"Differential Item Functioning {_by(result['group'])}",
        columns=[
            Column("Item", 0.22),
            Column("Factor", 0.22),
            Column(apa.DELTA_CHI, 0.14, apa.number),
            Column(apa.DF, 0.08, apa.count),
            Column(apa.P, 0.1, apa.pvalue),
            Column("Adjusted", 0.12, apa.pvalue),
            Column("Released", 0.12),
        ],
        cells=rows,
        note=f"{dif_verdict(result)} MIMIC model, {result['estimator']}: each item in turn let depend on the groups"
        " (uniform DIF); “Released” is the order in which items with DIF were set free."
        f" {_sample(result)} n = {result['n']:,}.",
        look=Look.APA,
    )


def dif_effects(result: Section, number: int) -> Table:
    """By how much the flagged items are answered differently; of MIMIC the factors' means as well."""
    ordinal = result["method"] == "ordinal"
    rows: list[list[Cell]] = [
        [
            f"{item['item']}, {effect['group']}",
            effect["log_odds" if ordinal else "est"],
            Interval(effect["ci_lower"], effect["ci_upper"]),
            effect["points" if ordinal else "std"],
        ]
        for item in result["items"]
        if item["item"] in result["flagged"]
        for effect in item["effects"]
    ]
    return Table(
        number=number,
        title="Items Answered Differently",
        columns=[
            Column("Item and group", 0.4),
            Column("Log odds" if ordinal else _unit(result), 0.18, apa.number),
            Column("95% CI", 0.24, apa.free_interval),
            Column("Points" if ordinal else "In SDs", 0.18, apa.number),
        ],
        cells=rows,
        note=f"Beside {result['reference']}, at the same level."
        + (f" {_RESPONSES}" if result.get("ordinal") else "")
        + f" n = {result['n']:,}.",
        look=Look.APA,
    )


_RESPONSES = "Ordinal items: shift of the response behind the answer, in its standard deviations within groups."


def _unit(result: Section) -> str:
    """What a path from a group to an item counts; results of earlier versions name no ordinal items."""
    return "Shift" if result.get("ordinal") else "Points"


def dif_means(result: Section, number: int) -> Table:
    """Factor means with all items equal, and with the released ones apart; of MIMIC alone."""
    rows: list[list[Cell]] = [
        [
            row["factor"],
            str(row["group"]),
            row["before"],
            row["est"],
            Interval(row["ci_lower"], row["ci_upper"]),
            row["pvalue"],
        ]
        for row in result["differences"]
    ]
    return Table(
        number=number,
        title="Factor Means With and Without DIF",
        columns=[
            Column("Factor", 0.24),
            Column("Group", 0.2),
            Column("All items equal", 0.14, apa.number),
            Column("DIF apart", 0.12, apa.number),
            Column("95% CI", 0.2, apa.free_interval),
            Column(apa.P, 0.1, apa.pvalue),
        ],
        cells=rows,
        note=f"Against {result['reference']}, in standard deviations within groups. n = {result['n']:,}.",
        look=Look.APA,
    )
