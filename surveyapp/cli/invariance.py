"""Measurement invariance on a file: numeric items by ML, MLR or MLM, ordinal ones by WLSMV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from analysis.covariance.compare_models import METHODS
from analysis.covariance.measurement_invariance.invariance import Invariance
from analysis.covariance.measurement_invariance.invariance import invariance as test_invariance
from analysis.covariance.measurement_invariance.missing_ladders import (
    COMPARED,
    TreatedLadder,
    both_treatments,
    model_losses,
)
from analysis.covariance.measurement_invariance.mixed_invariance import mixed_invariance
from analysis.covariance.measurement_invariance.ordinal_invariance import OrdinalInvariance
from analysis.covariance.text.syntax import as_model
from analysis.rules import RULES
from analysis.two_level.model import has_levels
from surveyapp.cli.ladders import (
    ORDINAL,
    PLAIN,
    ROBUST,
    ladder,
    ladder_cell,
    released,
    require_treatment,
)
from surveyapp.cli.level_invariance import level_ladder
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import CLUSTER, FILE, JSON, MODEL, WEIGHTS
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.outputs import Table, finish, json_file, sample, warnings
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.results.analyses.losses import advice, of_file
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option("--group", required=True, help="Column with the group of each row.")
@click.option(
    "--estimator",
    default="ML",
    show_default=True,
    help="ML, MLR, MLM or MLMV; WLSMV for ordinal items, in steps of their own.",
)
@click.option(
    "--difference",
    type=click.Choice(METHODS),
    default=None,
    help="Difference test of MLR and MLM: 2001 (the default) or 2010, Satorra & Bentler; 2000, Satorra.",
)
@click.option(
    "--reference",
    default=None,
    help="The group that the others are compared with; defaults to the first in the file.",
)
@click.option(
    "--free",
    default="",
    help="Parameters left free across groups at every step, separated by commas: 'x3~1,visual=~x2';"
    " 'x3|' for the thresholds of an ordinal item.",
)
@click.option(
    "--ordered",
    default="",
    help="Of WLSMV: the ordinal items, separated by commas; the others are numbers [all items].",
)
@WEIGHTS
@CLUSTER
@JSON
@values_ok
@table_and_treatment(("listwise", "fiml", "pairwise"))
def invariance(
    file: Path,
    model: str,
    group: str,
    estimator: str,
    missing: str,
    difference: str | None,
    reference: str | None,
    free: str,
    ordered: str,
    weights: str | None,
    cluster: str | None,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test measurement invariance across groups: configural, metric, scalar and strict.

    With --estimator WLSMV: configural, thresholds, loadings, intercepts and residuals; --ordered takes
    some items as ordinal beside others as numbers. With 'level: 1' and
    'level: 2' in the text and --cluster, groups of clusters are compared at both levels.
    """
    chosen = estimator.upper()
    if difference and chosen not in ("MLR", "MLM"):
        raise Invalid(
            "--difference requires --estimator MLR or MLM; the difference test of ML is not scaled,"
            " and that of WLSMV is always Satorra's of 2000"
        )
    require_treatment(chosen, missing, ordered)
    text, left = model_text(model), listed(free)
    answers = model_answers(
        file, text, reading, values_ok=values_ok, group=group, drawn=(weights, cluster)
    )
    if has_levels(text):
        level_ladder(
            answers,
            text,
            group,
            cluster=cluster,
            estimator=chosen,
            missing=missing,
            weights=weights,
            free=left,
            difference=difference,
            reference=reference,
            json_path=json_path,
        )
        return
    data = answers.frame
    found: Invariance | OrdinalInvariance
    if chosen == "WLSMV":
        found = mixed_invariance(
            data,
            text,
            group,
            ordered=listed(ordered) or as_model(text).observed,
            strict=True,
            reference=reference,
            free=left,
            join=True,
            missing=missing,
            sampling_weights=weights,
            cluster=cluster,
        )
        shown = ORDINAL
    else:
        found = test_invariance(
            data,
            text,
            group,
            estimator=chosen,
            missing=missing,
            method=difference or METHODS[0],
            reference=reference,
            free=left,
            sampling_weights=weights,
            cluster=cluster,
        )
        shown = PLAIN if chosen == "ML" else ROBUST
    used = found.n if isinstance(found, OrdinalInvariance) else found.steps[0].fit.n
    lost = model_losses(data, text, used, group, drawn=(weights, cluster))
    compared = None
    if lost.many and isinstance(found, Invariance) and chosen in COMPARED:
        compared = both_treatments(found, data, text, reference=reference, free=left)
    document = {
        "rules_version": RULES,
        "sample": sample(lost),
        "missing_comparison": compared,
        **found.to_dict(),
    }
    if weights is not None or cluster is not None:
        document["sample"]["no_weight_or_cluster"] = lost.not_drawn
        document["drawn"] = {"weights": weights, "cluster": cluster}
    said = [
        *warnings(document, answers.notes, advice(lost, chosen, missing)),
        f"\nRule: {found.rules.told(ordinal=chosen == 'WLSMV')}",
        f"Reached: {found.reached or 'no step'}",
    ]
    tables = _tables(found, shown, of_file(lost, group))
    if compared is not None:
        tables.insert(1, _treatments(*compared))
    finish(tables, said, json_file(json_path, document))


def _treatments(listwise: TreatedLadder, fiml: TreatedLadder) -> Table:
    """Both ladders, step by step."""
    columns = ("chisq", "df", "cfi", "rmsea", "d_cfi", "d_pvalue")
    rows = [
        [f"{one.step}, {ladder.missing}", *(ladder_cell(key, getattr(one, key)) for key in columns),
         "yes" if one.holds else "no"]
        for pair in zip(listwise.steps, fiml.steps, strict=True)
        for ladder, one in zip((listwise, fiml), pair, strict=True)
    ]  # fmt: skip
    reached = "; ".join(
        f"{one.missing}: {one.reached or 'no step'} (n = {one.n})" for one in (listwise, fiml)
    )
    return (f"Listwise deletion and FIML. Reached by {reached}", ("step", *columns, "holds"), rows)


def _tables(found: Invariance | OrdinalInvariance, shown: Sequence[str], lost: str) -> list[Table]:
    title = f"Groups of {found.group}: {', '.join(found.groups)}; {lost}"
    tables = [ladder(title, found.table, found.rules, shown)]
    if found.releases:
        tables.append(
            released(
                "Parameters proposed to be freed across groups (partial invariance)", found.releases
            )
        )
    return tables
