"""Structural equation models and composite models on a file, from a model in a file or as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.composite.higher_order import is_formed
from analysis.composite.missing_paths import MissingPaths, both_treatments, row_losses
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.covariance.equivalence import equivalence_fit
from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.covariance.missing.pooling import fit_imputed
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.settings import H1_INFORMATION
from analysis.errors import AnalysisError
from analysis.losses import Losses
from analysis.rules import RULES
from analysis.two_level.model import has_levels
from surveyapp.cli import composite_weights
from surveyapp.cli.composite_weights import drawn_tables, with_and_without
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
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import (
    File,
    Table,
    finish,
    json_file,
    number,
    probability,
    sample,
    warnings,
)
from surveyapp.cli.rotation_options import RotationChoice, loading_tables, rotation_options
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.cli.two_level_models import (
    LEAST_INDEX,
    LevelChoices,
    refuse_beside_levels,
    two_level,
)
from surveyapp.errors import Invalid
from surveyapp.reports.charts.diagram import Diagram
from surveyapp.reports.charts.path_diagram import path_diagrams
from surveyapp.reports.projects.measured_models import composite_diagram, sem_diagram
from surveyapp.results.analyses.losses import advice, imputed, of_file
from surveyapp.tables.options import ReadOptions

# In the order shown; of a robust or ordinal estimator the scaled and robust measures come first.
_FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
_SCALED = tuple("df" if name == "df" else f"{name}_scaled" for name in _FIT)
_ROBUST = tuple(f"{name}_robust" for name in _FIT[3:])
_POOLED_TESTS = {"D2": "test", "D3": "d3", "D4": "d4"}
_OTHER = ("srmr", "gfi", "aic", "bic")


def _svg_only(path: Path | None) -> None:
    """Refuse another kind of drawing before anything is computed."""
    if path is not None and path.suffix.lower() != ".svg":
        raise Invalid(f"--diagram {path}: the diagram is SVG; use a file name that ends in .svg")


def _drawing(path: Path | None, titled: Callable[[], Mapping[str, Diagram]]) -> list[File]:
    """The file with the diagrams, which are made only where one is asked for."""
    return [] if path is None else [(path, path_diagrams(titled()).encode())]


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
    _svg_only(diagram_path)
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
    document = {"rules_version": RULES, "sample": sample(lost), **fit.to_dict()}
    if weights is not None or cluster is not None:
        document["sample"]["no_weight_or_cluster"] = lost.not_drawn
    document["equivalence"] = _equivalence(fit)
    document["imputation"] = None if pooled is None else {**pooled.to_dict(), "seed": seed}
    without: list[str] = []
    if json_path is not None and fit.table.composites:
        document["modification_indices"] = None
        without = ["Modification indices are not computed for a model with composites (<~)."]
    elif json_path is not None:
        indices = fit.modification_indices(minimum=LEAST_INDEX)
        document["modification_indices"] = indices.to_dict(orient="records")
    outside = set(fit.settings.auxiliary)
    estimates = [
        row
        for row in document["estimates"]
        if row["op"] != "~1" and outside.isdisjoint((row["lhs"], row["rhs"]))
    ]
    grouped = ("group",) if group else ()
    tables: list[Table] = [
        (
            f"{estimator.upper()}, n = {fit.n}{'' if fit.converged else ': did not converge'}"
            f"; {of_file(lost, group)}",
            ("measure", "value"),
            _measures(document["fit"]),
        ),
        (
            "Estimates"
            if fit.converged
            else "Where the estimation stopped; these are no estimates",
            ("parameter", *grouped, "est", "se", "z", "p", "std.all", "95% CI"),
            [_estimate(row, group is not None) for row in estimates],
        ),
        (
            "Explained variance",
            ("variable", *grouped, "R2"),
            [
                [row["name"], *([str(row["group"])] if group else []), number(row["r_squared"])]
                for row in document["r_squared"]
            ],
        ),
    ]
    tables[1:1] = loading_tables(fit)
    tables += _drawn(fit)
    if document["imputation"] is not None:
        tables.append(_imputed(document["imputation"], grouped=group is not None))
        tables += _equalities(document["imputation"]["difference"], equal)
    names = list(document["groups"]) or [""]
    drawing = _drawing(
        diagram_path,
        lambda: {name: sem_diagram(document, group=at) for at, name in enumerate(names, start=1)},
    )
    said = [*advice(lost, estimator.upper(), missing), *warnings(document, answers.notes), *without]
    finish(tables, said, [*json_file(json_path, document), *drawing])


def _imputed(found: dict[str, Any], *, grouped: bool) -> Table:
    """Estimates over imputations, by Rubin's rules."""
    tests = [(name, found[key]) for name, key in _POOLED_TESTS.items() if found[key] is not None]
    said = "; ".join(["", *(f"model test {name}: {_pooled_test(test)}" for name, test in tests)])
    failed = f", {found['failed']} of them not fitted" if found["failed"] else ""
    rows = []
    for row in found["estimates"]:
        if row["op"] == "~1" or not row["se"]:
            continue
        label = f"{row['lhs']} {row['op']} {row['rhs']}".strip()
        numbers = [number(row[key]) for key in ("est", "se", "t")]
        ends = [number(row["df"], 1), probability(row["pvalue"]), number(row["fmi"])]
        rows.append([label, *([str(row["group"])] if grouped else []), *numbers, *ends])
    head = ("parameter", *(("group",) if grouped else ()), "est", "se", "t", "df", "p", "FMI")
    return (
        f"{found['imputations']} imputations (seed {found['seed']}){failed}, n = {found['n']}{said}",
        head,
        rows,
    )


def _equalities(difference: Mapping[str, Any] | None, equal: str) -> list[Table]:
    """What is held equal over groups against the same model without that, where something is."""
    rows = [
        [name.upper(), _pooled_test(test), number(test["arv"])]
        for name, test in (difference or {}).items()
        if test is not None
    ]
    head = ("test", "result", "increase in variance")
    return [(f"Equal over groups ({equal}), over the imputations", head, rows)] if rows else []


def _pooled_test(test: Mapping[str, Any]) -> str:
    """F, or the chi-square of a robust estimator, with its p-value."""
    said = f"F({test['df1']}, {number(test['df2'], 1)}) = {number(test['f'])}"
    if test["df2"] is None and test["f"] is not None:
        said = f"chi2({test['df1']}) = {number(test['f'] * test['df1'])}"
    return f"{said}, p = {probability(test['pvalue'])}"


def _drawn(fit: SemFit) -> list[Table]:
    """What weights and clusters cost, where rows have them."""
    tables: list[Table] = []
    if (own := fit.weights) is not None:
        tables.append(
            (
                f"Sampling weights of {fit.settings.sampling_weights}, mean 1",
                ("smallest", "largest", "effective n", "design effect"),
                [
                    [
                        number(own.smallest),
                        number(own.largest),
                        number(own.effective_n, 1),
                        number(own.design_effect),
                    ]
                ],
            )
        )
    if (nested := fit.clusters) is not None:
        tables.append(
            (
                f"{nested.n} clusters of {fit.settings.cluster}, mean size {nested.mean_size:.1f}",
                ("item", "ICC", "design effect"),
                [[one.item, number(one.icc), number(one.design_effect)] for one in nested.items],
            )
        )
    return tables


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


def _measures(fit: dict[str, Any]) -> list[list[str]]:
    scaled = "chisq_scaled" in fit
    shown = (*_SCALED, *_ROBUST, *_FIT, *_OTHER) if scaled else (*_FIT, *_ROBUST, *_OTHER)
    return [[name, _measure(name, fit[name])] for name in dict.fromkeys(shown) if name in fit]


def _measure(name: str, value: float | None) -> str:
    if name.startswith("pvalue"):
        return probability(value, 4)
    return number(value, 0 if name == "df" else 4)


def _estimate(row: dict[str, Any], grouped: bool) -> list[str]:
    label = f"{row['lhs']} {row['op']} {row['rhs']}".strip()
    numbers = [number(row.get(key)) for key in ("est", "se", "z")]
    limits = [row.get("std_ci_lower"), row.get("std_ci_upper")]
    known = None not in limits and limits[0] != limits[1]  # a fixed value has no interval
    interval = " to ".join(map(number, limits)) if known else ""
    ends = [probability(row.get("pvalue")), number(row.get("std_all")), interval]
    return [label, *([str(row["group"])] if grouped else []), *numbers, *ends]


@click.command()
@FILE
@MODEL
@click.option(
    "--scheme",
    default="path",
    show_default=True,
    help="path, factorial or centroid; maxvar weighs composites by generalised canonical correlation.",
)
@click.option(
    "--consistent", is_flag=True, help="Use consistent PLS (PLSc) for reflective constructs."
)
@click.option(
    "--higher-order",
    default="two-stage",
    show_default=True,
    help="two-stage, repeated or three-stage.",
)
@click.option(
    "--bootstrap",
    default=0,
    show_default=True,
    help="Number of bootstrap resamples; use 5000 for reporting.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of the bootstrap.",
)
@composite_weights.WEIGHTS
@composite_weights.CLUSTER
@JSON
@DIAGRAM
@values_ok
@table_and_treatment(("mean", "listwise"))
def pls(
    file: Path,
    model: str,
    scheme: Any,
    consistent: bool,
    higher_order: Any,
    missing: Any,
    bootstrap: int,
    seed: int,
    weights: str | None,
    cluster: str | None,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Fit a composite model (PLS-SEM) to the data in FILE: =~ reflective, <~ formative, ~ paths."""
    _svg_only(diagram_path)
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok, drawn=(weights, cluster))
    with progress_bar("Estimating") as progress:
        progress(5, "Estimating")
        found = fit_pls(
            answers.frame,
            text,
            scheme=scheme,
            consistent=consistent,
            higher_order=higher_order,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
            sampling_weights=weights,
            cluster=cluster,
        )
        progress(100, "Done")
    lost = row_losses(answers.frame, found)
    compared, considered = _compared(found, answers.frame, text, lost)
    document = {
        "rules_version": RULES,
        "sample": sample(lost),
        "missing_comparison": compared,
        "weighting_comparison": (weighed := with_and_without(found, answers.frame, text)),
        **found.to_dict(),
    }
    if not found.drawn.simple:
        document["sample"]["no_weight_or_cluster"] = lost.not_drawn
    left = of_file(lost) if missing == "listwise" else imputed(lost.missing, lost.cells)
    tables: list[Table] = [
        _paths(document, left),
        *([] if compared is None else [_treatments(compared)]),
        *drawn_tables(found, weighed),
        (
            "Constructs",
            ("construct", "R2", "alpha", "rho_A", "CR", "AVE"),
            [
                [
                    name,
                    number(document["r_squared"].get(name, {}).get("r_squared")),
                    *(number(row.get(k)) for k in ("alpha", "rho_a", "cr", "ave")),
                ]
                for name, row in document["reliability"].items()
            ],
        ),
    ]
    formed = {c.name: c.parts for c in found.model.constructs if is_formed(c)}
    shown = {c.name: c.parts for c in found.model.higher if not is_formed(c)}
    drawing = _drawing(
        diagram_path,
        lambda: {"": composite_diagram(document, formed, shown=shown, items=True)},
    )
    said = [*considered, *warnings(document, answers.notes)]
    finish(tables, said, [*json_file(json_path, document), *drawing])


def _compared(
    found: PlsResult, data: pd.DataFrame, text: str, lost: Losses
) -> tuple[MissingPaths | None, list[str]]:
    """Where many rows have a missing answer: the paths by both treatments, and what to consider."""
    if not lost.many:
        return None, []
    said = [
        f"Warning: {lost.incomplete:,} of {lost.rows:,} rows ({lost.share:.1%}) have a missing answer; "
        "compare the paths by both treatments. PLS has no FIML: of reflective constructs, sem --missing "
        "fiml uses every answer under weaker conditions"
    ]
    try:
        return both_treatments(found, data, text), said
    except AnalysisError as error:
        return None, [*said, f"Warning: the other treatment could not be computed: {error}"]


def _treatments(found: MissingPaths) -> Table:
    most = found.largest
    return (
        f"Paths by the mean of the item (n = {found.n_mean}) and by listwise deletion "
        f"(n = {found.n_listwise}); they differ most for {most.source} -> {most.target}",
        ("path", "mean", "listwise", "difference"),
        [
            [f"{one.source} -> {one.target}",
             *map(number, (one.mean, one.listwise, one.mean - one.listwise))]
            for one in found.paths
        ],
    )  # fmt: skip


def _paths(document: dict[str, Any], lost: str) -> Table:
    resampled = document["bootstrap"] or {"tables": {"paths": []}}
    spread = {tuple(row["label"]): row for row in resampled["tables"]["paths"]}
    head = ("path", "estimate", *(("se", "t", "low", "high") if spread else ()), "f2", "VIF")
    rows = []
    for path in document["paths"]:
        found = spread.get((path["source"], path["target"]))
        between = [number(found[key]) for key in ("se", "t", "lower", "upper")] if found else []
        ends = [number(path[key]) for key in ("f_squared", "vif")]
        label = f"{path['source']} -> {path['target']}"
        rows.append([label, number(path["estimate"]), *between, *ends])
    return f"Paths, n = {document['n']}; {lost}", head, rows
