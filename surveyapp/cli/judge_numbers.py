"""The command that says how many judges are needed: no database and no file."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.rules import RULES
from surveyapp.cli.outputs import Table, finish, json_file, number
from surveyapp.errors import Invalid
from surveyapp.scale_development.judge_numbers import (
    JUDGED,
    JudgeAnswer,
    JudgeQuestion,
    answer_judges,
)


@click.command()
@click.argument("kind", type=click.Choice(list(JUDGED)))
@click.option("--judges", type=click.IntRange(1), help="Judges that there will be.")
@click.option(
    "--true",
    type=float,
    default=0.9,
    show_default=True,
    help="Probability with which each judge agrees on a good item.",
)
@click.option("--power", type=float, help="Wanted probability that it is kept [0.8].")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result to this file."
)
def judges(
    kind: str, judges: int | None, true: float, power: float | None, json_path: Path | None
) -> None:
    """Say how many judges of items are needed, and how many of them have to agree.

    KIND is sort (to constructs; psa and csv), relevance (I-CVI and kappa*) or essential (CVR).
    """
    try:
        found = answer_judges(JudgeQuestion(JUDGED[kind], judges, true, power))
    except Invalid as error:
        option = "" if error.field is None else f"--{error.field}: "
        raise Invalid(f"{option}{error}") from error
    document = {"rules_version": RULES, **found.document}
    finish([_table(found)], [found.said], json_file(json_path, document))


def _table(found: JudgeAnswer) -> Table:
    return (
        f"Judges who have to agree; kept by chance, and with {found.asked.true:.0%} who agree",
        ("judges", "needed", "share", "csv or CVR", "kappa*", "by chance", "kept"),
        [
            [
                str(each.judges),
                "-" if each.needed is None else str(each.needed),
                *(number(value, 2) for value in (each.share, each.ratio, each.kappa)),
                number(each.chance, 3),
                number(each.power, 3),
            ]
            for each in found.rows
        ],
    )
