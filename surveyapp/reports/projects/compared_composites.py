"""The tables of groups, prediction and unobserved segments of a composite model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Column, Interval, Look, Table, italic

Section = Mapping[str, Any]
_CRITERIA = ("aic", "aic3", "bic", "caic", "entropy", "smallest")

_PREDICTED = {
    "direct": "from direct antecedents",
    "earliest": "from exogenous constructs through the model",
}


def micom(result: Section, number: int) -> Table:
    """Whether composites mean the same in both groups (MICOM): configural, compositional, equal means."""
    one, two = result["groups"]
    return Table(
        number=number,
        title="Invariance of the Composites (MICOM)",
        columns=[
            Column("Construct", 0.24),
            Column(italic("c"), 0.1, apa.BOUNDED_3),
            Column("5% quantile", 0.12, apa.BOUNDED_3),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Means differ by", 0.14, apa.number),
            Column(apa.P, 0.08, apa.pvalue, name="p of the means"),
            Column("Invariance", 0.24),
        ],
        cells=[
            [
                row["construct"],
                row["correlation"],
                row["correlation_5"],
                row["p_correlation"],
                row["mean_difference"],
                row["p_mean"],
                row["invariance"],
            ]
            for row in result["constructs"]
        ],
        note=(
            "Paths may be compared: every composite is at least partially invariant."
            if result["comparable"]
            else "Paths may not be compared: a composite differs between the groups."
        )
        + f" Group {one}: n = {result['n'][0]:,}; group {two}: n = {result['n'][1]:,}."
        + f" {result['permutations']:,} permutations, seed {result['seed']}.",
        look=Look.APA,
    )


def group_paths(result: Section, number: int) -> Table:
    """The paths of both groups, their difference and its tests."""
    one, two = result["groups"]
    resampled = ""
    if result.get("bootstrap"):
        resampled = (
            f" Henseler: one-sided p of a path that is larger in {one}, by {result['bootstrap']:,} resamples of"
            " each group; near 1 it is larger in the other."
        )
    return Table(
        number=number,
        title="Paths of the Two Groups",
        columns=[
            Column("Path", 0.3),
            Column(one, 0.12, apa.bounded),
            Column(two, 0.12, apa.bounded),
            Column("Difference", 0.13, apa.number),
            Column("95% of random groups", 0.17, apa.free_interval),
            Column(apa.P, 0.08, apa.pvalue),
            Column("Holm", 0.08, apa.pvalue),
            *([Column("Henseler", 0.08, apa.pvalue)] if resampled else []),
        ],
        cells=[
            [
                f"{row['source']} → {row['target']}",
                row["first"],
                row["second"],
                row["difference"],
                Interval(row.get("lower"), row.get("upper")),
                row.get("p_permutation"),
                row.get("p_holm"),
                *([row["p_mga"]] if resampled else []),
            ]
            for row in result["paths"]
        ],
        note="Permutation test. Differences can be read only where MICOM allows it." + resampled,
        look=Look.APA,
    )


def predicted_items(result: Section, number: int) -> Table:
    """Errors of prediction by item, beside those of the linear model (PLSpredict)."""
    return Table(
        number=number,
        title="Prediction of the Items (PLSpredict)",
        columns=[
            Column("Item", 0.2),
            Column("Construct", 0.26),
            Column((*italic("Q"), "²"), 0.12, apa.BOUNDED_3),
            Column("RMSE", 0.1, apa.BOUNDED_3),
            Column("RMSE, linear model", 0.12, apa.BOUNDED_3),
            Column("MAE", 0.1, apa.BOUNDED_3),
            Column("MAE, linear model", 0.1, apa.BOUNDED_3),
        ],
        cells=[
            [
                row["item"],
                row["construct"],
                *(row[key] for key in ("q2", "rmse", "rmse_lm", "mae", "mae_lm")),
            ]
            for row in result["items"]
        ],
        note=f"Predictive power: {result['power']}, by how many items PLS predicts with a smaller RMSE"
        f" than the linear model. n = {result['n']:,}, {result['folds']} folds,"
        f" {result['repetitions']} {'repetition' if result['repetitions'] == 1 else 'repetitions'},"
        f" {_PREDICTED[result.get('technique', 'direct')]}, seed {result['seed']}.",
        look=Look.APA,
    )


def cvpat(result: Section, number: int) -> Table:
    """The loss of prediction beside that of the mean, the linear model and a rival (CVPAT)."""
    return Table(
        number=number,
        title="Predictive Ability (CVPAT)",
        columns=[
            Column("Compared with", 0.3),
            Column("Loss", 0.12, apa.number),
            Column("Its loss", 0.12, apa.number),
            Column("Difference", 0.14, apa.number),
            Column("95% CI", 0.2, apa.free_interval),
            Column(apa.P, 0.12, apa.pvalue),
        ],
        cells=[
            [
                row["benchmark"],
                row["loss"],
                row["loss_benchmark"],
                row["difference"],
                Interval(row["lower"], row["upper"]),
                row["p"],
            ]
            for row in result["cvpat"]
        ],
        note="Mean squared errors; below zero the model predicts better.",
        look=Look.APA,
    )


def segment_criteria(result: Section, number: int) -> Table:
    """The criteria by which the number of unobserved segments is chosen."""
    rows = result["criteria"]
    names = [name for name in _CRITERIA if name in rows[0]]
    heads = {"aic": "AIC", "aic3": "AIC3", "bic": "BIC", "caic": "CAIC"}
    stopped = [count for count, done in result["converged"].items() if not done]
    note = (
        "AIC3 and CAIC together point to the number; an entropy from .5 on tells segments apart. A"
        " segment is a proposal until it can be described."
    )
    if stopped:
        note += f" Without convergence: {', '.join(stopped)} segments."
    return Table(
        number=number,
        title="Number of Segments",
        columns=[
            Column("Segments", 0.16, apa.count),
            *(
                Column(heads.get(name, name.capitalize()), 0.84 / len(names), apa.number)
                for name in names
            ),
        ],
        cells=[[row["segments"], *(row[name] for name in names)] for row in rows],
        note=f"{note} n = {result['n']:,}, seed {result['seed']}.",
        look=Look.APA,
    )


def segment_paths(result: Section, number: int) -> Table:
    """Paths within each unobserved segment, beside those of all."""
    columns = [name for name in result["paths"][0] if name not in ("source", "target")]
    shares = result["shares"]
    return Table(
        number=number,
        title=f"Paths of {result['segments']} Segment{'' if result['segments'] == 1 else 's'}",
        columns=[
            Column("Path", 0.4),
            *(
                Column(f"Segment {name} ({100 * share:.0f}%)", 0.6 / len(columns), apa.bounded)
                for name, share in zip(columns, shares, strict=True)
            ),
        ],
        cells=[
            [f"{row['source']} → {row['target']}", *(row[name] for name in columns)]
            for row in result["paths"]
        ],
        note="The number that AIC3 points to."
        if result.get("advised", result["segments"]) == result["segments"]
        else f"The number that was asked for; AIC3 points to {result['advised']}.",
        look=Look.APA,
    )
