"""Tables and figures of a regression whose intercept and slopes differ between clusters."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from analysis.metrics import critical_z
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.charts.research_charts import Interval as Estimate
from surveyapp.reports.charts.research_charts import intervals
from surveyapp.reports.document import Cell, Chart, Column, Interval, Look, Table, italic

Section = Mapping[str, Any]
_INTERCEPT = "(Intercept)"
_LEVEL = 0.05


def mixed_effects(result: Section, number: int) -> Table:
    """The coefficients, with t tests."""
    return Table(
        number=number,
        title=f"Mixed Model of {result['outcome']} by {_cluster(result).capitalize()}",
        columns=[
            Column("Term", 0.28),
            Column(italic("b"), 0.12, apa.number),
            Column(italic("SE"), 0.1, apa.number),
            Column("95% CI", 0.22, apa.free_interval),
            Column(italic("t"), 0.1, apa.number),
            Column(apa.DF, 0.08, apa.count),
            Column(apa.P, 0.1, apa.pvalue),
        ],
        cells=[
            [
                "Intercept" if each["term"] == _INTERCEPT else each["term"].replace(":", " × "),
                each["est"],
                each["se"],
                Interval(each["ci_lower"], each["ci_upper"]),
                each["t"],
                each["df"],
                each["pvalue"],
            ]
            for each in result["fixed"]
        ],
        note=f"{_stopped(result)}{_means(result)}{_apart(result)}Degrees of freedom count rows for what varies within clusters,"
        f" clusters for the rest {cited('pinheiro-2000')}. {_sample(result)} Log-likelihood"
        f" {apa.number(result['logl'])}, AIC {apa.number(result['aic'])}.",
        look=Look.APA,
    )


def mixed_spread(result: Section, number: int) -> Table:
    """How much intercepts and slopes differ between clusters."""
    deviations = _deviations(result)
    means = {each["term"]: each["est"] for each in result["fixed"]}
    rows: list[list[Cell]] = [
        [
            "Intercept" if name == _INTERCEPT else f"Slope of {name}",
            deviations[name],
            _reach(means[name], deviations[name]),
            None if at == 0 else _correlation(result, at),
        ]
        for at, name in enumerate(result["random"])
    ]
    rows.append(["Residual", sqrt(result["residual"]), "", ""])
    return Table(
        number=number,
        title=f"Differences Between {_cluster(result).capitalize()} Clusters",
        columns=[
            Column("Effect", 0.34),
            Column(italic("SD"), 0.14, apa.number),
            Column("95% of clusters", 0.26, apa.free_interval),
            Column("Correlation with the intercept", 0.26, apa.bounded),
        ],
        cells=rows,
        note=f"{_slopes(result)}ICC = {apa.bounded(result['icc'])}: the share of what the predictors leave that"
        " lies between clusters, where they all are 0. 95% of clusters: within 1.96 SD of the coefficient, if"
        f" clusters differ normally; no interval of the SD itself. {_sample(result)}",
        look=Look.APA,
    )


def mixed_chart(result: Section) -> Chart | None:
    """The predictors' coefficients; None of a model that did not converge, or has none."""
    rows = [
        Estimate(each["term"].replace(":", " × "), each["est"], each["ci_lower"], each["ci_upper"])
        for each in result["fixed"]
        if each["term"] != _INTERCEPT
    ]
    if not rows or not result["converged"]:
        return None
    return Chart(
        f"Coefficients of {result['outcome']}",
        intervals(rows),
        f"95% intervals, each in its own unit. {_sample(result)}",
    )


def mixed_finding(result: Section) -> str:
    """Which predictors go with the outcome, whether slopes differ, and on how many."""
    sizes = f"{result['clusters']:,} clusters, n = {result['n']:,}."
    if not result["converged"]:
        return f"The estimation did not converge. {sizes}"
    said = "; ".join(
        f"{each['term'].replace(':', ' × ')} {apa.number(each['est'])}, 95% CI"
        f" {apa.free_interval(Interval(each['ci_lower'], each['ci_upper']))},"
        f" {'significant' if each['pvalue'] < _LEVEL else 'not significant'}"
        for each in result["fixed"]
        if each["term"] != _INTERCEPT
    )
    return f"{result['outcome']}: {said}. {_slopes(result)}{sizes}"


def _slopes(result: Section) -> str:
    test = result["slopes"]
    if test is None:
        return ""
    many = "slope" if len(result["random"]) == 2 else "slopes"
    verb = "differs" if many == "slope" else "differ"
    how = "significantly" if test["pvalue"] < _LEVEL else "not significantly"
    return (
        f"The {many} {verb} {how} between clusters, χ²({test['df'] - 1} and {test['df']} mixed) ="
        f" {apa.number(test['chisq'])}, p {apa.equals(test['pvalue'])}. "
    )


def _deviations(result: Section) -> dict[str, float]:
    matrix = result["covariance"]
    return {name: sqrt(max(matrix[at][at], 0.0)) for at, name in enumerate(result["random"])}


def _reach(mean: float, deviation: float) -> Interval:
    half = critical_z(1 - _LEVEL) * deviation
    return Interval(mean - half, mean + half)


def _correlation(result: Section, at: int) -> float | None:
    matrix = result["covariance"]
    spread = sqrt(max(matrix[0][0] * matrix[at][at], 0.0))
    return float(matrix[0][at] / spread) if spread > 0 else None


def _stopped(result: Section) -> str:
    return "" if result["converged"] else "The estimation did not converge; these are no results. "


def _means(result: Section) -> str:
    made = [f"{name} ({', '.join(parts)})" for name, parts in result["means_of"].items()]
    return f"Means of items, with their error of measurement: {'; '.join(made)}. " if made else ""


def _apart(result: Section) -> str:
    if not result.get("means"):
        return ""
    return (
        "Predictors count by their departure from the cluster's mean, and “_mean” is that mean: the first"
        " tell what holds within clusters, the others what holds between them. "
    )


def _sample(result: Section) -> str:
    return (
        f"n = {result['n']:,} in {result['clusters']:,} clusters by {_cluster(result)};"
        f" {result['method']}."
    )


def _cluster(result: Section) -> str:
    return str(result["cluster"]).replace("_", " ")
