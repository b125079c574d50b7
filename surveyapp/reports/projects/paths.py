"""Tables and figures of a composite model: necessity, the combined map, tetrads, copulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.composite.nca import effect_size_word
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts.research_charts import Mark, importance_map
from surveyapp.reports.document import Cell, Chart, Column, Interval, Look, Table, italic
from surveyapp.reports.projects.groups import headed

Section = Mapping[str, Any]
_LEVEL = 0.05


def necessity_effects(result: Section, number: int) -> Table:
    """Each condition's effect by both ceilings, with its test."""
    sections: list[tuple[str, list[list[Cell]]]] = []
    for technique in ("CE-FDH", "CR-FDH"):
        rows: list[list[Cell]] = []
        for condition in result["conditions"]:
            each = next(one for one in condition["ceilings"] if one["technique"] == technique)
            rows.append(
                [
                    condition["name"],
                    each["effect"],
                    Interval(each["least_without_one"], each["most_without_one"]),
                    effect_size_word(each["effect"]),
                    each["p"],
                    apa.percent(each["accuracy"]),
                    "yes" if each["necessary"] else "no",
                ]
            )
        sections.append((technique, rows))
    return Table(
        number=number,
        title=f"Necessary Conditions of {result['outcome']}",
        columns=[
            Column("Condition", 0.26),
            Column(italic("d"), 0.1, apa.bounded),
            Column("Without any one respondent", 0.2, apa.interval),
            Column("Size", 0.12),
            Column(apa.P, 0.1, apa.pvalue),
            Column("Accuracy", 0.12, align="r"),
            Column("Necessary", 0.1),
        ],
        **headed(sections, 7),
        note=f"{necessity_verdict(result)} A condition is necessary with a d of at least .10, significant at 5%. A ceiling rests on"
        " few respondents: the range is that of d when any one of them is left out. No interval of d is"
        f" established. n = {result['n']:,}, {result['permutations']:,} permutations, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def necessity_verdict(result: Section) -> str:
    """Which constructs the outcome needs."""
    named = [
        condition["name"]
        for condition in result["conditions"]
        for each in condition["ceilings"]
        if each["technique"] == result["ceiling"] and each["necessary"]
    ]
    if named:
        return f"Necessary for {result['outcome']} by {result['ceiling']}: {', '.join(named)}."
    return f"No construct counts as necessary for {result['outcome']} by {result['ceiling']}."


def bottlenecks(result: Section, number: int) -> Table:
    """What each level of the outcome needs of every condition."""
    by_condition = [
        [each for each in condition["bottlenecks"] if each["technique"] == result["ceiling"]]
        for condition in result["conditions"]
    ]
    names = [condition["name"] for condition in result["conditions"]]
    cells: list[list[Cell]] = [
        [
            f"{first['outcome']:.1f}",
            *(_needed(own[at]) for own in by_condition),
        ]
        for at, first in enumerate(by_condition[0])
    ]
    return Table(
        number=number,
        title=f"Bottlenecks of {result['outcome']}",
        columns=[
            Column(result["outcome"], 0.2),
            *(Column(name, 0.8 / len(names), align="r") for name in names),
        ],
        cells=cells,
        note=f"What a level of {result['outcome']} needs of each construct, by {result['ceiling']}, from 0 to 100,"
        " and which share of respondents has less. NN: not necessary; NA: not attainable within the"
        f" answers. n = {result['n']:,}.",
        look=Look.APA,
    )


def _needed(need: Section) -> str:
    if need["required"] is None or need["below"] is None:
        return "NN" if need["state"] == "not necessary" else "NA"
    return f"{need['required']:.1f} ({apa.percent(need['below'])} below)"


def combined_chart(result: Section) -> Chart:
    """The importance-performance map, with what is necessary."""
    marks = [
        Mark(
            each["construct"]
            + (
                f", necessary ({apa.percent(each['below'])} below)"
                if each["necessary"] and each["below"] is not None
                else ""
            ),
            "necessary" if each["necessary"] else "not necessary",
            each["importance"],
            each["performance"],
            _pair(each["importance_lower"], each["importance_upper"]),
            _pair(each["performance_lower"], each["performance_upper"]),
        )
        for each in sorted(result["constructs"], key=lambda each: not each["necessary"])
    ]
    return Chart(
        f"Importance, performance and necessity for {result['target']}",
        importance_map(marks, target=result["target"]),
        f"95% intervals, n = {result['n']:,}. “Below” is the share of respondents with less than"
        f" {result['target']} at {result['outcome']:g} of 100 needs.",
    )


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def combined_table(result: Section, number: int) -> Table:
    """Importance, performance and necessity of each construct."""
    cells: list[list[Cell]] = [
        [
            each["construct"],
            each["importance"],
            Interval(each["importance_lower"], each["importance_upper"]),
            each["performance"],
            Interval(each["performance_lower"], each["performance_upper"]),
            each["effect"],
            each["p"],
            _needed(each),
            each["priority"],
        ]
        for each in result["constructs"]
    ]
    return Table(
        number=number,
        title=f"Importance, Performance and Necessity for {result['target']}",
        columns=[
            Column("Construct", 0.15),
            Column("Importance", 0.1, apa.number),
            Column("95% CI", 0.13, apa.free_interval, name="95% CI of importance"),
            Column("Performance", 0.1, apa.NUMBER_1),
            Column("95% CI", 0.13, apa.INTERVAL_1, name="95% CI of performance"),
            Column(italic("d"), 0.07, apa.bounded),
            Column(apa.P, 0.07, apa.pvalue),
            Column(f"Needed for {result['outcome']:g}", 0.12, align="r"),
            Column("Priority", 0.13),
        ],
        cells=cells,
        note=f"{first_priority(result)} {result['target']} itself stands at {result['target_performance']:.1f} of 100."
        " Important: at or above the mean importance; necessary: d of at least .10, significant at 5%,"
        f" by {result['technique']} {cited('hauff-2024')}. n = {result['n']:,},"
        f" {result['permutations']:,} permutations, {result['bootstrap']:,} resamples, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def first_priority(result: Section) -> str:
    """The construct to begin with: important and necessary, of these the one with the lowest performance."""
    both = [each for each in result["constructs"] if each["important"] and each["necessary"]]
    if not both:
        return "No construct is both important and necessary."
    if len(both) == 1:
        return f"{both[0]['construct']} alone is both important and necessary."
    lowest = min(both, key=lambda each: each["performance"])
    return f"Of what is both important and necessary, {lowest['construct']} has the lowest performance."


def tetrad_constructs(result: Section, number: int) -> Table:
    """Each construct that was tested, and whether a common factor of its items is rejected."""
    untested = " ".join(
        [
            *(
                f"{each['construct']}: {', '.join(each['borrowed'])} borrowed from {each['lender']}."
                for each in result["constructs"]
                if each.get("borrowed")
            ),
            *(f"Not tested: {name}, {why}." for name, why in result["untested"].items()),
        ]
    )
    return Table(
        number=number,
        title="Confirmatory Tetrad Analysis",
        columns=[
            Column("Construct", 0.28),
            Column("Tetrads", 0.14, apa.count),
            Column("Significant", 0.16, apa.count),
            Column(("Smallest ", *italic("p")), 0.18, apa.pvalue),
            Column("A common factor is", 0.24),
        ],
        cells=[
            [
                each["construct"],
                len(each["tetrads"]),
                sum(not one["vanishes"] for one in each["tetrads"]),
                min(one["adjusted_p"] for one in each["tetrads"]),
                "not rejected" if each["reflective"] else "rejected",
            ]
            for each in result["constructs"]
        ],
        note="Where a tetrad differs from zero, the items do not reflect one common factor; consider whether they"
        f" form the construct. Not rejecting is no proof. {untested} n = {result['n']:,},"
        f" {result['resamples'] - result['dropped']:,} resamples, seed {result['seed']}.",
        look=Look.APA,
    )


def tetrad_tests(result: Section, number: int) -> Table:
    """Each independent tetrad with its interval."""
    sections: list[tuple[str, list[list[Cell]]]] = [
        (
            each["construct"],
            [
                [
                    ", ".join(one["items"]),
                    one["estimate"],
                    one["se"],
                    Interval(one["adjusted_lower"], one["adjusted_upper"]),
                    one["p"],
                    one["adjusted_p"],
                ]
                for one in each["tetrads"]
            ],
        )
        for each in result["constructs"]
    ]
    return Table(
        number=number,
        title="Tetrads",
        columns=[
            Column("Items 1, 2, 3, 4", 0.36),
            Column("Tetrad", 0.12, apa.BOUNDED_3),
            Column(italic("SE"), 0.1, apa.BOUNDED_3),
            Column("95% CI, adjusted", 0.2, apa.INTERVAL_3),
            Column(apa.P, 0.1, apa.pvalue),
            Column("Adjusted", 0.12, apa.pvalue),
        ],
        **headed(sections, 6),
        note="r₁₂r₃₄ − r₁₃r₂₄ of the items' correlations; intervals are corrected for bias and for all tetrads of"
        f" the construct (Bonferroni). n = {result['n']:,}.",
        look=Look.APA,
    )


def copula_scores(result: Section, number: int) -> Table:
    """The antecedents' scores: only of those that are not normal does a copula tell."""
    by_name = {
        each["construct"]: (each, equation["collinearity"][each["construct"]])
        for equation in result["equations"]
        for each in equation["normality"]
    }
    return Table(
        number=number,
        title="Scores of the Antecedents",
        columns=[
            Column("Construct", 0.3),
            Column("Skewness", 0.14, apa.number),
            Column("Kurtosis", 0.14, apa.number),
            Column((*italic("A"), "²"), 0.12, apa.number),
            Column(apa.P, 0.12, apa.pvalue),
            Column("Correlation with its copula", 0.18, apa.BOUNDED_3),
        ],
        cells=[
            [name, each["skewness"], each["kurtosis"], each["statistic"], each["p"], near]
            for name, (each, near) in by_name.items()
        ],
        note="Anderson and Darling's test; a small p: not normal, so that a copula can tell. n ="
        f" {result['n']:,}.",
        look=Look.APA,
    )


def copula_paths(result: Section, number: int) -> Table:
    """Every path without and with copula terms, equation by equation."""
    sections: list[tuple[str, list[list[Cell]]]] = []
    for equation in result["equations"]:
        rows: list[list[Cell]] = [
            ["none", each["name"], None, None, each["estimate"], _ends(each), each["p"]]
            for each in equation["paths"]
        ]
        for one in equation["models"]:
            terms = {each["name"]: each for each in one["terms"]}
            for path in one["paths"]:
                term = terms.get(path["name"])
                rows.append(
                    [
                        ", ".join(one["treated"]),
                        path["name"],
                        None if term is None else term["estimate"],
                        None if term is None else term["p"],
                        path["estimate"],
                        _ends(path),
                        path["p"],
                    ]
                )
        sections.append((f"Paths to {equation['target']}", rows))
    return Table(
        number=number,
        title="Paths Without and With Gaussian Copulas",
        columns=[
            Column("Copulas of", 0.2),
            Column("Path from", 0.2),
            Column("Copula", 0.11, apa.number),
            Column(apa.P, 0.1, apa.pvalue, name="p of the copula"),
            Column("Path", 0.11, apa.number),
            Column("95% CI", 0.18, apa.free_interval),
            Column(apa.P, 0.1, apa.pvalue, name="p of the path"),
        ],
        **headed(sections, 7),
        note=" ".join(endogeneity(each) for each in result["equations"])
        + f" n = {result['n']:,}, {result['resamples'] - result['dropped']:,} resamples, seed"
        f" {result['seed']}.",
        look=Look.APA,
    )


def _ends(row: Section) -> Interval:
    return Interval(row["lower"], row["upper"])


def endogeneity(equation: Section) -> str:
    target, testable = equation["target"], equation["testable"]
    if not testable:
        return f"{target}: endogeneity cannot be tested, as every antecedent's score may be normal."
    found = sorted(
        {
            each["name"]
            for one in equation["models"]
            for each in one["terms"]
            if each["p"] < _LEVEL and each["name"] in testable
        }
    )
    if found:
        return (
            f"{target}: the copula of {', '.join(found)} is significant in at least one model; compare the"
            " paths with and without it."
        )
    return f"{target}: no copula of {', '.join(testable)} is significant: no sign of endogeneity in these."
