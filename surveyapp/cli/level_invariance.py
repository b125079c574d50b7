"""Invariance over groups of clusters, of a text with levels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.covariance.measurement_invariance.invariance import MEANING
from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.rules import RULES
from analysis.two_level.invariance import LevelInvariance, level_invariance
from surveyapp.cli.outputs import finish, json_file, number, probability, sample, warnings
from surveyapp.errors import Invalid
from surveyapp.results.analyses.losses import of_file
from surveyapp.results.analyses.tables import AnswerFile

LEVEL = 0.05
HEAD = ("step", "chisq", "df", "p", "cfi", "rmsea", "srmr within", "srmr between")


def level_ladder(
    answers: AnswerFile,
    text: str,
    group: str,
    *,
    cluster: str | None,
    estimator: str,
    missing: str,
    weights: str | None,
    free: Sequence[str],
    difference: str | None,
    reference: str | None,
    json_path: Path | None,
) -> None:
    """Fit the steps, print them with their difference tests, and write the file. Raises Invalid for options
    that models with levels do not have.
    """
    if cluster is None:
        raise Invalid("a model with levels requires clusters; name their column with --cluster")
    for option, given, cure in (
        ("--difference", difference is not None and difference != "2001", "MLR's is that of 2001"),
        ("--reference", reference is not None, "the first group in the file is the reference"),
    ):
        if given:
            raise Invalid(f"{option} does not go with a model that has levels; {cure}")
    found = level_invariance(
        answers.frame,
        text,
        cluster,
        group,
        estimator=estimator,
        missing=missing,
        free=free,
        sampling_weights=weights,
    )
    last = found.steps[-1].fit
    lost = model_losses(answers.frame, last.model.observed, last.n, group, drawn=(weights, cluster))
    document = {"rules_version": RULES, "sample": sample(lost), **found.to_dict()}
    sizes = ", ".join(
        f"{one['name']}: n = {one['n']} in {one['clusters']} clusters" for one in document["groups"]
    )
    finish(
        [
            (
                f"Groups of {found.group} at two levels: {sizes}; {of_file(lost, group)}",
                (*HEAD, "d chisq", "d df", "d p"),
                _rows(found),
            )
        ],
        [*warnings(document, answers.notes), f"\nNot rejected at 5 %: {_reached(found)}"],
        json_file(json_path, document),
    )


def _rows(found: LevelInvariance) -> list[list[str]]:
    rows = []
    for step in found.steps:
        values, test = step.measures, step.difference
        rows.append(
            [
                step.name,
                number(values["chisq"]),
                number(values["df"], 0),
                probability(values["pvalue"], 4),
                *(number(values[name]) for name in ("cfi", "rmsea", "srmr_within", "srmr_between")),
                *(
                    ("", "", "")
                    if test is None
                    else (number(test.chisq), str(test.df), probability(test.pvalue, 4))
                ),
            ]
        )
    return rows


def _reached(found: LevelInvariance) -> str:
    """The last step up to which no difference test rejects."""
    reached = found.steps[0].name
    for step in found.steps[1:]:
        if step.difference is None or not step.difference.pvalue >= LEVEL:
            break
        reached = step.name
    return f"{reached} ({MEANING[reached]})"
