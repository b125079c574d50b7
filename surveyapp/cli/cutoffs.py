"""Cut-offs of fit indices for a model and its number of rows, by simulation."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.cutoff_samples import ANSWERS
from analysis.covariance.simulation.dynamic_cutoffs import (
    REPS,
    Cutoff,
    DynamicCutoffs,
    dynamic_cutoffs,
    population_cutoffs,
)
from analysis.covariance.simulation.factor_population import Omitted
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import JSON
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, sample, warnings
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.results.analyses.losses import advice
from surveyapp.tables.options import ReadOptions

_SHOWN = ("srmr", "rmsea", "cfi")
_OF = {
    "normal": "normal answers",
    "ordinal": "ordinal answers",
    "likert": "Likert answers",
    "bootstrap": "the rows drawn again",
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--model",
    required=True,
    help="A file with the factor model, or the model itself; without FILE with standardised values.",
)
@click.option(
    "--n", type=click.IntRange(2), default=None, help="Number of rows, where there is no FILE."
)
@click.option(
    "--estimator", default="ML", show_default=True, help="ML or MLR; WLSMV for ordinal items."
)
@click.option(
    "--answers",
    type=click.Choice(ANSWERS),
    default=None,
    help="What samples of numeric items consist of: normal answers (the default), the items' Likert"
    " categories as numbers, or the rows drawn again with their distribution and missing answers.",
)
@click.option(
    "--samples",
    type=click.IntRange(100, 100_000),
    default=REPS,
    show_default=True,
    help="Simulated samples for each level.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@JSON
@values_ok
@table_and_treatment(("listwise", "fiml"))
def cutoffs(
    file: Path | None,
    model: str,
    n: int | None,
    estimator: str,
    answers: str | None,
    missing: str,
    samples: int,
    seed: int,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Simulate cut-offs of SRMR, RMSEA and CFI for a factor model (McNeish and Wolf 2023).

    With FILE from the model's estimates there, and the fit is set against them. Without, from the
    values in the model and --n: 'F =~ .7*x1 + .8*x2 + .6*x3 + .7*x4'. A level's cut-off is the value
    from which a fit is like that of a model that lacks what the level adds. Ordinal items are simulated as
    such: by --estimator WLSMV, or without FILE by thresholds in the model: 'x1 | -.5*t1 + .6*t2'.
    """
    text = model_text(model)
    notes: tuple[str, ...] = ()
    advised: list[str] = []
    document: dict[str, object] = {}
    with progress_bar("Simulating") as progress:

        def told(done: int, total: int) -> None:
            progress(100 * done // total, f"{done} of {total} samples")

        if file is None:
            if n is None:
                raise Invalid("without a FILE the number of rows is needed: --n 300")
            if answers is not None:
                raise Invalid(
                    "--answers is about the rows of a FILE; without one, leave it out, or write thresholds"
                )
            found = population_cutoffs(text, n, reps=samples, seed=seed, progress=told)
        else:
            if n is not None:
                raise Invalid("--n is not used with a FILE, whose rows are counted; leave it out")
            table = model_answers(file, text, reading, values_ok=values_ok)
            notes = tuple(table.notes)
            fit = fit_sem(table.frame, text, estimator=estimator.upper(), missing=missing)
            found = dynamic_cutoffs(fit, answers=answers, reps=samples, seed=seed, progress=told)
            lost = model_losses(table.frame, text, fit.n)
            document["sample"] = sample(lost)
            advised = advice(lost, estimator.upper(), missing)
    document |= found.to_dict()
    said = [*warnings(document, notes, advised), "", *_sentences(found)]
    finish([_table(found)], said, json_file(json_path, document))


def _table(found: DynamicCutoffs) -> Table:
    rows = [
        [
            str(level.level),
            ", ".join(_omission(one) for one in level.added) or "none",
            *(text for index in _SHOWN for text in _cells(getattr(level, index))),
        ]
        for level in found.levels
    ]
    if found.fit:
        own = [text for index in _SHOWN for text in (number(found.fit[index]), "")]
        rows.append(["fit", "", *own])
    title = (
        f"Dynamic cut-offs, n = {found.n}, df = {found.df}, {found.reps:,} samples a level of"
        f" {_OF[found.answers]} by {found.estimator}, seed {found.seed}"
    )
    return (title, ("level", "omitted from the model", "SRMR", "", "RMSEA", "", "CFI", ""), rows)


def _omission(one: Omitted) -> str:
    return f"{one.lhs} {one.op} {one.value:.3f}*{one.rhs}"


def _cells(one: Cutoff) -> tuple[str, str]:
    """The cut-off with its Monte Carlo error, and its sensitivity."""
    if one.value is None or one.sensitivity is None or one.error is None:
        return "none", ""
    return f"{one.value:.3f} ±{one.error:.4f}", f"{one.sensitivity:.0%}"


def _sentences(found: DynamicCutoffs) -> list[str]:
    said = [
        "± is the standard error by the number of samples; the share beside it is the sensitivity, at"
        " level 0 the specificity."
    ]
    highest = found.levels[-1].level
    for index, level in found.reached.items():
        own = f"{index.upper()} {found.fit[index]:.3f}"
        if all(getattr(one, index).value is None for one in found.levels[1:]):
            said.append(f"{own} has no cut-off at any level to be compared with.")
        elif level == 0:
            said.append(f"{own} is better than the cut-offs of every level.")
        else:
            said.append(
                f"{own} reaches the cut-off of level {level} of {highest}: the model fits no better than"
                " one from which what is listed up to there was omitted."
            )
    return said
