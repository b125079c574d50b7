"""Out-of-sample prediction by a composite model: PLSpredict and CVPAT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.cases import Missing
from analysis.composite.cvpat import PredictiveAbility, cvpat, cvpat_compare
from analysis.composite.layout import CompositeOptions
from analysis.composite.predict import Prediction, predict_pls
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--against",
    default="",
    help="An alternative model, as a file or text: its prediction of the same items is compared.",
)
@click.option("--folds", type=click.IntRange(2, 100), default=10, show_default=True)
@click.option("--repetitions", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option(
    "--technique",
    type=click.Choice(["direct", "earliest"]),
    default="direct",
    show_default=True,
    help="Predict from direct antecedents, or from exogenous constructs through the model.",
)
@seed_option("folds")
@composite_options
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def predict(
    file: Path,
    model: str,
    against: str,
    folds: int,
    repetitions: int,
    technique: Any,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Predict the items of endogenous constructs in rows of FILE that the model was not fitted to.

    PLSpredict (Shmueli et al. 2019) beside the linear model and the mean; CVPAT (Liengaard et al. 2021)
    tests whether the model predicts better than each, and than another model.
    """
    text, other = model_text(model), model_text(against) if against else ""
    answers = model_answers(file, f"{text}\n{other}", reading, values_ok=values_ok)
    options: dict[str, Any] = {
        "folds": folds,
        "repetitions": repetitions,
        "technique": technique,
        "seed": seed,
        "settings": settings,
        "missing": missing,
    }
    with progress_bar("Predicting") as progress:
        progress(5, "Predicting")
        found = predict_pls(answers.frame, text, **options)
        rival = predict_pls(answers.frame, other, **options) if other else None
        progress(100, "Done")
    tests = [cvpat(found), cvpat(found, benchmark="linear model")]
    if rival is not None:
        tests.append(cvpat_compare(found, rival))
    document = {
        "rules_version": RULES,
        "method": "PLSpredict",
        "n": found.n,
        "n_rows": len(answers.frame),
        "missing": missing,
        "folds": found.folds,
        "repetitions": found.repetitions,
        "technique": technique,
        "seed": seed,
        "predictive_power": found.power,
        "items": found.items.reset_index(names="item").to_dict("records"),
        "in_sample": found.in_sample.reset_index(names="item").to_dict("records"),
        "constructs": found.constructs.reset_index(names="construct").to_dict("records"),
        "cvpat": tests,
    }
    left = len(answers.frame) - found.n
    said = [
        f"Predictive power: {found.power} (items that PLS predicts with a smaller RMSE than the linear"
        " model).",
        *(f"Note: {note}" for note in answers.notes),
    ]
    finish([_items(found, left), _tests(tests)], said, json_file(json_path, document))


def _items(found: Prediction, left: int) -> Table:
    return (
        f"Items, n = {found.n:,}, {found.folds} folds, {found.repetitions} repetitions;"
        f" {left:,} rows left out",
        ("item", "construct", "Q2", "RMSE", "RMSE LM", "MAE", "MAE LM"),
        [
            [
                str(row["item"]),
                str(row["construct"]),
                *(number(row[key]) for key in ("q2", "rmse", "rmse_lm", "mae", "mae_lm")),
            ]
            for row in found.items.reset_index(names="item").to_dict("records")
        ],
    )


def _tests(tests: list[PredictiveAbility]) -> Table:
    return (
        "CVPAT: mean squared loss of the model less that of what it is compared with",
        ("compared with", "loss", "its loss", "difference", "low", "high", "t", "p"),
        [
            [
                each.benchmark,
                *(
                    number(value)
                    for value in (
                        *(each.loss, each.loss_benchmark, each.difference),
                        *(each.lower, each.upper, each.t),
                    )
                ),
                probability(each.p),
            ]
            for each in tests
        ],
    )
