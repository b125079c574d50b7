"""Latent means of many groups, such as branches or languages, by alignment on a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.covariance.measurement_invariance.alignment import (
    LEAST,
    TOLERABLE,
    Alignment,
    FactorAlignment,
)
from analysis.covariance.measurement_invariance.alignment import alignment as align_groups
from analysis.covariance.measurement_invariance.alignment_optimum import METHODS
from analysis.covariance.measurement_invariance.alignment_recovery import (
    WANTED,
    Recovery,
    alignment_recovery,
)
from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.rules import RULES
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import CLUSTER, FILE, JSON, MODEL, ORDERED, WEIGHTS
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import (
    Table,
    finish,
    interval,
    json_file,
    number,
    probability,
    sample,
    warnings,
)
from surveyapp.cli.plots import PLOT, interval_plot, svg_only
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.reports.charts.research_charts import Interval
from surveyapp.results.analyses.losses import advice, of_file
from surveyapp.tables.options import ReadOptions

_PAIRS = 45  # of groups that are printed; the JSON has all
_LEVEL = 0.05


@click.command()
@FILE
@MODEL
@click.option("--group", required=True, help="Column with the group of each row.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=METHODS[0],
    show_default=True,
    help="fixed: the reference's mean is 0; free: it is estimated as all others.",
)
@click.option(
    "--reference",
    default=None,
    help="The group whose standard deviation is the unit; defaults to the first in the file.",
)
@click.option(
    "--epsilon",
    type=click.FloatRange(1e-8, 1),
    default=0.01,
    show_default=True,
    help="How far the loss is from the sharp one; .01 as in Mplus.",
)
@click.option(
    "--least",
    type=click.IntRange(10),
    default=LEAST,
    show_default=True,
    help="Rows that a group must have.",
)
@click.option(
    "--estimator",
    default="ML",
    show_default=True,
    help="ML, MLR or MLM; WLSMV, WLSM or ULSMV align thresholds of ordinal items.",
)
@ORDERED
@click.option(
    "--simulate",
    type=click.IntRange(0, 10_000),
    default=0,
    show_default=True,
    help="Samples to simulate from the aligned model, such as 100, to see whether the means are found.",
)
@seed_option("starts and samples")
@WEIGHTS
@CLUSTER
@PLOT
@JSON
@values_ok
@table_and_treatment(("listwise", "fiml", "pairwise"))
def alignment(
    file: Path,
    model: str,
    group: str,
    method: str,
    reference: str | None,
    epsilon: float,
    least: int,
    estimator: str,
    ordered: str,
    missing: str,
    simulate: int,
    seed: int,
    weights: str | None,
    cluster: str | None,
    plot_path: Path | None,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Compare latent means of many groups where few items differ between them (alignment).

    Asparouhov and Muthén (2014): no item need be equal in all groups; means and variances are those
    under which most loadings and intercepts, or thresholds of ordinal items, agree.
    """
    svg_only(plot_path)
    text = model_text(model)
    answers = model_answers(
        file, text, reading, values_ok=values_ok, group=group, drawn=(weights, cluster)
    )
    chosen = estimator.upper()
    found = align_groups(
        answers.frame,
        text,
        group,
        method=method,
        reference=reference,
        epsilon=epsilon,
        estimator=chosen,
        missing=missing,
        ordered=listed(ordered) or None,
        least=least,
        seed=seed,
        sampling_weights=weights,
        cluster=cluster,
    )
    recovery = None
    if simulate:
        with progress_bar("Simulating") as progress:
            recovery = alignment_recovery(
                found,
                reps=simulate,
                seed=seed,
                progress=lambda done, total: progress(round(100 * done / total), "Simulating"),
            )
    lost = model_losses(answers.frame, text, found.fit.n, group, drawn=(weights, cluster))
    document: dict[str, Any] = {
        "rules_version": RULES,
        "sample": sample(lost),
        **found.to_json(),
        "seed": seed,
        "recovery": recovery,
    }
    tables = _tables(found, recovery, of_file(lost, group))
    said = [
        *warnings(document, answers.notes, advice(lost, chosen, missing)),
        *(_verdict(found, each, recovery) for each in found.factors),
    ]
    files = [*json_file(json_path, document), *interval_plot(plot_path, _plotted(found))]
    finish(tables, said, files)


def _plotted(found: Alignment) -> list[Interval]:
    """Every group's mean, the highest first; the factor above where there are several."""
    several = len(found.factors) > 1
    return [
        Interval(
            str(row["group"]),
            row["mean"],
            row["ci_lower"],
            row["ci_upper"],
            each.factor if several else "",
        )
        for each in found.factors
        for row in each.means.sort_values("mean", ascending=False).to_dict("records")
    ]


def _tables(found: Alignment, recovery: Recovery | None, lost: str) -> list[Table]:
    tables: list[Table] = []
    for each in found.factors:
        tables.append(_means(found, each, lost))
        tables.append(_items(found, each))
        if len(each.comparisons) <= _PAIRS:
            tables.append(_pairs(each))
    if recovery is not None:
        rows = [
            [
                each.factor,
                number(each.mean_correlation),
                number(each.least_correlation),
                number(each.sd_correlation),
                number(each.mean_error),
            ]
            for each in recovery.factors
        ]
        tables.append(
            (
                f"Found means against true ones in {recovery.reps} simulated samples"
                f" ({recovery.converged:.0%} converged)",
                ("factor", "correlation", "least", "of SDs", "error (SD)"),
                rows,
            )
        )
    return tables


def _means(found: Alignment, factor: FactorAlignment, lost: str) -> Table:
    pairs = factor.comparisons
    certain = pairs[pairs["p_holm"] <= _LEVEL]
    higher: dict[str, int] = {}
    for row in certain.to_dict("records"):
        winner = row["group"] if row["difference"] > 0 else row["against"]
        higher[winner] = higher.get(winner, 0) + 1
    rows = [
        [
            str(row["group"]),
            str(row["n"]),
            number(row["mean"]),
            number(row["se"]) if row["se"] else "-",
            interval(row["ci_lower"], row["ci_upper"]) if row["se"] else "-",
            number(row["sd"]),
            str(higher.get(row["group"], 0)),
        ]
        for row in factor.means.sort_values("mean", ascending=False).to_dict("records")
    ]
    return (
        f"{factor.factor} by {found.group}, in SDs of {found.reference}; {lost}."
        f" {len(certain)} of {len(pairs)} differences are significant (p by Holm's method)",
        ("group", "n", "mean", "se", "95% CI", "sd", "higher than"),
        rows,
    )


def _items(found: Alignment, factor: FactorAlignment) -> Table:
    groups = len(found.groups)
    rows = [
        [
            f"{row['item']} {row['kind']}",
            number(row["mean"]),
            number(row["r2"]),
            f"{row['shared_by']} of {groups}",
            ", ".join(row["not_in"]) or "-",
        ]
        for row in factor.items.to_dict("records")
    ]
    return (
        f"Approximate invariance of {factor.factor}: {factor.differing:.1%} of {_parameters(found)}"
        f" differ; R2 of loadings {number(factor.r2_loadings)}, of"
        f" {_parameters(found).replace('loadings, ', '').replace('loadings and ', '')}"
        f" {number(factor.r2_intercepts)}",
        ("parameter", "mean", "R2", "shared by", "not in"),
        rows,
    )


def _pairs(factor: FactorAlignment) -> Table:
    rows = [
        [
            f"{row['group']} against {row['against']}",
            number(row["difference"]),
            interval(row["ci_lower"], row["ci_upper"]),
            probability(row["pvalue"]),
            probability(row["p_holm"]),
        ]
        for row in factor.comparisons.to_dict("records")
    ]
    return (
        f"Differences of {factor.factor}",
        ("groups", "difference", "95% CI", "p", "p (Holm)"),
        rows,
    )


def _parameters(found: Alignment) -> str:
    """What was aligned besides loadings."""
    ordinal = set(found.ordinal)
    if not ordinal:
        return "loadings and intercepts"
    numbers = set(found.fit.table.observed) - ordinal
    return "loadings, intercepts and thresholds" if numbers else "loadings and thresholds"


def _verdict(found: Alignment, factor: FactorAlignment, recovery: Recovery | None) -> str:
    """Whether the means may be trusted, by the rule of thumb and by simulation."""
    share = f"{factor.factor}: {factor.differing:.1%} of {_parameters(found)} differ between groups"
    if recovery is not None:
        own = next(each for each in recovery.factors if each.factor == factor.factor)
        enough = "which is enough" if own.trusted else "which is too little"
        return (
            f"{share}; in simulated samples the means found correlate {number(own.mean_correlation)} with"
            f" the true ones, {enough} to rank the groups (rule: {WANTED:g})."
        )
    if factor.tolerable:
        return f"{share}, no more than {TOLERABLE:.0%}: the means may be compared (rule of thumb)."
    return (
        f"{share}, more than {TOLERABLE:.0%}: do not compare the means before --simulate 100 has shown"
        " that they are found again."
    )
