"""The command that says how many answers are needed: no database and no file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from analysis.sample_size import (
    DifferenceSize,
    SampleSize,
    difference_size,
    promoter_sd,
    sample_size,
)
from instruments.schema import Metric
from surveyapp.cli.outputs import finish, json_file
from surveyapp.errors import Invalid

_METRICS = {"share": Metric.SHARE, "mean": Metric.INDEX, "nps": Metric.NPS}


@click.command()
@click.argument("kind", type=click.Choice(["margin", "difference", "nps"]))
@click.option("--margin", type=float, help="Wanted half-width of the 95% interval, in points.")
@click.option("--difference", type=float, help="True difference of two groups to find, in points.")
@click.option(
    "--metric",
    type=click.Choice(list(_METRICS)),
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
@click.option("--power", type=float, default=0.8, show_default=True, help="For a difference.")
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
    power: float,
    json_path: Path | None,
) -> None:
    """Say how many answers a wanted margin or difference takes.

    KIND is margin (of a share or mean), nps (margin of the Net Promoter Score, with its own variance)
    or difference (between two periods or segments, answers needed in each).
    """
    chosen = Metric.NPS if kind == "nps" else _METRICS[metric]
    spread = _spread(chosen, sd, promoters, detractors)
    found: SampleSize | DifferenceSize
    if kind == "difference":
        if difference is None:
            raise Invalid("difference needs --difference, such as 5")
        _refuse(kind, margin=margin, population=population, response_rate=response_rate)
        if spread is not None and chosen is Metric.SHARE:
            raise Invalid("--sd is not used for a difference of shares; give --base instead")
        if base is not None and chosen is not Metric.SHARE:
            raise Invalid(f"--base is a share; a difference of {metric} takes --sd")
        found = difference_size(
            difference, metric=chosen, base=base, sd=spread, level=1 - confidence, power=power
        )
        needed = "more than a billion" if found.n is None else f"{found.n:,}"
        said = [
            f"{needed} answers in each group find a true difference of {difference:g} points with"
            f" {power:.0%} power ({found.method}, {1 - confidence:.3g} level)."
        ]
    else:
        if margin is None:
            raise Invalid(f"{kind} needs --margin, such as 5")
        _refuse(kind, difference=difference, base=base)
        found = sample_size(
            margin,
            metric=chosen,
            sd=spread,
            confidence=confidence,
            population=population,
            response_rate=None if response_rate is None else response_rate / 100,
        )
        said = [found.definition]
        if found.invitations is not None:
            said.append(f"Ask {found.invitations:,} people.")
    document = {"kind": kind, "metric": chosen.value, **asdict(found)}
    finish([], said, json_file(json_path, document))


def _spread(
    metric: Metric, sd: float | None, promoters: float | None, detractors: float | None
) -> float | None:
    """The standard deviation that was given, or the score's from its shares; None for a planning one."""
    if promoters is None and detractors is None:
        return sd
    if metric is not Metric.NPS or promoters is None or detractors is None or sd is not None:
        raise Invalid("--promoters and --detractors go together, with NPS, and without --sd")
    return promoter_sd(promoters / 100, detractors / 100)


def _refuse(kind: str, **given: object) -> None:
    """Refuse an option that would be ignored."""
    for name, value in given.items():
        if value is not None:
            raise Invalid(f"--{name.replace('_', '-')} is not used by {kind}; leave it out")
