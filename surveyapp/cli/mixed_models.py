"""Regressions of an observed outcome whose intercepts and slopes differ between clusters."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.rules import RULES
from analysis.two_level.random_slopes import LEVEL, METHODS, MixedFit, fit_mixed
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON
from surveyapp.cli.models import listed
from surveyapp.cli.outputs import Table, finish, json_file, number, probability, warnings
from surveyapp.cli.table_options import table_options, values_ok
from surveyapp.errors import Invalid
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@click.option("--outcome", required=True, help="Column with the outcome, a number.")
@click.option(
    "--predictors",
    required=True,
    help="Columns of rows or of clusters, separated by commas; 'wait:tenure' is a product.",
)
@click.option("--cluster", required=True, help="Column with the cluster of each row.")
@click.option(
    "--slopes", default="", help="Predictors whose slopes differ between clusters, by commas."
)
@click.option(
    "--method",
    type=click.Choice(METHODS, case_sensitive=False),
    default=METHODS[0],
    show_default=True,
    help="Restricted or full maximum likelihood; models of different predictors compare by ML.",
)
@click.option(
    "--means",
    is_flag=True,
    help="Predictors by their departure from the cluster's mean, and the means as predictors.",
)
@JSON
@values_ok
@table_options
def mixed(
    file: Path,
    outcome: str,
    predictors: str,
    cluster: str,
    slopes: str,
    method: str,
    means: bool,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Regress a column of FILE with an intercept, and slopes, of each cluster (linear mixed model).

    Variables are observed; a factor has random intercepts alone, by 'surveyapp sem' with levels.
    """
    terms = listed(predictors)
    if not terms:
        raise Invalid("--predictors: name at least one column")
    names = dict.fromkeys([outcome, *(part for term in terms for part in term.split(":"))])
    answers = model_answers(
        file, "\n".join(names), reading, values_ok=values_ok, drawn=(None, cluster)
    )
    fit = fit_mixed(
        answers.frame,
        outcome,
        terms,
        cluster,
        slopes=listed(slopes),
        method=method.upper(),
        means=means,
    )
    document = {"rules_version": RULES, **fit.to_dict()}
    document["clusters"] = fit.effects.to_dict(orient="records")
    finish(
        [_fixed(fit), _random(fit)],
        warnings(document, answers.notes),
        json_file(json_path, document),
    )


def _fixed(fit: MixedFit) -> Table:
    return (
        f"{fit.outcome} by {fit.method}, n = {fit.n} in {fit.n_clusters} clusters of {fit.cluster}; "
        f"log-likelihood {number(fit.logl)}, AIC {number(fit.aic)}",
        ("term", "est", "se", "t", "df", "p", f"{LEVEL:.0%} CI"),
        [
            [
                one.term,
                *(number(value) for value in (one.est, one.se, one.t)),
                str(one.df),
                probability(one.pvalue),
                f"{number(one.ci_lower)} to {number(one.ci_upper)}",
            ]
            for one in fit.fixed
        ],
    )


def _random(fit: MixedFit) -> Table:
    deviations = fit.covariance.diagonal() ** 0.5
    rows = [
        [name, number(float(sd)), number(_correlation(fit, at)) if at else ""]
        for at, (name, sd) in enumerate(zip(fit.random, deviations, strict=True))
    ]
    rows.append(["residual", number(fit.residual**0.5), ""])
    test = fit.slopes
    said = (
        ""
        if test is None
        else f"; slopes differ: chi-square {number(test.chisq)}, df {test.df - 1} and {test.df} mixed, "
        f"p {probability(test.pvalue)}"
    )
    return (
        f"Between clusters (ICC {number(fit.icc)}{said})",
        ("effect", "SD", "correlation with intercept"),
        rows,
    )


def _correlation(fit: MixedFit, at: int) -> float | None:
    spread = float((fit.covariance[0, 0] * fit.covariance[at, at]) ** 0.5)
    return float(fit.covariance[0, at]) / spread if spread > 0 else None
