"""One parameter of a model over estimators, treatments of missing answers and exclusions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.composite.estimator_families import ESTIMATORS, TREATMENTS, headline, may_be_chosen
from analysis.covariance.exploratory.rotation import Rotation
from analysis.covariance.headline import ESTIMATOR, MISSING, read_parameter
from analysis.multiverse import Choices, Headline, Universe
from analysis.multiverse import multiverse as every_universe
from analysis.rules import RULES
from analysis.scale.careless import careless
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import listed, model_text, names_in
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import finish, interval, json_file, number
from surveyapp.cli.table_options import table_options, values_ok
from surveyapp.errors import Invalid
from surveyapp.reports.charts.multiverse_charts import specification_curve
from surveyapp.results.projects.multiverse_phrases import failures_line, multiverse_line
from surveyapp.tables.options import ReadOptions

CARELESS, KEPT, LEFT_OUT = "careless", "kept", "left out"
_MOST_RULES = 6
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_RULE = re.compile(r"\s*(.+?)\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*")


@click.command()
@FILE
@MODEL
@click.option("--parameter", required=True, help="What is estimated: Y~X, F=~x, F~~G, or ab:=.")
@click.option(
    "--estimators", default="ML,MLR", show_default=True, help=f"Of {', '.join(ESTIMATORS)}."
)
@click.option(
    "--treatments",
    default="listwise,fiml",
    show_default=True,
    help=f"Of missing answers: {', '.join(TREATMENTS)}.",
)
@click.option(
    "--exclude",
    "rules",
    multiple=True,
    help="Rows that are left out in half of the universes: careless, or a column and a value such as"
    " 'age < 18'. Can be repeated.",
)
@click.option(
    "--rotation",
    type=click.Choice(["geomin", "oblimin", "bi-geomin", "bi-quartimin"]),
    default=None,
    help='Rotation of the model\'s efa("block") factors; geomin unless said.',
)
@seed_option("resamples of PLS and PLSc")
@JSON
@click.option(
    "--diagram",
    "diagram_path",
    type=click.Path(path_type=Path),
    help="Draw the specification curve to this SVG file.",
)
@values_ok
@table_options
def multiverse(
    file: Path,
    model: str,
    parameter: str,
    estimators: str,
    treatments: str,
    rules: tuple[str, ...],
    rotation: str | None,
    seed: int,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Estimate one standardised parameter in every universe of defensible choices.

    Each estimator with each treatment of missing answers, each exclusion on and off (Steegen et al.
    2016), as a specification curve (Simonsohn, Simmons and Nelson 2020). A path can be estimated by
    covariances (ML, MLR, WLSMV) and by composites (PLS, PLSc) in the same curve.
    """
    if diagram_path is not None and diagram_path.suffix.lower() != ".svg":
        raise Invalid(f"--diagram {diagram_path}: the curve is SVG; use a name that ends in .svg")
    text, wanted = model_text(model), read_parameter(parameter)
    chosen = {ESTIMATOR: _known(estimators, ESTIMATORS), MISSING: _known(treatments, TREATMENTS)}
    turn = None if rotation is None else Rotation(rotation)
    if len(rules) > _MOST_RULES:
        raise Invalid(f"name at most {_MOST_RULES} exclusions; each doubles the universes")
    answers = model_answers(file, text, reading, values_ok=values_ok)
    data, items = answers.frame, list(names_in(text))
    hits = {" ".join(rule.split()): _hits(rule, data, items) for rule in rules}
    dimensions = {**chosen, **dict.fromkeys(hits, (KEPT, LEFT_OUT))}
    left: dict[tuple[str, ...], pd.DataFrame] = {}
    for alternatives in product((KEPT, LEFT_OUT), repeat=len(hits)):
        out = pd.Series(False, index=data.index)
        for each, alternative in zip(hits.values(), alternatives, strict=True):
            out |= each & (alternative == LEFT_OUT)
        left[alternatives] = data[~out]

    def fit(choices: Choices) -> Headline:
        rows = left[tuple(choices[rule] for rule in hits)]
        return headline(rows, text, wanted, choices, seed=seed, rotation=turn)

    with progress_bar("Fitting") as report:
        found = every_universe(
            dimensions,
            fit,
            possible=may_be_chosen,
            progress=lambda done, count: report(round(100 * done / count), ""),
        )
    name = " ".join(wanted).strip()
    document = {
        "format": "surveyapp-multiverse/1",
        "rules_version": RULES,
        "parameter": name,
        "dimensions": dimensions,
        "seed": seed,
        "rotation": rotation,
        "excluded": {rule: int(each.sum()) for rule, each in hits.items()},
        "impossible": found.impossible,
        "median": found.median,
        "same_sign": found.same_sign,
        "excluding_zero": found.excluding_zero,
        "universes": [_told(each) for each in found.universes],
    }
    files = [*json_file(json_path, document)]
    if diagram_path is not None:
        files.append((diagram_path, specification_curve(found).encode()))
    varied = [each for each, alternatives in dimensions.items() if len(alternatives) > 1]
    rows = [_row(each, varied) for each in found.universes]
    head = ["Estimate", "95% interval", "n", *varied]
    said = [
        multiverse_line(found, name),
        failures_line(found),
        *(f"{rule}: {int(each.sum()):,} of {len(data):,} rows." for rule, each in hits.items()),
        *(f"Note: {note}" for note in answers.notes),
    ]
    finish([("Universes", head, rows)], filter(None, said), files)


def _known(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(listed(text)))
    unknown = [each for each in found if each not in known]
    if unknown or not found:
        raise Invalid(f"{(unknown or [text])[0]!r} is none of {', '.join(known)}")
    return found


def _hits(rule: str, data: pd.DataFrame, items: list[str]) -> pd.Series:
    """Which rows a rule leaves out; a missing value is never hit."""
    if rule.strip() == CARELESS:
        return pd.Series(careless(data, items).flagged, index=data.index)
    found = _RULE.fullmatch(rule)
    if found is None or found[1] not in data.columns:
        raise Invalid(f"--exclude {rule!r}: write careless, or a column and a value: 'age < 18'")
    name, sign, value = found.groups()
    column = data[name]
    if pd.api.types.is_numeric_dtype(column):
        try:
            return pd.Series(column.notna() & _COMPARED[sign](column, float(value)))
        except ValueError as error:
            raise Invalid(f"--exclude {rule!r}: {value!r} is no number") from error
    if sign not in ("=", "!="):
        raise Invalid(f"--exclude {rule!r}: {name} holds texts; compare them by = or !=")
    return pd.Series(column.notna() & _COMPARED[sign](column.astype(str), value))


def _told(each: Universe) -> dict[str, Any]:
    headline = None if each.headline is None else asdict(each.headline)
    return {"choices": each.choices, "headline": headline, "why": each.why or None}


def _row(each: Universe, varied: list[str]) -> list[str]:
    choices = [each.choices[name] for name in varied]
    if each.headline is None:
        return ["failed", "-", "-", *choices]
    one = each.headline
    return [number(one.estimate), interval(one.low, one.high), f"{one.n:,}", *choices]
