"""Necessary conditions of an outcome: NCA of columns, or of a composite model's constructs."""

from __future__ import annotations

from numbers import Integral
from pathlib import Path

import click
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.layout import CompositeOptions
from analysis.composite.nca import (
    Condition,
    Necessity,
    Technique,
    effect_size_word,
    necessary_conditions,
)
from analysis.composite.pls import fit_pls
from analysis.composite.rescaled_scores import rescaled_scores
from analysis.composite.text import read_model
from analysis.moments import numeric
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.necessity_options import (
    CEILING,
    DIAGRAM,
    PERMUTATIONS,
    answer_range,
    drawing,
    svg_only,
)
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.reports.charts.necessity_charts import ceiling_scatters
from surveyapp.tables.options import ReadOptions

_SHOWN = 3  # rows of each condition; the JSON has all


@click.command()
@FILE
@click.option(
    "--outcome", required=True, help="The outcome: a construct of the model, or a column."
)
@click.option(
    "--conditions",
    default="",
    help="The conditions, separated by commas; of a model by default all that lead to the outcome"
    " directly.",
)
@click.option(
    "--model", default="", help="A composite model, as a file or text, whose scores count."
)
@click.option(
    "--scale",
    default="",
    help="Lowest and highest answer, such as 1,7: the model's scores then run from 0 to 100.",
)
@click.option(
    "--steps", type=click.IntRange(1, 100), default=10, show_default=True,
    help="Intervals of the bottleneck table.",
)  # fmt: skip
@PERMUTATIONS
@CEILING
@seed_option("permutations")
@composite_options
@JSON
@DIAGRAM
@values_ok
@table_and_treatment(("mean", "listwise"))
def nca(
    file: Path,
    outcome: str,
    conditions: str,
    model: str,
    scale: str,
    steps: int,
    permutations: int,
    ceiling: Technique,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Which conditions are necessary for an outcome in FILE? (NCA)

    Without enough of a necessary condition a level of the outcome does not occur, whatever else is
    there (Dul 2016). Of a composite model the constructs' scores are analysed (Richter et al. 2020).
    """
    svg_only(diagram_path)
    named = listed(conditions)
    text = model_text(model) if model else ""
    if not text and not named:
        raise Invalid("--conditions: name the columns that may be necessary, or give a --model")
    if scale and not text:
        raise Invalid("--scale goes with --model; columns are analysed in their own units")
    wanted = text or "\n".join([outcome, *named])
    answers = model_answers(file, wanted, reading, values_ok=values_ok)
    with progress_bar("Permuting") as progress:
        progress(5, "Estimating")
        variables, notes = _variables(answers.frame, text, scale, settings, missing)
        named = named or _antecedents(text, outcome)
        if not named:
            raise Invalid(
                f"--outcome {outcome}: no path of the model leads to it; name --conditions"
            )
        progress(20, "Permuting")
        found = necessary_conditions(
            variables, outcome, named, permutations=permutations, seed=seed, steps=steps
        )
        progress(100, "Done")
    document = {
        "rules_version": RULES,
        "method": "NCA",
        "ceiling": ceiling,
        "n_rows": len(answers.frame),
        "missing": missing if text else "listwise",
        **vars(found),
        "necessary": [each.name for each in found.conditions if each.ceiling(ceiling).necessary],
        "warnings": notes,
    }
    values = numeric(variables, [outcome, *named])
    values = values[~pd.isna(values).any(axis=1)]
    drawn = drawing(diagram_path, lambda: ceiling_scatters(found, list(values.T[1:]), values[:, 0]))
    left = len(answers.frame) - found.n
    said = [
        _verdict(found, ceiling),
        *(f"Warning: {note}" for note in notes),
        *(f"Note: {note}" for note in answers.notes),
    ]
    tables = [_effects(found, left), _bottlenecks(found, ceiling), _influential(found, ceiling)]
    finish(tables, said, [*json_file(json_path, document), *drawn])


def _antecedents(text: str, outcome: str) -> tuple[str, ...]:
    """What leads directly to the outcome; a product is no condition."""
    return tuple(name for name in read_model(text).antecedents(outcome) if ":" not in name)


def _variables(
    data: pd.DataFrame, text: str, scale: str, settings: CompositeOptions, missing: Missing
) -> tuple[pd.DataFrame, list[str]]:
    """What is analysed: the columns themselves, standardised scores, or scores from 0 to 100."""
    if not text:
        return data, []
    if scale:
        scores, turned = rescaled_scores(
            data, text, scale=answer_range(scale), settings=settings, missing=missing
        )
        return scores, [f"{name}: an item weighs negatively; its score may leave 0 to 100"
                        for name in turned]  # fmt: skip
    fit = fit_pls(
        data,
        text,
        scheme=settings.scheme,
        consistent=settings.consistent,
        higher_order=settings.higher_order,
        missing=missing,
    )
    if fit.scores is None:  # a frame always has them
        raise Invalid("the model has no scores")
    return fit.scores, list(fit.warnings)


def _effects(found: Necessity, left: int) -> Table:
    rows = []
    for condition in found.conditions:
        for each in condition.ceilings:
            rows.append(
                [
                    f"{condition.name}, {each.technique}",
                    number(each.effect),
                    effect_size_word(each.effect),
                    probability(each.p),
                    number(each.p_error),
                    f"{each.accuracy:.1%}",
                    *(
                        "-" if share is None else f"{share:.1%}"
                        for share in (each.condition_inefficiency, each.outcome_inefficiency)
                    ),
                ]
            )
    return (
        f"Necessity for {found.outcome}, n = {found.n:,}, {found.permutations:,} permutations;"
        f" {left:,} rows left out",
        ("condition", "d", "size", "p", "+-", "accuracy", "ineff. X", "ineff. Y"),
        rows,
    )


def _bottlenecks(found: Necessity, ceiling: Technique) -> Table:
    by_condition = [
        [each for each in condition.bottlenecks if each.technique == ceiling]
        for condition in found.conditions
    ]
    rows = []
    for k, first in enumerate(by_condition[0]):
        cells = []
        for own in by_condition:
            need = own[k]
            if need.required is None or need.below is None:
                cells.append("NN" if need.state == "not necessary" else "NA")
            else:
                cells.append(f"{need.required:.3g} ({need.below:.1%} below)")
        rows.append([f"{first.level:.0f}% ({first.outcome:.3g})", *cells])
    return (
        f"Bottlenecks by {ceiling}: what each level of {found.outcome} needs (NN: not necessary,"
        " NA: not attainable)",
        (found.outcome, *(condition.name for condition in found.conditions)),
        rows,
    )


def _influential(found: Necessity, ceiling: Technique) -> Table:
    rows = []
    for condition in found.conditions:
        effect = condition.ceiling(ceiling).effect
        ranked = sorted(condition.influential, key=lambda one: -abs(one.effect(ceiling) - effect))
        for one in ranked[:_SHOWN]:
            rows.append(
                [
                    f"{condition.name}, {_row(one.row)}",
                    f"{one.condition:.3g}",
                    f"{one.outcome:.3g}",
                    number(effect),
                    number(one.effect(ceiling)),
                ]
            )
    return (
        f"Rows whose absence changes d most, by {ceiling}",
        ("condition, row", "condition", found.outcome, "d", "d without it"),
        rows,
    )


def _row(label: object) -> str:
    """A row by its number from 1, as a spreadsheet counts below its heading."""
    return f"row {int(label) + 1}" if isinstance(label, Integral) else str(label)


def _verdict(found: Necessity, ceiling: Technique) -> str:
    def told(each: Condition) -> str:
        return f"{each.name} (d = {each.ceiling(ceiling).effect:.2f})"

    if not found.permutations:
        return "Without permutations nothing is said to be necessary."
    named = [told(each) for each in found.conditions if each.ceiling(ceiling).necessary]
    rule = f"d of at least 0.1, p below .05, by {ceiling}"
    if not named:
        return f"No condition counts as necessary ({rule})."
    return f"Necessary ({rule}): {', '.join(named)}. Look at the rows that change d before relying on it."
