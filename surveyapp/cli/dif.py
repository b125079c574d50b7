"""Differential item functioning on a file: do groups answer an item differently at the same level?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.covariance.measurement_invariance.mimic import Mimic, mimic
from analysis.covariance.measurement_invariance.missing_ladders import model_losses
from analysis.losses import Losses
from analysis.rules import RULES
from analysis.scale.dif_script import dif_script
from analysis.scale.ordinal_dif import CLASSES, CORRECTIONS, CRITERIA, OrdinalDif, ordinal_dif
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.outputs import (
    Table,
    finish,
    interval,
    json_file,
    number,
    probability,
    sample,
    warnings,
)
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.results.analyses.losses import advice, of_file
from surveyapp.tables.options import ReadOptions

_ORDINAL = ("classes", "criterion", "purify")


@click.command()
@FILE
@MODEL
@click.option("--group", required=True, help="Column with the group of each row.")
@click.option(
    "--method",
    type=click.Choice(["ordinal", "mimic"]),
    default="ordinal",
    show_default=True,
    help="ordinal: logistic regression of each item on the scale's score and the group (Zumbo);"
    " mimic: the groups explain the factors and, item by item, the item.",
)
@click.option(
    "--reference",
    default=None,
    help="The group that the others are compared with; defaults to the first in the file.",
)
@click.option(
    "--correction", type=click.Choice(list(CORRECTIONS)), default="holm", show_default=True
)
@click.option("--level", type=click.FloatRange(0.0001, 0.5), default=0.05, show_default=True)
@click.option(
    "--classes",
    type=click.Choice(list(CLASSES)),
    default=None,
    help="Bounds of a moderate and a large gain in Nagelkerke's R2 [jodoin-gierl: .035, .070].",
)
@click.option(
    "--criterion",
    type=click.Choice(CRITERIA),
    default=None,
    help="An item is flagged by its test, or by its size besides [test].",
)
@click.option(
    "--purify/--no-purify",
    default=None,
    help="Leave flagged items out of the matching scores [purify].",
)
@click.option(
    "--estimator", default=None, help="Of mimic: ML, MLR, MLM, or WLSMV for ordinal items [MLR]."
)
@click.option(
    "--ordered",
    default="",
    help="Of mimic by WLSMV: the ordinal items, separated by commas [all items].",
)
@JSON
@values_ok
@table_and_treatment(("listwise", "fiml", "pairwise"))
def dif(
    file: Path,
    model: str,
    group: str,
    method: str,
    reference: str | None,
    correction: str,
    level: float,
    classes: str | None,
    criterion: str | None,
    purify: bool | None,
    estimator: str | None,
    ordered: str,
    missing: str,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test every item of a scale for differential item functioning (DIF) between groups."""
    given = {"classes": classes, "criterion": criterion, "purify": purify}
    for name, value in given.items():
        if method == "mimic" and value is not None:
            raise Invalid(f"--{name} is not used by --method mimic; leave it out")
    if method == "ordinal" and (estimator is not None or ordered or missing != "listwise"):
        raise Invalid(
            "--method ordinal takes complete rows and has no estimator; use --method mimic with"
            " --estimator, --ordered or --missing"
        )
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok, group=group)
    chosen = (estimator or "MLR").upper()
    found: OrdinalDif | Mimic
    if method == "ordinal":
        found = ordinal_dif(
            answers.frame,
            text,
            group,
            reference=reference,
            correction=correction,
            level=level,
            classes=classes or next(iter(CLASSES)),
            criterion=criterion or CRITERIA[0],
            purify=purify is not False,
        )
    else:
        found = mimic(
            answers.frame,
            text,
            group,
            reference=reference,
            estimator=chosen,
            missing=missing,
            correction=correction,
            level=level,
            ordered=listed(ordered) or None,
        )
    lost = model_losses(answers.frame, text, found.n, group)
    document: dict[str, Any] = {
        "rules_version": RULES,
        "sample": sample(lost),
        "method": method,
        **found.to_json(),
        "r_script": dif_script(found, file=file.name) if isinstance(found, OrdinalDif) else None,
    }
    said = [
        *warnings(
            document, answers.notes, advice(lost, chosen, missing) if method == "mimic" else []
        ),
        _verdict(found),
    ]
    tables = _ordinal(found, lost) if isinstance(found, OrdinalDif) else _mimic(found, lost)
    finish(tables, said, json_file(json_path, document))


def _title(found: OrdinalDif | Mimic, lost: Losses) -> str:
    sizes = ", ".join(f"{label} ({size:,})" for label, size in found.groups.items())
    return (
        f"{found.group}: {sizes}; the reference is {found.reference}; {of_file(lost, found.group)}"
    )


def _ordinal(found: OrdinalDif, lost: Losses) -> list[Table]:
    rows = [
        [
            each.item,
            number(each.uniform.chisq),
            number(each.nonuniform.chisq),
            number(each.total.chisq),
            str(each.total.df),
            probability(each.total.pvalue),
            probability(each.p_adjusted),
            number(each.total.nagelkerke),
            number(each.total.mcfadden),
            each.size,
            each.kind if each.flagged else "-",
        ]
        for each in found.items
    ]
    head = ("item", "uniform", "non-uniform", "both", "df", "p", f"p ({found.correction})")
    tables: list[Table] = [
        (
            _title(found, lost),
            (*head, "R2 (Nagelkerke)", "R2 (McFadden)", "size", "DIF"),
            rows,
        )
    ]
    effects = [
        [
            f"{each.item}, {effect.group}",
            number(effect.log_odds),
            interval(effect.ci_lower, effect.ci_upper),
            number(effect.points),
        ]
        for each in found.items
        if each.flagged
        for effect in each.effects
    ]
    if effects:
        tables.append(
            (
                f"Items with DIF: answers beside {found.reference} at the same score",
                ("item", "log odds of a higher answer", "95% CI", "points"),
                effects,
            )
        )
    return tables


def _mimic(found: Mimic, lost: Losses) -> list[Table]:
    rows = [
        [
            each.item,
            number(each.chisq),
            str(each.df),
            probability(each.pvalue),
            probability(each.p_adjusted),
            "-" if each.released is None else str(each.released),
        ]
        for each in found.items
    ]
    tables: list[Table] = [
        (_title(found, lost), ("item", "chisq", "df", "p", f"p ({found.correction})", "DIF"), rows)
    ]
    effects = [
        [
            f"{each.item}, {effect.group}",
            number(effect.est),
            interval(effect.ci_lower, effect.ci_upper),
            number(effect.std),
        ]
        for each in found.items
        if each.released is not None
        for effect in each.effects
    ]
    if effects:
        tables.append(
            (
                f"Items with DIF: answers beside {found.reference} at the same factor{_responses(found)}",
                ("item", "shift" if found.ordinal else "points", "95% CI", "in SDs"),
                effects,
            )
        )
    differences = [
        [
            f"{each.factor}, {each.group}",
            number(each.before),
            number(each.est),
            interval(each.ci_lower, each.ci_upper),
            probability(each.pvalue),
        ]
        for each in found.differences
    ]
    tables.append(
        (
            f"Factor means beside {found.reference}, in SDs within groups",
            ("factor", "all items equal", "DIF apart", "95% CI", "p"),
            differences,
        )
    )
    return tables


def _responses(found: Mimic) -> str:
    """What a path from a group to an ordinal item counts; nothing without such items."""
    if not found.ordinal:
        return ""
    return "; shifts of ordinal items are those of the response behind the answer, in its SDs within groups"


def _verdict(found: OrdinalDif | Mimic) -> str:
    if not found.flagged:
        return "No item was found to be answered differently at the same level."
    named = ", ".join(found.flagged)
    return (
        f"DIF: {named}. Compare the groups without them, or with their paths free, and look for the"
        " reason in their wording."
    )
