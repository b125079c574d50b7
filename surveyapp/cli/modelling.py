"""Structural equation models and composite models on a file, from a model in a file or as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.composite.higher_order import is_formed
from analysis.composite.pls import fit_pls
from analysis.covariance.compare_models import METHODS
from analysis.covariance.invariance import invariance as test_invariance
from analysis.covariance.sem import fit_sem
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import File, Table, finish, json_file, number
from surveyapp.errors import Invalid
from surveyapp.reports.diagram import Diagram
from surveyapp.reports.measured_models import composite_diagram, sem_diagram
from surveyapp.reports.path_diagram import path_diagrams
from surveyapp.results.tables import read_table

_FIT = (
    *(
        "chisq",
        "df",
        "pvalue",
        "chisq_scaled",
        "pvalue_scaled",
        "cfi",
        "tli",
        "cfi_robust",
        "tli_robust",
    ),
    *("rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "rmsea_robust", "srmr", "gfi", "aic", "bic"),
)

_file = click.argument("file", type=click.Path(path_type=Path))
_model = click.option("--model", required=True, help="A file with the model, or the model itself.")
_json = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)

_diagram = click.option(
    "--diagram",
    "diagram_path",
    type=click.Path(path_type=Path),
    help="Draw the model with its estimates to this SVG file.",
)


def _svg_only(path: Path | None) -> None:
    """Refuse another kind of drawing before anything is computed."""
    if path is not None and path.suffix.lower() != ".svg":
        raise Invalid(f"--diagram {path}: the diagram is SVG; use a file name that ends in .svg")


def _drawing(path: Path | None, titled: Callable[[], Mapping[str, Diagram]]) -> list[File]:
    """The file with the diagrams, which are made only where one is asked for."""
    return [] if path is None else [(path, path_diagrams(titled()).encode())]


def _warnings(document: Mapping[str, Any]) -> list[str]:
    return [f"Warning: {warning}" for warning in document["warnings"]]


@click.command()
@_file
@_model
@click.option(
    "--estimator",
    default="ML",
    show_default=True,
    help="ML, MLR, MLM, ULS, GLS, WLS, DWLS or WLSMV.",
)
@click.option("--missing", default="listwise", show_default=True, help="listwise or fiml.")
@click.option("--group", default=None, help="Column with the group of each row.")
@click.option(
    "--equal",
    default="",
    help="Parameters held equal across groups, separated by commas:"
    " loadings,intercepts,residuals,...",
)
@click.option(
    "--likelihood",
    default="normal",
    show_default=True,
    help="normal (chi2 = N F) or wishart (N - 1).",
)
@click.option("--std-lv", is_flag=True, help="Fix factor variances at 1 instead of first loadings.")
@_json
@_diagram
def sem(
    file: Path,
    model: str,
    estimator: str,
    missing: str,
    group: str | None,
    equal: str,
    likelihood: str,
    std_lv: bool,
    json_path: Path | None,
    diagram_path: Path | None,
) -> None:
    """Fit a structural equation model, in lavaan's syntax, to the data in FILE (.csv or .sav)."""
    _svg_only(diagram_path)
    if equal and group is None:
        raise Invalid("--equal requires groups; name their column with --group")
    fit = fit_sem(
        read_table(file),
        model_text(model),
        estimator=estimator.upper(),
        missing=missing,
        group=group,
        equal=listed(equal),
        likelihood=likelihood,
        std_lv=std_lv,
    )
    document = fit.to_dict()
    estimates = [row for row in document["estimates"] if row["op"] != "~1"]
    tables: list[Table] = [
        (f"{estimator.upper()}, n = {fit.n}", ("measure", "value"), _measures(document["fit"])),
        (
            "Estimates",
            ("parameter", *(("group",) if group else ()), "est", "se", "z", "p", "std.all"),
            [_estimate(row, group is not None) for row in estimates],
        ),
    ]
    names = list(document["groups"]) or [""]
    drawing = _drawing(
        diagram_path,
        lambda: {name: sem_diagram(document, group=at) for at, name in enumerate(names, start=1)},
    )
    finish(tables, _warnings(document), [*json_file(json_path, document), *drawing])


def _measures(fit: dict[str, Any]) -> list[list[str]]:
    return [[name, number(fit[name], 0 if name == "df" else 4)] for name in _FIT if name in fit]


def _estimate(row: dict[str, Any], grouped: bool) -> list[str]:
    label = f"{row['lhs']} {row['op']} {row['rhs']}".strip()
    numbers = [number(row.get(key)) for key in ("est", "se", "z", "pvalue", "std_all")]
    return [label, *([str(row["group"])] if grouped else []), *numbers]


@click.command()
@_file
@_model
@click.option("--group", required=True, help="Column with the group of each row.")
@click.option("--estimator", default="ML", show_default=True, help="ML, MLR or MLM.")
@click.option("--missing", default="listwise", show_default=True, help="listwise or fiml.")
@click.option(
    "--difference",
    type=click.Choice(METHODS),
    default=None,
    help="Difference test of MLR and MLM: 2001 (the default) or 2010, Satorra & Bentler; 2000, Satorra.",
)
@_json
def invariance(
    file: Path,
    model: str,
    group: str,
    estimator: str,
    missing: str,
    difference: str | None,
    json_path: Path | None,
) -> None:
    """Test measurement invariance across groups: configural, metric, scalar and strict."""
    if difference and estimator.upper() == "ML":
        raise Invalid(
            "--difference requires --estimator MLR or MLM; the difference test of ML is not scaled"
        )
    found = test_invariance(
        read_table(file),
        model_text(model),
        group,
        estimator=estimator.upper(),
        missing=missing,
        method=difference or METHODS[0],
    )
    shown = (
        "chisq",
        "df",
        "cfi",
        "rmsea",
        "srmr",
        "d_chisq",
        "d_df",
        "d_pvalue",
        "d_cfi",
        "d_rmsea",
    )
    rows = []
    for name, row in found.table.iterrows():
        cells = [number(_there(row.get(key)), 0 if key in {"df", "d_df"} else 3) for key in shown]
        rows.append([str(name), *cells, "yes" if row["holds"] else "no"])
    tables: list[Table] = [
        (f"Groups of {group}: {', '.join(found.groups)}", ("step", *shown, "holds"), rows),
    ]
    if found.releases:
        freed = [[release.parameter] for release in found.releases]
        tables.append(
            (
                "Parameters proposed to be freed across groups (partial invariance)",
                ("parameter",),
                freed,
            )
        )
    document = found.to_dict()
    said = [*_warnings(document), f"\nReached: {found.reached or 'no step'}"]
    finish(tables, said, json_file(json_path, document))


def _there(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


@click.command()
@_file
@_model
@click.option("--scheme", default="path", show_default=True, help="path, factorial or centroid.")
@click.option(
    "--consistent", is_flag=True, help="Use consistent PLS (PLSc) for reflective constructs."
)
@click.option(
    "--higher-order",
    default="two-stage",
    show_default=True,
    help="two-stage, repeated or three-stage.",
)
@click.option("--missing", default="mean", show_default=True, help="mean or listwise.")
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
@_json
@_diagram
def pls(
    file: Path,
    model: str,
    scheme: Any,
    consistent: bool,
    higher_order: Any,
    missing: Any,
    bootstrap: int,
    seed: int,
    json_path: Path | None,
    diagram_path: Path | None,
) -> None:
    """Fit a composite model (PLS-SEM) to the data in FILE: =~ reflective, <~ formative, ~ paths."""
    _svg_only(diagram_path)
    data = read_table(file)
    text = model_text(model)
    with progress_bar("Estimating") as progress:
        progress(5, "Estimating")
        found = fit_pls(
            data,
            text,
            scheme=scheme,
            consistent=consistent,
            higher_order=higher_order,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
        )
        progress(100, "Done")
    document = found.to_dict()
    tables: list[Table] = [
        _paths(document),
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
    finish(tables, _warnings(document), [*json_file(json_path, document), *drawing])


def _paths(document: dict[str, Any]) -> Table:
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
    return f"Paths, n = {document['n']}", head, rows
