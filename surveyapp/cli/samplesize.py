"""The command that says how many answers are needed: no database and no file."""

from __future__ import annotations

from pathlib import Path

import click

from surveyapp.cli.outputs import finish, json_file
from surveyapp.errors import Invalid
from surveyapp.results.answers_needed import KINDS, METRICS, SizeQuestion, answer_size


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--margin", type=float, help="Wanted half-width of the 95% interval, in points.")
@click.option("--difference", type=float, help="True difference of two groups to find, in points.")
@click.option(
    "--metric",
    type=click.Choice(list(METRICS)),
    default="share",
    show_default=True,
    help="What is measured: a share (0 to 100), a mean (0 to 100) or NPS (-100 to 100).",
)
@click.option("--base", type=float, help="Share in the one group, for a difference of shares.")
@click.option("--sd", type=float, help="Standard deviation of one answer, in points.")
@click.option("--promoters", type=float, help="Percentage of promoters, for the score's variance.")
@click.option("--detractors", type=float, help="Percentage of detractors.")
@click.option("--population", type=int, help="Size of a finite population; for a margin only.")
@click.option("--response-rate", type=float, help="Expected response rate in percent.")
@click.option("--confidence", type=float, default=0.95, show_default=True)
@click.option("--power", type=float, help="For a difference [0.8].")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result to this file."
)
def samplesize(
    kind: str,
    margin: float | None,
    difference: float | None,
    metric: str,
    base: float | None,
    sd: float | None,
    promoters: float | None,
    detractors: float | None,
    population: int | None,
    response_rate: float | None,
    confidence: float,
    power: float | None,
    json_path: Path | None,
) -> None:
    """Say how many answers a wanted margin or difference takes.

    KIND is margin (of a share or mean), nps (margin of the Net Promoter Score, with its own variance)
    or difference (between two periods or segments, answers needed in each).
    """
    asked = SizeQuestion(
        kind,
        metric,
        margin=margin,
        difference=difference,
        base=base,
        sd=sd,
        promoters=promoters,
        detractors=detractors,
        population=population,
        response_rate=None if response_rate is None else response_rate / 100,
        confidence=confidence,
        power=power,
    )
    try:
        found = answer_size(asked)
    except Invalid as error:
        option = "" if error.field is None else f"--{error.field.replace('_', '-')}: "
        raise Invalid(f"{option}{error}") from error
    finish([], list(found.said), json_file(json_path, dict(found.document)))
