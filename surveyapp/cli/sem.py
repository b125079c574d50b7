"""Structural equation models on a file, from a model in a file or as text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from analysis.covariance.equivalence import equivalence_fit
from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.covariance.missing.pooling import fit_imputed
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.settings import H1_INFORMATION
from analysis.losses import Losses
from analysis.rules import RULES
from analysis.two_level.model import has_levels
from surveyapp.cli.diagrams import diagram_file, require_svg
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import (
    AUXILIARY,
    CLUSTER,
    DIAGRAM,
    FILE,
    IMPUTATIONS,
    INFORMATION,
    JSON,
    MODEL,
    ORDERED,
    PARAMETRIZATION,
    SEED,
    WEIGHTS,
)
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.outputs import (
    finish,
    json_file,
    sample,
    warnings,
)
from surveyapp.cli.rotation_options import RotationChoice, rotation_options
from surveyapp.cli.sem_tables import sem_tables
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.cli.two_level_models import (
    LEAST_INDEX,
    LevelChoices,
    refuse_beside_levels,
    two_level,
)
from surveyapp.errors import Invalid
from surveyapp.reports.projects.measured_models import sem_diagram
from surveyapp.results.analyses.losses import advice
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--estimator",
    default="ML",
    show_default=True,
    help="ML, MLR, MLM, MLMV, ULS, GLS, WLS, DWLS, WLSMV, WLSM or ULSMV.",
)
@ORDERED
@PARAMETRIZATION
@INFORMATION
@AUXILIARY
@IMPUTATIONS
@SEED
@click.option("--group", default=None, help="Column with the group of each row.")
@click.option(
    "--equal",
    default="",
    help="Parameters held equal across groups, separated by commas:"
    " loadings,intercepts,residuals,...",
)
@click.option(
    "--free",
    default="",
    help="Parameters that --equal leaves free, separated by commas: 'x3~1,visual=~x2'.",
)
@click.option(
    "--h1-information",
    type=click.Choice(H1_INFORMATION),
    default=H1_INFORMATION[0],
    show_default=True,
    help="Where MLM weighs: structured (lavaan's default) or unstructured (Mplus).",
)
@click.option(
    "--likelihood",
    default="normal",
    show_default=True,
    help="normal (chi2 = N F) or wishart (N - 1).",
)
@WEIGHTS
@click.option(
    "--cluster-weights",
    default=None,
    help="Column with the sampling weight of each cluster, of a model with levels (MLR).",
)
@CLUSTER
@click.option("--std-lv", is_flag=True, help="Fix factor variances at 1 instead of first loadings.")
@rotation_options
@JSON
@DIAGRAM
@values_ok
@table_and_treatment(("listwise", "fiml", "pairwise"))
def sem(
    file: Path,
    model: str,
    estimator: str,
    ordered: str,
    parametrization: str,
    information: str | None,
    auxiliary: str,
    imputations: int | None,
    seed: int,
    missing: str,
    group: str | None,
    equal: str,
    free: str,
    h1_information: str,
    likelihood: str,
    weights: str | None,
    cluster_weights: str | None,
    cluster: str | None,
    std_lv: bool,
    turn: RotationChoice,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Fit a structural equation model, in lavaan's syntax, to the data in FILE.

    With 'level: 1' and 'level: 2' in the text and --cluster, a two-level model is fitted.
    """
    require_svg(diagram_path)
    if equal and group is None:
        raise Invalid("--equal requires groups; name their column with --group")
    text = model_text(model)
    answers = model_answers(
        file,
        text,
        reading,
        values_ok=values_ok,
        group=group,
        drawn=(weights, cluster_weights, cluster),
        auxiliary=listed(auxiliary),
    )
    if has_levels(text):
        refuse_beside_levels(
            likelihood=likelihood,
            h1_information=h1_information,
            ordered=ordered,
            information=information,
            auxiliary=auxiliary,
            imputations=imputations,
            parametrization=parametrization,
        )
        turn.refuse("a model that has levels")
        chosen = LevelChoices(
            cluster,
            estimator.upper(),
            missing,
            group,
            tuple(listed(equal)),
            tuple(listed(free)),
            weights,
            cluster_weights,
            std_lv,
        )
        two_level(answers, text, chosen, json_path, diagram_path)
        return
    if cluster_weights is not None:
        raise Invalid(
            "--cluster-weights goes with a model that has levels ('level: 1' in the text); leave it out"
        )
    written, rotation, target = turn.model(text)
    held: dict[str, Any] = {
        "estimator": estimator.upper(),
        "group": group,
        "equal": listed(equal),
        "free": listed(free),
        "std_lv": std_lv,
        "sampling_weights": weights,
        "cluster": cluster,
    }
    fit = fit_sem(
        answers.frame,
        written,
        **held,
        ordered=listed(ordered) or None,
        parametrization=parametrization,
        information=information,
        auxiliary=listed(auxiliary),
        missing=missing,
        h1_information=h1_information,
        likelihood=likelihood,
        rotation=rotation,
        target=target,
    )
    pooled = None
    if imputations is not None:
        pooled = fit_imputed(
            answers.frame,
            written,
            count=imputations,
            seed=seed,
            auxiliary=listed(auxiliary),
            ordered=listed(ordered) or None,
            parametrization=parametrization,
            information=information,
            h1_information=h1_information,
            likelihood=likelihood,
            **held,
        )
    drawn = fit.settings.sampling_weights, fit.settings.cluster
    lost = model_losses(answers.frame, text, fit.n, group, drawn=drawn)
    document = _document(fit, lost)
    document["imputation"] = None if pooled is None else {**pooled.to_dict(), "seed": seed}
    without = [] if json_path is None else _add_indices(document, fit)
    names = list(document["groups"]) or [""]
    drawing = diagram_file(
        diagram_path,
        lambda: {name: sem_diagram(document, group=at) for at, name in enumerate(names, start=1)},
    )
    advised = advice(lost, estimator.upper(), missing)
    said = [*warnings(document, answers.notes, advised), *without]
    tables = sem_tables(fit, document, lost, group=group, equal=equal)
    finish(tables, said, [*json_file(json_path, document), *drawing])


def _document(fit: SemFit, lost: Losses) -> dict[str, Any]:
    """The fit as JSON has it, with what it rests on."""
    document = {"rules_version": RULES, "sample": sample(lost), **fit.to_dict()}
    if fit.settings.sampling_weights is not None or fit.settings.cluster is not None:
        document["sample"]["no_weight_or_cluster"] = lost.not_drawn
    document["equivalence"] = _equivalence(fit)
    return document


def _add_indices(document: dict[str, Any], fit: SemFit) -> list[str]:
    """Add the modification indices, which nobody waits for who does not ask for the file; what is said
    where there are none.
    """
    if fit.table.composites:
        document["modification_indices"] = None
        return ["Modification indices are not computed for a model with composites (<~)."]
    indices = fit.modification_indices(minimum=LEAST_INDEX)
    document["modification_indices"] = indices.to_dict(orient="records")
    return []


def _equivalence(fit: SemFit) -> dict[str, float] | None:
    """T-size measures, which exist for one group's complete rows under plain ML, without weights."""
    plain = fit.settings.estimator == "ML" and fit.settings.missing == "listwise"
    plain = plain and fit.weights is None
    if not (plain and fit.converged and len(fit.groups) == 1 and fit.fit["df"] > 0):
        return None
    chisq, baseline = fit.fit["chisq"], fit.fit["baseline_chisq"]
    if not math.isfinite(chisq + baseline):
        return None
    found = equivalence_fit(
        max(chisq, 0.0), fit.fit["df"], baseline, fit.fit["baseline_df"], fit.solution.multiplier
    )
    return vars(found)
